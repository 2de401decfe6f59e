"""Which sources are watched, which of them are due, and who visits them.

A source is claimed in one statement, so that it is visited once however many programs look for work. Whoever
claims it renews the claim while it works; a claim that was not renewed is free again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import ColumnElement, CursorResult, Engine, or_, update
from sqlmodel import Session, col, func, select

from storage.database import database_now
from storage.leases import LEASE, Renewal, new_holder, renewed
from storage.rows import insert_once
from storage.tables import SourceState


@dataclass(frozen=True, slots=True)
class Claim:
    """A source that is ours to visit."""

    source: str
    holder: str


def watch_sources(session: Session, every_minutes: Mapping[str, int]) -> None:
    """Let the sources named here be watched, with their configured intervals, and no others.

    A source whose interval changed is planned anew: so long after its last visit. What a source that is no
    longer watched left stays, for the day on which it is watched again.
    """
    # In one order, so that programs that do so at once wait for each other and never in a circle.
    for name in sorted(every_minutes):
        insert_once(session, SourceState(name=name))
    for state in session.exec(select(SourceState).order_by(col(SourceState.name)).with_for_update()):
        minutes = every_minutes.get(state.name)
        state.is_watched = minutes is not None
        if minutes is None or minutes == state.every_minutes:
            continue
        if state.every_minutes and state.next_due_at is not None and state.last_visit_at is not None:
            state.next_due_at = state.last_visit_at + timedelta(minutes=minutes)
        state.every_minutes = minutes


def claim_due(engine: Engine, now: datetime, name: str | None = None) -> Claim | None:
    """The source that is due ``now`` and has waited longest, claimed; None where none is due.

    Those that were never visited come first. With ``name``: that source, if it is due.
    """
    holder = new_holder()
    with Session(engine) as session, session.begin():
        clock = database_now(session)
        free = _due(now, clock)
        if name is not None:
            free = (*free, col(SourceState.name) == name)
        chosen = (
            select(SourceState.name)
            .where(*free)
            .order_by(col(SourceState.next_due_at).nulls_first(), col(SourceState.name))
            .limit(1)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
        name = session.execute(
            update(SourceState)
            .where(col(SourceState.name) == chosen, *free)
            .values(lease_holder=holder, leased_until=clock + LEASE)
            .returning(col(SourceState.name))
            .execution_options(synchronize_session=False)
        ).scalar_one_or_none()
    return Claim(name, holder) if name is not None else None


def _due(now: datetime, clock: datetime) -> tuple[ColumnElement[bool], ...]:
    """Watched, due ``now``, and by the database's ``clock`` nobody's."""
    return (
        col(SourceState.is_watched).is_(True),
        or_(col(SourceState.next_due_at).is_(None), col(SourceState.next_due_at) <= now),
        or_(col(SourceState.leased_until).is_(None), col(SourceState.leased_until) < clock),
    )


def due_sources(session: Session, now: datetime, *, at_most: int) -> list[str]:
    """The sources that are due ``now`` and that nobody visits, those first that have waited longest."""
    due = (
        select(SourceState.name)
        .where(*_due(now, database_now(session)))
        .order_by(col(SourceState.next_due_at).nulls_first(), col(SourceState.name))
        .limit(at_most)
    )
    return list(session.exec(due))


def overdue(session: Session, now: datetime) -> tuple[int, datetime | None]:
    """How many sources are due ``now`` that nobody visits, and since when the longest overdue; None: never
    visited, or none.
    """
    due = select(func.count(), func.min(col(SourceState.next_due_at))).where(
        *_due(now, database_now(session))
    )
    return session.exec(due).one()


def visited_now(session: Session) -> set[str]:
    """The sources that somebody visits, whoever that is."""
    clock = database_now(session)
    return set(session.exec(select(SourceState.name).where(col(SourceState.leased_until) >= clock)))


def claim_now(engine: Engine, name: str) -> Claim | None:
    """The source called ``name``, claimed whether it is due or not; None where somebody visits it."""
    holder = new_holder()
    with Session(engine) as session, session.begin():
        insert_once(session, SourceState(name=name))
        clock = database_now(session)
        leased_until = col(SourceState.leased_until)
        taken = session.execute(
            update(SourceState)
            .where(col(SourceState.name) == name, or_(leased_until.is_(None), leased_until < clock))
            .values(lease_holder=holder, leased_until=clock + LEASE)
            .execution_options(synchronize_session=False)
        )
        is_ours = cast("CursorResult[object]", taken).rowcount == 1
    return Claim(name, holder) if is_ours else None


@contextlib.contextmanager
def keeping(engine: Engine, claim: Claim) -> Iterator[Renewal]:
    """Renew ``claim`` while the block runs, and give it back."""

    def renew() -> bool:
        with Session(engine) as session, session.begin():
            return _set(session, claim, leased_until=database_now(session) + LEASE)

    with renewed(renew, f"visit {claim.source}") as renewal:
        try:
            yield renewal
        finally:
            with Session(engine) as session, session.begin():
                _set(session, claim, lease_holder="", leased_until=None)


def postpone(engine: Engine, claim: Claim, until: datetime) -> None:
    """Leave the source alone until then."""
    with Session(engine) as session, session.begin():
        _set(session, claim, next_due_at=until)


def free_claims(session: Session) -> None:
    """Give all claims back: for a start at which nobody who claims can be alive."""
    session.execute(
        update(SourceState)
        .where(col(SourceState.leased_until).is_not(None))
        .values(lease_holder="", leased_until=None)
    )


def shift_plans(session: Session, seconds: float) -> None:
    """Bring what is planned forward by ``seconds``, because the clock was put back by them."""
    for state in session.exec(select(SourceState).order_by(col(SourceState.name)).with_for_update()):
        if state.next_due_at is not None:
            state.next_due_at -= timedelta(seconds=seconds)


def next_due(session: Session) -> list[tuple[str, datetime | None]]:
    """Watched sources and when each is due; None: at once."""
    rows = session.exec(select(SourceState.name, SourceState.next_due_at).where(col(SourceState.is_watched)))
    return [(name, due_at) for name, due_at in rows]


def _set(session: Session, claim: Claim, **values: object) -> bool:
    """Change the row unless somebody else has claimed it since."""
    changed = session.execute(
        update(SourceState)
        .where(col(SourceState.name) == claim.source, col(SourceState.lease_holder) == claim.holder)
        .values(**values)
    )
    return cast("CursorResult[object]", changed).rowcount == 1
