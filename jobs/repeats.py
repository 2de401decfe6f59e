"""Repeated log lines are counted instead of written: a flood would fill the disk and hide the rest."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any

import structlog

WINDOW_SECONDS = 60.0
TRACEBACKS, WARNINGS, LINES = 3, 20, 200
"""Lines of one kind (its event, its source or library) that are written in a window."""
_TOLD = "lines_left_out"

log = structlog.get_logger()


@dataclass(slots=True)
class _Window:
    began: float
    written: int = 0
    left_out: int = 0


class Repeats:
    """A processor of structlog that drops lines beyond what a window takes, and tells how many."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._windows: dict[tuple[str, str, bool], _Window] = {}
        self._lock = threading.Lock()

    def __call__(
        self, _logger: object, method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        name = str(event.get("event", ""))
        if name == _TOLD:
            return event
        has_traceback = bool(event.get("exc_info"))
        limit = TRACEBACKS if has_traceback else LINES if method in {"debug", "info"} else WARNINGS
        key = (name, str(event.get("source") or event.get("name") or ""), has_traceback)
        with self._lock:
            ended = list(self._take_ended())
            window = self._windows.setdefault(key, _Window(self._clock()))
            is_written = window.written < limit
            window.written += is_written
            window.left_out += not is_written
        for (about, of, _), count in ended:
            log.warning(_TOLD, about=about, count=count, **({"of": of} if of else {}))
        if not is_written:
            raise structlog.DropEvent
        return event

    def _take_ended(self) -> Iterator[tuple[tuple[str, str, bool], int]]:
        """Windows that are over, each with what it left out, where it did."""
        now = self._clock()
        for key, window in list(self._windows.items()):
            if now - window.began >= WINDOW_SECONDS:
                del self._windows[key]
                if window.left_out:
                    yield key, window.left_out
