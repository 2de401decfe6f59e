"""How many threads of a visit may have a large body in hand; small ones take no room while they wait."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SMALL_BYTES = 256 * 1024
"""A page is smaller; files are often not."""


class Hands:
    """Bounds what bodies take, where more pages wait to be read and stored than are asked for.

    Whoever is about to ask has a hand free, because nobody knows how large the answer will be. It is free for
    the next again once the body is known to be small. A thread never needs two: what hangs on a large page
    comes into the same one.
    """

    def __init__(self, count: int) -> None:
        self._free = threading.Semaphore(count)
        self._mine = threading.local()

    @contextmanager
    def taking(self) -> Iterator[Callable[[int], None]]:
        """Wait for a free hand and keep it until the block ends, or until its size in bytes is told small."""
        if getattr(self._mine, "taken", False):
            yield _weigh_nothing
            return
        self._free.acquire()
        self._mine.taken = True

        def weigh(size: int) -> None:
            if size <= SMALL_BYTES:
                self._let_go()

        try:
            yield weigh
        finally:
            self._let_go()

    def _let_go(self) -> None:
        if self._mine.taken:
            self._mine.taken = False
            self._free.release()


def _weigh_nothing(_size: int) -> None:
    """The hand is that of what it hangs on."""
