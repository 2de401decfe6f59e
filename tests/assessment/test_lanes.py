"""Pages that take long to read hold up their own kind alone, whatever number of them a source lists."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

import pytest

from assessment.lanes import Lanes
from assessment.turns import READING_FOR, Turns
from assessment.workers import WorkTimeoutError

T = TypeVar("T")
QUICK, LONGEST = 0.4, 1.2


def own_process() -> int:
    return os.getpid()


def wait(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


@pytest.fixture(scope="module")
def lanes() -> Iterator[Lanes]:
    with Lanes(1, LONGEST, quick_seconds=QUICK) as running:
        yield running


def _for(source: str, work: Callable[[], T]) -> T:
    def reading() -> T:
        READING_FOR.set(source)
        return work()

    return copy_context().run(reading)


def test_a_slow_page_is_read_beside_the_others_and_so_is_its_source_from_then_on(lanes: Lanes) -> None:
    quick = _for("honest", lambda: lanes.run_beside(own_process))
    beside = _for("hostile", lambda: lanes.run(wait, 0.6))
    assert beside != quick
    assert _for("hostile", lambda: lanes.run_beside(own_process)) == beside
    assert _for("honest", lambda: lanes.run_beside(own_process)) != beside


def test_what_takes_longer_than_it_may_is_ended_there_too(lanes: Lanes) -> None:
    with pytest.raises(WorkTimeoutError, match=r"1\.2 s"):
        _for("endless", lambda: lanes.run(time.sleep, 60))
    with pytest.raises(WorkTimeoutError, match=r"1\.2 s"):
        lanes.run(time.sleep, 60)
    assert lanes.run(own_process) != _for("endless", lambda: lanes.run(own_process)), (
        "nobody's page is its own"
    )


def test_many_slow_pages_of_one_source_do_not_stand_before_those_of_another(lanes: Lanes) -> None:
    ended: list[str] = []

    def read(source: str, seconds: float) -> None:
        _for(source, lambda: lanes.run(wait, seconds))
        ended.append(source)

    _for("many", lambda: lanes.run(wait, 0.6))
    _for("few", lambda: lanes.run(own_process))  # the process that was ended for it has begun anew
    with ThreadPoolExecutor(12) as threads:
        done: list[Future[None]] = [threads.submit(read, "many", 0.8) for _ in range(3)]
        done += [threads.submit(read, "few", 0.0) for _ in range(6)]
        for each in done:
            each.result()
    assert ended[:6] == ["few"] * 6


def test_turns_go_to_who_has_taken_least() -> None:
    at = [0.0]
    turns, served = Turns(1, most_owed=100, clock=lambda: at[0]), list[str]()
    first, over = threading.Event(), threading.Event()

    def hold() -> None:
        with turns.turn("slow"):
            first.set()
            over.wait(5)
            at[0] += 50

    def take(source: str, seconds: float) -> None:
        with turns.turn(source):
            served.append(source)
            at[0] += seconds

    with ThreadPoolExecutor(12) as threads:
        threads.submit(hold)
        first.wait(5)
        waiting = [threads.submit(take, source, 10) for source in ("slow", "slow", "a", "a", "b", "b")]
        while sum(map(len, turns._waiting.values())) < len(waiting):
            time.sleep(0.001)
        over.set()
    assert sorted(served[:4]) == ["a", "a", "b", "b"]
    assert served[4:] == ["slow", "slow"]
    assert turns._accounts.keys() <= {"slow", "a", "b"}
    take("new", 0)
    assert not turns._waiting
