"""Which of several days counts: list, print, text, address, meta, in the order of the domain's rule."""

from __future__ import annotations

from datetime import date

import pytest

from assessment.day import day_of
from extraction.model import StatedDays
from vocabulary.codes import DaySource

TODAY = date(2026, 11, 28)
LIST, PRINT, WRITTEN, ADDRESS, META = (date(2017, month, 1) for month in (1, 3, 5, 7, 9))
ALL = StatedDays(printed=PRINT, written=WRITTEN, in_address=ADDRESS, in_meta=META)


@pytest.mark.parametrize(
    ("given", "stated", "own", "day", "source"),
    [
        ((LIST, DaySource.LIST), ALL, None, LIST, DaySource.LIST),
        ((LIST, DaySource.LIST_WITHOUT_YEAR), ALL, None, PRINT, DaySource.PRINTED),
        ((LIST, DaySource.LIST_WITHOUT_YEAR), StatedDays(), WRITTEN, LIST, DaySource.LIST_WITHOUT_YEAR),
        ((LIST, DaySource.ADDRESS), StatedDays(in_meta=META), WRITTEN, WRITTEN, DaySource.WRITTEN),
        ((LIST, DaySource.ADDRESS), StatedDays(in_meta=META), None, LIST, DaySource.ADDRESS),
        ((None, DaySource.LIST), StatedDays(in_meta=META), None, META, DaySource.META),
        ((date(2027, 1, 1), DaySource.LIST), ALL, None, PRINT, DaySource.PRINTED),  # in the future
    ],
)
def test_the_day_that_counts(
    given: tuple[date | None, DaySource],
    stated: StatedDays,
    own: date | None,
    day: date,
    source: DaySource,
) -> None:
    found = day_of(TODAY, given=given[0], given_by=given[1], stated=stated, own=own)
    assert (found.as_of, found.published_on, found.source) == (day, day, source)


def test_where_nothing_names_a_day_the_rules_of_today_hold() -> None:
    found = day_of(TODAY)
    assert (found.as_of, found.published_on, found.source) == (TODAY, None, None)


def test_contradictions_are_named_and_a_weekend_is_none() -> None:
    stated = StatedDays(printed=date(2017, 1, 3), in_meta=META)
    assert day_of(TODAY, given=LIST, stated=stated).contradicted_by == ((DaySource.META, META),)
