"""The walk through a list, page by page: where to go next, what is new there, and when to stop.

Every visit walks the same window from the first page on, whatever it knew before, up to ``page_limit`` pages
and ``item_limit`` items. Visits therefore overlap by the whole window: an item inserted late, moved on or
dated back is met by the next visit, and so is what an outage left out. Documents that did not change
cost the site a conditional request at most.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from urllib.parse import urlsplit

from crawling.listing.addresses import absolute_url
from crawling.listing.model import Item, ListPage, Note

_ENOUGH_TO_COMPARE = 3
"""Items: fewer may be called alike by accident."""
_MOST_WAITING = 1_000
_GUESSES = 3
"""Pages in a row that bring nothing new before the walk ends: guesses at the next one, or quiet months."""


class ListWalk:
    """One walk: ask :meth:`next_url`, read that page, hand it to :meth:`take`, until there is no next.

    The guards: no address twice; both limits; an end at a page that repeats what was met, by the addresses of
    its items or, where these carry a session or a counter, by their titles, days and paths. That stops
    page counters that go on for ever, and servers that answer the first page for every number. A page without
    any item is passed over, as a month without notices, but not many in a row: calendars never end.
    """

    def __init__(self, url: str, *, page_limit: int, item_limit: int) -> None:
        self._waiting: deque[str] = deque([absolute_url(url)])
        self._parts: deque[str] = deque()
        self._page_limit = page_limit
        self._item_limit = item_limit
        self._met_pages: set[str] = set()
        self._met_items: set[str] = set()
        self._met_contents: set[tuple[tuple[str, str, str], ...]] = set()
        self._asked = 0
        self._in_vain = 0
        self.notes: list[Note] = []
        """What the walk could not follow, each once; empty where it came to the list's end or its limits."""

    @property
    def items_met(self) -> int:
        return len(self._met_items)

    def next_url(self) -> str | None:
        """The page to read now; None at the end of the walk."""
        if self._asked >= self._page_limit or len(self._met_items) >= self._item_limit:
            return None
        for waiting in (self._waiting, self._parts):
            while waiting:
                url = waiting.popleft()
                if url and url not in self._met_pages:
                    self._met_pages.add(url)
                    self._asked += 1
                    return url
        return None

    def take(self, page: ListPage) -> ListPage:
        """``page`` with only those items that are new in this walk; its next pages are noted."""
        self._met_pages.add(page.url)  # where a redirect led
        self.notes += [note for note in page.notes if note not in self.notes]
        self._parts.extend(page.parts[: _MOST_WAITING - len(self._parts)])
        fresh = () if self._repeats(page) else self._fresh(page)
        if fresh:
            self._in_vain = 0
            self._waiting = deque(page.next_pages)
        elif not page.parts:
            self._in_vain += 1
            if self._in_vain >= _GUESSES:
                self._waiting.clear()
            elif not page.items:  # a month without notices is no end of the list
                self._waiting.extend(page.next_pages)
        return replace(page, items=fresh)

    def _fresh(self, page: ListPage) -> tuple[Item, ...]:
        room = self._item_limit - len(self._met_items)
        fresh = tuple(item for item in page.items if item.url not in self._met_items)[:room]
        self._met_items.update(item.url for item in fresh)
        return fresh

    def _repeats(self, page: ListPage) -> bool:
        """Whether an earlier page had the same titles, days and paths in the same order."""
        content = tuple((item.title, str(item.published_on), urlsplit(item.url).path) for item in page.items)
        if len(content) < _ENOUGH_TO_COMPARE or not all(item.title for item in page.items):
            return False
        repeats = content in self._met_contents
        self._met_contents.add(content)
        return repeats
