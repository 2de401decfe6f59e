"""Short tasks of many threads, handed to worker processes several at a time.

To hand one over, to wake whoever waits and to bring its result back takes as long as reading a page does.
What comes while the processes are busy waits, and goes to the next free one together.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, NamedTuple

from vocabulary.page_errors import PageError

MOST_TOGETHER = 8
"""Tasks of one batch: where it has to be ended, all of them are done again."""


class Order(NamedTuple):
    """A task as it crosses to a process."""

    task: Callable[..., Any]
    arguments: tuple[Any, ...]
    named: dict[str, Any]


class Done(NamedTuple):
    """What came of a task: its result, or what it says of its page."""

    result: Any = None
    error: PageError | None = None


def do_all(orders: Sequence[Order]) -> list[Done | None]:
    """What comes of each; None for one that is to be done alone, so that its failure is told in full."""
    return [_do(order) for order in orders]


def _do(order: Order) -> Done | None:
    try:
        return Done(order.task(*order.arguments, **order.named))
    except PageError as error:
        return Done(error=error)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - told when it is done alone
        return None


class _Waiting:
    def __init__(self, order: Order) -> None:
        self.order = order
        self.done: Done | None = None
        self.ended = threading.Event()


class Gathering:
    """Gathers tasks into batches; shared by the threads that have them."""

    def __init__(self, batches: int, begin: Callable[[Sequence[Order]], Future[list[Done | None]]]) -> None:
        """``begin`` has :func:`do_all` run; at most ``batches`` of them at once."""
        self._batches = batches
        self._begin = begin
        self._running = 0
        self._queue: list[_Waiting] = []
        self._lock = threading.Lock()

    def run(self, order: Order, seconds: float) -> Done | None:
        """What came of ``order``; None where it is to be done alone: its batch failed, or took too long."""
        mine = _Waiting(order)
        with self._lock:
            self._queue.append(mine)
            batch = self._next()
        self._start(batch)
        mine.ended.wait(seconds)
        return mine.done

    def _next(self) -> list[_Waiting]:
        if self._running >= self._batches or not self._queue:
            return []
        self._running += 1
        batch, self._queue = self._queue[:MOST_TOGETHER], self._queue[MOST_TOGETHER:]
        return batch

    def _start(self, batch: list[_Waiting]) -> None:
        if not batch:
            return
        try:
            future = self._begin([each.order for each in batch])
        except Exception:  # noqa: BLE001 - the processes ended, which each finds out alone
            self._end(batch, None)
        else:
            future.add_done_callback(lambda done: self._end(batch, done))

    def _end(self, batch: list[_Waiting], future: Future[list[Done | None]] | None) -> None:
        """Hand out what came of a batch and start the next one; called where its result arrives."""
        with self._lock:
            self._running -= 1
            following = self._next()
        self._start(following)
        if future is not None and not future.cancelled() and future.exception() is None:
            for each, done in zip(batch, future.result(), strict=True):
                each.done = done
        for each in batch:
            each.ended.set()
