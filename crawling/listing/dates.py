"""Dates as list pages write them beside a link or inside its address."""

from __future__ import annotations

import re
from datetime import date

_FULL = re.compile(r"(?<!\d)(20\d\d|19[89]\d)\s*[-./年]\s*(\d{1,2})\s*[-./月]\s*(\d{1,2})(?!\d)")
_COMPACT = re.compile(r"(?<!\d)(20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?!\d)")
_DAY_AND_MONTH = re.compile(r"(?<![\d.])(20\d\d|19[89]\d)\s*[-./]\s*(\d{1,2})(?!\d)")
_SHORT = re.compile(r"(?:^|[\s\[【(（])(0?[1-9]|1[0-2])[-/月](0?[1-9]|[12]\d|3[01])日?(?:$|[\s\]】)）])")
_IN_URL = (
    re.compile(r"/(20\d\d|19[89]\d)[/-]?(\d{1,2})[/-](\d{1,2})(?=/)"),
    re.compile(r"/(20\d\d)(\d\d)/t\1\2(\d\d)_"),
    re.compile(r"/(20\d\d)/(\d\d)(\d\d)/"),
    re.compile(r"[/_t](20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?:\d{6})?[_./-]"),
)


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def date_in_url(url: str) -> date | None:
    """The day that an address carries, as ``/202611/t20261105_77.html`` or ``/2026/11/5/`` do."""
    for pattern in _IN_URL:
        if match := pattern.search(url):
            found = _day(*match.groups())
            if found is not None:
                return found
    return None


def first_date(text: str) -> date | None:
    """The first whole day in ``text``; None where it names none that exists."""
    for pattern in (_FULL, _COMPACT):
        for match in pattern.finditer(text):
            found = _day(*match.groups())
            if found is not None:
                return found
    return None


def date_beside(context: str, title: str, url: str) -> date | None:
    """The day of publication that stands beside a link; dates inside its title speak of something else.

    A day without a year is only believed where the address gives the year.
    """
    around = context.replace(title, " ") if title else context
    if found := first_date(around):
        return found
    from_url = date_in_url(url)
    short = _SHORT.search(around)
    if from_url is not None and short is not None:
        return _day(str(from_url.year), *short.groups())
    return from_url


def shows_date(context: str, title: str) -> bool:
    """Whether something like a date stands beside a link, with its year or without."""
    around = context.replace(title, " ") if title else context
    return any(pattern.search(around) for pattern in (_FULL, _COMPACT, _SHORT, _DAY_AND_MONTH))
