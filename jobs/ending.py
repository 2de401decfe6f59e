"""How the daemon ends: at a signal, with the work in hand done or left for the next start."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType

from jobs.context import Context

_ECHO_SECONDS = 0.3
"""One wish to end may arrive twice: from make or timeout, and through the process group."""
_GRACE_SECONDS = 5.0
"""What a request or a worker under way is given when the daemon ends; later it is cut off."""


class _Ending:
    """What SIGINT and SIGTERM do: the first ends the work cleanly, the second the program at once.

    Requests and workers under way get a grace, then they are cut off: their pages are read at the next start.
    """

    def __init__(self, context: Context) -> None:
        self._services = context
        self._first_at: float | None = None
        self._over = threading.Event()

    def take_signal(self, number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._first_at is not None:
            if now - self._first_at > _ECHO_SECONDS:
                os._exit(128 + number)
            return
        self._first_at = now
        # In a thread of its own: what the signal interrupts may hold the very locks that ending needs.
        threading.Thread(target=self._wind_down, name="ending", daemon=True).start()

    def _wind_down(self) -> None:
        self._services.stopping.set()
        self._services.fetcher.stop()
        if not self._over.wait(_GRACE_SECONDS):
            self._services.fetcher.abort()
            self._services.workers.abort()
            if self._services.recogniser is not None:
                self._services.recogniser.workers.abort()

    @property
    def begun(self) -> bool:
        """Whether a signal came."""
        return self._first_at is not None

    def over(self) -> None:
        self._over.set()


@contextlib.contextmanager
def end_on_signal(context: Context) -> Iterator[threading.Event]:
    """The event that the first SIGINT or SIGTERM sets."""
    ending = _Ending(context)
    before = {number: signal.signal(number, ending.take_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield context.stopping
    finally:
        ending.over()
        if not ending.begun:  # else the house is still to be closed, and a repetition must not cut that short
            for number, handler in before.items():
                signal.signal(number, handler)
