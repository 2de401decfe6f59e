"""What runs, and when: the visits to every source, the delivery of letters, and a heartbeat."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.events import (  # type: ignore[import-untyped]
    EVENT_JOB_ERROR,
    EVENT_JOB_MAX_INSTANCES,
    EVENT_JOB_MISSED,
    JobEvent,
)
from apscheduler.executors.pool import ThreadPoolExecutor  # type: ignore[import-untyped]
from apscheduler.jobstores.base import JobLookupError  # type: ignore[import-untyped]
from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]
from sqlalchemy import Engine
from sqlmodel import Session

from settings.model import Source
from storage.database import for_reading
from storage.visits import source_state

VISITS_AT_ONCE = 4
DELIVERY_SECONDS = 2
CLOCK_SECONDS = 60
HEARTBEAT_SECONDS = 5
LOOK_BACK_SECONDS = 3600
_LATE_SECONDS = 60
"""A delivery or heartbeat that comes later than this was missed: the machine slept or is overloaded."""

log = structlog.get_logger()


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


class Schedule:
    """The daemon's jobs over an APScheduler; each runs at most once at a time, and late runs become one."""

    def __init__(self, on_misfire: Callable[[], None]) -> None:
        self._on_misfire = on_misfire
        self._executors = {"default": ThreadPoolExecutor(2), "visits": ThreadPoolExecutor(VISITS_AT_ONCE)}
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors=self._executors,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": _LATE_SECONDS},
        )
        self._scheduler.add_listener(self._note_misfire, EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)
        self._scheduler.add_listener(self._note_error, EVENT_JOB_ERROR)

    def add_visits(self, source: Source, due_at: datetime, visit: Callable[[Source], object]) -> None:
        """Visit ``source`` at ``due_at``, which may have passed, and then whenever ``visit`` says.

        ``visit`` returns when the source is due next; anything but a time means after its interval. A visit
        that waits for others to end is not late: it may start until the next one would be due.
        """
        interval, name = source.every_minutes * 60, f"visit:{source.name}"

        def visit_and_plan() -> None:
            next_due_at = visit(source)
            if isinstance(next_due_at, datetime):
                # No longer there where the daemon ended meanwhile.
                with contextlib.suppress(JobLookupError):
                    self._scheduler.modify_job(name, next_run_time=max(next_due_at, datetime.now(UTC)))

        self._scheduler.add_job(
            visit_and_plan,
            "interval",
            id=name,
            seconds=interval,
            next_run_time=max(due_at, datetime.now(UTC)),
            misfire_grace_time=interval,
            executor="visits",
        )

    def add_repeating(self, name: str, seconds: float, job: Callable[[], object]) -> None:
        """Run ``job`` now and every ``seconds``."""
        self._scheduler.add_job(job, "interval", id=name, seconds=seconds, next_run_time=datetime.now(UTC))

    def add_reading(self, name: str, seconds: float, job: Callable[[], object]) -> None:
        """Run ``job`` likewise, among the visits: it may take long, and letters do not wait for it."""
        self._scheduler.add_job(
            job,
            "interval",
            id=name,
            seconds=seconds,
            next_run_time=datetime.now(UTC),
            misfire_grace_time=int(seconds),
            executor="visits",
        )

    def add_following(self, name: str, pause_seconds: float, job: Callable[[], object]) -> None:
        """Run ``job`` now, and again that long after each end, among the visits: it may take very long."""

        def plan(seconds: float) -> None:
            self._scheduler.add_job(
                run_and_plan,
                "date",
                id=name,
                run_date=datetime.now(UTC) + timedelta(seconds=seconds),
                misfire_grace_time=None,
                executor="visits",
                replace_existing=True,
            )

        def run_and_plan() -> None:
            try:
                job()
            finally:
                plan(pause_seconds)

        plan(0)

    def add_rounds(self, name: str, seconds: float, job: Callable[[], object]) -> None:
        """Run ``job`` every ``seconds`` among the visits, because it visits; it may wait its turn."""
        self._scheduler.add_job(
            job, "interval", id=name, seconds=seconds, misfire_grace_time=int(seconds), executor="visits"
        )

    def start(self) -> None:
        self._scheduler.start()

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

    def _note_misfire(self, event: JobEvent) -> None:
        self._on_misfire()
        log.warning("start_missed", job=event.job_id)

    def _note_error(self, event: JobEvent) -> None:
        log.error("job_failed", job=event.job_id, why=str(event.exception))


def next_visit_at(engine: Engine, source: Source) -> datetime:
    """When ``source`` is due by what the last visit left; long ago where it was never visited."""
    with Session(for_reading(engine)) as session, session.begin():
        state = source_state(session, source.name)
        due_at = state.next_due_at if state is not None else None
    return due_at or datetime.min.replace(tzinfo=UTC)
