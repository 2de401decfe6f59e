"""Worker processes of which one is kept for what takes long: a slow page holds up its own kind alone.

A page of a few kilobytes can be made to take as long as it may, and a source can list any number of them. So
whatever is not read within a moment is read again beside the others, and for a while so is everything else of
the same source.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import ParamSpec, Self, TypeVar

from assessment.turns import READING_FOR, Turns
from assessment.workers import Workers, WorkTimeoutError
from settings.model import Detection

P = ParamSpec("P")
T = TypeVar("T")

QUICK_SECONDS = 10.0
"""What takes longer is read beside the others; a page takes milliseconds, a file a second or two."""
_SLOW_FOR_SECONDS = 3600.0
"""So long everything of its source is."""
_IDLE_SECONDS = 60.0
"""After so long without a slow page its process ends."""


class Lanes(Workers):
    """Workers with a process beside them for slow pages; each is shared among sources by turns."""

    def __init__(
        self,
        processes: int,
        timeout_seconds: float,
        memory_megabytes: int = 0,
        *,
        quick_seconds: float = QUICK_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``timeout_seconds`` hold for a slow page; the first ``quick_seconds`` of it are spent in vain."""
        quick = min(quick_seconds, timeout_seconds)
        super().__init__(processes, quick, memory_megabytes)
        has_beside = bool(processes) and quick < timeout_seconds
        self._beside = (
            Workers(1, timeout_seconds, memory_megabytes, idle_seconds=_IDLE_SECONDS) if has_beside else None
        )
        # One more than there are processes lies ready, so that none waits for the next.
        self._turns, self._turns_beside = Turns(processes + 1), Turns(1)
        self._slow_until: dict[str, float] = {}
        self._clock = clock
        self._noting = threading.Lock()

    @classmethod
    def configured(cls, detection: Detection) -> Self:
        """Processes with the limits of the configuration."""
        return cls(detection.processes, detection.timeout_seconds, detection.memory_megabytes)

    def run(self, task: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """:meth:`Workers.run`, in the lane of the source that the thread reads for."""
        source = READING_FOR.get()
        if self._beside is None:
            return super().run(task, *args, **kwargs)
        with self._turns.turn(source):
            if not self._is_slow(source):
                try:
                    return super().run(task, *args, **kwargs)
                except WorkTimeoutError:
                    self._note_slow(source)
        with self._turns_beside.turn(source):
            return self._beside.run(task, *args, **kwargs)

    def run_beside(self, task: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """:meth:`Workers.run_beside`; together with others only where the source has nothing slow."""
        if self._is_slow(READING_FOR.get()):
            return self.run(task, *args, **kwargs)
        return super().run_beside(task, *args, **kwargs)

    def close(self) -> None:
        super().close()
        if self._beside is not None:
            self._beside.close()

    def abort(self) -> None:
        super().abort()
        if self._beside is not None:
            self._beside.abort()

    def _is_slow(self, source: str) -> bool:
        until = self._slow_until.get(source)
        return until is not None and self._clock() < until

    def _note_slow(self, source: str) -> None:
        if not source:  # what belongs to no source says nothing of the next
            return
        now = self._clock()
        with self._noting:
            self._slow_until = {name: until for name, until in self._slow_until.items() if until > now}
            self._slow_until[source] = now + _SLOW_FOR_SECONDS
