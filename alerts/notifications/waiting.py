"""What waits to be told: an item for each case and recipient, kept until a letter shows it.

An item is written with the case that it is about. What one visit, back-fill or re-judgement found is held
until that has ended, so that its recipients are told of it together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, String, cast, literal, or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, update

from alerts.recipients import Recipient, supervisor_of
from settings.model import Settings
from storage.tables import Case, DigestItem, Rejudgement, Visit
from vocabulary.codes import CaseState, Severity
from vocabulary.names import CHINESE

LISTED = 2_000
"""Cases that one letter tells of at most; what is left waits for the next one."""
HELD_AT_MOST = timedelta(hours=12)
"""A visit that lasts longer, or that died, holds back nothing older than this."""
UNDECIDED = frozenset({CaseState.FOUND, CaseState.NOTIFIED})


class Waiting(NamedTuple):
    """What decides whether and where a case is shown; a hundred thousand of them may wait for one person."""

    item: int
    case: int
    version: int
    severity: Severity
    region: str | None
    key: str
    """The item's occasion: ``case:17:opened``."""


def visit_batch(visit_id: int) -> str:
    """What holds together that a visit found."""
    return f"visit:{visit_id}"


def rejudgement_batch(order_id: int) -> str:
    """What holds together that a re-judgement found."""
    return f"rejudgement:{order_id}"


def is_free(now: datetime) -> ColumnElement[bool]:
    """Whether what found an item has ended."""
    visits = select_columns(literal("visit:") + cast(col(Visit.id), String)).where(
        col(Visit.finished_at).is_(None)
    )
    orders = select_columns(literal("rejudgement:") + cast(col(Rejudgement.id), String)).where(
        col(Rejudgement.finished_at).is_(None)
    )
    batch = col(DigestItem.batch)
    ended = batch.not_in(visits) & batch.not_in(orders)
    return or_(batch == "", col(DigestItem.added_at) < now - HELD_AT_MOST, ended)


def claim(
    session: Session, address: str, which: Sequence[ColumnElement[bool]], now: datetime
) -> list[Waiting]:
    """Take up to LISTED items, and give those whose case nobody has decided on, the newest last.

    The items are ours from now on: of two senders at once, one gets each of them. What somebody decided on
    meanwhile needs no letter any more.
    """
    own = (col(DigestItem.recipient) == address, col(DigestItem.told_at).is_(None))
    first = select_columns(col(DigestItem.id)).where(*own, *which).order_by(col(DigestItem.id)).limit(LISTED)
    claimed = session.execute(
        update(DigestItem)
        .where(*own, col(DigestItem.id).in_(first))
        .values(told_at=now)
        .returning(col(DigestItem.id))
        .execution_options(synchronize_session=False)
    )
    return _undecided(session, address, {item for item in claimed.scalars() if item is not None})


def occasion_of(news: Sequence[Waiting]) -> str:
    """Unique among all letters to one recipient, and the same for two who are told of the same.

    A chat that both have chosen hears it once.
    """
    return hashlib.sha256("|".join(sorted(each.key for each in news)).encode()).hexdigest()[:16]


def recipient_of(settings: Settings, item: DigestItem) -> Recipient:
    """To whom the letter about ``item`` goes, as the configuration says today."""
    supervisor = supervisor_of(settings, item.recipient)
    chats = supervisor.chats if supervisor else ()
    spoken = supervisor.language if supervisor else CHINESE
    return Recipient(item.recipient, item.recipient_name, item.reason, chats, spoken)


def _undecided(session: Session, address: str, claimed: set[int]) -> list[Waiting]:
    if not claimed:
        return []
    rows = session.execute(
        select_columns(
            col(DigestItem.id),
            col(DigestItem.case_id),
            col(DigestItem.version_id),
            col(Case.severity),
            col(Case.region),
            col(DigestItem.key),
        )
        .join(Case, col(Case.id) == col(DigestItem.case_id))
        .where(col(DigestItem.recipient) == address, col(DigestItem.id) >= min(claimed))
        .where(col(DigestItem.id) <= max(claimed), col(Case.state).in_(UNDECIDED))
        .order_by(col(DigestItem.id))
    )
    return [
        Waiting(item, case, version, Severity(severity), region, key)
        for item, case, version, severity, region, key in rows
        if item in claimed
    ]
