"""Judging all batches of an archive, several at once, each in a process that may die of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from assessment.workers import WorkError, Workers
from cli.archive.journal import Journal
from cli.archive.judging import judge_items, name_of_item
from cli.archive.model import Batch, Judged
from cli.checking.model import Failure, Rules

AHEAD = 3
"""Batches in hand per process: enough to keep it busy, few enough to keep memory flat."""
TIMEOUT_SECONDS = 180.0
"""Longest time for one batch; what is in it is then judged item by item."""
MEMORY_MEGABYTES = 512


def scan(
    batches: Iterable[Batch],
    journal: Journal,
    rules: Rules,
    workers: Workers,
    *,
    processes: int,
    on_batch: Callable[[Batch], object],
) -> None:
    """Judge the batches that the journal does not have yet, and keep there what comes of each.

    ``on_batch`` is told of each that is done, also of those that were done before.
    """
    with ThreadPoolExecutor(processes, "scan") as threads:
        waiting: dict[Future[Judged], Batch] = {}
        try:
            for batch in batches:
                if journal.is_done(batch):
                    on_batch(batch)
                    continue
                waiting[threads.submit(judge_batch, batch, rules, workers)] = batch
                if len(waiting) >= processes * AHEAD:
                    _keep(waiting, journal, on_batch)
            while waiting:
                _keep(waiting, journal, on_batch)
        except BaseException:
            for future in waiting:
                future.cancel()
            workers.abort()
            raise


def _keep(
    waiting: dict[Future[Judged], Batch], journal: Journal, on_batch: Callable[[Batch], object]
) -> None:
    for future in wait(waiting, return_when=FIRST_COMPLETED).done:
        batch = waiting.pop(future)
        journal.add(batch, future.result())
        on_batch(batch)


def judge_batch(batch: Batch, rules: Rules, workers: Workers) -> Judged:
    """What the items of a batch come to.

    Where its process dies or takes too long, each item is tried once more alone, and the one that kills again
    is set aside as not read.
    """
    try:
        return workers.run(judge_items, batch.items, rules)
    except WorkError:
        judged = Judged()
        for part in _each(batch, rules, workers):
            judged.add(part)
        return judged


def _each(batch: Batch, rules: Rules, workers: Workers) -> Iterator[Judged]:
    for item in batch.items:
        try:
            yield workers.run(judge_items, (item,), rules)
        except WorkError as error:
            name = name_of_item(item)
            yield judge_items((Failure(name, name, error.detail),), rules)
