"""The cases as a list, and one case with all that belongs to it, for those who look at them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, union, union_all
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from cases.case_filter import ALL_CASES, EVERYTHING, CaseFilter, CaseScope, Found
from cases.case_order import Stretch, page_key, stretches
from storage.tables import Case, CaseEvent, Finding
from vocabulary.codes import CaseOrder, CaseState

COUNTED = 1000
"""Cases that are counted one by one; where there are more, a list says so and no number."""
WAYS = 24
"""Parts that a list is put together from at most."""
_BATCH = 500


@dataclass(frozen=True, slots=True)
class File:
    """A case with its history, oldest event first, and its findings."""

    case: Case
    events: Sequence[CaseEvent]
    findings: Sequence[Finding]


@dataclass(frozen=True, slots=True)
class CasePage:
    """A part of a list."""

    cases: Sequence[Case]
    following: str
    """``after`` of the next part; empty at the end."""


def list_cases(
    session: Session,
    wanted: CaseFilter = ALL_CASES,
    *,
    now: datetime,
    scope: CaseScope = EVERYTHING,
    after: str = "",
    limit: int = 50,
) -> CasePage:
    """Up to ``limit`` of the cases ``wanted`` within ``scope``, in their order.

    ``after`` is where an earlier part ended (``CasePage.following``). Days are those of ``now``'s time zone.
    """
    ways = list(_ways(session, wanted, now, scope))
    sorts, found = all(way.sorts for way in ways), list[Case]()
    for stretch in stretches(wanted.order, after, sorts=sorts):
        if len(found) <= limit:
            found += session.exec(_of_stretch(session, ways, stretch, limit + 1 - len(found)))
    more = len(found) > limit
    return CasePage(found[:limit], page_key(found[limit - 1], wanted.order) if more else "")


class _Way(NamedTuple):
    """A part of what is meant, that is read off one index."""

    condition: ColumnElement[bool]
    sorts: bool
    """Whether its cases are few: they are found first, and sorted then."""


def _ways(session: Session, wanted: CaseFilter, now: datetime, scope: CaseScope) -> Iterator[_Way]:
    """What is meant, by the branches of the scope and, where cases are many, each of the states by itself: of
    all together a database would sort every case that is open.
    """
    branches = scope.branches(session)
    meant = wanted.condition(session, now)
    finds_again = bool(wanted.text) and not scope.holds_all  # as SQLite does for each way
    if wanted.is_narrow(session) or finds_again:
        yield from (_Way(and_(meant, branch.condition), sorts=True) for branch in branches)
        return
    by_day = wanted.order in {CaseOrder.NEWEST, CaseOrder.OLDEST}
    of_any_state = replace(wanted, states=()).condition(session, now)
    for condition, found in branches:
        states = wanted.states or (tuple(CaseState) if found is Found.BY_DAY else ())
        if found is Found.ALONE or (found is Found.BY_DAY and not by_day):
            yield _Way(and_(meant, condition), sorts=True)
        elif not states or len(states) * len(branches) > WAYS:
            yield _Way(and_(meant, condition), sorts=False)
        else:
            for state in states:
                yield _Way(and_(col(Case.state) == state, condition, of_any_state), sorts=False)


def _of_stretch(session: Session, ways: Sequence[_Way], stretch: Stretch, limit: int) -> SelectOfScalar[Case]:
    """The first cases of a stretch, of those that each way begins with."""
    cases = select(Case)
    order = stretch.order
    if len(ways) == 1:
        (way,) = ways
        cases = cases.where(way.condition, stretch.condition)
        order = stretch.sorted(session) if way.sorts else order
    else:
        firsts = [
            select_columns(col(Case.id))
            .where(way.condition, stretch.condition)
            .order_by(*(stretch.sorted(session) if way.sorts else order))
            .limit(limit)
            .subquery()
            for way in ways
        ]
        cases = cases.where(col(Case.id).in_(union_all(*(select_columns(first.c.id) for first in firsts))))
        order = stretch.sorted(session)
    return cases.order_by(*order).limit(limit)


def every_case(
    session: Session, wanted: CaseFilter, *, now: datetime, scope: CaseScope = EVERYTHING, limit: int
) -> Iterator[Case]:
    """The same one by one, read in parts: for exports."""
    after = ""
    while limit > 0:
        page = list_cases(session, wanted, now=now, scope=scope, after=after, limit=min(_BATCH, limit))
        yield from page.cases
        limit, after = limit - len(page.cases), page.following
        if not after:
            return


def count_cases(
    session: Session,
    wanted: CaseFilter,
    *,
    now: datetime,
    scope: CaseScope = EVERYTHING,
    at_most: int = COUNTED,
) -> int:
    """How many there are; ``at_most + 1`` where there are more than ``at_most``."""
    meant = wanted.condition(session, now)
    firsts = [
        select_columns(col(Case.id)).where(meant, branch.condition).limit(at_most + 1).subquery()
        for branch in scope.branches(session)
    ]
    # One case may be met in several ways.
    some = union(*(select_columns(first.c.id) for first in firsts)).subquery() if firsts[1:] else firsts[0]
    count: int = session.execute(select_columns(func.count()).select_from(some)).scalar_one()
    return min(count, at_most + 1)


def may_see(session: Session, case_id: int, scope: CaseScope) -> bool:
    """Whether there is a case of that number within ``scope``."""
    found = select(Case.id).where(Case.id == case_id, scope.holds(session))
    return session.exec(found).first() is not None


def read_case(session: Session, case_id: int) -> File | None:
    """Everything about a case; None where there is none of that number."""
    case = session.get(Case, case_id)
    if case is None:
        return None
    events = select(CaseEvent).where(CaseEvent.case_id == case_id)
    findings = select(Finding).where(Finding.case_id == case_id)
    return File(
        case,
        session.exec(events.order_by(col(CaseEvent.at), col(CaseEvent.id))).all(),
        session.exec(findings.order_by(col(Finding.id))).all(),
    )
