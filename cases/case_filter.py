"""Which cases are meant, and in which order: one value behind page, API, command, export and reports."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum, StrEnum
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Select, and_, column, func, literal_column, or_, true, union_all
from sqlalchemy import select as select_columns
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col

from cases.department_filter import followed_up_by
from cases.search import COMMON, has_words, is_common, may_hold
from storage.database import without_index
from storage.tables import AddresseeAnswer, Case, CaseEvent, Document, DocumentVersion, Finding
from vocabulary.areas import lies_within
from vocabulary.codes import AnswerState, CaseOrder, CaseState, Due, EventKind, Severity, Waiting

OPEN: Final = tuple(
    state
    for state in CaseState
    if state not in {CaseState.DISMISSED, CaseState.RECTIFIED, CaseState.CLOSED, CaseState.MERGED}
)
"""States in which something is still to be done; a published case still waits for its rectification."""
NOBODY: Final = "-"
"""As ``CaseFilter.assignee``: cases that nobody has taken or was given."""
SOON: Final = timedelta(days=7)
WITH_DEADLINE: Final = (CaseState.RECTIFICATION_ASKED, CaseState.OVERDUE)
"""States in which a deadline runs, or has run out, and may be moved."""
_COME_BACK: Final = (CaseState.FOUND, CaseState.NOTIFIED)
"""States in which a case that came back waits to be looked at."""
_MET = "qualwatch_cases_met"
_LONGEST: Final = 200
"""Letters of anything that somebody types."""
_DAYS: Final = 36_500

_Code = TypeVar("_Code", bound=StrEnum)


class Found(Enum):
    """How an index finds the cases of a branch."""

    IN_ORDER = "in order"
    """They are many: each order has an index, and what is no part of the branch is passed over."""
    BY_DAY = "by day"
    """As those of a province: in the order in which they were opened, each state by itself."""
    ALONE = "alone"
    """They are few: they are found first, and sorted then."""


class Branch(NamedTuple):
    """A way in which a case may be within a scope."""

    condition: ColumnElement[bool]
    found: Found


@dataclass(frozen=True, slots=True)
class CaseScope:
    """What somebody may see: empty tuples mean all, as for ``settings.people.Supervisor``."""

    regions: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    email: str = ""
    """Cases assigned to this address are theirs wherever they lie."""
    others: tuple[CaseScope, ...] = ()
    """What they may see besides: the cases of those below them."""

    @property
    def holds_all(self) -> bool:
        """Whether every case is within it."""
        return not (self.regions or self.departments)

    @property
    def is_lasting(self) -> bool:
        """Whether it means the same whatever stands in the database: what a department follows up changes."""
        return not self.departments and all(other.is_lasting for other in self.others)

    def condition(self, session: Session) -> ColumnElement[bool]:
        """Whether a case is within it."""
        branches = [each.condition for each in self.branches(session)]
        if session.get_bind().dialect.name != "sqlite" or len(branches) == 1:
            return or_(*branches)
        # SQLite knows not how few cases each of them leaves, and would read all that are open.
        return col(Case.id).in_(union_all(*(select_columns(col(Case.id)).where(each) for each in branches)))

    def holds(self, session: Session) -> ColumnElement[bool]:
        """The same of few cases that are known by their numbers."""
        return or_(*(each.condition for each in self.branches(session)))

    def branches(self, session: Session) -> list[Branch]:
        """The ways in which a case may be within it."""
        return list(self._branches(session))

    def _branches(self, session: Session) -> Iterator[Branch]:
        if self.holds_all or any(other.holds_all for other in self.others):
            yield Branch(true(), Found.IN_ORDER)
            return
        follows = [followed_up_by(session, self.departments, self.regions)] if self.departments else []
        for region in self.regions or ("",):
            parts = [is_of(region)] if region else []
            yield Branch(and_(true(), *parts, *follows), _found(region))
        if self.email:
            yield Branch(col(Case.assignee) == self.email, Found.ALONE)
        for other in self.others:
            yield from other._branches(session)  # noqa: SLF001 - of the same class


def _found(region: str) -> Found:
    if not region:
        return Found.IN_ORDER
    return Found.BY_DAY if region.endswith("0000") else Found.ALONE


EVERYTHING: Final = CaseScope()


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases; whatever is empty does not matter."""

    states: tuple[CaseState, ...] = ()
    severities: tuple[Severity, ...] = ()
    region: str = ""
    """GB/T 2260 code; it covers what lies in it."""
    department: str = ""
    """Field of a department, by any of its names."""
    qualification: str = ""
    """Part of the certificate's name."""
    publisher: str = ""
    """Part of the publisher's name."""
    source: str = ""
    """Name of the source in which the case was met."""
    opened_from: date | None = None
    opened_until: date | None = None
    age: int = 0
    """Days since it was opened, at least."""
    due: Due | None = None
    assignee: str = ""
    """Mail address, or NOBODY."""
    review: bool | None = None
    """Whether a person has to confirm the verdict."""
    waiting: Waiting | None = None
    text: str = ""
    """Words that all stand in publisher, title, certificate, quotes or document number."""
    order: CaseOrder = CaseOrder.NEWEST

    @property
    def possible_states(self) -> tuple[CaseState, ...]:
        """The states that a case of it may have; empty: any."""
        return self.states or (_COME_BACK if self.waiting is Waiting.REBOUND else ())

    @property
    def is_lasting(self) -> bool:
        """Whether it is asked for in the same way all day, whatever stands in the database."""
        looked_up = (self.text, self.source, self.qualification, self.publisher, self.department)
        return not any(looked_up) and not self.age

    def is_narrow(self, session: Session) -> bool:
        """Whether something in it leaves so few cases that they are best found first and sorted then."""
        named = (self.region, self.department, self.qualification, self.publisher)
        return (
            any(named)
            or bool(self.source and not _is_common_source(session, self.source))
            or self.assignee not in {"", NOBODY}
            or self.due is not None
            or self.waiting not in {None, Waiting.REBOUND}
            or bool(self.text and not is_common(session, self.text))
        )

    def condition(
        self, session: Session, now: datetime, found: Found = Found.IN_ORDER
    ) -> ColumnElement[bool]:
        """The cases that are meant; days are those of ``now``'s time zone.

        ``found``: how the scope finds them; where that leaves few, no other index is taken.
        """
        return and_(true(), *self._parts(session, now, found))

    def _parts(self, session: Session, now: datetime, found: Found) -> Iterator[ColumnElement[bool]]:
        if self.states:
            yield col(Case.state).in_(self.states)
        if self.severities:
            yield col(Case.severity).in_([severity.value for severity in self.severities])
        if self.region:
            yield is_of(self.region)
        if self.department:
            yield followed_up_by(session, (self.department,), (self.region,) if self.region else ())
        if self.qualification:
            yield may_hold(session, self.qualification)
            yield col(Case.qualification).icontains(self.qualification, autoescape=True)
        if self.publisher:
            yield may_hold(session, self.publisher)
            yield col(Case.publisher).icontains(self.publisher, autoescape=True)
        if self.source:
            yield _met_in(session, self.source)
        yield from self._times(now)
        if self.assignee:
            yield _is_with(session, self.assignee)
        yield from self._waiting(session, now, found)
        if self.text:
            yield has_words(session, self.text)

    def _waiting(self, session: Session, now: datetime, found: Found) -> Iterator[ColumnElement[bool]]:
        deadline, review = col(Case.deadline), col(Case.needs_review)
        if found is not Found.IN_ORDER:
            deadline, review = without_index(session, deadline), without_index(session, review)
        if self.due is not None:
            yield _stands_to_deadline(self.due, now.date(), deadline)
        if self.review is not None:
            yield review.is_(self.review)
        if self.waiting is not None:
            yield _waits(session, self.waiting)

    def _times(self, now: datetime) -> Iterator[ColumnElement[bool]]:
        if self.opened_from:
            yield col(Case.opened_at) >= _midnight(self.opened_from, now)
        if self.opened_until:
            yield col(Case.opened_at) < _midnight(self.opened_until + timedelta(days=1), now)
        if self.age:
            yield col(Case.opened_at) <= now - timedelta(days=self.age)


ALL_CASES: Final = CaseFilter()
OPEN_CASES: Final = CaseFilter(states=OPEN)
"""Those in which something is still to be done."""


def read_filter(pairs: Iterable[tuple[str, str]], *, default: CaseFilter = ALL_CASES) -> CaseFilter:
    """The filter that the query of an address says; what it does not understand is left out.

    Names are those of ``filter_pairs``; ``state`` may also be ``open`` or ``all``. A query that names no
    state means those of ``default``.
    """
    said: dict[str, list[str]] = {}
    for name, value in pairs:
        if value.strip():
            said.setdefault(name, []).append(value.strip()[:_LONGEST])
    last = {name: values[-1] for name, values in said.items()}
    return CaseFilter(
        states=_states(said["state"]) if "state" in said else default.states,
        severities=tuple(dict.fromkeys(_codes(Severity, said.get("severity", ())))),
        region=_region(last.get("region", "")),
        department=last.get("department", ""),
        qualification=last.get("qualification", ""),
        publisher=last.get("publisher", ""),
        source=last.get("source", ""),
        opened_from=_day(last.get("from", "")),
        opened_until=_day(last.get("until", "")),
        age=_number(last.get("age", "")),
        due=next(_codes(Due, [last.get("due", "")]), None),
        assignee=last.get("assignee", ""),
        review={"yes": True, "no": False}.get(last.get("review", "")),
        waiting=next(_codes(Waiting, [last.get("waiting", "")]), None),
        text=last.get("q", ""),
        order=next(_codes(CaseOrder, [last.get("order", "")]), default.order),
    )


def filter_pairs(wanted: CaseFilter) -> list[tuple[str, str]]:
    """The query of the address that shows ``wanted``; ``read_filter`` reads it."""
    named = [state.value for state in wanted.states] or ["all"]
    states = ["open"] if wanted.states == OPEN else named
    found: list[tuple[str, object]] = [
        *(("state", state) for state in states),
        *(("severity", severity.value) for severity in wanted.severities),
        ("region", wanted.region),
        ("department", wanted.department),
        ("qualification", wanted.qualification),
        ("publisher", wanted.publisher),
        ("source", wanted.source),
        ("from", wanted.opened_from or ""),
        ("until", wanted.opened_until or ""),
        ("age", wanted.age or ""),
        ("due", wanted.due or ""),
        ("assignee", wanted.assignee),
        ("review", "" if wanted.review is None else "yes" if wanted.review else "no"),
        ("waiting", wanted.waiting or ""),
        ("q", wanted.text),
        ("order", "" if wanted.order is CaseOrder.NEWEST else wanted.order),
    ]
    return [(name, str(value)) for name, value in found if value != ""]


def is_of(region: str) -> ColumnElement[bool]:
    """Whether a case lies in an area; of a province by its index, since no place has moved to another one."""
    if not region.endswith("0000"):
        return lies_within(col(Case.region), region)
    # As the index has it: of parameters no database would know that it is the same.
    province: ColumnElement[str] = func.substr(col(Case.region), literal_column("1"), literal_column("2"))
    return province == region[:2]


def _is_with(session: Session, assignee: str) -> ColumnElement[bool]:
    if assignee == NOBODY:  # nearly all of them
        nobodys: ColumnElement[bool] = without_index(session, col(Case.assignee)) == ""
        return nobodys
    return col(Case.assignee) == assignee


def _met_in(session: Session, source: str) -> ColumnElement[bool]:
    if session.get_bind().dialect.name != "sqlite":
        return col(Case.id).in_(_of_source(source))
    numbers = _numbers_met(session, source)
    number: Any = col(Case.id)
    if _is_common_source(session, source):
        number = without_index(session, number)
    within: ColumnElement[bool] = number.in_(
        select_columns(column("value")).select_from(func.json_each(json.dumps(numbers)))
    )
    return within


def _is_common_source(session: Session, source: str) -> bool:
    """Whether so many cases were met in it that a list is better read in its order than found by it.

    PostgreSQL knows how many they are, and decides by itself.
    """
    return session.get_bind().dialect.name == "sqlite" and len(_numbers_met(session, source)) > COMMON


def _numbers_met(session: Session, source: str) -> list[int]:
    """Of the cases that were met in it; looked up once for the list and its number, and each way to them."""
    known: dict[str, list[int]] = session.info.setdefault(_MET, {})
    if source not in known:
        known[source] = sorted(set(session.execute(_of_source(source)).scalars()))
    return known[source]


def _of_source(source: str) -> Select[Any]:
    numbers: Select[Any] = (
        select_columns(col(Finding.case_id))
        .join(DocumentVersion, col(DocumentVersion.id) == col(Finding.version_id))
        .join(Document, col(Document.id) == col(DocumentVersion.document_id))
        .where(col(Document.source) == source, col(Finding.case_id).is_not(None))
    )
    return numbers


def _waits(session: Session, waiting: Waiting) -> ColumnElement[bool]:
    if waiting is Waiting.ACCEPTANCE:
        return and_(col(Case.assignee) > "", col(Case.accepted_at).is_(None), col(Case.state).in_(OPEN))
    if waiting is Waiting.EXTENSION:
        state = without_index(session, col(Case.state))  # far fewer wait than have that state
        return and_(col(Case.extension).is_not(None), state.in_(WITH_DEADLINE))
    if waiting is Waiting.ANSWER:
        unread = select_columns(col(AddresseeAnswer.case_id))
        return col(Case.id).in_(unread.where(col(AddresseeAnswer.state) == AnswerState.WAITING))
    # As the index says it: of a parameter no database would know that it is the same.
    is_return = col(CaseEvent.kind) == literal_column(f"'{EventKind.REOPENED.value}'")
    came_back = select_columns(col(CaseEvent.case_id)).where(is_return)
    return and_(without_index(session, col(Case.state)).in_(_COME_BACK), col(Case.id).in_(came_back))


def _stands_to_deadline(due: Due, today: date, deadline: Mapped[date | None]) -> ColumnElement[bool]:
    if due is Due.PASSED:
        return deadline < today
    if due is Due.SOON:
        return and_(deadline >= today, deadline <= today + SOON)
    return deadline > today + SOON if due is Due.LATER else deadline.is_(None)


def _midnight(day: date, now: datetime) -> datetime:
    return datetime.combine(day, time(), now.tzinfo)


def _states(typed: Sequence[str]) -> tuple[CaseState, ...]:
    if "all" in typed:
        return ()
    found = [*_codes(CaseState, typed), *(OPEN if "open" in typed else ())]
    return tuple(state for state in CaseState if state in found)


def _codes(kind: type[_Code], typed: Iterable[str]) -> Iterator[_Code]:
    known = set(kind)
    return (kind(word) for word in typed if word in known)


def _region(typed: str) -> str:
    return typed if len(typed) == 6 and typed.isascii() and typed.isdecimal() else ""


def _number(typed: str, largest: int = _DAYS) -> int:
    if not (typed.isascii() and typed.isdecimal() and len(typed) <= 15):
        return 0
    return min(int(typed), largest)


def _day(typed: str) -> date | None:
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        return None
    return day if 1990 <= day.year <= 2100 else None
