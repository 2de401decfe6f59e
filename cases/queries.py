"""The cases as a list, and one case with all that belongs to it, for those who look at them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, union_all
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from cases.case_filter import ALL_CASES, EVERYTHING, CaseFilter, CaseScope
from cases.case_order import Stretch, page_key, stretches
from storage.tables import Case, CaseEvent, Finding
from vocabulary.codes import CaseState

COUNTED = 1000
"""Cases that are counted one by one; where there are more, a list says so and no number."""
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
    meant = wanted
    states: tuple[CaseState, ...] = ()
    if not (wanted.is_narrow or scope.regions or scope.departments):
        meant, states = replace(wanted, states=()), wanted.states
    condition = and_(meant.condition(session, now), scope.condition(session))
    found: list[Case] = []
    for stretch in stretches(wanted.order, after):
        if len(found) <= limit:
            found += session.exec(_of_stretch(states, condition, stretch, limit + 1 - len(found)))
    more = len(found) > limit
    return CasePage(found[:limit], page_key(found[limit - 1], wanted.order) if more else "")


def _of_stretch(
    states: Sequence[CaseState], meant: ColumnElement[bool], stretch: Stretch, limit: int
) -> SelectOfScalar[Case]:
    """The first cases of a stretch. Each of several states is read off its index in the order that is wanted:
    of all together a database would sort every case that is open.
    """
    cases = select(Case).where(meant, stretch.condition)
    if len(states) == 1:
        cases = cases.where(col(Case.state) == states[0])
    elif states:
        firsts = [
            select_columns(col(Case.id))
            .where(col(Case.state) == state, meant, stretch.condition)
            .order_by(*stretch.order)
            .limit(limit)
            .subquery()
            for state in states
        ]
        cases = select(Case).where(
            col(Case.id).in_(union_all(*(select_columns(first.c.id) for first in firsts)))
        )
    return cases.order_by(*stretch.order).limit(limit)


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
    some = (
        select_columns(col(Case.id))
        .where(wanted.condition(session, now), scope.condition(session))
        .limit(at_most + 1)
        .subquery()
    )
    count: int = session.execute(select_columns(func.count()).select_from(some)).scalar_one()
    return count


def may_see(session: Session, case_id: int, scope: CaseScope) -> bool:
    """Whether there is a case of that number within ``scope``."""
    found = select(Case.id).where(Case.id == case_id, scope.condition(session))
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
