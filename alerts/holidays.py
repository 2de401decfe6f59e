"""Days on which offices work: Monday to Friday, less holidays, plus the days worked in their place (调休).

The State Council announces the arrangement of each year in the last quarter of the year before;
chinesecalendar carries it. Of a year that it does not know yet, only the holidays are kept whose dates the
law itself fixes: at worst a mail arrives on a holiday, and none is held back for want of a table.
"""

from __future__ import annotations

from datetime import date, timedelta

from settings.people import Calendar

_DAY = timedelta(days=1)
_FIXED = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})
"""Those of 全国年节及纪念日放假办法 (国务院令第795号, in force since 2025-01-01) that follow no moon."""


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
