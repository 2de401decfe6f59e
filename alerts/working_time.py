"""When somebody works, and when their digest and their summary are written; hours are local ones."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from alerts.holidays import changed_day
from alerts.recipients import supervisor_of
from settings.model import Settings
from settings.people import Supervisor

_DAY = timedelta(days=1)
MONDAY = 1
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
