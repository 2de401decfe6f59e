"""Who is told of which case, and whether at once or in the next digest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from alerts.delivery.outbox import enqueue
from alerts.notifications.letters import News, compose_alert
from alerts.recipients import Recipient, recipients
from alerts.working_time import works_at
from cases.departments import FollowUp, follow_ups
from settings.model import Settings
from storage.rows import insert_once
from storage.tables import Case, DigestItem, Document, DocumentVersion, Finding, Sighting
from vocabulary.codes import Severity


@dataclass(frozen=True, slots=True)
class Told:
    """The stored version that the cases were found in."""

    document: Document
    version: DocumentVersion
    number: str
    now: datetime


def tell_of(
    session: Session, told: Told, opened: Sequence[int], reopened: Sequence[int], settings: Settings
) -> int:
    """Write to those responsible, or put into their digests, in the caller's transaction.

    One letter per recipient, about all cases that are theirs: one mail, not fifty. Returns the messages that
    wait in the outbox because of it.
    """
    cases = session.exec(
        select(Case).where(col(Case.id).in_([*opened, *reopened])).order_by(col(Case.id))
    ).all()
    if not cases:
        return 0
    addressed: dict[str, tuple[Recipient, list[Case]]] = {}
    departments: dict[int, str] = {}
    news = _news(session, told, cases, departments, reopened)
    followed_up = follow_ups(session)
    for case in cases:
        following = followed_up(case.qualification, case.region)
        departments[_id(case)] = following.department
        for recipient in recipients_of(case, following, settings):
            if _at_once(case, recipient, settings, told.now):
                addressed.setdefault(recipient.email.casefold(), (recipient, []))[1].append(case)
            else:
                insert_once(session, _item(case, recipient, news))
    return sum(
        enqueue(session, compose_alert(news, theirs, recipient, settings), settings, told.now)
        for recipient, theirs in addressed.values()
    )


def recipients_of(case: Case, following: FollowUp, settings: Settings) -> tuple[Recipient, ...]:
    """Those who answer for ``case``; never empty."""
    return recipients(settings, region=case.region, severity=Severity(case.severity), follow_up=following)


def _news(
    session: Session, told: Told, cases: Sequence[Case], departments: dict[int, str], reopened: Sequence[int]
) -> News:
    findings = session.exec(
        select(Finding)
        .where(Finding.version_id == told.version.id)
        .where(col(Finding.case_id).in_([case.id for case in cases]))
        .order_by(col(Finding.start), col(Finding.id))
    ).all()
    sighting = session.exec(
        select(Sighting.id)
        .where(Sighting.document_id == told.document.id)
        .order_by(col(Sighting.id).desc())
        .limit(1)
    ).first()
    return News(
        document=told.document,
        version=told.version,
        number=told.number,
        findings=findings,
        departments=departments,
        rebound=frozenset(reopened),
        sighting=sighting or 0,
        now=told.now,
    )


def _at_once(case: Case, recipient: Recipient, settings: Settings, now: datetime) -> bool:
    urgent = Severity(case.severity).rank >= Severity(settings.mail.immediate_from).rank
    return urgent and works_at(settings, recipient.email, now)


def _item(case: Case, recipient: Recipient, news: News) -> DigestItem:
    if news.version.id is None:
        raise ValueError("the version is not stored")
    occasion = f"reopened:{news.sighting}" if case.id in news.rebound else "opened"
    return DigestItem(
        recipient=recipient.email,
        recipient_name=recipient.name,
        reason=recipient.reason,
        key=f"case:{case.id}:{occasion}",
        case_id=_id(case),
        version_id=news.version.id,
        added_at=news.now,
    )


def _id(case: Case) -> int:
    if case.id is None:
        raise ValueError("the case is not stored")
    return case.id
