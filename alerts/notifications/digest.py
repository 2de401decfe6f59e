"""The daily digest: everything that could wait, in one mail per recipient."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from alerts.delivery.outbox import enqueue
from alerts.languages import Language, language
from alerts.notifications.letters import Letter, case_links_of, quote_block, shown
from alerts.notifications.listing import whole_list
from alerts.notifications.waiting import Waiting, claim, is_free, occasion_of, recipient_of
from alerts.recipients import Recipient
from alerts.working_time import digest_moment, last_day
from settings.model import Settings
from storage.database import one_transaction
from storage.tables import Case, DigestItem, DocumentVersion, Finding
from vocabulary.areas import region_name
from vocabulary.codes import Severity, Status, Violation
from vocabulary.presentation import displayable, safe_link

CASES_SHOWN = 40
"""Cases written out in one letter, the worst ones; the rest stands in its list."""


def send_due_digests(engine: Engine, settings: Settings, now: datetime) -> int:
    """Write the digest of everybody whose hour has come, each in a transaction; how many were written.

    A digest holds what was put into it before its hour and nobody has decided on since. Where that is
    nothing, none is written. After an outage the one that was missed is written at once, for all days.
    """
    with Session(engine) as session:
        waiting = select(DigestItem.recipient).where(col(DigestItem.told_at).is_(None)).distinct()
        addresses = session.exec(waiting.order_by(col(DigestItem.recipient))).all()
    return sum(_send_digest(engine, settings, address, now) for address in addresses)


@one_transaction
def _send_digest(engine: Engine, settings: Settings, address: str, now: datetime) -> bool:
    moment = digest_moment(settings, address, now)
    with Session(engine) as session, session.begin():
        claimed = claim(session, address, (col(DigestItem.added_at) < moment, is_free(now)), now)
        if not claimed:
            return False
        recipient = recipient_of(settings, session.get_one(DigestItem, claimed[-1].item))
        return enqueue(session, compose_list(session, claimed, recipient, settings, now), settings, now) > 0


def compose_list(
    session: Session,
    news: Sequence[Waiting],
    recipient: Recipient,
    settings: Settings,
    now: datetime,
    *,
    template: str = "digest",
) -> Letter:
    """The letter that tells of all of ``news``, worst first; ``gathered`` is the one that leaves at once."""
    latest = {each.case: each for each in news}
    ordered = sorted(latest.values(), key=lambda each: (-each.severity.rank, each.item))
    first = [(session.get_one(Case, each.case), each.version) for each in ordered[:CASES_SHOWN]]
    speech = language(recipient.language)
    day = speech.day(digest_moment(settings, recipient.email, now).date())
    subject = (
        "【{severity}】新发现{count}项涉嫌违规情形{places}"
        if template == "gathered"
        else "【每日汇总】{day}：{count}项涉嫌违规情形待核查{places}"
    )
    about = f"{template}:{occasion_of(news)}"
    cases = [each.case for each in ordered]
    payload = {
        "language": speech.code,
        "subject": speech.say(
            subject,
            day=day,
            severity=speech.name(ordered[0].severity),
            count=len(ordered),
            places=_places(ordered, speech),
        ),
        "day": day,
        "reason": recipient.reason,
        "count": len(ordered),
        "cases": [digest_block(session, case, settings, speech, version) for case, version in first],
        "publishers": _publishers(session, cases),
        "links": case_links_of([case for case, _ in first], recipient, settings, now),
        "unsubscribe": settings.administrator,
    }
    letter = Letter(about=about, template=template, recipient=recipient, payload=payload)
    return whole_list(session, cases, letter, settings, now)


def _publishers(session: Session, cases: Sequence[int]) -> list[str]:
    named = select(Case.publisher).where(col(Case.id).in_(cases), Case.publisher != "").distinct()
    return sorted(session.exec(named))


def digest_block(
    session: Session, case: Case, settings: Settings, speech: Language, version_id: int | None = None
) -> dict[str, Any]:
    """A case in a few lines, with the first quote of ``version_id``, else of its latest version."""
    # A re-judgement may have withdrawn what the version showed; the case then stands on another one.
    wanted = (col(Finding.version_id) == version_id).desc() if version_id is not None else None
    order = (wanted, col(Finding.version_id).desc(), col(Finding.start), col(Finding.id))
    findings = select(Finding).where(Finding.case_id == case.id)
    finding = session.exec(findings.order_by(*(each for each in order if each is not None)).limit(1)).one()
    version = session.get_one(DocumentVersion, finding.version_id)
    return {
        "id": case.id,
        "severity": case.severity,
        "severity_name": speech.name(Severity(case.severity)),
        "state": speech.name(case.state),
        "doubt": case.needs_review,
        "qualification": shown(case.qualification, 60),
        "violation": speech.name(Violation(case.violation)),
        "status": speech.name(Status(finding.status)),
        "since": speech.day(finding.since),
        "status_document": shown(finding.status_document, 120),
        "publisher": shown(case.publisher, 60) or speech.say("发布单位未识别"),
        "region": region_name(case.region) or speech.say("地区未识别"),
        "title": shown(case.title, 120) or speech.say("（无标题）"),
        "url": displayable(case.url, limit=2048),
        "link": safe_link(case.url),
        "quote": quote_block(version.text, finding),
        "deadline": deadline_words(case.deadline, settings, speech),
    }


def deadline_words(deadline: date | None, settings: Settings, speech: Language) -> str:
    """The day that was set, and the one on which it really ends; empty for None."""
    last = deadline and last_day(settings.calendar, deadline)
    if last == deadline:
        return speech.day(deadline)
    return speech.say(
        "{deadline}（休息日，顺延至{last}）", deadline=speech.day(deadline), last=speech.day(last)
    )


def _places(ordered: Sequence[Waiting], speech: Language) -> str:
    regions = list(dict.fromkeys(region_name(each.region) for each in ordered if each.region))
    if not regions:
        return ""
    words = "（{places}等）" if len(regions) > 3 else "（{places}）"
    return speech.say(words, places=speech.say("、").join(regions[:3]))
