"""Typing and recognition slips: the one listed name that differs in a single character."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

from catalogue import load_catalogue
from catalogue.loading import of_the_catalogue

SHORTEST = 5
"""Characters; shorter names have too many neighbours."""
_GAP = "\0"


@of_the_catalogue
@cache
def _neighbours() -> dict[str, frozenset[str]]:
    """Listed names by their spellings with one character blanked out, the last one excepted.

    The last character is not blanked: 师, 员 and 工 tell certificates apart.
    """
    table: dict[str, set[str]] = defaultdict(set)
    for name in load_catalogue().names():
        if len(name) >= SHORTEST and not name.isascii():
            for place in range(len(name) - 1):
                table[name[:place] + _GAP + name[place + 1 :]].add(name)
    return {spelling: frozenset(names) for spelling, names in table.items()}


def near_name(name: str) -> str | None:
    """The listed name that ``name`` is a slip of; None where none or more than one certificate is as near.

    Costs a lookup per character.
    """
    if len(name) < SHORTEST or len(name) > 24:
        return None
    table = _neighbours()
    found: set[str] = set()
    for place in range(len(name) - 1):
        found |= table.get(name[:place] + _GAP + name[place + 1 :], frozenset())
    keys = {key for near in found for key in load_catalogue().names()[near]}
    return min(found) if len(keys) == 1 else None
