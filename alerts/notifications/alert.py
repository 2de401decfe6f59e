"""Who is told of which case, and whether at once or in the next digest."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Engine
from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from accounts.leave import substitutes
from alerts.delivery.outbox import enqueue
from alerts.notifications.digest import compose_list
from alerts.notifications.letters import CASES_SHOWN, Letter, News, compose_alert
from alerts.notifications.waiting import Waiting, claim, is_free, occasion_of, recipient_of, visit_batch
from alerts.recipients import Recipient, recipients, with_substitutes
from alerts.working_time import works_at
from cases.departments import FollowUp, follow_ups
from cases.opening import CaseNews
from settings.model import Settings
from storage.database import one_transaction
from storage.rows import any_of, insert_each_once
from storage.tables import Case, DigestItem, Document, DocumentVersion, Finding, OutboxMessage, Sighting
from vocabulary.codes import Severity

HOUR = timedelta(hours=1)
ALERTS = ("alert", "gathered")
"""Templates of letters that leave at once."""


def notify_recipients(
    session: Session, news: CaseNews, settings: Settings, now: datetime, *, batch: str = ""
) -> int:
    """Let those responsible be told of ``news``: in the caller's transaction, so that none is forgotten.

    What is urgent is told once ``batch`` has ended, or the visit that met the version where none is named;
    the rest, and what comes up outside somebody's working hours, in their digest. Returns how many are to be
    told of how many cases: 0 where they were to be told before.
    """
    return notify_of_all(session, [(news, now)], settings, batch=batch)


def notify_of_all(
    session: Session, told: Iterable[tuple[CaseNews, datetime]], settings: Settings, *, batch: str = ""
) -> int:
    """:func:`notify_recipients` of several news, each as of its time, by the same few statements."""
    news = [(each, now) for each, now in told if each.case_ids]
    if not news:
        return 0
    wanted = {case_id for each, _ in news for case_id in each.case_ids}
    cases = session.exec(_cases(), params={"keys": list(wanted)}).all()
    sightings = _last_sightings(session, {each.document_id for each, _ in news})
    followed_up = follow_ups(session, {case.qualification for case in cases})
    acting = substitutes(session, max(now for _, now in news).astimezone(ZoneInfo(settings.time_zone)).date())
    items = []
    for each, now in news:
        sighting = sightings.get(each.document_id)
        of = batch or (visit_batch(sighting.visit_id) if sighting and sighting.visit_id else "")
        seen = sighting.id if sighting else 0
        for case in (case for case in cases if case.id in each.case_ids):
            responsible = recipients_of(case, followed_up(case.qualification, case.region), settings)
            items += [
                DigestItem(
                    recipient=recipient.email,
                    recipient_name=recipient.name,
                    reason=recipient.reason,
                    key=f"case:{case.id}:{each.occasion or _occasion(each, case, seen)}",
                    case_id=_id(case),
                    version_id=each.version_id,
                    added_at=now,
                    urgent=_at_once(case, recipient, settings, now),
                    batch=of,
                )
                for recipient in with_substitutes(responsible, acting)
            ]
    return insert_each_once(session, items)


def _occasion(news: CaseNews, case: Case, sighting: int | None) -> str:
    return f"reopened:{sighting}" if case.id in news.reopened else "opened"


def recipients_of(case: Case, following: FollowUp, settings: Settings) -> tuple[Recipient, ...]:
    """Those who answer for ``case``; never empty."""
    return recipients(settings, region=case.region, severity=Severity(case.severity), follow_up=following)


def send_due_alerts(engine: Engine, settings: Settings, now: datetime) -> int:
    """Write one letter to everybody who is to be told of something at once; how many messages.

    It tells of all that the same visits found. Nobody gets more than ``mail.alerts_per_hour`` of them, nor
    two in an hour about the same publisher: what is left waits for the hour to end, or for the digest.
    """
    with Session(engine) as session:
        waiting = select(DigestItem.recipient).where(
            col(DigestItem.told_at).is_(None), col(DigestItem.urgent), is_free(now)
        )
        addresses = session.exec(waiting.distinct().order_by(col(DigestItem.recipient))).all()
    return sum(_send(engine, settings, address, now) for address in addresses)


@dataclass(frozen=True, slots=True)
class LastHour:
    """What one recipient was told of at once within the last hour."""

    letters: int
    publishers: frozenset[str]


def last_hour(session: Session, address: str, now: datetime) -> LastHour:
    """The letters that ``send_due_alerts`` wrote to ``address`` lately."""
    payloads = session.exec(
        select(OutboxMessage.payload)
        .where(col(OutboxMessage.recipient) == address, col(OutboxMessage.template).in_(ALERTS))
        .where(col(OutboxMessage.created_at) > now - HOUR, col(OutboxMessage.created_at) <= now)
    ).all()
    return LastHour(
        len(payloads),
        frozenset(name for payload in payloads for name in payload.get("publishers", ()) if name),
    )


@one_transaction
def _send(engine: Engine, settings: Settings, address: str, now: datetime) -> int:
    if not works_at(settings, address, now):
        return 0  # Their digest will tell.
    with Session(engine) as session, session.begin():
        lately = last_hour(session, address, now)
        if lately.letters >= settings.mail.alerts_per_hour:
            return 0
        if not settings.mail.gather_publisher:
            lately = LastHour(lately.letters, frozenset())
        which = _told_now(address, lately, now)
        claimed = claim(session, address, which, now)
        if not claimed:
            return 0
        recipient = recipient_of(settings, session.get_one(DigestItem, claimed[-1].item))
        return enqueue(session, _compose(session, claimed, recipient, settings, now), settings, now)


def _told_now(address: str, lately: LastHour, now: datetime) -> Sequence[ColumnElement[bool]]:
    """Conditions of the items that may be told now: urgent ones, with what was found together with them."""
    own = (col(DigestItem.recipient) == address, col(DigestItem.told_at).is_(None), is_free(now))
    gathered = select(Case.id).where(col(Case.publisher).in_(lately.publishers))
    urgent = (*own, col(DigestItem.urgent), col(DigestItem.case_id).not_in(gathered))
    batches = select(DigestItem.batch).where(*urgent, col(DigestItem.batch) != "")
    beside = col(DigestItem.batch).in_(batches) & col(DigestItem.case_id).not_in(gathered)
    alone = col(DigestItem.id).in_(select(DigestItem.id).where(*urgent))
    return (is_free(now), alone | beside)


def _compose(
    session: Session, claimed: Sequence[Waiting], recipient: Recipient, settings: Settings, now: datetime
) -> Letter:
    """One document's cases with all that is known of them; of several documents, a list."""
    versions = {each.version for each in claimed}
    if len(versions) > 1 or len({each.case for each in claimed}) > CASES_SHOWN:
        return compose_list(session, claimed, recipient, settings, now, template="gathered")
    cases = [session.get_one(Case, each) for each in dict.fromkeys(each.case for each in claimed)]
    news = _news(session, versions.pop(), claimed, cases, now)
    if {finding.case_id for finding in news.findings} != {case.id for case in cases}:
        return compose_list(session, claimed, recipient, settings, now, template="gathered")
    about = f"alert:{occasion_of(claimed)}"
    return compose_alert(news, cases, recipient, settings, about=about)


def _news(
    session: Session, version_id: int, claimed: Sequence[Waiting], cases: Sequence[Case], now: datetime
) -> News:
    version = session.get_one(DocumentVersion, version_id)
    document = session.get_one(Document, version.document_id)
    findings = session.exec(
        select(Finding)
        .where(Finding.version_id == version_id)
        .where(col(Finding.case_id).in_([case.id for case in cases]))
        .order_by(col(Finding.start), col(Finding.id))
    ).all()
    followed_up = follow_ups(session)
    return News(
        document=document,
        version=version,
        number=str(version.facts.get("number") or ""),
        findings=findings,
        departments={_id(case): followed_up(case.qualification, case.region).department for case in cases},
        rebound=frozenset(each.case for each in claimed if ":reopened:" in each.key),
        now=now,
    )


@cache
def _cases() -> SelectOfScalar[Case]:
    return select(Case).where(col(Case.id).in_(any_of("keys"))).order_by(col(Case.id))


def _last_sightings(session: Session, document_ids: Collection[int]) -> dict[int, Sighting]:
    """The last sighting of each document."""
    found = session.exec(_sightings(), params={"keys": list(document_ids)})
    return {each.document_id: each for each in found}


@cache
def _sightings() -> SelectOfScalar[Sighting]:
    last = (
        select(func.max(col(Sighting.id)))
        .where(col(Sighting.document_id).in_(any_of("keys")))
        .group_by(col(Sighting.document_id))
    )
    return select(Sighting).where(col(Sighting.id).in_(last))


def _at_once(case: Case, recipient: Recipient, settings: Settings, now: datetime) -> bool:
    urgent = Severity(case.severity).rank >= Severity(settings.mail.immediate_from).rank
    return urgent and works_at(settings, recipient.email, now)


def _id(case: Case) -> int:
    if case.id is None:
        raise ValueError("the case is not stored")
    return case.id
