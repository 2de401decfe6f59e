"""The cases as a list, and one case with all that belongs to it, for those who look at them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, union
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, func, select

from cases.case_filter import ALL_CASES, EVERYTHING, CaseFilter, CaseScope, Found
from cases.case_order import Stretch, page_key, stretches
from storage.tables import Case, CaseEvent, Finding
from vocabulary.codes import CaseOrder, CaseState

COUNTED = 1000
"""Cases that are counted one by one; where there are more, a list says so and no number."""
WAYS = 24
"""Parts that a list is put together from at most."""
SORTED = 2000
"""Cases that are sorted to be counted with the list, where indices have them in order."""
_BATCH = 500
REMEMBERED = 200
"""Lists whose statements are kept."""


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
    count: int | None = None
    """How many there are of all parts, one more than was counted where there are more; None: not counted."""


def list_cases(
    session: Session,
    wanted: CaseFilter = ALL_CASES,
    *,
    now: datetime,
    scope: CaseScope = EVERYTHING,
    after: str = "",
    limit: int = 50,
    counted: int = 0,
) -> CasePage:
    """Up to ``limit`` of the cases ``wanted`` within ``scope``, in their order.

    ``after`` is where an earlier part ended (``CasePage.following``). Days are those of ``now``'s time zone.
    ``counted``: up to how many all of them are counted, wherever the part begins; 0: they are not.
    """
    asked = _asked(session, wanted, now, scope)
    # Where an index is read in order, it is cheaper to count by itself than to sort what each way has.
    is_sorted = all(way.sorts for way in asked.ways) or counted * len(asked.ways) <= SORTED
    counts_too = bool(counted) and not after and is_sorted
    found = _find(session, asked, wanted.order, after, max(limit, counted * counts_too) + 1)
    cases, count = cases_by_number(session, found[:limit]), len(found) if counts_too else None
    if counted and count is None:
        count = count_cases(session, wanted, now=now, scope=scope, at_most=counted)
    following = page_key(cases[-1], wanted.order) if len(found) > limit and cases else ""
    return CasePage(cases, following, count)


def first_numbers(
    session: Session, wanted: CaseFilter, *, now: datetime, scope: CaseScope = EVERYTHING, limit: int
) -> list[int]:
    """The numbers of the first ``limit`` of the cases ``wanted``, in their order."""
    return _find(session, _asked(session, wanted, now, scope), wanted.order, "", limit)


def cases_by_number(session: Session, numbers: Sequence[int]) -> list[Case]:
    """The cases of those numbers in their order; those that are no more are left out."""
    known: dict[int | None, Case] = {}
    for first in range(0, len(numbers), _BATCH):
        some = select(Case).where(col(Case.id).in_(numbers[first : first + _BATCH]))
        known |= {case.id: case for case in session.exec(some)}
    return [known[number] for number in numbers if number in known]


class _Way(NamedTuple):
    """A part of what is meant, that is read off one index."""

    condition: ColumnElement[bool]
    sorts: bool
    """Whether its cases are few: they are found first, and sorted then."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What somebody asked for, made into statements; they are put together once."""

    ways: tuple[_Way, ...]
    statements: dict[object, Select[Any]] = field(default_factory=dict)
    """By what they are for; of lists only where those begin."""

    def statement(self, purpose: object, make: Callable[[], Select[Any]]) -> Select[Any]:
        """The same object each time, so that it is not compared with others either."""
        known = self.statements.get(purpose)
        return self.statements.setdefault(purpose, make()) if known is None else known


_asked_before: OrderedDict[object, _Asked] = OrderedDict()
_asking = threading.Lock()


def _asked(session: Session, wanted: CaseFilter, now: datetime, scope: CaseScope) -> _Asked:
    """For lists that somebody comes back to all day, what was made of them the last time.

    Putting a statement together takes longer than most databases do with it.
    """
    if not (wanted.is_lasting and scope.is_lasting):
        return _Asked(tuple(_ways(session, wanted, now, scope)))
    key = session.get_bind().dialect.name, wanted, scope, now.date(), now.tzinfo
    with _asking:
        known = _asked_before.get(key)
        if known is not None:
            _asked_before.move_to_end(key)
            return known
    made = _Asked(tuple(_ways(session, wanted, now, scope)))
    with _asking:
        _asked_before[key] = made
        if len(_asked_before) > REMEMBERED:
            _asked_before.popitem(last=False)
    return made


def _ways(session: Session, wanted: CaseFilter, now: datetime, scope: CaseScope) -> Iterator[_Way]:
    """What is meant, by the branches of the scope and, where cases are many, each of the states by itself: of
    all together a database would sort every case that is open.
    """
    branches = scope.branches(session)
    finds_again = bool(wanted.text) and not scope.holds_all  # as SQLite does for each way
    is_narrow = wanted.is_narrow(session) or finds_again
    by_day = wanted.order in {CaseOrder.NEWEST, CaseOrder.OLDEST}
    for condition, found in branches:
        meant = wanted.condition(session, now, found)
        states = wanted.possible_states or (tuple(CaseState) if found is Found.BY_DAY else ())
        if is_narrow or found is Found.ALONE or (found is Found.BY_DAY and not by_day):
            yield _Way(and_(meant, condition), sorts=True)
        elif not states or len(states) * len(branches) > WAYS:
            yield _Way(and_(meant, condition), sorts=False)
        else:
            of_any_state = replace(wanted, states=()).condition(session, now, found)
            for state in states:
                yield _Way(and_(col(Case.state) == state, condition, of_any_state), sorts=False)


def _find(session: Session, asked: _Asked, order: CaseOrder, after: str, limit: int) -> list[int]:
    """The numbers of up to ``limit`` cases behind ``after``."""
    found: list[int] = []
    for at, stretch in enumerate(stretches(order, after, sorts=all(way.sorts for way in asked.ways))):
        left = limit - len(found)
        if left <= 0:
            break
        make = partial(_numbers, session, asked.ways, stretch, left)
        statement = make() if after else asked.statement((order, at, left), make)
        found += session.execute(statement).scalars()
    return found


def _numbers(session: Session, ways: Sequence[_Way], stretch: Stretch, limit: int) -> Select[Any]:
    """Numbers of the first cases of a stretch, of those that each way begins with.

    Nothing is read but what sorts them, which indices hold.
    """
    firsts = [_firsts(session, way, stretch, limit) for way in ways]
    if len(firsts) == 1:
        return select_columns(firsts[0].subquery().c.number)
    each = [select_columns(first.subquery()) for first in firsts]
    # A case that is met in two ways is the same row of both.
    together = union(*each).subquery()
    places = [column for column in together.c if column.name != "number"]
    order = [place.asc() if stretch.is_rising else place.desc() for place in (*places, together.c.number)]
    return select_columns(together.c.number).order_by(*order).limit(limit)


def _firsts(session: Session, way: _Way, stretch: Stretch, limit: int) -> Select[Any]:
    """What the way begins with: places in the order, and the number."""
    *keys, number = stretch.keys
    columns: list[ColumnElement[Any]] = [
        number.label("number"),
        *(key.label(f"place{at}") for at, key in enumerate(keys)),
    ]
    order = stretch.sorted(session) if way.sorts else stretch.order
    return select_columns(*columns).where(way.condition, stretch.condition).order_by(*order).limit(limit)


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
    asked = _asked(session, wanted, now, scope)
    make = partial(_counting, session, wanted, now, scope, at_most)
    count: int = session.execute(asked.statement(at_most, make)).scalar_one()
    return min(count, at_most + 1)


def _counting(
    session: Session, wanted: CaseFilter, now: datetime, scope: CaseScope, at_most: int
) -> Select[Any]:
    firsts = [
        select_columns(col(Case.id))
        .where(wanted.condition(session, now, branch.found), branch.condition)
        .limit(at_most + 1)
        .subquery()
        for branch in scope.branches(session)
    ]
    # One case may be met in several ways.
    some = union(*(select_columns(first.c.id) for first in firsts)).subquery() if firsts[1:] else firsts[0]
    return select_columns(func.count()).select_from(some)


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
