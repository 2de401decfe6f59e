"""More processes of a command beside its own, which end with it however it ends."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from types import TracebackType
from typing import Self

import structlog

_END_SECONDS = 10.0
"""What work in hand is given; then its process is ended."""
_PAUSE_SECONDS = 30.0
"""Until a process that died as soon as it had begun is begun again."""

log = structlog.get_logger()


class Processes:
    """``number`` processes that do the same; one that died is begun again by :meth:`keep`.

    Each is told to end by the end of its pipe, which comes too where this process is killed.
    """

    def __init__(self, work: Callable[..., None], *given: object, number: int) -> None:
        """``work`` is called with what is ``given`` and its pipe (:func:`wait_for_parent`)."""
        self._work = work
        self._given = given
        self._number = number
        self._running: list[tuple[SpawnProcess, Connection, float]] = []
        self._paused_until = 0.0

    def __enter__(self) -> Self:
        self.keep()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for _, pipe, _ in self._running:
            pipe.close()
        until = time.monotonic() + _END_SECONDS
        for process, _, _ in self._running:
            process.join(max(0.0, until - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join()

    def keep(self) -> None:
        """Begin those that are not there."""
        now = time.monotonic()
        for each in [each for each in self._running if not each[0].is_alive()]:
            process, pipe, began = each
            self._running.remove(each)
            pipe.close()
            log.warning("process_begun_again", process=process.pid, ended=process.exitcode)
            if now - began < _PAUSE_SECONDS:
                self._paused_until = now + _PAUSE_SECONDS
        while len(self._running) < self._number and now >= self._paused_until:
            self._begin(now)

    def _begin(self, now: float) -> None:
        # Spawned: a fork would take over locks that threads of this process hold.
        context = multiprocessing.get_context("spawn")
        theirs, ours = context.Pipe(duplex=False)
        process = context.Process(target=self._work, args=(*self._given, theirs))
        process.start()
        theirs.close()
        self._running.append((process, ours, now))


def wait_for_parent(pipe: Connection) -> None:
    """Until the process that began this one tells it to end, or is gone."""
    try:
        pipe.recv_bytes()
    except (EOFError, OSError):
        return
