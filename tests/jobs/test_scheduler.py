"""The schedule with the real scheduler, the real clock and a real database."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session

from jobs.context import Context
from jobs.schedule import ClockWatch, Heartbeat, RepeatingJob, Schedule, _Every
from jobs.visits.due import Visitor, plan, visit_due
from jobs.visits.watch import visit_source
from settings.retention import Storage
from storage.retention.room import Room
from storage.sources import shift_plans
from storage.tables import SourceState, Visit
from tests.parts.house import House, listing, posting
from tests.parts.loopback import Site, answer
from vocabulary.codes import Outcome

HOUR = timedelta(hours=1)


def wait_until(what: Callable[[], object], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it never came to that"
        time.sleep(0.02)


@pytest.fixture
def misfires() -> list[int]:
    return []


Begin = Callable[..., Schedule]


@pytest.fixture
def begin(misfires: list[int]) -> Iterator[Begin]:
    """Starts a schedule of these jobs."""
    running: list[Schedule] = []

    def start(*jobs: RepeatingJob) -> Schedule:
        running.append(Schedule(jobs, on_misfire=lambda: misfires.append(1)))
        running[-1].start()
        return running[-1]

    yield start
    for each in running:
        each.stop()


def test_a_job_that_lasts_longer_than_its_interval_never_runs_twice_at_once(
    begin: Begin, misfires: list[int]
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

    begin(RepeatingJob("slow", 0.1, slow))
    wait_until(lambda: len(runs) >= 2)
    assert overlaps == []
    assert misfires, "each start that found the job running is counted"


def test_a_long_job_is_no_misfire_and_holds_up_no_short_one(begin: Begin, misfires: list[int]) -> None:
    over, short, long = threading.Event(), list[int](), list[int]()

    def last() -> None:
        long.append(1)
        over.wait(20)

    begin(
        *(RepeatingJob(f"long {number}", 0.1, last, is_long=True) for number in range(4)),
        RepeatingJob("short", 0.5, lambda: short.append(1)),
    )
    wait_until(lambda: len(short) >= 4)
    over.set()
    assert len(long) == 4
    assert misfires == []


def test_a_job_that_fails_runs_again_and_is_a_problem_until_it_works(begin: Begin) -> None:
    runs: list[int] = []
    mended = threading.Event()

    def fail() -> None:
        runs.append(1)
        if not mended.is_set():
            raise RuntimeError("no disk")

    schedule = begin(RepeatingJob("failing", 0.1, fail))
    wait_until(lambda: len(runs) >= 3)
    wait_until(lambda: list(schedule.problems()) == ["the job failing fails: no disk"])
    mended.set()
    wait_until(lambda: not schedule.problems())


def test_a_job_that_waits_does_not_run_at_the_start(begin: Begin) -> None:
    runs: list[str] = []
    begin(
        RepeatingJob("later", 3600, lambda: runs.append("later"), waits=True),
        RepeatingJob("now", 3600, lambda: runs.append("now")),
    )
    wait_until(lambda: runs)
    time.sleep(0.2)
    assert runs == ["now"]


def test_stopping_waits_for_what_runs(begin: Begin) -> None:
    begun, ended = threading.Event(), threading.Event()

    def run() -> None:
        begun.set()
        time.sleep(0.3)
        ended.set()

    schedule = begin(RepeatingJob("one", 60, run))
    assert begun.wait(10)
    schedule.stop()
    assert ended.is_set()


def test_a_clock_that_is_put_back_holds_up_no_job(begin: Begin) -> None:
    """An hour back, the next start of everything would lie more than an hour ahead."""
    runs: list[int] = []
    schedule = begin(RepeatingJob("hourly", 3600, lambda: runs.append(1)))
    wait_until(lambda: runs)
    wall = [time.time()]
    told: list[float] = []

    def take_note(seconds: float) -> None:
        told.append(seconds)
        schedule.run_all_now()

    watch = ClockWatch(take_note, wall=lambda: wall[0], monotonic=lambda: 0.0, every_seconds=0.05)
    watch.start()
    wall[0] -= 10
    time.sleep(0.2)
    assert told == [], "the time service moves it a little"
    wall[0] += 3600
    time.sleep(0.2)
    assert told == [], "forward, everything is only earlier"
    wall[0] -= 3600
    wait_until(lambda: len(runs) >= 2)
    watch.stop()
    assert told == [3600]


def test_starts_missed_while_the_clock_was_wrong_by_years_are_one() -> None:
    trigger = _Every(seconds=2.0, timezone=UTC)
    before, now = datetime(1970, 1, 1, tzinfo=UTC), datetime(2026, 11, 1, 8, 0, 1, tzinfo=UTC)
    last = trigger.get_next_fire_time(before, now)
    assert last == now - timedelta(seconds=1), "in step with those before, and the last that is due"
    assert trigger.get_next_fire_time(last, now) == last + timedelta(seconds=2)


@pytest.mark.parametrize("late", [-1.0, 0.0, 1.0, 2.0, 3.0])
def test_a_start_that_is_hardly_late_is_followed_by_the_next(late: float) -> None:
    trigger = _Every(seconds=2.0, timezone=UTC)
    before = datetime(2026, 11, 1, tzinfo=UTC)
    now = before + timedelta(seconds=late)
    assert trigger.get_next_fire_time(before, now) == before + timedelta(seconds=2)


def test_a_heart_that_stopped_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    heartbeat = Heartbeat()
    assert heartbeat.problems() == []
    later = time.monotonic() + 120
    monkeypatch.setattr("jobs.schedule.time.monotonic", lambda: later)
    assert "120 s" in heartbeat.problems()[0] or "119 s" in heartbeat.problems()[0]
    heartbeat.beat()
    assert heartbeat.problems() == []


@pytest.fixture
def context(house: House, site: Site) -> Context:
    """Six sources with a page each, none visited yet."""
    watched = []
    for number in range(6):
        site[f"/s{number}/"] = listing(f"/s{number}/1.html")
        site[f"/s{number}/1.html"] = posting(title=f"第{number}局招聘公告")
        watched.append(house.source(f"/s{number}/", name=f"s{number}"))
    context = replace(house.context, sources=tuple(watched))
    plan(context)
    return context


def visited(house: House) -> list[str]:
    return sorted(visit.source for visit in house.rows(Visit) if visit.finished_at is not None)


def test_two_daemons_with_one_database_visit_each_source_once(house: House, context: Context) -> None:
    visitors = [Visitor(lambda: context) for _ in range(2)]
    until = time.monotonic() + 30
    while len(visited(house)) < 6:
        assert time.monotonic() < until
        for visitor in visitors:
            visitor.begin_due()
        time.sleep(0.01)
    for visitor in visitors:
        visitor.begin_due()
        visitor.stop()
    assert visited(house) == [f"s{number}" for number in range(6)]
    assert all(not state.lease_holder for state in house.rows(SourceState))


def test_a_step_begins_one_visit_and_whose_thread_is_free_then_the_next(
    house: House, context: Context
) -> None:
    visitor = Visitor(lambda: context)
    assert visitor.begin_one() is True
    until = time.monotonic() + 30
    while len(visited(house)) < 6:
        assert time.monotonic() < until
        time.sleep(0.01)
    assert visitor.begin_one() is False
    visitor.stop()


def test_nothing_is_visited_without_room_and_it_goes_on_by_itself(house: House, context: Context) -> None:
    now = [0.0]
    full = Storage(directory=house.context.settings.storage.directory, quota_megabytes=1)
    context = replace(context, room=Room(full, house.engine, clock=lambda: now[0]))
    big = full.directory / "big"
    big.write_bytes(bytes(1 << 20))
    visitor = Visitor(lambda: context)
    assert visitor.begin_one() is False
    assert list(visit_due(context)) == []
    summary = visit_source(context, context.sources[0].name)
    assert (summary.outcome, summary.pages) == (Outcome.ERROR, 0)
    assert "raise it, or shorten [retention]" in summary.detail
    big.unlink()
    now[0] = 60
    assert visitor.begin_one() is True
    visitor.stop()


def test_a_source_that_cannot_be_begun_leaves_the_others_and_waits(
    house: House, context: Context, site: Site
) -> None:
    site["/s0/"] = answer("no", status=500)
    visitor = Visitor(lambda: context)
    until = time.monotonic() + 30
    while len(visited(house)) < 6:
        assert time.monotonic() < until
        visitor.begin_due()
        time.sleep(0.01)
    visitor.stop()
    now = datetime.now(UTC)
    assert all(state.next_due_at and state.next_due_at > now for state in house.rows(SourceState))


def test_what_was_planned_by_a_clock_that_was_put_back_is_due_in_time(house: House, context: Context) -> None:
    visitor = Visitor(lambda: context)
    while len(visited(house)) < 6:
        visitor.begin_due()
        time.sleep(0.01)
    visitor.stop()
    planned = {state.name: state.next_due_at for state in house.rows(SourceState)}
    with Session(house.engine) as session, session.begin():
        shift_plans(session, 3600)
    for state in house.rows(SourceState):
        before = planned[state.name]
        assert before is not None
        assert state.next_due_at == before - HOUR
