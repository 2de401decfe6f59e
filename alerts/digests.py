"""The daily digest: everything that could wait, in one mail per recipient."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Engine
from sqlmodel import Session, col, select, update

from alerts.hours import digest_moment
from alerts.letters import Letter, case_links_of, day_words, quote_block, shown
from alerts.outbox import enqueue
from alerts.passages import safe_link
from alerts.regions import region_name
from alerts.routing import Recipient, supervisor_of
from alerts.wording import CASE_STATES, SEVERITIES, STATUSES, VIOLATIONS
from catalogue.model import Status
from detection.model import Severity, Violation
from settings.model import Settings
from storage.tables import Case, CaseState, DigestItem, DocumentVersion, Finding

CASES_SHOWN = 40
"""Cases written out in one digest, the worst ones; the rest is counted."""
_UNDECIDED = frozenset({CaseState.FOUND, CaseState.NOTIFIED})


class _Waiting(NamedTuple):
    item: DigestItem
    case: Case


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
        waiting = [
            _Waiting(item, case)
            for item, case in session.exec(
                select(DigestItem, Case)
                .join(Case, col(Case.id) == col(DigestItem.case_id))
                .where(DigestItem.recipient == address, col(DigestItem.told_at).is_(None))
                .where(DigestItem.added_at < moment)
                .order_by(col(DigestItem.id))
            )
        ]
        if not waiting or not _claim(session, waiting, now):
            return False
        news = [each for each in waiting if each.case.state in _UNDECIDED]
        if not news:
            return False
        letter = _compose(session, news, _recipient(settings, news[-1].item), settings, now)
        return enqueue(session, letter, settings, now) > 0


def _claim(session: Session, waiting: Sequence[_Waiting], now: datetime) -> bool:
    """Whether the items are ours: of two senders at once, one finds them told already."""
    ids = [each.item.id for each in waiting]
    claimed = 0
    for start in range(0, len(ids), 500):
        done = session.execute(
            update(DigestItem)
            .where(col(DigestItem.id).in_(ids[start : start + 500]), col(DigestItem.told_at).is_(None))
            .values(told_at=now)
            .execution_options(synchronize_session=False)
        )
        claimed += done.rowcount  # type: ignore[attr-defined]
    if claimed not in {0, len(ids)}:
        raise RuntimeError(f"{claimed} of {len(ids)} items were claimed: another sender has the rest")
    return claimed > 0


def _recipient(settings: Settings, item: DigestItem) -> Recipient:
    supervisor = supervisor_of(settings, item.recipient)
    chats = supervisor.chats if supervisor else ()
    return Recipient(item.recipient, item.recipient_name, item.reason, chats)


def _compose(
    session: Session, news: Sequence[_Waiting], recipient: Recipient, settings: Settings, now: datetime
) -> Letter:
    latest = {each.case.id: each for each in news}
    ordered = sorted(latest.values(), key=lambda each: (-Severity(each.case.severity).rank, each.item.id))
    first = ordered[:CASES_SHOWN]
    day = day_words(digest_moment(settings, recipient.email, now).date())
    payload = {
        "case_ids": [each.case.id for each in ordered],
        "subject": f"【每日汇总】{day}：{len(ordered)}项涉嫌违规情形待核查{_places(ordered)}",
        "day": day,
        "reason": recipient.reason,
        "count": len(ordered),
        "cases": [digest_block(session, each.case, each.item.version_id) for each in first],
        "more_cases": len(ordered) - len(first),
        "links": case_links_of([each.case for each in first], recipient, settings, now),
        "unsubscribe": settings.administrator,
    }
    # The newest item makes the occasion unique, however often digests are written on a day.
    about = f"digest:{max(each.item.id or 0 for each in news)}"
    return Letter(about=about, template="digest", recipient=recipient, payload=payload)


def digest_block(session: Session, case: Case, version_id: int | None = None) -> dict[str, Any]:
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
        "severity_name": SEVERITIES[Severity(case.severity)],
        "state": CASE_STATES[case.state],
        "doubt": case.needs_review,
        "qualification": shown(case.qualification, 60),
        "violation": VIOLATIONS[Violation(case.violation)],
        "status": STATUSES[Status(finding.status)],
        "since": day_words(finding.since),
        "publisher": shown(case.publisher, 60) or "发布单位未识别",
        "region": region_name(case.region) or "地区未识别",
        "title": shown(case.title, 120) or "（无标题）",
        "url": shown(case.url, 2048),
        "link": safe_link(case.url),
        "quote": quote_block(version.text, finding),
        "deadline": day_words(case.deadline),
    }


def _places(ordered: Sequence[_Waiting]) -> str:
    regions = list(dict.fromkeys(region_name(each.case.region) for each in ordered if each.case.region))
    if not regions:
        return ""
    return f"（{'、'.join(regions[:3])}{'等' if len(regions) > 3 else ''}）"
