"""Who gives the orders: the one program that holds the daemon's lease puts into the queue what is due."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import structlog
from sqlmodel import Session

from jobs.catalogue_sync import SYNC_SECONDS
from jobs.context import Context
from jobs.pictures import PICTURES_SECONDS
from jobs.queue.orders import Order
from jobs.queue.putting import put_deliveries, put_one, put_pictures, put_visits
from jobs.reassess import PAUSE_SECONDS
from jobs.schedule import RepeatingJob
from jobs.tidying import TIDYING_SECONDS
from jobs.visits.due import may_read
from storage.database import for_reading, one_transaction
from storage.leases import Leases
from storage.resuming import resumable
from storage.sources import visited_now
from storage.under_way import is_somebodys
from storage.visits import abandon_visits, unfinished_visits
from storage.work_queue import queue_state

ABANDON_SECONDS = 10

log = structlog.get_logger()


def queue_jobs(context: Callable[[], Context], seconds: dict[str, float]) -> Iterator[RepeatingJob]:
    """The jobs of the schedule that put orders into the queue; ``seconds`` are those of the daemon's own."""

    def giving(task: str, *, reads: bool = False) -> Callable[[], object]:
        arguments = {"in_quiet_hours": False} if task == "look_back" else {}
        return lambda: (reads and not may_read(context())) or put_one(context(), Order(task, arguments))

    yield RepeatingJob("visits", seconds["visits"], lambda: put_visits(context()), is_long=True)
    yield RepeatingJob("delivery", seconds["delivery"], lambda: put_deliveries(context()), is_long=True)
    yield RepeatingJob("urgent", seconds["urgent"], giving("tell_urgent"))
    yield RepeatingJob("clock", seconds["clock"], giving("take_steps"))
    yield RepeatingJob("abandon", ABANDON_SECONDS, lambda: abandon_lost_visits(context()))
    intake = context().settings.intake
    if intake.is_configured:
        yield RepeatingJob("intake", intake.every_minutes * 60, giving("take_in", reads=True))
    yield RepeatingJob("pictures", PICTURES_SECONDS, lambda: put_pictures(context()))
    yield RepeatingJob("catalogue", SYNC_SECONDS, giving("sync_catalogue"))
    yield RepeatingJob("rejudge", PAUSE_SECONDS, giving("rejudge"))
    yield RepeatingJob("look_back", seconds["look_back"], giving("look_back", reads=True), waits=True)
    yield RepeatingJob("tidy", TIDYING_SECONDS, giving("tidy"))


@one_transaction
def abandon_lost_visits(context: Context) -> list[str]:
    """See to the visits whose worker died or gave them back.

    Those that may go on make their sources due, and whoever takes one up goes on where it ended; the others
    end as errors. Returns the sources of these.
    """
    leases = Leases(context.engine)
    now = context.now()
    with Session(context.engine) as session, session.begin():
        # Whose visits they are is asked after them: a worker claims its source before it begins.
        listed = {visit.id for visit in unfinished_visits(session)}
        if not listed:
            return []
        visited, going_on = visited_now(session), resumable(session, now)
        abandoned = abandon_visits(
            session,
            now,
            unless=lambda visit: (
                visit.id not in listed or visit.id in going_on or is_somebodys(visit, leases, visited)
            ),
        )
    if abandoned:
        log.info("visits_abandoned", sources=", ".join(abandoned))
    return abandoned


def queue_problems(context: Context) -> Sequence[str]:
    """What ``/healthz`` shows: orders that nobody is there to do."""
    with Session(for_reading(context.engine)) as session:
        state = queue_state(session)
    return [] if state.workers else ["no worker is at work: start 'qualwatch worker'"]
