"""The cases as a list, and one case with all that belongs to it, for those who look at them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, func, select

from cases.case_filter import ALL_CASES, EVERYTHING, CaseFilter, CaseScope, behind, ordering, page_key
from storage.tables import Case, CaseEvent, Finding

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
    chosen = (
        select(Case)
        .where(wanted.condition(session, now), scope.condition(session), behind(wanted.order, after))
        .order_by(*ordering(wanted.order))
        .limit(limit + 1)
    )
    found = session.exec(chosen).all()
    more = len(found) > limit
    return CasePage(found[:limit], page_key(found[limit - 1], wanted.order) if more else "")


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
