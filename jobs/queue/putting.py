"""Putting what is due into the queue, in the transaction that finds it due."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any

from procrastinate import SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import Job
from procrastinate.manager import JobManager
from sqlmodel import Session

from alerts.delivery.outbox import is_anything_due
from jobs.context import Context
from jobs.queue.orders import VISIT, Order, host_lock, visit_order
from jobs.visits.due import may_read
from storage.database import one_transaction
from storage.pictures import waiting_pictures
from storage.sources import due_sources
from storage.trials import set_aside

QUEUE = "qualwatch"
WAITING_AT_MOST = 500
"""Visits that wait in the queue; what else is due stands in its own row and comes later."""
_LOOKED_AT = 5_000
"""Due sources among which those of different hosts are chosen."""

_manager = JobManager(SyncPsycopgConnector())
"""Never opened: what it does, it does on the connection of the caller's transaction."""


def put(session: Session, orders: Sequence[Order]) -> int:
    """Put the orders into the queue that do not wait there yet; how many there were.

    They are there once the caller's transaction is committed.
    """
    if not orders:
        return 0
    connection = session.connection()
    jobs = [
        Job(
            queue=QUEUE,
            priority=order.priority,
            lock=order.lock or order.name,
            queueing_lock=order.name,
            task_name=order.task,
            task_kwargs=_as_json(order),
        )
        for order in orders
    ]
    try:
        with connection.begin_nested():
            driver: Any = connection.connection.driver_connection
            _manager.batch_defer_jobs(jobs, driver)
    except AlreadyEnqueued:
        # Somebody else put one of them there just now; one that waits already needs no second.
        return sum(put(session, [order]) for order in orders) if len(orders) > 1 else 0
    return len(jobs)


def _as_json(order: Order) -> Any:
    """The arguments as a queue carries them; JSON knows no days."""
    return {name: str(value) if isinstance(value, date) else value for name, value in order.arguments.items()}


@one_transaction
def put_one(context: Context, order: Order) -> bool:
    """Put a task into the queue unless it waits there, or is set aside; whether it did."""
    with Session(context.engine) as session, session.begin():
        if order.name in _kept_back(session):
            return False
        return put(session, [order]) > 0


def put_pictures(context: Context) -> bool:
    """Have pictures of archived pages taken, where any was asked for."""
    with Session(context.engine) as session:
        if not waiting_pictures(session, 1):
            return False
    return put_one(context, Order("take_pictures"))


def put_deliveries(context: Context) -> bool:
    """Have letters delivered, where any is due."""
    with Session(context.engine) as session:
        if not is_anything_due(session, context.now()):
            return False
    return put_one(context, Order("deliver"))


@one_transaction
def put_visits(context: Context) -> int:
    """Put visits into the queue that are due now, up to WAITING_AT_MOST; how many.

    One visit for each host waits at a time: more of them would only hold a worker's place up.
    """
    if not may_read(context):
        return 0
    with Session(context.engine) as session, session.begin():
        waiting = _waiting_visits(session)
        room = WAITING_AT_MOST - len(waiting)
        if room <= 0:
            return 0
        due = due_sources(session, context.now(), at_most=_LOOKED_AT)
        orders = _chosen(context, due, {lock for _, lock in waiting}, _kept_back(session))
        return put(session, orders[:room])


def _chosen(
    context: Context, due: Iterable[str], waiting_hosts: Collection[str], kept_back: Collection[str]
) -> list[Order]:
    """The visits that go into the queue next, those first that have waited longest."""
    sources = {source.name: source for source in context.sources}
    hosts, orders = set(waiting_hosts), list[Order]()
    for name in due:
        source = sources.get(name)
        if source is None or (lock := host_lock(source)) in hosts:
            continue
        order = visit_order(source)
        if order.name not in kept_back:
            hosts.add(lock)
            orders.append(order)
    return orders


def _waiting_visits(session: Session) -> list[tuple[str, str]]:
    """Name and lock of the visits that wait."""
    rows = session.connection().exec_driver_sql(
        "SELECT queueing_lock, lock FROM procrastinate_jobs WHERE status = 'todo' AND task_name = %s",
        (VISIT,),
    )
    return [(name, lock) for name, lock in rows]


def _kept_back(session: Session) -> set[str]:
    return {trial.name for trial in set_aside(session)}
