"""Which day's rules a document is judged by: one rule for ``check``, visits, mail and judging again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from extraction.model import StatedDays

NOTHING_STATED = StatedDays()
_TIME_ZONES = timedelta(days=1)
"""A day's difference may be the time zone's; what lies further in the future is a mistake of the page."""


@dataclass(frozen=True, slots=True)
class Day:
    """The day by which a document is judged, and whether anything names it."""

    as_of: date
    published_on: date | None
    """None where nothing says when it was published, so that it is judged by the rules of today."""


def day_of(
    today: date,
    *,
    given: date | None = None,
    stated: StatedDays = NOTHING_STATED,
    own: date | None = None,
) -> Day:
    """The first day that is known and does not lie in the future, in the order of the domain's rule.

    Args:
        today: when the document is met; its rules hold where nothing names a day.
        given: what the list, the record or the page that links a file says.
        stated: what the page or file names as the day of its publication.
        own: the day that its text bears: a signature, 成文日期.
    """
    latest = today + _TIME_ZONES
    for day in (given, stated.printed, own, stated.in_address, stated.in_meta):
        if day is not None and day <= latest:
            return Day(day, day)
    return Day(today, None)
