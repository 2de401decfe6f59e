"""Worker processes that extract and detect, each task with its time limit.

What comes from outside may loop, crash a C library or eat memory: it does so in a process that is killed and
replaced, and only its own page is lost. Tasks are functions of ``assessment.reading`` with plain arguments.
"""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import resource
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from pebble import ProcessExpired, ProcessPool

from assessment.gathering import Done, Gathering, Order, do_all
from settings.model import Detection
from vocabulary.codes import Outcome
from vocabulary.page_errors import PageError, StoppedError

P = ParamSpec("P")
T = TypeVar("T")

_TASKS_PER_PROCESS = 2_000
"""A process is replaced after so many, in case a library leaks."""
_READY = 1
"""Batches that lie ready for whichever process ends the first."""
_LONGEST_QUEUE = 100
"""A task may wait for so many others at worst; longer means that the processes hang."""
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
"""Numbers of malloc.h."""
_OUT_OF_MEMORY = 77
"""Exit code of a process that needed more memory than it may have."""
_MEMORY_SIGNALS = frozenset({-6, -11})
"""Libraries in C and Rust abort or fault where Python raises MemoryError."""


class WorkError(PageError):
    """The task did not end by itself; the message says how it ended."""

    def __init__(self, detail: str, outcome: Outcome = Outcome.ERROR) -> None:
        super().__init__(outcome, detail)


class WorkTimeoutError(WorkError):
    """The task took longer than it may."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail, Outcome.TIMEOUT)


class WorkMemoryError(WorkError):
    """The task needed more memory than it may have."""


class WorkersEndedError(StoppedError):
    """The daemon is ending; the task was not done."""


class Workers:
    """Runs tasks in ``processes`` processes, each for at most ``timeout_seconds``.

    A process may write to at most ``memory_megabytes`` of memory of its own; 0: no limit. With 0 processes
    tasks run in the caller's thread, without either limit. Processes begin with the first task; those without
    a task for ``idle_seconds`` end until the next one, 0: never. ``limits`` is what the names of these
    settings begin with.
    """

    def __init__(
        self,
        processes: int,
        timeout_seconds: float,
        memory_megabytes: int = 0,
        *,
        limits: str = "detection.",
        idle_seconds: float = 0,
    ) -> None:
        self._processes = processes
        self._timeout = timeout_seconds
        self._memory = memory_megabytes
        self._limits = limits
        self._idle = idle_seconds
        self._tasks = 0
        self._rest: threading.Timer | None = None
        self._lock = threading.Lock()
        self._ended = False
        self._pool = self._new_pool() if processes else None
        self._gathering = Gathering(processes + _READY, self._begin_batch)

    @classmethod
    def configured(cls, detection: Detection) -> Self:
        """Processes with the limits of the configuration."""
        return cls(detection.processes, detection.timeout_seconds, detection.memory_megabytes)

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
        with self._busy():
            return self._run_in_pool((task, args, kwargs))

    def run_beside(self, task: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """:meth:`run` for a short task, handed over together with those of other threads.

        Where a batch does not end by itself, each of its tasks is run alone.
        """
        if self._pool is None or self._ended:
            return self.run(task, *args, **kwargs)
        with self._busy():
            done = self._gathering.run(Order(task, args, kwargs), self._timeout * _LONGEST_QUEUE)
        if done is None:
            return self.run(task, *args, **kwargs)
        if done.error is not None:
            raise done.error
        result: T = done.result
        return result

    def _begin_batch(self, orders: Sequence[Order]) -> Future[list[Done | None]]:
        future: Future[list[Done | None]] = self._working_pool().schedule(
            _within_memory, args=(do_all, (orders,), {}), timeout=self._timeout
        )
        return future

    def _run_in_pool(self, order: tuple[Callable[..., T], tuple[Any, ...], dict[str, Any]]) -> T:
        pool = self._working_pool()
        future = None
        try:
            future = pool.schedule(_within_memory, args=order, timeout=self._timeout)
            result: T = future.result(self._timeout * _LONGEST_QUEUE)
        except TimeoutError as error:
            if future is not None and not future.done():
                self._replace(pool)
                raise WorkError("the worker processes hang") from error
            raise WorkTimeoutError(
                f"not read after {self._timeout:g} s ({self._limits}timeout_seconds)"
            ) from error
        except ProcessExpired as error:
            if self._ended:
                raise WorkersEndedError from error
            raise self._death(error.exitcode) from error
        except (CancelledError, RuntimeError) as error:
            if self._ended:
                raise WorkersEndedError from error
            if pool.active:
                raise
            raise WorkError(f"the worker processes ended: {error}") from error
        else:
            return result

    def _death(self, exit_code: int) -> WorkError:
        if exit_code == _OUT_OF_MEMORY:
            return WorkMemoryError(
                f"reading it needs more than {self._memory} MB ({self._limits}memory_megabytes): "
                "open it by hand"
            )
        memory = " or needed too much memory" if self._memory and exit_code in _MEMORY_SIGNALS else ""
        return WorkError(f"the reading process died with exit code {exit_code}{memory}: open it by hand")

    @contextlib.contextmanager
    def _busy(self) -> Iterator[None]:
        """While a task waits or runs, the processes do not rest."""
        with self._lock:
            self._tasks += 1
            self._stop_resting()
        try:
            yield
        finally:
            with self._lock:
                self._tasks -= 1
                if self._idle and not self._tasks and not self._ended:
                    self._rest = threading.Timer(self._idle, self._end_idle)
                    self._rest.daemon = True
                    self._rest.start()

    def _stop_resting(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None

    def _end_idle(self) -> None:
        """End processes that nobody needs; the next task begins others."""
        with self._lock:
            idle = None if self._tasks or self._ended else self._pool
            if idle is not None:
                idle.close()  # type: ignore[no-untyped-call]
        if idle is not None:
            idle.join()

    def _end(self) -> None:
        with self._lock:
            self._ended = True
            self._stop_resting()

    def close(self) -> None:
        """Finish what was begun and end the processes."""
        self._end()
        if self._pool is not None:
            self._pool.close()  # type: ignore[no-untyped-call]
            self._pool.join()

    def abort(self) -> None:
        """End the processes at once."""
        self._end()
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
        context.set_forkserver_preload(["assessment.preload"])
        return ProcessPool(
            max_workers=self._processes,
            max_tasks=_TASKS_PER_PROCESS,
            initializer=_limit_memory,
            initargs=(self._memory,),
            context=context,
        )

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


def _limit_memory(megabytes: int) -> None:
    """Limit what this process may write to: private memory, as the kernel counts it (RLIMIT_DATA).

    Libraries reserve far more addresses than they use, so that a limit of addresses would say little.
    """
    return_freed_memory()
    if megabytes:
        resource.setrlimit(resource.RLIMIT_DATA, (megabytes << 20, megabytes << 20))
    # A core file of a process that met a hostile page would fill the disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _within_memory(task: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What ``task`` returns; out of memory, the process ends: what is left of it is not to be trusted."""
    try:
        return task(*args, **kwargs)
    except MemoryError:
        os._exit(_OUT_OF_MEMORY)


def return_freed_memory() -> None:
    """Have the C library give large blocks back to the system as soon as they are free.

    It would rather keep them, up to 32 MB each and in a heap for every thread: a page of 30 MB met once would
    stay in the daemon's memory for ever.
    """
    with contextlib.suppress(OSError, AttributeError):  # another C library than glibc
        library = ctypes.CDLL(None)
        library.mallopt(_M_MMAP_THRESHOLD, 1 << 20)
        library.mallopt(_M_ARENA_MAX, 2)
