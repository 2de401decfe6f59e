"""What changes rarely and is needed for every page, looked at once in a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

_SECONDS = 1.0
"""A page takes as long from being judged to being stored, where its process is busy."""


class Lately(Generic[T]):
    """What ``look`` gives, or gave within the last second; shared by the threads of a visit."""

    def __init__(self, look: Callable[[], T], clock: Callable[[], float] = time.monotonic) -> None:
        self._look = look
        self._clock = clock
        self._seen: tuple[float, T] | None = None
        self._looking = threading.Lock()

    def __call__(self) -> T:
        with self._looking:
            now = self._clock()
            if self._seen is None or now - self._seen[0] >= _SECONDS:
                self._seen = now, self._look()
            return self._seen[1]
