"""Whether what a site sends for an item of its list is that item: a refusal may say anything."""

from __future__ import annotations

import re
from collections.abc import Iterable

_SHORTEST_TITLE = 5
_ENOUGH_ALIKE = 0.4
_CUT = re.compile(r"(?:\.{2,}|…+|·{3,})\s*[\]】)）]?$")
_LETTERS = re.compile(r"[\W_]+")


def titles_in(titles: Iterable[str], text: str) -> int:
    """How many of the titles of a list stand in ``text`` whole: one in a notice, several in a list."""
    plain = _LETTERS.sub("", text).lower()
    wanted = {_LETTERS.sub("", _CUT.sub("", title)).lower() for title in titles}
    return sum(len(title) >= _SHORTEST_TITLE and title in plain for title in wanted)


def bears_title(title: str, *texts: str) -> bool:
    """Whether one of ``texts`` holds the title that a list gives, or much of its pairs of letters.

    A title that is too short to tell anything is taken to be borne.
    """
    wanted = _LETTERS.sub("", _CUT.sub("", title)).lower()
    if len(wanted) < _SHORTEST_TITLE:
        return True
    plain = [_LETTERS.sub("", text).lower() for text in texts]
    if any(wanted in text for text in plain):
        return True
    pairs = {wanted[place : place + 2] for place in range(len(wanted) - 1)}
    return any(sum(pair in text for pair in pairs) >= _ENOUGH_ALIKE * len(pairs) for text in plain)
