"""What a month's bulletin says, counted from the histories of the cases.

States are those at the end of the month, replayed from the events: the bulletin of a past month says the same
whenever it is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from alerts.reports.texts import masked, on_one_line
from alerts.working_time import last_day
from cases.case_filter import OPEN
from cases.departments import bodies_of, follow_ups
from cases.steps import RULES, deadline_in
from settings.people import Calendar
from storage.tables import Case, CaseEvent
from vocabulary.areas import code_prefix, lies_within, prefecture_code, region_name
from vocabulary.codes import CaseState, Severity, Status
from vocabulary.dates import chinese_day
from vocabulary.names import name_of, names_of
from vocabulary.presentation import safe_link
from vocabulary.regions import known_regions, present_code

TREND_MONTHS = 12
UNKNOWN_REGION = "地区未识别"
UNKNOWN_DEPARTMENT = "主管部门未明确"
_ASKED, _RECTIFIED, _EXTENDED = "rectification_asked", "rectified", "extended"
_AFTER: Mapping[str, CaseState] = {
    **{rule.event: rule.after for rule in RULES.values()},
    _EXTENDED: CaseState.RECTIFICATION_ASKED,
}


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A month of the calendar."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> Month:
        """``2026-10``; raises ``ValueError``."""
        first = datetime.strptime(text, "%Y-%m")  # noqa: DTZ007 - a month has no zone
        if not 2000 <= first.year <= 2999:
            raise ValueError(f"nothing was watched in the year {first.year}")
        return cls(first.year, first.month)

    def __add__(self, months: int) -> Month:
        years, month = divmod(self.month - 1 + months, 12)
        return Month(self.year + years, month + 1)

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02d}"

    @property
    def name(self) -> str:
        """``2026年10月``."""
        return f"{self.year}年{self.month}月"

    def begins(self, zone: ZoneInfo) -> datetime:
        """Its first moment in ``zone``."""
        return datetime(self.year, self.month, 1, tzinfo=zone)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many cases of a row; ``opened``, ``rectified`` and ``dismissed`` within the month."""

    opened: int = 0
    rectified: int = 0
    dismissed: int = 0
    published: int = 0
    open_at_end: int = 0
    overdue_at_end: int = 0
    asked_so_far: int = 0
    """Cases whose rectification was ever asked for, without those that proved to be none."""
    rectified_so_far: int = 0
    """Those of them that are put right."""

    @property
    def rectification_rate(self) -> float | None:
        """Between 0 and 1; None where nothing was asked for."""
        return self.rectified_so_far / self.asked_so_far if self.asked_so_far else None


@dataclass(frozen=True, slots=True)
class Table:
    """Counts by what the first column is called."""

    title: str
    column: str
    rows: tuple[tuple[str, Counts], ...]


@dataclass(frozen=True, slots=True)
class OverdueCase:
    """A case that was past its deadline at the end of the month; texts are masked and fit to be shown."""

    number: int
    region: str
    publisher: str
    qualification: str
    severity: str
    deadline: date | None
    days: int | None
    """From the day on which the period really ended to the end of the month."""
    title: str
    link: str
    """Empty where the address is none to be clicked."""


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One month of the chart."""

    month: Month
    opened: int
    rectified: int


@dataclass(frozen=True, slots=True)
class Bulletin:
    """Everything that both documents say."""

    month: Month
    area: str
    """Name of the region; ``全国`` for all."""
    written_on: date
    total: Counts
    tables: tuple[Table, ...]
    overdue: tuple[OverdueCase, ...]
    trend: tuple[TrendPoint, ...]
    by_state: tuple[tuple[str, int], ...]
    """States of all cases at the end of the month."""

    @property
    def until(self) -> str:
        """``月末``, or the day of writing where the month has not ended yet."""
        day = self.written_on
        return "月末" if Month(day.year, day.month) > self.month else chinese_day(day)


@dataclass(slots=True)
class _History:
    """A case up to the end of the month."""

    case: Case
    departments: tuple[str, ...]
    """Each body that follows it up."""
    state: CaseState = CaseState.FOUND
    rectified: bool = False
    asked: bool = False
    deadline: date | None = None
    """The one that was set last before the end of the month."""
    steps: list[tuple[str, datetime]] = field(default_factory=list)

    def take(self, kind: str, note: str, at: datetime) -> None:
        self.steps.append((kind, at))
        if kind == "notified" and self.state is CaseState.FOUND:
            self.state = CaseState.NOTIFIED
        self.state = _AFTER.get(kind, self.state)
        if kind in {_ASKED, _EXTENDED, "reopened"}:
            self.rectified = False
            self.deadline = deadline_in(note)
        self.asked = self.asked or kind == _ASKED
        self.rectified = self.rectified or kind == _RECTIFIED

    def steps_within(self, kind: str, begin: datetime) -> bool:
        return any(step == kind and at >= begin for step, at in self.steps)


def compile_bulletin(
    session: Session,
    month: Month,
    region: str | None,
    zone: ZoneInfo,
    written_on: date,
    *,
    calendar: Calendar = Calendar(),  # noqa: B008 - it is frozen
) -> Bulletin:
    """The figures of ``month`` for ``region`` (GB/T 2260 code; None: everywhere), in the days of ``zone``.

    ``calendar`` says on which days periods end.
    """
    begin, end = month.begins(zone), (month + 1).begins(zone)
    histories = _histories(session, region, end)
    return Bulletin(
        month=month,
        area=region_name(region) or "全国",
        written_on=written_on,
        total=_count(histories, begin),
        tables=_tables(histories, region, begin),
        overdue=_overdue(histories, region, end.date(), calendar),
        trend=_trend(histories, month, zone),
        by_state=_by_state(histories),
    )


def _tables(histories: Sequence[_History], region: str | None, begin: datetime) -> tuple[Table, ...]:
    def tabulate(
        title: str, column: str, names: Callable[[_History], Sequence[str]], order: Sequence[str] = ()
    ) -> Table:
        return Table(title, column, _tabulate(histories, names, order, begin))

    severities = tuple(reversed(names_of(Severity).values()))
    return (
        tabulate("地区分布", "地区", lambda each: (_area(each.case.region, region),), _areas(region)),
        tabulate("主管部门分布", "主管部门", lambda each: each.departments),
        tabulate(
            "证书状态分布",
            "证书状态",
            lambda each: (name_of(Status(each.case.status)),),
            tuple(names_of(Status).values()),
        ),
        tabulate(
            "风险等级分布", "风险等级", lambda each: (name_of(Severity(each.case.severity)),), severities
        ),
    )


def _histories(session: Session, region: str | None, end: datetime) -> list[_History]:
    cases = select(Case).where(col(Case.opened_at) < end)
    events = (
        select(CaseEvent.case_id, CaseEvent.kind, CaseEvent.note, CaseEvent.at)
        .join(Case, col(Case.id) == col(CaseEvent.case_id))
        .where(col(CaseEvent.at) < end, col(CaseEvent.kind).in_({*_AFTER, "notified"}))
        .order_by(col(CaseEvent.at), col(CaseEvent.id))
    )
    if region:
        within = lies_within(col(Case.region), region)
        cases, events = cases.where(within), events.where(within)

    following = follow_ups(session)
    histories = {
        case.id: _History(
            case,
            bodies_of(on_one_line(following(case.qualification, case.region).department, 200))
            or (UNKNOWN_DEPARTMENT,),
        )
        for case in session.exec(cases.order_by(col(Case.id)))
    }
    for case_id, kind, note, at in session.exec(events):
        histories[case_id].take(kind, note, at)
    return list(histories.values())


def _count(histories: Iterable[_History], begin: datetime) -> Counts:
    counted: Counter[str] = Counter()
    for each in histories:
        counted["opened"] += each.case.opened_at >= begin
        counted["rectified"] += each.steps_within(_RECTIFIED, begin)
        counted["dismissed"] += each.steps_within("dismissed", begin)
        counted["published"] += each.steps_within("published", begin)
        # A case may be made public before it is put right, or after.
        counted["open_at_end"] += each.state in OPEN and not each.rectified
        counted["overdue_at_end"] += each.state is CaseState.OVERDUE
        answers = each.asked and each.state is not CaseState.DISMISSED
        counted["asked_so_far"] += answers
        counted["rectified_so_far"] += answers and each.rectified
    return Counts(**counted)


def _tabulate(
    histories: Iterable[_History],
    names: Callable[[_History], Sequence[str]],
    order: Sequence[str],
    begin: datetime,
) -> tuple[tuple[str, Counts], ...]:
    """Rows in ``order``, or those with most new cases first; a case counts in each row that it names."""
    groups: dict[str, list[_History]] = {}
    for each in histories:
        for name in names(each):
            groups.setdefault(name, []).append(each)
    rows = [(title, _count(group, begin)) for title, group in groups.items()]
    # A row in which nothing happened and nothing is left says nothing.
    rows = [(title, counts) for title, counts in rows if counts != _settled(counts)]
    places = {known: place for place, known in enumerate(order)}
    rows.sort(key=lambda row: (places.get(row[0], len(places)), -row[1].opened, -row[1].open_at_end, row[0]))
    return tuple(rows)


def _settled(counts: Counts) -> Counts:
    return Counts(asked_so_far=counts.asked_so_far, rectified_so_far=counts.rectified_so_far)


def _area(code: str | None, region: str | None) -> str:
    """The area one level below ``region`` in which ``code`` lies today: provinces, prefectures, counties.

    Counties and districts that no prefecture stands above are areas of their province.
    """
    if not code:
        return UNKNOWN_REGION
    code = present_code(code)
    if not region:
        return _within(f"{code[:2]}0000", region)
    return _within(prefecture_code(code) if len(code_prefix(region)) == 2 else code, region)


def _within(code: str | None, region: str | None) -> str:
    """The name of ``code`` for those who know that they are in ``region``."""
    if not code:
        return UNKNOWN_REGION
    above = region_name(region)
    return region_name(code).removeprefix(above) or f"{above}（未细分）"


@cache
def _areas(region: str | None) -> tuple[str, ...]:
    own = code_prefix(region) if region else ""
    return tuple(dict.fromkeys(_area(code, region) for code in known_regions() if code.startswith(own)))


def _overdue(
    histories: Iterable[_History], region: str | None, end: date, calendar: Calendar
) -> tuple[OverdueCase, ...]:
    """Those that are longest overdue first."""
    overdue = [each for each in histories if each.state is CaseState.OVERDUE]
    overdue.sort(key=lambda each: (each.deadline or end, each.case.id))
    return tuple(_overdue_case(each, region, end, calendar) for each in overdue)


def _overdue_case(history: _History, region: str | None, end: date, calendar: Calendar) -> OverdueCase:
    case, deadline = history.case, history.deadline
    return OverdueCase(
        number=case.id or 0,
        region=_within(case.region, region),
        publisher=masked(case.publisher, 60) or "发布单位未识别",
        qualification=masked(case.qualification, 40),
        severity=name_of(Severity(case.severity)),
        deadline=deadline,
        # The month's last day is the day before ``end``.
        days=(end - last_day(calendar, deadline)).days - 1 if deadline else None,
        title=masked(case.title, 80) or "（无标题）",
        link=safe_link(case.url),
    )


def _trend(histories: Sequence[_History], month: Month, zone: ZoneInfo) -> tuple[TrendPoint, ...]:
    def month_of(at: datetime) -> Month:
        local = at.astimezone(zone)
        return Month(local.year, local.month)

    opened = Counter(month_of(each.case.opened_at) for each in histories)
    rectified = Counter(
        when for each in histories for when in {month_of(at) for kind, at in each.steps if kind == _RECTIFIED}
    )
    months = [month + back for back in range(1 - TREND_MONTHS, 1)]
    return tuple(TrendPoint(each, opened[each], rectified[each]) for each in months)


def _by_state(histories: Iterable[_History]) -> tuple[tuple[str, int], ...]:
    states = Counter(each.state for each in histories)
    return tuple((name, states[state]) for state, name in names_of(CaseState).items() if states[state])
