"""Which day's rules a document is judged by: one rule for ``check``, visits, mail and judging again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from extraction.model import StatedDays
from vocabulary.codes import DaySource

NOTHING_STATED = StatedDays()
_TIME_ZONES = timedelta(days=1)
"""A day's difference may be the time zone's; what lies further in the future is a mistake of the page."""
_TOLERATED = timedelta(days=3)
"""A page signed on Friday and published on Monday does not contradict itself."""


@dataclass(frozen=True, slots=True)
class Day:
    """The day by which a document is judged, and whether anything names it."""

    as_of: date
    published_on: date | None
    """None where nothing says when it was published, so that it is judged by the rules of today."""
    source: DaySource | None = None
    """What names it; None where nothing does, or somebody asked for another day."""
    contradicted_by: tuple[tuple[DaySource, date], ...] = ()
    """Other days that are named, of which the rule prefers ``published_on``."""


def day_of(
    today: date,
    *,
    given: date | None = None,
    given_by: DaySource = DaySource.LIST,
    stated: StatedDays = NOTHING_STATED,
    own: date | None = None,
) -> Day:
    """The first day that is known and does not lie in the future, in the order of the domain's rule.

    Args:
        today: when the document is met; its rules hold where nothing names a day.
        given: what the list, the record or the page that links a file says.
        given_by: where ``given`` stands; a day whose year the list's order gave, or that stands in the item's
            address alone, counts less than one that the page prints.
        stated: what the page or file names as the day of its publication.
        own: the day that its text bears: its signature.
    """
    latest = today + _TIME_ZONES
    named = [
        (source, day)
        for source, day in _in_order(given, given_by, stated, own)
        if day is not None and day <= latest
    ]
    if not named:
        return Day(today, None)
    source, first = named[0]
    others = tuple((other, day) for other, day in named[1:] if abs(day - first) > _TOLERATED)
    return Day(first, first, source, others)


def _in_order(
    given: date | None, given_by: DaySource, stated: StatedDays, own: date | None
) -> Iterator[tuple[DaySource, date | None]]:
    """List, print, text, address, meta; what is given stands where its own source does."""
    found = {
        DaySource.LIST: None,
        DaySource.PRINTED: stated.printed,
        DaySource.LIST_WITHOUT_YEAR: None,
        DaySource.WRITTEN: stated.written or own,
        DaySource.ADDRESS: stated.in_address,
        DaySource.META: stated.in_meta,
    }
    found[given_by] = given or found[given_by]
    yield from found.items()
