"""The words of a link: what it is called, and what only stands beside the name, as its day or a summary."""

from __future__ import annotations

import re
from collections.abc import Sequence

LINE_END = "\n"
"""Stands among the pieces of a text where a block ends."""
_DATE_WORDS = re.compile(
    r"[\s\[\]()（）【】|·,，]*(?:(?:发布|更新|发文|公布)?(?:时间|日期)?\s*[:：])?"
    r"[\s\d\-/.:：年月日\[\]()（）【】|]*\d[\s\d\-/.:：年月日\[\]()（）【】|]*"
)
"""Nothing but a date or parts of one."""
_DATE = re.compile(
    r"(?<!\d)(?:19|20)\d\d\s*[-/.年]\s*\d{1,2}|(?<!\d)\d{1,2}\s*[-/月]\s*\d{1,2}(?!\d)|\d{1,2}\s*月|\d\d\.\d\d(?!\d)"
)
_WHOLE_DATE = r"(?:19|20)\d\d\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}日?(?:\s\d{1,2}:\d\d(?::\d\d)?)?"
_DATE_AT_AN_END = re.compile(
    rf"^(?:[\[【(（]\s?{_WHOLE_DATE}\s?[\]】)）]|{_WHOLE_DATE}(?=\s))\s*(?=\S)"
    rf"|(?<=\S)\s*[\[【]\s?{_WHOLE_DATE}\s?[\]】]$|(?<=\S)\s+{_WHOLE_DATE}$"
)
_LONG_ENOUGH = 9
_SHORTEST = 4
_LONGEST_NAME = 100


def name_and_rest(pieces: Sequence[str], heading: Sequence[str] = (), title: str = "") -> tuple[str, str]:
    """The name that a link's pieces of text give it, and their other words.

    ``heading`` are the pieces inside a heading; ``title`` is the link's title attribute.
    """
    lines = [_without_dates(line) for line in _lines(pieces)]
    names = [name for name, _ in lines if name]
    dates = [date for _, date in lines if date]
    if not names:
        return _line("".join(pieces)), ""
    name = _line("".join(heading)) or _best(names, title)
    if found := _DATE_AT_AN_END.search(name):
        dates.append(found[0])
        name = name.replace(found[0], "", 1).strip()
    others = [words for words in names if words != name and name not in words]
    return name, _line(" ".join([*dates, *others]))


def _best(names: Sequence[str], title: str) -> str:
    """Of several lines the one that names the link: a day or a category may stand above, a summary below."""
    if len(names) == 1:
        return names[0]
    if titled := [name for name in names if title and (name == title or title.startswith(name.rstrip(".…")))]:
        return max(titled, key=len)
    long = [name for name in names if _LONG_ENOUGH <= len(name) <= _LONGEST_NAME]
    if long:
        return long[0]
    usual = [name for name in names if len(name) >= _SHORTEST]
    return max(usual, key=len) if usual and max(map(len, usual)) <= _LONGEST_NAME else " ".join(names)


def _lines(pieces: Sequence[str]) -> list[list[str]]:
    lines: list[list[str]] = [[]]
    for piece in pieces:
        if piece == LINE_END:
            lines.append([])
        elif piece:
            lines[-1].append(piece)
    return [line for line in lines if line]


def _without_dates(pieces: list[str]) -> tuple[str, str]:
    """A line's name and the date at its beginning or end, where that stands in pieces of its own."""
    first, last = 0, len(pieces)
    while first < last and (not pieces[first].strip() or _DATE_WORDS.fullmatch(pieces[first])):
        first += 1
    while last > first and (not pieces[last - 1].strip() or _DATE_WORDS.fullmatch(pieces[last - 1])):
        last -= 1
    if first == len(pieces):
        words = _line(" ".join(pieces))
        return ("", words) if _DATE.search(words) else (_line("".join(pieces)), "")
    before, after = _line(" ".join(pieces[:first])), _line(" ".join(pieces[last:]))
    begins = 0 if before and not _DATE.search(before) else first
    ends = len(pieces) if after and not _DATE.search(after) else last
    name = _line("".join(pieces[begins:ends]))
    dates = " ".join([before if begins else "", after if ends < len(pieces) else ""]).strip()
    return name, dates


def _line(text: str) -> str:
    return " ".join(text.split())
