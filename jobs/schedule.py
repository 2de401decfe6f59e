"""When things run: a table of repeating jobs over an APScheduler, and a watch over the clock."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.events import (  # type: ignore[import-untyped]
    EVENT_JOB_ERROR,
    EVENT_JOB_EXECUTED,
    EVENT_JOB_MAX_INSTANCES,
    EVENT_JOB_MISSED,
    JobEvent,
)
from apscheduler.executors.pool import ThreadPoolExecutor  # type: ignore[import-untyped]
from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]
from apscheduler.triggers.interval import IntervalTrigger  # type: ignore[import-untyped]

from jobs.lacks import first_line, lack_behind

_LATE_SECONDS = 60
"""A short job that comes later than this was missed: the machine slept or is overloaded."""
_LONG_AT_ONCE = 8
_CLOCK_SECONDS = 5.0
_CLOCK_TOLERANCE_SECONDS = 30.0
"""The time service moves the clock by less than this without anybody noticing."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RepeatingJob:
    """Something that runs at the start and then every ``seconds``; never twice at once."""

    name: str
    seconds: float
    run: Callable[[], object]
    is_long: bool = False
    """It may last longer than its interval: short jobs do not wait for it, a start left out is no loss."""
    waits: bool = False
    """It runs for the first time after ``seconds``, not at the start."""
    is_pulse: bool = False
    """It has a thread of its own: that others hang must not hold it up."""

    @property
    def executor(self) -> str:
        return "pulse" if self.is_pulse else "long" if self.is_long else "short"


class Heartbeat:
    """Notes that the scheduler still runs its jobs."""

    def __init__(self) -> None:
        self._beat_at = time.monotonic()

    def beat(self) -> None:
        self._beat_at = time.monotonic()

    def problems(self) -> Sequence[str]:
        """What ``/healthz`` shows: empty while the heart beats."""
        silent = time.monotonic() - self._beat_at
        return [f"the scheduler has run nothing for {silent:.0f} s"] if silent > _LATE_SECONDS else []


class _Every(IntervalTrigger):  # type: ignore[misc]
    """An interval of which the starts that were missed are left out, all but the last.

    The scheduler would list each of them to take the last one: millions, where the clock was wrong by months
    until the time service set it, or the machine slept for as long.
    """

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        if previous_fire_time is not None:
            left_out = (now - previous_fire_time) // self.interval - 1
            previous_fire_time += max(left_out, 0) * self.interval
        following: datetime | None = super().get_next_fire_time(previous_fire_time, now)
        return following


class Schedule:
    """The daemon's jobs; each runs at most once at a time, and late runs become one."""

    def __init__(self, jobs: Iterable[RepeatingJob], on_misfire: Callable[[], None]) -> None:
        self._jobs = {job.name: job for job in jobs}
        self._on_misfire = on_misfire
        self._failing: dict[str, str] = {}
        # What it would say of starts that were left out and jobs that failed is said here, once.
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
        self._executors = {
            "pulse": ThreadPoolExecutor(1),
            "short": ThreadPoolExecutor(2),
            "long": ThreadPoolExecutor(_LONG_AT_ONCE),
        }
        self._scheduler = BackgroundScheduler(timezone=UTC, executors=self._executors)
        self._scheduler.add_listener(self._note_misfire, EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)
        self._scheduler.add_listener(self._note_error, EVENT_JOB_ERROR)
        self._scheduler.add_listener(self._note_end, EVENT_JOB_EXECUTED)
        now = datetime.now(UTC)
        for job in self._jobs.values():
            self._scheduler.add_job(
                job.run,
                _Every(seconds=job.seconds, timezone=UTC),
                id=job.name,
                next_run_time=now + timedelta(seconds=job.seconds if job.waits else 0),
                executor=job.executor,
                misfire_grace_time=None if job.is_long else _LATE_SECONDS,
                coalesce=True,
                max_instances=1,
            )

    def start(self) -> None:
        self._scheduler.start()

    def run_all_now(self) -> None:
        """Forget when the jobs were to run next, because the clock was put back."""
        now = datetime.now(UTC)
        for name in self._jobs:
            self._scheduler.modify_job(name, next_run_time=now)

    def stop(self) -> None:
        """Begin nothing more and wait for what runs."""
        if not self._scheduler.running:
            return
        self._scheduler.pause()
        self._scheduler.remove_all_jobs()
        # The scheduler's own waiting holds the lock that a job needs to plan its next run: both would wait.
        for executor in self._executors.values():
            executor.shutdown(wait=True)
        self._scheduler.shutdown(wait=False)

    def problems(self) -> Sequence[str]:
        """What ``/healthz`` shows: the jobs whose last run failed, and why."""
        return [f"the job {name} fails: {why}" for name, why in sorted(self._failing.items())]

    def states(self) -> Mapping[str, str]:
        """Every job, with why its last run failed; empty where it did not."""
        return {name: self._failing.get(name, "") for name in self._jobs}

    def _note_misfire(self, event: JobEvent) -> None:
        if self._jobs[event.job_id].is_long:
            return
        self._on_misfire()
        log.warning("start_missed", job=event.job_id)

    def _note_error(self, event: JobEvent) -> None:
        lack = lack_behind(event.exception)
        why = lack.why if lack else first_line(event.exception)
        if event.job_id not in self._failing:  # a job that goes on failing says so once
            log.error("job_failed", job=event.job_id, why=why)
        self._failing[event.job_id] = why

    def _note_end(self, event: JobEvent) -> None:
        if self._failing.pop(event.job_id, None) is not None:
            log.info("job_works_again", job=event.job_id)


class ClockWatch:
    """Notices that the clock was put back, after which plans made by it would lie too far ahead."""

    def __init__(
        self,
        on_back: Callable[[float], object],
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        every_seconds: float = _CLOCK_SECONDS,
    ) -> None:
        """``on_back`` is told by how many seconds."""
        self._on_back = on_back
        self._wall = wall
        self._monotonic = monotonic
        self._every = every_seconds
        self._over = threading.Event()
        self._offset = wall() - monotonic()
        self._thread = threading.Thread(target=self._run, name="clock", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def look(self) -> None:
        """Compare both clocks once."""
        offset = self._wall() - self._monotonic()
        back, self._offset = self._offset - offset, offset
        if back > _CLOCK_TOLERANCE_SECONDS:
            log.warning("clock_put_back", seconds=round(back))
            self._on_back(back)

    def _run(self) -> None:
        while not self._over.wait(self._every):
            try:
                self.look()
            except Exception:
                log.exception("clock_not_followed")
