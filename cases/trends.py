"""How many violations there were, where, by whom and of what, and how soon they were put right.

Counted of the cases that were opened within a period and not dismissed. A case counts as put right where it
was rectified and has not come back since; how long that took is counted until its first rectification.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal
from sqlalchemy import select as select_columns
from sqlmodel import Session, col

from cases.case_filter import EVERYTHING, CaseScope
from cases.departments import bodies_of, follow_ups
from storage.tables import Case, CaseEvent
from vocabulary.areas import lies_within
from vocabulary.codes import CaseState, EventKind

LISTED = 15
"""Certificates, departments and publishers that are listed."""
TIMED = 20_000
"""Cases of which the time until they were put right is read, the newest first."""
_ENDED = (CaseState.RECTIFIED, CaseState.PUBLISHED, CaseState.CLOSED)
_PAIRS = 2_000


@dataclass(frozen=True, slots=True)
class Counted:
    """What was opened of something, and how much of it is put right."""

    name: str
    opened: int
    put_right: int

    @property
    def rate(self) -> int:
        """Percent."""
        return round(100 * self.put_right / self.opened) if self.opened else 0


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days from a Monday on."""

    monday: date
    opened: int
    put_right: int


@dataclass(frozen=True, slots=True)
class Offender:
    """A publisher with several cases."""

    publisher: str
    region: str
    opened: int
    put_right: int
    came_back: int
    """Of them, those that were put right and came back."""


@dataclass(frozen=True, slots=True)
class Trends:
    """A period, from ``since`` on."""

    since: date
    total: Counted
    weeks: Sequence[Week]
    provinces: Sequence[Counted]
    """By the code of the province; empty: not known."""
    qualifications: Sequence[Counted]
    departments: Sequence[Counted]
    """Empty name: nobody is named."""
    offenders: Sequence[Offender]
    days: float | None
    """Until a case was put right, the median; None where none was."""
    timed: int


def read_trends(
    session: Session, *, now: datetime, weeks: int, region: str = "", scope: CaseScope = EVERYTHING
) -> Trends:
    """The last ``weeks``, the present one included, of the cases in ``region`` that ``scope`` holds.

    Weeks begin on Mondays of ``now``'s time zone.
    """
    this = now.date() - timedelta(days=now.weekday())
    mondays = [this - timedelta(weeks=back) for back in range(weeks - 1, -1, -1)]
    begin = datetime.combine(mondays[0], time(), now.tzinfo)
    within = and_(
        col(Case.opened_at) >= begin,
        col(Case.state).not_in((CaseState.DISMISSED, CaseState.MERGED)),
        scope.condition(session),
        *([lies_within(col(Case.region), region)] if region else ()),
    )
    by_week = _weeks(session, within, mondays, now)
    province = func.coalesce(func.substr(Case.region, 1, 2), "")
    days, timed = _days(session, within)
    return Trends(
        since=mondays[0],
        total=Counted("", sum(week.opened for week in by_week), sum(week.put_right for week in by_week)),
        weeks=by_week,
        provinces=[
            Counted(f"{each.name}0000" if each.name else "", each.opened, each.put_right)
            for each in _count(session, within, province)
        ],
        qualifications=_count(session, within, col(Case.qualification))[:LISTED],
        departments=_departments(session, within),
        offenders=_offenders(session, within),
        days=days,
        timed=timed,
    )


def _put_right() -> ColumnElement[int]:
    was_rectified = (
        select_columns(literal(1))
        .where(col(CaseEvent.case_id) == col(Case.id), col(CaseEvent.kind) == EventKind.RECTIFIED.value)
        .exists()
    )
    ended = and_(col(Case.state).in_(_ENDED), was_rectified)
    return func.coalesce(func.sum(case((ended, 1), else_=0)), 0)


def _weeks(
    session: Session, within: ColumnElement[bool], mondays: Sequence[date], now: datetime
) -> list[Week]:
    """One row for each, so that a week without a case is one too."""
    begins = [datetime.combine(monday, time(), now.tzinfo) for monday in mondays]
    number = case(
        *((col(Case.opened_at) >= begin, at) for at, begin in reversed(list(enumerate(begins)))), else_=-1
    )
    rows = session.execute(
        select_columns(number.label("week"), func.count(), _put_right()).where(within).group_by("week")
    )
    counts = {at: (opened, right) for at, opened, right in rows}
    return [Week(monday, *counts.get(at, (0, 0))) for at, monday in enumerate(mondays)]


def _count(session: Session, within: ColumnElement[bool], what: Any) -> list[Counted]:
    """The most frequent first."""
    name = what.label("counted")
    opened = func.count().label("opened")
    rows = session.execute(
        select_columns(name, opened, _put_right())
        .select_from(Case)
        .where(within)
        .group_by("counted")  # by its label: PostgreSQL takes the expression, said twice, for two
        .order_by(opened.desc(), "counted")
        .limit(_PAIRS)
    )
    return [Counted(found or "", count, right) for found, count, right in rows]


def _departments(session: Session, within: ColumnElement[bool]) -> list[Counted]:
    """Who follows up is said of a certificate and a region; a case that several follow up counts for each."""
    opened = func.count().label("opened")
    rows = session.execute(
        select_columns(col(Case.qualification), col(Case.region), opened, _put_right())
        .where(within)
        .group_by(col(Case.qualification), col(Case.region))
        .order_by(opened.desc())
        .limit(_PAIRS)
    ).all()
    followed = follow_ups(session)
    sums: dict[str, list[int]] = {}
    for name, region, count, right in rows:
        for body in bodies_of(followed(name, region).department) or ("",):
            known = sums.setdefault(body, [0, 0])
            known[0] += count
            known[1] += right
    found = [Counted(body, *known) for body, known in sums.items()]
    return sorted(found, key=lambda each: (-each.opened, each.name))[:LISTED]


def _offenders(session: Session, within: ColumnElement[bool]) -> list[Offender]:
    """Publishers with more than one case, and what of theirs came back."""
    opened = func.count().label("opened")
    came_back = (
        select_columns(literal(1))
        .where(col(CaseEvent.case_id) == col(Case.id), col(CaseEvent.kind) == EventKind.REOPENED.value)
        .exists()
    )
    rows = session.execute(
        select_columns(
            col(Case.publisher),
            col(Case.region),
            opened,
            _put_right(),
            func.sum(case((came_back, 1), else_=0)),
        )
        .where(within, col(Case.publisher) != "")
        .group_by(col(Case.publisher), col(Case.region))
        .having(func.count() > 1)
        .order_by(opened.desc(), col(Case.publisher))
        .limit(LISTED)
    )
    return [Offender(name, region or "", *counts) for name, region, *counts in rows]


def _days(session: Session, within: ColumnElement[bool]) -> tuple[float | None, int]:
    """The median of the days until cases were put right, and how many those are."""
    first = func.min(col(CaseEvent.at))
    rows = session.execute(
        select_columns(col(Case.opened_at), first)
        .join(CaseEvent, col(CaseEvent.case_id) == col(Case.id))
        .where(within, col(Case.state).in_(_ENDED), col(CaseEvent.kind) == EventKind.RECTIFIED.value)
        .group_by(col(Case.id), col(Case.opened_at))
        .order_by(col(Case.id).desc())
        .limit(TIMED)
    ).all()
    took = [(at - opened).total_seconds() / 86400 for opened, at in rows]
    return (median(took) if took else None), len(took)
