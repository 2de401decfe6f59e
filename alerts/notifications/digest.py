"""The daily digest: everything that could wait, in one mail per recipient."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Engine
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select, update

from alerts.delivery.outbox import enqueue
from alerts.holidays import last_day
from alerts.languages import Language, language
from alerts.notifications.letters import Letter, case_links_of, quote_block, shown
from alerts.recipients import Recipient, supervisor_of
from alerts.working_time import digest_moment
from settings.model import Settings
from storage.tables import Case, DigestItem, DocumentVersion, Finding
from vocabulary.areas import region_name
from vocabulary.codes import CaseState, Severity, Status, Violation
from vocabulary.names import CHINESE
from vocabulary.presentation import displayable, safe_link

CASES_SHOWN = 40
"""Cases written out in one digest, the worst ones; the rest is counted."""
_UNDECIDED = frozenset({CaseState.FOUND, CaseState.NOTIFIED})


class _Waiting(NamedTuple):
    """What decides whether and where a case is shown; a hundred thousand of them may wait for one person."""

    item: int
    case: int
    version: int
    severity: Severity
    region: str | None


def send_due_digests(engine: Engine, settings: Settings, now: datetime) -> int:
    """Write the digest of everybody whose hour has come, each in a transaction; how many were written.

    A digest holds what was put into it before its hour and nobody has decided on since. Where that is
    nothing, none is written. After an outage the one that was missed is written at once, for all days.
    """
    with Session(engine) as session:
        waiting = select(DigestItem.recipient).where(col(DigestItem.told_at).is_(None)).distinct()
        addresses = session.exec(waiting.order_by(col(DigestItem.recipient))).all()
    return sum(_send_digest(engine, settings, address, now) for address in addresses)


def _send_digest(engine: Engine, settings: Settings, address: str, now: datetime) -> bool:
    moment = digest_moment(settings, address, now)
    with Session(engine) as session, session.begin():
        claimed = _claim(session, address, moment, now)
        news = _undecided(session, address, claimed)
        if not news:
            return False
        newest = session.get_one(DigestItem, news[-1].item)
        letter = _compose(session, news, _recipient(settings, newest), settings, now)
        return enqueue(session, letter, settings, now) > 0


def _claim(session: Session, address: str, moment: datetime, now: datetime) -> set[int]:
    """The items that are ours from now on: of two senders at once, one gets them all."""
    claimed = session.execute(
        update(DigestItem)
        .where(col(DigestItem.recipient) == address, col(DigestItem.told_at).is_(None))
        .where(col(DigestItem.added_at) < moment)
        .values(told_at=now)
        .returning(col(DigestItem.id))
        .execution_options(synchronize_session=False)
    )
    return {item for item in claimed.scalars() if item is not None}


def _undecided(session: Session, address: str, claimed: set[int]) -> list[_Waiting]:
    """Those of the items whose case nobody has decided on, the newest last."""
    if not claimed:
        return []
    rows = session.execute(
        select_columns(
            col(DigestItem.id),
            col(DigestItem.case_id),
            col(DigestItem.version_id),
            col(Case.severity),
            col(Case.region),
        )
        .join(Case, col(Case.id) == col(DigestItem.case_id))
        .where(col(DigestItem.recipient) == address, col(DigestItem.id) >= min(claimed))
        .where(col(Case.state).in_(_UNDECIDED))
        .order_by(col(DigestItem.id))
    )
    return [
        _Waiting(item, case, version, Severity(severity), region)
        for item, case, version, severity, region in rows
        if item in claimed
    ]


def _recipient(settings: Settings, item: DigestItem) -> Recipient:
    supervisor = supervisor_of(settings, item.recipient)
    chats = supervisor.chats if supervisor else ()
    spoken = supervisor.language if supervisor else CHINESE
    return Recipient(item.recipient, item.recipient_name, item.reason, chats, spoken)


def _compose(
    session: Session, news: Sequence[_Waiting], recipient: Recipient, settings: Settings, now: datetime
) -> Letter:
    latest = {each.case: each for each in news}
    ordered = sorted(latest.values(), key=lambda each: (-each.severity.rank, each.item))
    first = [(session.get_one(Case, each.case), each.version) for each in ordered[:CASES_SHOWN]]
    speech = language(recipient.language)
    day = speech.day(digest_moment(settings, recipient.email, now).date())
    payload = {
        "language": speech.code,
        "case_ids": [each.case for each in ordered],
        "subject": speech.say(
            "【每日汇总】{day}：{count}项涉嫌违规情形待核查{places}",
            day=day,
            count=len(ordered),
            places=_places(ordered, speech),
        ),
        "day": day,
        "reason": recipient.reason,
        "count": len(ordered),
        "cases": [digest_block(session, case, settings, speech, version) for case, version in first],
        "more_cases": len(ordered) - len(first),
        "links": case_links_of([case for case, _ in first], recipient, settings, now),
        "unsubscribe": settings.administrator,
    }
    # The newest item makes the occasion unique, however often digests are written on a day.
    about = f"digest:{news[-1].item}"
    return Letter(about=about, template="digest", recipient=recipient, payload=payload)


def digest_block(
    session: Session, case: Case, settings: Settings, speech: Language, version_id: int | None = None
) -> dict[str, Any]:
    """A case in a few lines, with the first quote of ``version_id``, else of its latest version."""
    findings = select(Finding).where(Finding.case_id == case.id)
    if version_id is not None:
        findings = findings.where(Finding.version_id == version_id)
    order = (col(Finding.version_id).desc(), col(Finding.start), col(Finding.id))
    finding = session.exec(findings.order_by(*order).limit(1)).one()
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


def _places(ordered: Sequence[_Waiting], speech: Language) -> str:
    regions = list(dict.fromkeys(region_name(each.region) for each in ordered if each.region))
    if not regions:
        return ""
    words = "（{places}等）" if len(regions) > 3 else "（{places}）"
    return speech.say(words, places=speech.say("、").join(regions[:3]))
