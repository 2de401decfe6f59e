"""How long the queue of the workers is, and who works at it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session

from storage.queue_schema import has_queue

_ALIVE_SECONDS = 45
"""Workers that said nothing for longer are not counted; they say something every ten seconds."""


@dataclass(frozen=True, slots=True)
class QueueState:
    """What stands in the queue, and who works at it."""

    waiting: int = 0
    running: int = 0
    failed: int = 0
    """Jobs that ended with an error in the last days."""
    oldest_seconds: float = 0.0
    """For how long the job waits that waits longest."""
    workers: int = 0


def queue_state(session: Session) -> QueueState:
    """Counts of the queue; all zero where there is none."""
    connection = session.connection()
    if connection.dialect.name != "postgresql" or not has_queue(connection):
        return QueueState()
    by_status = connection.exec_driver_sql("SELECT status::text, count(*) FROM procrastinate_jobs GROUP BY 1")
    counts = {status: count for status, count in by_status}  # noqa: C416 - rows are no pairs
    oldest = connection.exec_driver_sql(
        "SELECT extract(epoch FROM clock_timestamp() - min(event.at)) FROM procrastinate_jobs AS job "
        "JOIN procrastinate_events AS event ON event.job_id = job.id AND event.type = 'deferred' "
        "WHERE job.status = 'todo'"
    ).scalar_one()
    workers = connection.exec_driver_sql(
        "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => %s)",
        (_ALIVE_SECONDS,),
    ).scalar_one()
    return QueueState(
        counts.get("todo", 0), counts.get("doing", 0), counts.get("failed", 0), float(oldest or 0), workers
    )
