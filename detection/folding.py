"""One spelling for reading: simplified characters and half-width letters, without what nobody sees.

``Folded`` keeps where each character of the reading text stands in the original, so that every quote is the
original's own. Most texts need nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from detection.rulebook import read_lines

_IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Unicode's Default_Ignorable_Code_Point, and marks of annotations: shown as nothing."""
_BASIC = 0xFFFF
"""The last character of the basic plane."""
_UNUSUAL = "Ａ-Ｚａ-ｚ０-９" + _IGNORABLE
"""Wide letters, and what nobody sees."""


@cache
def _any_but_usual() -> re.Pattern[str]:
    """A traditional character, one of ``_UNUSUAL``, or one beyond the basic plane, as one negated set.

    One table holds it: a set with characters beyond that plane is tried range by range, on every character
    of every text.
    """
    spans = re.findall("(?s:.-.|.)", _UNUSUAL) + [chr(code) for code in load_folds()]
    ranges = _joined(sorted((ord(span[0]), ord(span[-1])) for span in spans))
    ranges = [(first, last) for first, last in ranges if last <= _BASIC]
    begins, ends = [0, *(last + 1 for _, last in ranges)], [*(first - 1 for first, _ in ranges), _BASIC]
    usual = (f"\\u{begin:04x}-\\u{end:04x}" for begin, end in zip(begins, ends, strict=True) if begin <= end)
    return re.compile(f"[^{''.join(usual)}]")


def _joined(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sorted ranges, those that overlap made one."""
    joined: list[tuple[int, int]] = []
    for first, last in ranges:
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


_SEEN = re.compile(f"[^{_IGNORABLE}]+")
_TONED = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ"
_READING = re.compile(f"(?<=[一-龥])[（(][a-zü]{{0,4}}[{_TONED}][a-zü]{{0,3}}[)）]")
"""``從業(yè)資格證``: how a character is read, in brackets; pages in traditional script have it."""
_WIDE_TO_HALF = {
    code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))
}


@dataclass(slots=True)
class Folded:
    """A text as it is read."""

    text: str
    places: Sequence[int] | None = None
    """Where each character of ``text`` stands in the original; None where nothing was left out."""

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The original's offsets of ``text[start:end]``, which must not be empty."""
        if self.places is None:
            return start, end
        return self.places[start], self.places[end - 1] + 1

    def without(self, gaps: Sequence[tuple[int, int]]) -> Folded:
        """The text less the stretches ``gaps`` (begin and end, in order, apart from each other)."""
        kept: list[tuple[int, int]] = []
        begin = 0
        for start, end in gaps:
            kept.append((begin, start))
            begin = end
        kept.append((begin, len(self.text)))
        known = range(len(self.text)) if self.places is None else self.places
        places = [place for start, end in kept for place in known[start:end]]
        return Folded("".join(self.text[start:end] for start, end in kept), places)


@cache
def load_folds() -> dict[int, int]:
    """What each character is read as: traditional ones of certificates' names, and wide letters."""
    pairs = " ".join(read_lines("traditional.txt")).split()
    return {ord(pair[0]): ord(pair[1]) for pair in pairs} | _WIDE_TO_HALF


def fold_text(text: str) -> Folded:
    """``text`` in simplified characters and half-width letters, without characters that show nothing.

    In traditional script how a character is read is left out as well.
    """
    if _any_but_usual().search(text) is None:
        return Folded(text)
    folded = _seen_of(text.translate(load_folds()))
    readings = [match.span() for match in _READING.finditer(folded.text)]
    return folded.without(readings) if readings else folded


def read_as(text: str) -> str:
    """What :func:`fold_text` makes of a text of which nothing is quoted."""
    return text if _any_but_usual().search(text) is None else fold_text(text).text


def _seen_of(text: str) -> Folded:
    """``text`` without characters that show nothing."""
    seen = list(_SEEN.finditer(text))
    if len(seen) == 1 and len(seen[0][0]) == len(text):
        return Folded(text)
    places = [place for match in seen for place in range(match.start(), match.end())]
    return Folded("".join(match[0] for match in seen), places)
