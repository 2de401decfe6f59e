"""When offices and people work, and when digests and summaries are written; hours are local ones.

Offices work from Monday to Friday, less holidays, plus the days worked in their place (调休). The State
Council announces the arrangement of each year in the last quarter of the year before; chinesecalendar
carries it. Of a year that it does not know yet, only the holidays are kept whose dates the law itself fixes:
at worst a mail arrives on a holiday, and none is held back for want of a table.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from alerts.recipients import supervisor_of
from settings.model import Settings
from settings.people import Calendar, Supervisor

_DAY = timedelta(days=1)
MONDAY = 1
_FIXED = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})
"""Those of 全国年节及纪念日放假办法 (国务院令第795号, in force since 2025-01-01) that follow no moon."""
_ALL, _OFFICE_WEEK = frozenset(range(1, 8)), frozenset(range(1, 6))


def works_at(settings: Settings, email: str, at: datetime) -> bool:
    """Whether ``email`` is at work; the administrator, and who is not configured, always is."""
    supervisor = supervisor_of(settings, email)
    if supervisor is None:
        return True
    begin, end = _hours(supervisor, at.astimezone(ZoneInfo(settings.time_zone)))
    return _works_on(settings, supervisor, begin) and begin <= at < end


def next_work(settings: Settings, email: str, now: datetime) -> datetime:
    """``now`` where ``email`` is at work, else when they next begin."""
    supervisor = supervisor_of(settings, email)
    if supervisor is None or works_at(settings, email, now):
        return now
    day = now.astimezone(ZoneInfo(settings.time_zone))
    while not (_works_on(settings, supervisor, day) and _hours(supervisor, day)[0] > now):
        day += _DAY
    return _hours(supervisor, day)[0]


def digest_moment(settings: Settings, email: str, now: datetime) -> datetime:
    """The last time, not after ``now``, at which a digest for ``email`` was due."""
    supervisor = supervisor_of(settings, email)
    moment = _last(settings, now)
    while supervisor is not None and not _works_on(settings, supervisor, moment):
        moment -= _DAY
    return moment


def summary_moment(settings: Settings, now: datetime) -> datetime:
    """The last Monday's summary, not after ``now``."""
    moment = _last(settings, now)
    return moment - (moment.isoweekday() - MONDAY) * _DAY


def _last(settings: Settings, now: datetime) -> datetime:
    local = now.astimezone(ZoneInfo(settings.time_zone))
    today = datetime.combine(
        local.date(), time.fromisoformat(settings.mail.digest_at), ZoneInfo(settings.time_zone)
    )
    return today if today <= now else today - _DAY


def _hours(supervisor: Supervisor, day: datetime) -> tuple[datetime, datetime]:
    """When work begins and ends on the local ``day``."""
    begin, _, end = supervisor.working_hours.partition("-")
    midnight = datetime.combine(day.date(), time(), day.tzinfo)
    return tuple(midnight + timedelta(hours=int(at[:2]), minutes=int(at[3:])) for at in (begin, end))  # type: ignore[return-value]


def _works_on(settings: Settings, supervisor: Supervisor, day: datetime) -> bool:
    """A day that is worked in place of a holiday is one of those who work from Monday to Friday."""
    weekdays = set(supervisor.working_days)
    changed = None if weekdays == _ALL else changed_day(settings.calendar, day.date())
    if changed is None:
        return day.isoweekday() in weekdays
    return changed and (day.isoweekday() in weekdays or weekdays >= _OFFICE_WEEK)


def changed_day(calendar: Calendar, day: date) -> bool | None:
    """Whether offices work on ``day``, or rest, whatever its weekday; None where the weekday decides."""
    if day in calendar.working_days:
        return True
    if day in calendar.holidays:
        return False
    return _statutory(day) if calendar.statutory else None


def is_office_day(calendar: Calendar, day: date) -> bool:
    """Whether offices work on ``day``."""
    changed = changed_day(calendar, day)
    return day.isoweekday() <= 5 if changed is None else changed


def last_day(calendar: Calendar, deadline: date) -> date:
    """The day on which a period really ends whose last day is ``deadline``.

    民法典第二百零三条: where the last day is one of rest, it is the day after the rest has ended.
    """
    while not is_office_day(calendar, deadline):
        deadline += _DAY
    return deadline


def office_day_before(calendar: Calendar, day: date) -> date:
    """The last office day before ``day``; every period whose last day is not after it has ended."""
    day -= _DAY
    while not is_office_day(calendar, day):
        day -= _DAY
    return day


def known_until(calendar: Calendar) -> date:
    """The end of the last year whose holidays are known, from the arrangement or from ``calendar``."""
    from chinese_calendar.constants import holidays  # noqa: PLC0415 - its table takes milliseconds

    return date(max(day.year for day in (*holidays, *calendar.holidays)), 12, 31)


def _statutory(day: date) -> bool | None:
    import chinese_calendar  # noqa: PLC0415

    try:
        rests, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:  # It does not know the year.
        return False if (day.month, day.day) in _FIXED else None
    # Ordinary days bear no name, of rest or of work.
    return None if name is None else not rests
