"""In which order cases are listed, and where a part of a list begins: what an index serves, and nothing else.

A list is read off an index from where it begins, so that its last part costs as little as its first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, case, or_, true
from sqlmodel import Session, col

from storage.database import without_index
from storage.tables import Case
from vocabulary.codes import CaseOrder

_LARGEST = 10**15


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of an order that one index holds: its cases that are still to come, and how they are sorted."""

    condition: ColumnElement[bool]
    keys: Sequence[SQLColumnExpression[Any]]
    """Ends with the number, so that no two cases stand at the same place."""
    is_rising: bool = True

    @property
    def order(self) -> Sequence[ColumnElement[Any]]:
        """As an index has it."""
        return self._directed(self.keys)

    def sorted(self, session: Session) -> Sequence[ColumnElement[Any]]:
        """The same for few cases that something else has found."""
        return self._directed([without_index(session, key) for key in self.keys])

    def _directed(self, keys: Sequence[SQLColumnExpression[Any]]) -> Sequence[ColumnElement[Any]]:
        return [key.asc() if self.is_rising else key.desc() for key in keys]


def page_key(case: Case, order: CaseOrder) -> str:
    """Where a page ends that ends with ``case``: the next one begins behind it."""
    if order is CaseOrder.SEVERITY:
        return f"{case.severity}.{case.id}"
    if order is CaseOrder.DEADLINE:
        return f"{case.deadline or ''}.{case.id}"
    at = case.updated_at if order is CaseOrder.CHANGED else case.opened_at
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat()}.{case.id}"


def stretches(order: CaseOrder, after: str, *, sorts: bool = False) -> Iterator[Stretch]:
    """Everything behind the place that ``page_key`` said, one stretch after the other.

    ``sorts``: the cases are few, and are found by something else and sorted then, all in one.
    """
    first, _, last = after.rpartition(".")
    number = _number(last)
    if order is CaseOrder.DEADLINE:
        day = _day(first)
        yield from (_sorted_by_deadline(day, number),) if sorts else _by_deadline(day, number)
    elif order is CaseOrder.SEVERITY:
        # critical, high, medium: the alphabet has them in the order that is wanted, and an index with it.
        key, own = col(Case.severity), col(Case.id)
        behind = or_(key > first, and_(key == first, own > number)) if number else true()
        yield Stretch(behind, (key, own))
    elif order is CaseOrder.OLDEST:
        yield _by_time(col(Case.opened_at), _moment(first), number, is_rising=True)
    else:
        column = col(Case.updated_at) if order is CaseOrder.CHANGED else col(Case.opened_at)
        yield _by_time(column, _moment(first), number, is_rising=False)


def _by_time(column: Any, at: datetime | None, number: int, *, is_rising: bool) -> Stretch:
    own = col(Case.id)
    keys = (column, own)
    if not number:
        return Stretch(true(), keys, is_rising)
    if at is None:  # a key of before lists were sorted by time: the number alone
        return Stretch(own > number if is_rising else own < number, keys, is_rising)
    later = (column > at, own > number) if is_rising else (column < at, own < number)
    return Stretch(or_(later[0], and_(column == at, later[1])), keys, is_rising)


def _by_deadline(day: date | None, number: int) -> Iterator[Stretch]:
    """Those that have one, the earliest first; then the others."""
    deadline, own = col(Case.deadline), col(Case.id)
    if day is not None or not number:
        behind = or_(deadline > day, and_(deadline == day, own > number)) if day is not None else true()
        yield Stretch(and_(deadline.is_not(None), behind), (deadline, own))
        number = 0
    yield Stretch(and_(deadline.is_(None), own > number), (own,))


def _sorted_by_deadline(day: date | None, number: int) -> Stretch:
    """The same as one; no database takes its index of deadlines for it."""
    deadline, own = col(Case.deadline), col(Case.id)
    has_none = case((deadline.is_(None), 1), else_=0)
    keys = (has_none, deadline, own)
    if not number:
        return Stretch(true(), keys)
    if day is None:
        return Stretch(and_(has_none == 1, own > number), keys)
    return Stretch(or_(has_none == 1, deadline > day, and_(deadline == day, own > number)), keys)


def _number(typed: str) -> int:
    is_number = typed.isascii() and typed.isdecimal() and len(typed) <= 15
    return min(int(typed), _LARGEST) if is_number else 0


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def _moment(typed: str) -> datetime | None:
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=UTC)
    except ValueError:
        return None
