"""Days that are written otherwise than in figures with the year first, as ``二〇一六年五月十三日`` is."""

from __future__ import annotations

import re
from datetime import date

_WIDE = str.maketrans("０１２３４５６７８９－／．", "0123456789-/.")
_FIGURES = str.maketrans("一二三四五六七八九〇○◯零元Oo", "1234567890000100")
_IN_WORDS = re.compile(
    r"[一二三四五六七八九〇○◯零]{4}\s{0,3}年\s{0,3}[一二三四五六七八九十元]{1,2}\s{0,3}月\s{0,3}[一二三四五六七八九十]{1,3}\s{0,3}日"
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
_LABEL = r"((?:时\s{0,2}间|日\s{0,2}期|发布|[Dd]ate|[Tt]ime)\s{0,4}[:：]?\s{0,4}[\[（(]?\s?)"
_COMPACT = re.compile(_LABEL + r"((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?!\d)")
_SHORT_YEAR = re.compile(_LABEL + r"([0-3]\d)([-/.])(0?[1-9]|1[0-2])\3(0?[1-9]|[12]\d|3[01])(?![\d:：/.-])")
_YEAR_LAST = re.compile(_LABEL + r"(0?[1-9]|1[0-2])[/-](0?[1-9]|[12]\d|3[01])[/-]((?:19|20)\d\d)(?!\d)")


def with_plain_days(text: str) -> str:
    """``text`` with its days in figures, the year first: those in words, and what stands behind a label."""
    text = _IN_WORDS.sub(_figured, text.translate(_WIDE))
    text = _ENGLISH[0].sub(lambda found: f"{found[3]}-{_month(found[1])}-{found[2]}", text)
    text = _ENGLISH[1].sub(lambda found: f"{found[3]}-{_month(found[2])}-{found[1]}", text)
    text = _COMPACT.sub(r"\1\2-\3-\4", text)
    text = _SHORT_YEAR.sub(r"\g<1>20\2-\4-\5", text)
    return _YEAR_LAST.sub(r"\1\4-\2-\3", text)


def _month(name: str) -> int:
    return _MONTHS.index(name.lower()) + 1


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
