"""Pages that show nothing of the title that their list gave, held back until the others are read."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from assessment.notices import bears_title, titles_in
from assessment.reading import Assessment, Known
from crawling.fetching.model import Fetched

_MOST = 40
"""Pages held in memory; with more of them no list gives titles that its pages bear."""


@dataclass(frozen=True, slots=True)
class HeldPage:
    """A page as it was read."""

    known: Known
    fetched: Fetched
    reading: Assessment


def is_another(page: HeldPage, titles: Iterable[str]) -> bool:
    """Whether the page is a notice under the title of one other item, to which the list's addresses lead.

    One that bears its own title was held because it says nothing besides.
    """
    text = f"{page.reading.title}\n{page.reading.text}"
    return titles_in(titles, text) == 1 and not bears_title(page.known.title, text)


class HeldBack:
    """The pages held back in one visit; its methods may be called from several threads."""

    def __init__(self) -> None:
        self._pages: dict[str, list[HeldPage]] = {}
        self._count = 0
        self._lock = threading.Lock()

    def holds(self, known: Known, fetched: Fetched, reading: Assessment) -> bool:
        """Hold the page; False where too many are held, and it is to be read like all others."""
        with self._lock:
            same = self._pages.setdefault(reading.text, [])
            if self._count >= _MOST and not same:
                return False
            same.append(HeldPage(known, fetched, reading))
            self._count += 1
            return True

    def released(self) -> Iterator[tuple[HeldPage, int]]:
        """Every page once, with the number of other items that were answered with the same text."""
        with self._lock:
            groups, self._pages, self._count = list(self._pages.values()), {}, 0
        for group in groups:
            for page in group:
                yield page, len(group) - 1
