"""Whether what a site sends for an item of its list is that item: a refusal may say anything."""

from __future__ import annotations

import re
from collections.abc import Iterable

_SHORTEST_TITLE = 5
_ENOUGH_ALIKE = 0.4
_FEWEST_LINKS, _MOSTLY, _LONGEST_INDEX = 10, 0.5, 20_000
"""Links of a list, and their share of its characters; longer pages are not looked at."""
_SENTENCE = re.compile(r"[。；！]")
_CUT = re.compile(r"(?:\.{2,}|…+|·{3,})\s*[\]】)）]?$")
_LETTERS = re.compile(r"[\W_]+")


def titles_in(titles: Iterable[str], text: str) -> int:
    """How many of the titles of a list stand in ``text`` whole: one in a notice, several in a list."""
    plain = _LETTERS.sub("", text).lower()
    wanted = {_LETTERS.sub("", _CUT.sub("", title)).lower() for title in titles}
    return sum(len(title) >= _SHORTEST_TITLE and title in plain for title in wanted)


def is_index(linked: Iterable[str], text: str) -> bool:
    """Whether a page is a list: most of its words are those of links, and no sentence stands beside them."""
    words = {each for each in linked if len(each) > 1}
    if len(words) < _FEWEST_LINKS or len(text) > _LONGEST_INDEX:
        return False
    rest = text
    for each in sorted(words, key=len, reverse=True):
        rest = rest.replace(each, "")
    is_linked = len(_LETTERS.sub("", rest)) <= (1 - _MOSTLY) * len(_LETTERS.sub("", text))
    return is_linked and not _SENTENCE.search(rest)


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
