"""The catalogue as it is asked: entries, editions as of a day, lookups by name."""

from __future__ import annotations

import functools
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import NamedTuple

from catalogue.model import Entry, Period, Standing
from catalogue.naming import bare_forms, fold
from catalogue.territory import holds_in
from vocabulary.codes import Status


class Name(NamedTuple):
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
        self,
        entries: Iterable[Entry],
        names: Iterable[Name],
        read_statutes: Callable[[], Iterable[Statute]] = tuple,
    ) -> None:
        """Raises ValueError where two entries share a key or a name belongs to no entry.

        ``read_statutes`` is called when the first article is asked for: few commands need one.
        """
        self.entries: tuple[Entry, ...] = tuple(entries)
        self._by_key = {entry.key: entry for entry in self.entries}
        if len(self._by_key) != len(self.entries):
            raise ValueError("two entries of the catalogue share a key")
        self._areas = tuple(sorted({entry.region for entry in self.entries if entry.region}))
        self._index: dict[str, tuple[tuple[str, str], ...]] = {}
        for entry in self.entries:
            self._add(entry.name, entry.key)
        triggers: dict[str, tuple[str, ...]] = {}
        for text, key, trigger in names:
            if key not in self._by_key:
                raise ValueError(f"the name {text!r} belongs to no entry: {key!r}")
            self._add(text, key)
            if trigger:
                triggers[text] = (*triggers.get(text, ()), key)
        self._triggers = MappingProxyType(triggers)
        self._read_statutes = read_statutes
        self.find = functools.lru_cache(maxsize=8192)(self._find)

    def as_of(self, day: date, region: str | None = None) -> Edition:
        """What is in force on ``day``; ``region`` (GB/T 2260 code) adds that province's own list."""
        return Edition(self, day, region)

    def turned_by(self, day: date) -> date:
        """The day of the last change not after ``day``: from then to ``day`` every standing is the same."""
        place = bisect_right(self._turns, day)
        return self._turns[place - 1] if place else date.min

    @functools.cached_property
    def _turns(self) -> tuple[date, ...]:
        days = {period.since for entry in self.entries for period in entry.periods if period.since}
        return tuple(sorted(days))

    @property
    def has_local_lists(self) -> bool:
        """Whether any area has a list of its own."""
        return bool(self._areas)

    def listing_region(self, region: str | None) -> str | None:
        """The area that holds ``region`` and has a list of its own; None where only national lists count."""
        if region is None:
            return None
        return next((area for area in self._areas if holds_in(area, region)), None)

    def names(self) -> Mapping[str, tuple[str, ...]]:
        """Every name and alias that may be looked for in free text, with the keys of its entries."""
        return self._triggers

    def entry(self, key: str) -> Entry:
        """Raises KeyError where no entry has this key."""
        return self._by_key[key]

    def statutes(self, key: str) -> tuple[Statute, ...]:
        """Articles of law about this entry; () where none is known."""
        return tuple(statute for statute in self._all_statutes if statute.key == key)

    @functools.cached_property
    def _all_statutes(self) -> tuple[Statute, ...]:
        return tuple(self._read_statutes())

    def _add(self, text: str, key: str) -> None:
        folded = fold(text)
        known = self._index.get(folded, ())
        if all(key != other for other, _ in known):
            self._index[folded] = (*known, (key, text))

    def _find(self, name: str) -> tuple[tuple[Entry, str], ...]:
        """Entries that ``name`` may mean, each with the listed name that was met: the closest form wins."""
        return next((found for form in bare_forms(fold(name)) if (found := self.listed(form))), ())

    def listed(self, folded: str) -> tuple[tuple[Entry, str], ...]:
        """Entries listed under exactly this folded name, each with the name as it is listed."""
        return tuple((self._by_key[key], text) for key, text in self._index.get(folded, ()))


@dataclass(frozen=True, slots=True)
class Edition:
    """The catalogue as of one day, in the whole country or with one province's own list."""

    catalogue: Catalogue
    day: date
    region: str | None = None

    def lookup(self, name: str) -> tuple[Standing, ...]:
        """Standings that ``name`` may mean, best first; () where no list has it.

        A name as it is listed wins over a reduced form of it. Among several entries of one name, national
        ones come before a province's, unless no national list has the item; the one whose own name it is
        comes before those that are also called so, and a published one before the others.
        """
        standings = [
            self._stand(entry, listed) for entry, listed in self.catalogue.find(name) if self._holds(entry)
        ]
        return tuple(sorted(standings, key=_rank))

    def standing(self, key: str) -> Standing:
        """Raises KeyError where no entry has this key or it belongs to another region."""
        entry = self.catalogue.entry(key)
        if not self._holds(entry):
            raise KeyError(key)
        return self._stand(entry, entry.name)

    def _holds(self, entry: Entry) -> bool:
        return holds_in(entry.region or "", self.region)

    def _stand(self, entry: Entry, matched: str) -> Standing:
        return Standing(entry=entry, period=period_on(entry.periods, self.day), matched=matched)


def period_on(periods: tuple[Period, ...], day: date) -> Period:
    """The last period that has begun on ``day``; the first one where none has."""
    current = periods[0]
    for period in periods[1:]:
        if period.since is not None and period.since <= day:
            current = period
    return current


def _rank(standing: Standing) -> tuple[int, bool, bool]:
    unlisted = standing.status in {Status.OFF_CATALOGUE, Status.GENERIC}
    place = 1 if standing.entry.region else 2 if unlisted else 0
    return place, standing.matched != standing.entry.name, not standing.certain
