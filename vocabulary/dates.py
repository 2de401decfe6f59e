"""Days as they are written to Chinese readers, in one form everywhere."""

from __future__ import annotations

import re
from datetime import date, datetime

_DAY = re.compile(r"(\d{4})(?:年|-)(\d{1,2})(?:月|-)(\d{1,2})")


def chinese_day(day: date | None) -> str:
    """``2026年12月5日``; empty for None."""
    return "" if day is None else f"{day.year}年{day.month}月{day.day}日"


def chinese_moment(local: datetime) -> str:
    """``2026年12月5日 08:30``, of a time in the reader's zone."""
    return f"{chinese_day(local.date())} {local:%H:%M}"


def day_in(text: str) -> date | None:
    """The day that ``text`` begins with, as ``chinese_day`` or ISO 8601 writes it; else None."""
    found = _DAY.match(text)
    return date(*map(int, found.groups())) if found else None
