"""What a list page says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


class ListError(ValueError):
    """The list cannot be read as what it is; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Item:
    """A document that a list page links to."""

    url: str
    """Canonical and absolute."""
    title: str
    published_on: date | None = None


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
    """``selectors``, ``links``, ``datastore``, ``json``, ``feed``, ``sitemap`` or ``nothing``."""
    parts: tuple[str, ...] = ()
    """Lists that this one consists of, all of them to be read: the sitemaps of a sitemap index."""
    note: str = ""
    """What could not be followed, as a next page that only a POST form gives; empty where nothing lacks."""
