"""Pages that show nothing of the title that their list gave, held back until the others are read."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

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
