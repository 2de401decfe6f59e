"""Typing and recognition slips: the one listed name that differs in a single character."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property

from catalogue import Catalogue

SHORTEST = 5
"""Characters; shorter names have too many neighbours."""
_LONGEST = 24
_GAP = "\0"


class FuzzyNames:
    """The names of a catalogue, found with one character wrong."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._names = catalogue.names()

    @cached_property
    def _neighbours(self) -> dict[str, frozenset[str]]:
        """Listed names by their spellings with one character blanked out, the last one excepted.

        The last character is not blanked: 师, 员 and 工 tell certificates apart. Built when first asked.
        """
        table: dict[str, set[str]] = defaultdict(set)
        for name in self._names:
            if len(name) >= SHORTEST and not name.isascii():
                for place in range(len(name) - 1):
                    table[name[:place] + _GAP + name[place + 1 :]].add(name)
        return {spelling: frozenset(names) for spelling, names in table.items()}

    def near(self, name: str) -> str | None:
        """The listed name that ``name`` is a slip of; None where none is near, or several are as near.

        Costs a lookup per character.
        """
        if len(name) < SHORTEST or len(name) > _LONGEST:
            return None
        found: set[str] = set()
        for place in range(len(name) - 1):
            found |= self._neighbours.get(name[:place] + _GAP + name[place + 1 :], frozenset())
        keys = {key for near in found for key in self._names[near]}
        return min(found) if len(keys) == 1 else None
