"""How far the work is behind: sources that are due, the queue of the workers, and the workers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from prometheus_client.core import Metric
from sqlmodel import Session

from alerts.metrics.series import gauge
from storage.sources import overdue
from storage.trials import set_aside
from storage.work_queue import queue_state


def queue_families(session: Session, now: datetime) -> Iterator[Metric]:
    """Without workers the queue is empty, and what is due is all the same."""
    due, oldest = overdue(session, now)
    state = queue_state(session)
    yield gauge("qualwatch_due_sources", "Sources that are due and that nobody visits yet.", (), {(): due})
    age = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
    yield gauge("qualwatch_due_oldest_seconds", "How long the longest overdue of them waits.", (), {(): age})
    yield gauge(
        "qualwatch_queue_jobs",
        "Orders in the queue of the workers; failed ones of the last days.",
        ("state",),
        {("waiting",): state.waiting, ("running",): state.running, ("failed",): state.failed},
    )
    yield gauge(
        "qualwatch_queue_oldest_seconds", "Age of the longest waiting order.", (), {(): state.oldest_seconds}
    )
    yield gauge("qualwatch_workers", "Workers that are at work.", (), {(): state.workers})
    yield gauge(
        "qualwatch_tasks_set_aside",
        "Tasks that nobody tries for a day, because they failed too often.",
        (),
        {(): len(set_aside(session))},
    )
