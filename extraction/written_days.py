"""Days that are written otherwise than in figures with the year first, as ``二〇一六年五月十三日`` is."""

from __future__ import annotations

import re
from datetime import date

_WIDE = str.maketrans("０１２３４５６７８９－／．", "0123456789-/.")
_IS_WIDE = re.compile("[０-９－／．]")
_FIGURES = str.maketrans("一二三四五六七八九〇○◯零元Oo\u041e\u043e\u039f\u03bfＯｏ", "1234567890000100000000")
"""Among the signs for zero that people type: the letter O, Latin, Cyrillic, Greek and wide."""
_IN_WORDS = re.compile(
    r"[一二三四五六七八九〇○◯零Oo\u041e\u043e\u039f\u03bfＯｏ]{4}\s{0,3}年\s{0,3}[一二三四五六七八九十元]{1,2}\s{0,3}月\s{0,3}[一二三四五六七八九十]{1,3}\s{0,3}日"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rf"({'|'.join(_MONTHS)})[a-z]{{0,6}}\.?"
_ENGLISH = (
    re.compile(
        rf"(?<![A-Za-z]){_MONTH}\s{{1,2}}(\d{{1,2}})(?:st|nd|rd|th)?\s?,?\s{{1,2}}((?:19|20)\d\d)(?!\d)",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th)?[\s-]{{1,2}}{_MONTH}[\s,-]{{1,2}}((?:19|20)\d\d)(?!\d)",
        re.IGNORECASE,
    ),
)
_LATIN = re.compile("[A-Za-z]")
_LABEL = r"((?:时\s{0,2}间|日\s{0,2}期|发布|[Dd]ate|[Tt]ime)\s{0,4}[:：]?\s{0,4}[\[（(]?\s?)"
_MONTH_DAY = r"(?P<month>0?[1-9]|1[0-2]){0}(?P<day>0?[1-9]|[12]\d|3[01])"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_BEHIND_LABELS = tuple(
    (re.compile(rf"[间期布e:：\s\[（(]{day}"), re.compile(_LABEL + day), year)
    for day, year in (
        (_YEAR + r"(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])(?!\d)", ""),
        (
            r"(?P<year>[0-3]\d)(?P<mark>[-/.])" + _MONTH_DAY.format("(?P=mark)") + r"(?![\d:：/.-])",
            "20",
        ),
        (_MONTH_DAY.format("[/-]") + "[/-]" + _YEAR + r"(?!\d)", ""),
    )
)
"""A day behind what labels end with, behind a label, and how its year begins: many texts have only labels."""


def with_plain_days(text: str) -> str:
    """``text`` with its days in figures, the year first: those in words, and what stands behind a label."""
    if _IS_WIDE.search(text):
        text = text.translate(_WIDE)
    if "年" in text:
        text = _IN_WORDS.sub(_figured, text)
    if _may_name_a_month(text):
        text = _ENGLISH[0].sub(lambda found: f"{found[3]}-{_month(found[1])}-{found[2]}", text)
        text = _ENGLISH[1].sub(lambda found: f"{found[3]}-{_month(found[2])}-{found[1]}", text)
    for day, labelled, year in _BEHIND_LABELS:
        if day.search(text):
            text = labelled.sub(rf"\g<1>{year}\g<year>-\g<month>-\g<day>", text)
    return text


def _may_name_a_month(text: str) -> bool:
    if _LATIN.search(text) is None:
        return False
    folded = text.casefold()  # as a pattern that ignores case reads it
    return any(month in folded for month in _MONTHS)


def _month(name: str) -> int:
    return _MONTHS.index(name.casefold()) + 1


def _figured(found: re.Match[str]) -> str:
    day = in_figures(found[0])
    return day.isoformat() if day is not None else found[0]


def in_figures(written: str) -> date | None:
    """``二〇一六年五月十三日`` and ``2016年5月13日``; None where there is no such day."""
    numbers = [_number(part) for part in re.split("[年月日]", "".join(written.split()))[:3]]
    try:
        return date(*numbers)
    except ValueError:
        return None


def _number(written: str) -> int:
    tens, ten, ones = written.translate(_FIGURES).partition("十")
    if not ten:
        return int(tens) if tens.isascii() and tens.isdecimal() else 0
    return int(tens or 1) * 10 + int(ones or 0)
