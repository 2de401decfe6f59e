"""The schedule with the real scheduler and the real clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlmodel import Session

from jobs.schedule import Heartbeat, Schedule, next_visit_at
from settings.model import Source
from storage.visits import VisitCounts, finish_visit, start_visit
from tests.databases import open_migrated
from vocabulary.codes import Outcome

NOW = datetime.now(UTC)


def source(name: str = "one", every_minutes: int = 60) -> Source:
    return Source.model_validate(
        {"name": name, "url": "http://a.example.cn/", "every_minutes": every_minutes}
    )


def wait_until(what: Callable[[], object]) -> None:
    until = time.monotonic() + 10
    while not what():
        assert time.monotonic() < until, "it never came to that"
        time.sleep(0.02)


@pytest.fixture
def misfires() -> list[int]:
    return []


@pytest.fixture
def schedule(misfires: list[int]) -> Iterator[Schedule]:
    running = Schedule(on_misfire=lambda: misfires.append(1))
    yield running
    running.stop()


def test_an_overdue_source_is_visited_once_and_at_once(schedule: Schedule) -> None:
    """After a week of standstill one visit is due, not one for each that was missed."""
    visited: list[str] = []
    schedule.add_visits(source(), NOW - timedelta(days=7), lambda one: visited.append(one.name))
    schedule.start()
    wait_until(lambda: visited)
    time.sleep(0.3)
    assert visited == ["one"]


def test_a_source_that_is_not_due_waits(schedule: Schedule) -> None:
    visited: list[str] = []
    schedule.add_visits(
        source(), datetime.now(UTC) + timedelta(hours=1), lambda one: visited.append(one.name)
    )
    schedule.start()
    time.sleep(0.4)
    assert visited == []


def test_many_overdue_sources_wait_for_each_other_and_none_is_skipped(
    schedule: Schedule, misfires: list[int]
) -> None:
    visited: list[str] = []

    def visit(one: Source) -> None:
        time.sleep(0.05)
        visited.append(one.name)

    for number in range(20):
        schedule.add_visits(source(f"s{number}"), NOW - timedelta(days=1), visit)
    schedule.start()
    wait_until(lambda: len(visited) == 20)
    assert sorted(visited) == sorted(f"s{number}" for number in range(20))
    assert misfires == []


def test_a_job_that_lasts_longer_than_its_interval_never_runs_twice_at_once(
    schedule: Schedule, misfires: list[int]
) -> None:
    running = threading.Semaphore(1)
    overlaps: list[int] = []
    runs: list[int] = []

    def slow() -> None:
        if not running.acquire(blocking=False):
            overlaps.append(1)
            return
        runs.append(1)
        time.sleep(0.5)
        running.release()

    schedule.add_repeating("slow", 0.1, slow)
    schedule.start()
    wait_until(lambda: len(runs) >= 2)
    assert overlaps == []
    assert misfires, "each start that found the job running is counted"


def test_a_job_that_fails_runs_again(schedule: Schedule) -> None:
    runs: list[int] = []

    def fail() -> None:
        runs.append(1)
        raise RuntimeError("no")

    schedule.add_repeating("failing", 0.1, fail)
    schedule.start()
    wait_until(lambda: len(runs) >= 3)


def test_stopping_waits_for_what_runs(misfires: list[int]) -> None:
    schedule = Schedule(on_misfire=lambda: misfires.append(1))
    begun, ended = threading.Event(), threading.Event()

    def visit(_: Source) -> None:
        begun.set()
        time.sleep(0.3)
        ended.set()

    schedule.add_visits(source(), NOW, visit)
    schedule.start()
    assert begun.wait(5)
    schedule.stop()
    assert ended.is_set()


def test_the_database_remembers_when_a_source_is_due(tmp_path: Path) -> None:
    engine = open_migrated(f"sqlite:///{tmp_path / 'q.sqlite3'}")
    one = source()
    assert next_visit_at(engine, one) < NOW - timedelta(days=365)
    due_at = NOW + timedelta(minutes=17)
    with Session(engine) as session, session.begin():
        visit = start_visit(session, "one", NOW)
        finish_visit(session, visit, Outcome.OK, VisitCounts(), NOW, next_due_at=due_at)
    assert next_visit_at(engine, one) == due_at
    engine.dispose()


def test_a_heart_that_stopped_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    heartbeat = Heartbeat()
    assert heartbeat.problems() == []
    later = time.monotonic() + 120
    monkeypatch.setattr("jobs.schedule.time.monotonic", lambda: later)
    assert "120 s" in heartbeat.problems()[0] or "119 s" in heartbeat.problems()[0]
    heartbeat.beat()
    assert heartbeat.problems() == []


def test_a_visit_that_ends_while_the_schedule_stops_does_not_hold_it_up() -> None:
    schedule, begun, go_on = Schedule(on_misfire=lambda: None), threading.Event(), threading.Event()

    def visit(_: Source) -> datetime:
        begun.set()
        go_on.wait(5)
        return NOW + timedelta(hours=1)

    schedule.add_visits(source(), NOW, visit)
    schedule.start()
    assert begun.wait(5)
    stopping = threading.Thread(target=schedule.stop, daemon=True)
    stopping.start()
    time.sleep(0.2)
    go_on.set()
    stopping.join(5)
    assert not stopping.is_alive()


def test_a_job_that_takes_long_runs_again_after_its_pause_and_is_no_misfire() -> None:
    misfires: list[None] = []
    runs: list[float] = []
    schedule = Schedule(on_misfire=lambda: misfires.append(None))

    def run() -> None:
        time.sleep(0.3)
        runs.append(time.monotonic())
        if len(runs) == 1:
            raise RuntimeError("once")

    schedule.add_following("long", 0.1, run)
    schedule.start()
    wait_until(lambda: len(runs) >= 3)
    schedule.stop()
    assert misfires == []
    assert all(later - earlier >= 0.4 for earlier, later in pairwise(runs))
