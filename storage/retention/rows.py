"""Removes, in small steps, the rows that belong to no case and have had their time.

Every step is one short transaction that finds what is due by itself: it may be killed at any moment, and run
twice it changes nothing. A step that only looks counts the same rows. The newest row of a table always stays,
because SQLite would give its number again, and numbers stand in keys and letters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import delete, exists, func, null, select, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, SQLModel, col

from settings.retention import Retention
from storage.database import one_transaction
from storage.tables import (
    Case,
    DigestItem,
    FetchRecord,
    HostPace,
    IntakeMessage,
    OutboxMessage,
    RejudgedChange,
    Rejudgement,
    Sighting,
    Visit,
)
from vocabulary.codes import CaseState, KeptKind, OutboxState

ROWS = 1_000
"""Looked at in one step."""
_VISITS = 20
_ENDED = (CaseState.DISMISSED, CaseState.RECTIFIED, CaseState.PUBLISHED, CaseState.CLOSED)

RETENTION = "retention"
"""The lease of whoever removes what has had its time, or may not have it removed meanwhile."""

Begin = Callable[[], AbstractContextManager[Session]]
"""A transaction, committed at the end of its block."""


@dataclass(frozen=True, slots=True)
class Due:
    """What has had its time at one moment."""

    rules: Retention
    now: datetime

    def before(self, days: int) -> datetime:
        return self.now - timedelta(days=days)


@dataclass(slots=True)
class Removed:
    """What was removed, or would be."""

    rows: Counter[KeptKind] = field(default_factory=Counter)
    freed: Counter[str] = field(default_factory=Counter)
    """Versions by their evidence file."""

    def add(self, other: Removed) -> None:
        self.rows.update(other.rows)
        self.freed.update(other.freed)


@dataclass(frozen=True, slots=True)
class Step:
    """What one step came to."""

    removed: Removed
    after: int | None
    """Where the next step goes on; None: there is none."""


Rule = Callable[[Session, Due, int, bool], Step]
"""One step after a number; the last argument says whether to remove or only to look."""


def run_rules(
    rules: Iterable[Rule],
    begin: Begin,
    due: Due,
    *,
    removes: bool,
    goes_on: Callable[[], bool],
    tell: Callable[[Removed], object] = lambda _: None,
) -> Removed:
    """Step through ``rules`` as long as ``goes_on`` says so; ``tell`` hears of each step."""
    removed = Removed()
    for rule in rules:
        after: int | None = 0
        while after is not None and goes_on():
            step = _take(rule, begin, due, after, removes=removes)
            removed.add(step.removed)
            tell(step.removed)
            after = step.after
    return removed


@one_transaction
def _take(rule: Rule, begin: Begin, due: Due, after: int, *, removes: bool) -> Step:
    with begin() as session:
        return rule(session, due, after, removes)


def fetch_records(session: Session, due: Due, after: int, removes: bool) -> Step:
    """Records of visits that began before ``fetch_records_days``."""
    visits, following = _visits_with(session, FetchRecord, after, due.before(due.rules.fetch_records_days))
    of_visits = col(FetchRecord.visit_id).in_(visits)
    if not removes:
        count = session.execute(select(func.count()).select_from(FetchRecord).where(of_visits)).scalar_one()
        return Step(_rows(KeptKind.FETCH_RECORDS, count), following)
    ids = session.scalars(
        select(col(FetchRecord.id)).where(of_visits, _not_newest(session, FetchRecord)).limit(ROWS)
    ).all()
    remove_by_id(session, FetchRecord, ids)
    return Step(_rows(KeptKind.FETCH_RECORDS, len(ids)), after if len(ids) == ROWS else following)


def sightings(session: Session, due: Due, after: int, removes: bool) -> Step:
    """Sightings of visits that began before ``sightings_days``: one stays for each page and month.

    The first and the last of each time in which a page stayed as it was stay too, so that every change, and
    what was seen last before it, is still known. Those that stay no longer name their visit.
    """
    visits, following = _visits_with(session, Sighting, after, due.before(due.rules.sightings_days))
    rows = _with_neighbours(session, visits, ROWS if removes else None)
    within = [row.id for row in rows if _is_within(row)]
    if removes:
        remove_by_id(session, Sighting, within)
        kept = sorted({row.id for row in rows} - set(within))
        for some in in_parts(kept):
            session.execute(update(Sighting).where(col(Sighting.id).in_(some)).values(visit_id=None))
        following = after if len(rows) == ROWS else following
    return Step(_rows(KeptKind.SIGHTINGS, len(within)), following)


def visits(session: Session, due: Due, after: int, removes: bool) -> Step:
    """Visits that began before ``visits_days``, but for the first one of each source.

    Numbers and dates of the first one are what a source's history is reckoned from.
    """
    until = due.before(due.rules.visits_days)
    batch = session.execute(
        select(col(Visit.id), col(Visit.started_at))
        .where(col(Visit.id) > after)
        .order_by(col(Visit.id))
        .limit(ROWS)
    ).all()
    old = [number for number, started_at in batch if started_at < until]
    if not old:
        return Step(Removed(), None)
    earlier = aliased(Visit)
    is_later = exists().where(
        col(earlier.source) == col(Visit.source), col(earlier.started_at) < col(Visit.started_at)
    )
    is_needed = [exists().where(col(IntakeMessage.visit_id) == col(Visit.id))]
    if removes:  # their rows went in an earlier step, unless the clock was put back meanwhile
        is_needed.append(exists().where(col(FetchRecord.visit_id) == col(Visit.id)))
        is_needed.append(exists().where(col(Sighting.visit_id) == col(Visit.id)))
    ids = session.scalars(
        select(col(Visit.id)).where(
            col(Visit.id).in_(old),
            col(Visit.finished_at).is_not(None),
            is_later,
            _not_newest(session, Visit),
            *(~each for each in is_needed),
        )
    ).all()
    if removes:
        remove_by_id(session, Visit, ids)
    return Step(_rows(KeptKind.VISITS, len(ids)), batch[-1][0])


def messages(session: Session, due: Due, after: int, removes: bool) -> Step:
    """Messages that were sent before ``messages_days``; those about a case on hold stay."""
    until = due.before(due.rules.messages_days)
    batch = session.execute(
        select(col(OutboxMessage.id), col(OutboxMessage.created_at))
        .where(col(OutboxMessage.id) > after)
        .order_by(col(OutboxMessage.id))
        .limit(ROWS)
    ).all()
    old = [number for number, created_at in batch if created_at < until]
    if not old:
        return Step(Removed(), None)
    held = set(session.scalars(select(col(Case.id)).where(col(Case.held_at).is_not(None))))
    payload: Any = col(OutboxMessage.payload) if held else null()
    found = session.execute(
        select(col(OutboxMessage.id), col(OutboxMessage.case_id), payload).where(
            col(OutboxMessage.id).in_(old),
            col(OutboxMessage.state) == OutboxState.SENT,
            col(OutboxMessage.sent_at) < until,
            _not_newest(session, OutboxMessage),
        )
    ).all()
    ids = [number for number, case, told in found if not held & _cases_in(case, told or {})]
    if removes:
        remove_by_id(session, OutboxMessage, ids)
    return Step(_rows(KeptKind.MESSAGES, len(ids)), batch[-1][0])


def told_items(session: Session, due: Due, after: int, removes: bool) -> Step:
    """What a letter told before ``messages_days`` of cases that have ended and are not on hold."""
    ids = session.scalars(
        select(col(DigestItem.id))
        .join(Case, col(Case.id) == col(DigestItem.case_id))
        .where(
            col(DigestItem.id) > after,
            col(DigestItem.told_at) < due.before(due.rules.messages_days),
            col(Case.state).in_(_ENDED),
            col(Case.held_at).is_(None),
            _not_newest(session, DigestItem),
        )
        .order_by(col(DigestItem.id))
        .limit(ROWS)
    ).all()
    if removes:
        remove_by_id(session, DigestItem, ids)
    return Step(_rows(KeptKind.MESSAGES, len(ids)), ids[-1] if len(ids) == ROWS else None)


def rejudgements(session: Session, due: Due, after: int, removes: bool) -> Step:
    """Reports of judging again that ended before ``rejudgements_days``, one in a step."""
    until = due.before(due.rules.rejudgements_days)
    order = session.scalars(
        select(col(Rejudgement.id))
        .where(col(Rejudgement.id) > after, col(Rejudgement.finished_at) < until)
        .where(_not_newest(session, Rejudgement))
        .order_by(col(Rejudgement.id))
        .limit(1)
    ).first()
    if order is None:
        return Step(Removed(), None)
    of_order = col(RejudgedChange.rejudgement_id) == order
    if not removes:
        count = session.execute(select(func.count()).select_from(RejudgedChange).where(of_order)).scalar_one()
        return Step(_rows(KeptKind.REJUDGEMENTS, 1 + count), order)
    ids = session.scalars(
        select(col(RejudgedChange.id)).where(of_order, _not_newest(session, RejudgedChange)).limit(ROWS)
    ).all()
    remove_by_id(session, RejudgedChange, ids)
    if len(ids) == ROWS:
        return Step(_rows(KeptKind.REJUDGEMENTS, ROWS), after)
    left = session.scalars(select(col(RejudgedChange.id)).where(of_order).limit(1)).first()
    if left is None:
        remove_by_id(session, Rejudgement, [order])
    return Step(_rows(KeptKind.REJUDGEMENTS, len(ids) + (left is None)), order)


def hosts(session: Session, due: Due, after: int, removes: bool) -> Step:  # noqa: ARG001 - a rule's signature
    """How fast hosts may be asked that were not asked since ``visits_days``."""
    names = session.scalars(
        select(col(HostPace.host))
        .where(col(HostPace.free_at) < due.before(due.rules.visits_days))
        .limit(ROWS)
    ).all()
    if removes:
        session.execute(delete(HostPace).where(col(HostPace.host).in_(names)))
    return Step(_rows(KeptKind.OTHER_ROWS, len(names)), 0 if removes and len(names) == ROWS else None)


def in_parts(ids: Sequence[Any], size: int = ROWS) -> Iterator[Sequence[Any]]:
    """``ids`` in lists that a statement can take."""
    return (ids[begin : begin + size] for begin in range(0, len(ids), size))


def remove_by_id(session: Session, table: type[SQLModel], ids: Sequence[Any]) -> None:
    number: Any = table.__table__.c.id  # type: ignore[attr-defined]
    for some in in_parts(ids):
        session.execute(delete(table).where(number.in_(some)).execution_options(synchronize_session=False))


def newest(session: Session, table: type[SQLModel]) -> int:
    """The highest number of ``table``; 0 where it is empty."""
    number: Any = table.__table__.c.id  # type: ignore[attr-defined]
    return session.execute(select(func.max(number))).scalar_one() or 0


def _not_newest(session: Session, table: type[SQLModel]) -> Any:
    number: Any = table.__table__.c.id  # type: ignore[attr-defined]
    return number != newest(session, table)


def _rows(kind: KeptKind, count: int) -> Removed:
    return Removed(Counter({kind: count}))


def _visits_with(
    session: Session, table: type[FetchRecord] | type[Sighting], after: int, until: datetime
) -> tuple[Sequence[int], int | None]:
    """The next visits of which ``table`` has rows, those that ended and are due; and where to go on.

    Visits are numbered as they begin: once none of several is old enough, none that follows is.
    """
    numbers = session.scalars(
        select(col(table.visit_id))
        .where(col(table.visit_id) > after)
        .distinct()
        .order_by(col(table.visit_id))
        .limit(_VISITS)
    ).all()
    found = session.execute(
        select(col(Visit.id), col(Visit.started_at), col(Visit.finished_at)).where(col(Visit.id).in_(numbers))
    ).all()
    old = [(number, ended) for number, began, ended in found if began < until]
    if not old:
        return (), None
    return [number for number, ended in old if ended is not None], numbers[-1]


def _with_neighbours(session: Session, visits: Sequence[int], limit: int | None) -> Sequence[Any]:
    """Sightings of ``visits``, each with that of the same page before it and after it."""
    before, after = aliased(Sighting), aliased(Sighting)
    earlier = select(func.max(col(before.id))).where(
        col(before.document_id) == col(Sighting.document_id), col(before.id) < col(Sighting.id)
    )
    later = select(func.min(col(after.id))).where(
        col(after.document_id) == col(Sighting.document_id), col(after.id) > col(Sighting.id)
    )
    previous, following = aliased(Sighting), aliased(Sighting)
    return session.execute(
        select(
            col(Sighting.id),
            col(Sighting.version_id),
            col(Sighting.seen_at),
            col(previous.version_id).label("version_before"),
            col(previous.seen_at).label("seen_before"),
            col(following.version_id).label("version_after"),
        )
        .select_from(Sighting)
        .outerjoin(previous, col(previous.id) == earlier.correlate(Sighting).scalar_subquery())
        .outerjoin(following, col(following.id) == later.correlate(Sighting).scalar_subquery())
        .where(col(Sighting.visit_id).in_(visits))
        .order_by(col(Sighting.id))
        .limit(limit)
    ).all()


def _is_within(row: Any) -> bool:
    """Whether the page was met as it was before and after, and earlier in the same month."""
    return row.version_before == row.version_id == row.version_after and (
        row.seen_before.year,
        row.seen_before.month,
    ) == (row.seen_at.year, row.seen_at.month)


def _cases_in(case: int | None, payload: Mapping[str, Any]) -> set[int]:
    named = [case, *payload.get("all_cases", ()), *payload.get("case_ids", ())]
    return {each for each in named if isinstance(each, int)}


RULES: Mapping[KeptKind, tuple[Rule, ...]] = MappingProxyType(
    {
        KeptKind.FETCH_RECORDS: (fetch_records,),
        KeptKind.SIGHTINGS: (sightings,),
        KeptKind.VISITS: (visits,),
        KeptKind.MESSAGES: (messages, told_items),
        KeptKind.REJUDGEMENTS: (rejudgements,),
        KeptKind.OTHER_ROWS: (hosts,),
    }
)
"""In this order: what belongs to a visit goes before it."""
