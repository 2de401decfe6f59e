"""What a list page says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from vocabulary.codes import DaySource


class ListError(ValueError):
    """The list cannot be read as what it is; the message says why and what to do."""


class NoteKind(StrEnum):
    """What of a list could not be followed."""

    ROWS_WITHOUT_ADDRESS = "rows without an address"
    ROWS_OF_ANOTHER_SITE = "rows of another site"
    PAGING_NOT_FOLLOWED = "paging not followed"
    FRAMES_NOT_FOLLOWED = "frames not followed"


@dataclass(frozen=True, slots=True)
class Note:
    """Something of a list that was seen and not followed, and what to do about it."""

    kind: NoteKind
    detail: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Item:
    """A document that a list page links to."""

    url: str
    """Canonical and absolute."""
    title: str
    published_on: date | None = None
    day_from: DaySource = DaySource.LIST
    """Whether the list names the day, names it without its year, or only the address holds it."""

    @property
    def is_year_inferred(self) -> bool:
        return self.day_from is DaySource.LIST_WITHOUT_YEAR


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of a list."""

    url: str
    title: str
    items: tuple[Item, ...]
    next_pages: tuple[str, ...]
    """Where the list may go on, best guess first; empty on the last page."""
    sureness: float
    """0 to 1: how likely the items are the list and not navigation; 1 where selectors found them."""
    found_by: str
    """``selectors``, ``links``, ``datastore``, ``script``, ``json``, ``feed``, ``sitemap``, ``xml``
    or ``nothing``."""
    parts: tuple[str, ...] = ()
    """Lists that this one consists of, all of them to be read: a sitemap index's, a frameset's frames."""
    notes: tuple[Note, ...] = ()
    """What could not be followed, as a next page that only a POST form gives; empty where nothing lacks."""

    def has_note(self, kind: NoteKind) -> bool:
        return any(note.kind is kind for note in self.notes)


def told(notes: Iterable[Note]) -> str:
    """Notes as one line; empty where there are none."""
    return "; ".join(map(str, notes))


def rows_of_another_site(addresses: Sequence[str]) -> Note:
    """A note on rows that lead to ``addresses``, which are not those of the list's own site."""
    return Note(
        NoteKind.ROWS_OF_ANOTHER_SITE,
        f"{len(addresses)} rows lead to another site ({addresses[0][:200]}), which is not followed: "
        "make that site's own list a source",
    )
