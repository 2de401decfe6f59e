"""Dates as Chinese documents write them: ``2017年7月14日``, ``二〇一七年七月十四日``, ``2017-07-14``."""

from __future__ import annotations

import re
from datetime import date

DATE = (
    r"(?P<year>[0-9０-９]{4}|[一二三四五六七八九〇○◯零ОOＯ０0]{4})[^\S\n]{0,3}年[^\S\n]{0,3}"
    r"(?P<month>[0-9０-９]{1,2}|[一二三四五六七八九十元]{1,2})[^\S\n]{0,3}月[^\S\n]{0,3}"
    r"(?P<day>[0-9０-９]{1,2}|[一二三四五六七八九十]{1,3})[^\S\n]{0,3}日"
)
"""Every quantifier is bounded, so that it costs the same per character on any text."""

_WRITTEN = re.compile(DATE)
_NUMERIC = re.compile(r"(?P<year>(?:19|20)\d{2})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})(?!\d)")
_DIGITS = str.maketrans(
    "０１２３４５６７８９〇○◯零ОOＯ一二三四五六七八九元", "01234567890000000" + "1234567891"
)


def read_date(text: str, start: int = 0, end: int | None = None) -> date | None:
    """The first date between ``start`` and ``end``; None where there is none that the calendar knows."""
    stop = len(text) if end is None else end
    match = _WRITTEN.search(text, start, stop) or _NUMERIC.search(text, start, stop)
    return to_date(match) if match else None


def to_date(match: re.Match[str]) -> date | None:
    """The day that a match of :data:`DATE` names, None for a day like 30 February."""
    try:
        return date(*(_to_number(match[part]) for part in ("year", "month", "day")))
    except ValueError:
        return None


def _to_number(written: str) -> int:
    """``十四`` → 14, ``二十`` → 20, ``二〇一七`` → 2017, ``０７`` → 7."""
    if "十" not in written:
        return int(written.translate(_DIGITS))
    tens, _, ones = written.partition("十")
    return int(tens.translate(_DIGITS) or "1") * 10 + int(ones.translate(_DIGITS) or "0")
