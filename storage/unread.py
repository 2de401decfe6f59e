"""What visits did not read, or not wholly: the list of what a person must open."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlmodel import Session, col

from storage.tables import FetchRecord, Visit
from storage.visits import SUCCESSES
from vocabulary.codes import Outcome

BY_HAND = frozenset(
    {Outcome.UNREADABLE_ATTACHMENT, Outcome.UNDECODABLE, Outcome.TOO_LARGE, Outcome.EMPTY, *SUCCESSES}
)
"""Outcomes that no later visit mends: the document is there, and only a person can read it, or its rest."""


@dataclass(frozen=True, slots=True)
class Unread:
    """An address whose last answer was not read, or in part."""

    source: str
    url: str
    outcome: Outcome
    detail: str
    at: datetime

    @property
    def waits_for_a_person(self) -> bool:
        return self.outcome in BY_HAND


def unread(session: Session, since: datetime, sources: Collection[str] | None = None) -> Iterator[Unread]:
    """What was asked for since then and not read at the last try, the latest first, each address once.

    ``sources``: names to look at; None looks at all.
    """
    recent = select(col(Visit.id), col(Visit.source)).where(col(Visit.started_at) >= since)
    if sources is not None:
        recent = recent.where(col(Visit.source).in_(sources))
    visits = recent.subquery()
    last = (
        select(func.max(col(FetchRecord.id)))
        .join(visits, col(FetchRecord.visit_id) == visits.c.id)
        .group_by(visits.c.source, col(FetchRecord.url))
    )
    asked = (
        select(
            visits.c.source,
            col(FetchRecord.url),
            col(FetchRecord.outcome),
            col(FetchRecord.detail),
            col(FetchRecord.fetched_at),
        )
        .join(visits, col(FetchRecord.visit_id) == visits.c.id)
        .where(col(FetchRecord.id).in_(last))
        .where(or_(col(FetchRecord.outcome).not_in(SUCCESSES), col(FetchRecord.detail) != ""))
        .order_by(col(FetchRecord.id).desc())
    )
    return (Unread(*row) for row in session.execute(asked))
