"""The catalogue as it is asked: entries, editions as of a day, lookups by name."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from catalogue.model import Entry, Period, Standing
from catalogue.naming import bare_forms, fold


@dataclass(frozen=True, slots=True)
class Name:
    """One name of an entry, as it is written."""

    text: str
    key: str
    trigger: bool = True
    """Whether the name may be looked for in free text; there ``A证`` and ``N1`` often mean something else."""


@dataclass(frozen=True, slots=True)
class Statute:
    """An article of a law that requires, governs or abolishes a certificate."""

    key: str
    """Key of the entry, or empty where the article is about certificates in general."""
    subject: str
    law: str
    date: date
    article: str
    citation: str
    source: str


class Catalogue:
    """Every entry with its periods and names; immutable once built."""

    def __init__(
        self, entries: Iterable[Entry], names: Iterable[Name], statutes: Iterable[Statute] = ()
    ) -> None:
        """Raises ValueError where two entries share a key or a name belongs to no entry."""
        self.entries: tuple[Entry, ...] = tuple(entries)
        self._by_key = {entry.key: entry for entry in self.entries}
        if len(self._by_key) != len(self.entries):
            raise ValueError("two entries of the catalogue share a key")
        self._index: dict[str, dict[str, str]] = defaultdict(dict)
        triggers: dict[str, list[str]] = defaultdict(list)
        for entry in self.entries:
            self._index[fold(entry.name)][entry.key] = entry.name
        for name in names:
            if name.key not in self._by_key:
                raise ValueError(f"the name {name.text!r} belongs to no entry: {name.key!r}")
            self._index[fold(name.text)].setdefault(name.key, name.text)
            if name.trigger:
                triggers[name.text].append(name.key)
        self._triggers = MappingProxyType({text: tuple(keys) for text, keys in triggers.items()})
        self._statutes: dict[str, list[Statute]] = defaultdict(list)
        for statute in statutes:
            self._statutes[statute.key].append(statute)
        self.find = functools.lru_cache(maxsize=8192)(self._find)

    def as_of(self, day: date, region: str | None = None) -> Edition:
        """What is in force on ``day``; ``region`` (GB/T 2260 code) adds that province's own list."""
        return Edition(self, day, region)

    def names(self) -> Mapping[str, tuple[str, ...]]:
        """Every name and alias that may be looked for in free text, with the keys of its entries."""
        return self._triggers

    def entry(self, key: str) -> Entry:
        """Raises KeyError where no entry has this key."""
        return self._by_key[key]

    def statutes(self, key: str) -> tuple[Statute, ...]:
        """Articles of law about this entry; () where none is known."""
        return tuple(self._statutes.get(key, ()))

    def spellings(self) -> Mapping[str, Mapping[str, str]]:
        """Folded name → key → name as it is listed; also the names that are no triggers."""
        return MappingProxyType(self._index)

    def _find(self, name: str) -> tuple[tuple[Entry, str], ...]:
        """Entries that ``name`` may mean, each with the listed name that was met: the closest form wins."""
        for form in bare_forms(fold(name)):
            if form in self._index:
                return tuple((self._by_key[key], listed) for key, listed in self._index[form].items())
        return ()


@dataclass(frozen=True, slots=True)
class Edition:
    """The catalogue as of one day, in the whole country or with one province's own list."""

    catalogue: Catalogue
    day: date
    region: str | None = None

    def lookup(self, name: str) -> tuple[Standing, ...]:
        """Standings that ``name`` may mean, best first; () where no list has it.

        A name as it is listed wins over a reduced form of it; among several entries of one name, national
        ones come before a province's, and published ones before the others.
        """
        standings = [
            self._stand(entry, listed) for entry, listed in self.catalogue.find(name) if self._holds(entry)
        ]
        standings.sort(key=lambda standing: (standing.entry.region is not None, not standing.certain))
        return tuple(standings)

    def standing(self, key: str) -> Standing:
        """Raises KeyError where no entry has this key or it belongs to another region."""
        entry = self.catalogue.entry(key)
        if not self._holds(entry):
            raise KeyError(key)
        return self._stand(entry, entry.name)

    def _holds(self, entry: Entry) -> bool:
        return entry.region is None or (
            self.region is not None and self.region.startswith(_stem(entry.region))
        )

    def _stand(self, entry: Entry, matched: str) -> Standing:
        return Standing(entry=entry, period=period_on(entry.periods, self.day), matched=matched)


def period_on(periods: tuple[Period, ...], day: date) -> Period:
    """The last period that has begun on ``day``; the first one where none has."""
    current = periods[0]
    for period in periods[1:]:
        if period.since is not None and period.since <= day:
            current = period
    return current


def _stem(region: str) -> str:
    """``220000`` → ``22``: codes of the region's own districts begin with it."""
    return region.rstrip("0") if len(region.rstrip("0")) % 2 == 0 else region.rstrip("0") + "0"
