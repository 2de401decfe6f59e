"""Worker processes that extract and detect, each task with its time limit.

What comes from outside may loop, crash a C library or eat memory: it does so in a process that is killed and
replaced, and only its own page is lost. Tasks are functions of ``jobs.reading`` with plain arguments.
"""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

from pebble import ProcessExpired, ProcessPool

P = ParamSpec("P")
T = TypeVar("T")

_TASKS_PER_PROCESS = 2_000
"""A process is replaced after so many, in case a library leaks."""
_LONGEST_QUEUE = 100
"""A task may wait for so many others at worst; longer means that the processes hang."""


class WorkError(Exception):
    """The task did not end by itself; the message says how it ended."""


class WorkTimeoutError(WorkError):
    """The task took longer than it may."""


class WorkersEndedError(Exception):
    """The daemon is ending; the task was not done."""


class Workers:
    """Runs tasks in ``processes`` processes, each for at most ``timeout_seconds``.

    With 0 processes tasks run in the caller's thread, without a time limit.
    """

    def __init__(self, processes: int, timeout_seconds: float) -> None:
        self._processes = processes
        self._timeout = timeout_seconds
        self._lock = threading.Lock()
        self._ended = False
        self._pool = self._new_pool() if processes else None

    def warm_up(self) -> None:
        """Start the processes now rather than with the first page; raises :class:`WorkError`."""
        if self._pool is None:
            return
        try:
            self._pool.schedule(_nothing)
        except (OSError, RuntimeError) as error:
            raise WorkError(f"the worker processes do not start: {error}") from error

    def run(self, task: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What ``task`` returns, or its exception.

        Raises :class:`WorkTimeoutError` or :class:`WorkError` where its process had to be ended or died, and
        :class:`WorkersEndedError` after :meth:`abort`.
        """
        if self._ended:
            raise WorkersEndedError
        if self._pool is None:
            return task(*args, **kwargs)
        pool = self._working_pool()
        future = None
        try:
            future = pool.schedule(task, args=args, kwargs=kwargs, timeout=self._timeout)
            return future.result(self._timeout * _LONGEST_QUEUE)
        except TimeoutError as error:
            if future is not None and not future.done():
                self._replace(pool)
                raise WorkError("the worker processes hang") from error
            raise WorkTimeoutError(f"not read after {self._timeout:g} s") from error
        except ProcessExpired as error:
            if self._ended:
                raise WorkersEndedError from error
            raise WorkError(f"the reading process died with exit code {error.exitcode}") from error
        except (CancelledError, RuntimeError) as error:
            if self._ended:
                raise WorkersEndedError from error
            if pool.active:
                raise
            raise WorkError(f"the worker processes ended: {error}") from error

    def close(self) -> None:
        """Finish what was begun and end the processes."""
        self._ended = True
        if self._pool is not None:
            self._pool.close()  # type: ignore[no-untyped-call]
            self._pool.join()

    def abort(self) -> None:
        """End the processes at once."""
        self._ended = True
        if self._pool is not None:
            self._pool.stop()  # type: ignore[no-untyped-call]
            self._pool.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _new_pool(self) -> ProcessPool:
        # A fork of a process with threads may deadlock; the fork server has none, and has loaded what
        # detection needs once for all of its children.
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["jobs.preload"])
        return ProcessPool(max_workers=self._processes, max_tasks=_TASKS_PER_PROCESS, context=context)

    def _working_pool(self) -> ProcessPool:
        with self._lock:
            if self._pool is None or not (self._pool.active or self._ended):
                self._pool = self._new_pool()
            return self._pool

    def _replace(self, broken: ProcessPool) -> None:
        with self._lock:
            if self._pool is broken:
                self._pool = self._new_pool()
        broken.stop()  # type: ignore[no-untyped-call]


def _nothing() -> None:
    """A task that only makes the processes start."""
