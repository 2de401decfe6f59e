"""Whose page is read next: of the sources that wait, the one that has taken least time lately."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextvars import ContextVar

READING_FOR: ContextVar[str] = ContextVar("reading_for", default="")
"""The source whose visit the present thread belongs to; empty where it is none."""


class Turns:
    """At most ``places`` at once; no source takes turns from the others by having many pages, or slow ones.

    Each source's account grows by the seconds that its turns take. Whoever waits with the smallest account is
    next. Who comes anew begins with the account of who was served last, so that nobody saves time up, and
    nobody owes more than ``most_owed`` seconds.
    """

    def __init__(
        self, places: int, most_owed: float = 300.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._free = places
        self._most_owed = most_owed
        self._clock = clock
        self._waiting: dict[str, deque[threading.Event]] = {}
        self._accounts: dict[str, float] = {}
        self._served = 0.0
        """The account of who was served last."""
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def turn(self, source: str) -> Iterator[None]:
        """Wait for a turn of ``source``, and hold it while the block runs."""
        mine = threading.Event()
        with self._lock:
            self._waiting.setdefault(source, deque()).append(mine)
            self._accounts[source] = max(self._accounts.get(source, 0.0), self._served)
            self._serve()
        mine.wait()
        began = self._clock()
        try:
            yield
        finally:
            with self._lock:
                spent = self._accounts.get(source, self._served) + self._clock() - began
                self._accounts[source] = min(spent, self._served + self._most_owed)
                self._free += 1
                self._serve()

    def _serve(self) -> None:
        while self._free and self._waiting:
            source = min(self._waiting, key=lambda each: self._accounts[each])
            self._served = max(self._served, self._accounts[source])
            queue = self._waiting[source]
            queue.popleft().set()
            self._free -= 1
            if not queue:
                del self._waiting[source]
        if not self._waiting:
            self._forget()

    def _forget(self) -> None:
        """Accounts that say no more than those of newcomers."""
        self._accounts = {name: spent for name, spent in self._accounts.items() if spent > self._served}
