"""A descriptor kept back, so that who asks how the program is gets an answer when it has none left."""

from __future__ import annotations

import contextlib
import os
import threading


class Reserve:
    """One open file that is given up to accept a connection, and taken again when that has ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: int | None = None
        self.take()

    def take(self) -> None:
        """Hold it again; where there is none to be had it is tried at the next call."""
        with self._lock, contextlib.suppress(OSError):
            if self._held is None:
                self._held = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)

    def give_up(self) -> bool:
        """Let another file be opened in its place; whether there was one to give."""
        with self._lock:
            held, self._held = self._held, None
        if held is not None:
            os.close(held)
        return held is not None
