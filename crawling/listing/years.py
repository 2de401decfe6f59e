"""Days without a year, over several pages of a list: each page goes on where the one before it ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from crawling.listing.model import Item, ListPage

_PINNED = timedelta(days=45)
"""So much later than the end of the page before may a day be in a list that begins with the newest."""
_MOST_YEARS = 50


def continued(page: ListPage, previous: ListPage | None) -> ListPage:
    """``page`` with the years that were inferred taken back so that it goes on behind ``previous``."""
    ended = _days(previous) if previous is not None else []
    first = next((item.published_on for item in page.items if item.is_year_inferred), None)
    if not ended or first is None:
        return page
    years = _years_back(first, ended[-1] + _PINNED)
    return replace(page, items=tuple(_earlier(item, years) for item in page.items)) if years else page


def _days(page: ListPage) -> list[date]:
    return [item.published_on for item in page.items if item.published_on is not None]


def _years_back(day: date, limit: date) -> int:
    fitting = (years for years in range(_MOST_YEARS) if _in_year(day, day.year - years) <= limit)
    return next(fitting, 0)


def _in_year(day: date, year: int) -> date:
    """The same day of another year; 29 February is the 28th where it must be."""
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)


def _earlier(item: Item, years: int) -> Item:
    if not item.is_year_inferred or item.published_on is None:
        return item
    return replace(item, published_on=_in_year(item.published_on, item.published_on.year - years))
