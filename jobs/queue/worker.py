"""``qualwatch worker``: takes orders from the queue and does them, a few at a time, until it is told to stop.

Procrastinate fetches, locks and keeps the heartbeat on an event loop; the work itself runs in threads, like
the daemon's. Every worker also looks for orders whose worker died: they leave the queue, and what is still
due is put there again.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog
from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.exceptions import ConnectorException, ProcrastinateException
from procrastinate.jobs import DeleteJobCondition, Job, Status
from psycopg_pool import PoolTimeout
from sqlalchemy import Engine

from jobs.context import Context
from jobs.queue.orders import Order
from jobs.queue.putting import QUEUE
from jobs.queue.work import OrderFailedError, do
from jobs.tasks import TASKS

HEARTBEAT_SECONDS = 10.0
DEAD_AFTER_SECONDS = 30.0
"""A worker that was not heard for so long is dead, and its orders are free."""
FINISHED_KEPT_HOURS = 72
"""Orders that failed are kept to be looked at; those that went well leave at once."""
_POLL_SECONDS = 2.0
_LOOK_SECONDS = 0.2
_AGAIN_SECONDS = 5.0
_PRUNED_EVERY_SECONDS = 3600.0
_LOGGERS = ("procrastinate", "psycopg.pool")

log = structlog.get_logger()


class QueueWorker:
    """Does orders of the queue; ``context`` is asked at each, because the sources may have changed."""

    def __init__(self, context: Callable[[], Context], at_once: int) -> None:
        self._context = context
        self._at_once = at_once
        self._threads = ThreadPoolExecutor(at_once, "work")
        self._sender = f"worker-{uuid.uuid4().hex[:12]}"
        self._is_lost = False
        self._lacking = ""
        """What kept the last order from being done."""
        for name in _LOGGERS:  # what they would say is said here, once and in one sentence
            logging.getLogger(name).setLevel(logging.CRITICAL)

    def run(self, stopping: threading.Event) -> None:
        """Work until ``stopping`` is set; what is in hand is finished or given back.

        A database that does not answer is waited for.
        """
        with asyncio.Runner() as runner:
            while not stopping.is_set():
                try:
                    runner.run(self._work(stopping))
                except (ConnectorException, PoolTimeout, ProcrastinateException, OSError) as error:
                    self._say_lost(error)
                stopping.wait(_AGAIN_SECONDS if not stopping.is_set() else 0)
        self._threads.shutdown(wait=True)

    def run_until_empty(self) -> None:
        """Do what stands in the queue at present, and return."""
        with asyncio.Runner() as runner:
            runner.run(self._work(threading.Event(), wait=False))
        self._threads.shutdown(wait=True)

    async def _work(self, stopping: threading.Event, *, wait: bool = True) -> None:
        app = self._app(self._context().engine)
        async with app.open_async():
            await release_dead(app)
            if self._is_lost:
                self._is_lost = False
                log.info("queue_reached_again")
            work = asyncio.create_task(self._run_worker(app, wait=wait))
            watch = [asyncio.create_task(_until(stopping)), asyncio.create_task(_keep_clean(app))]
            done, _ = await asyncio.wait([work, *watch], return_when=asyncio.FIRST_COMPLETED)
            work.cancel()  # it begins nothing more, and waits for what is in hand
            for each in watch:
                each.cancel()
            ended = await asyncio.gather(work, *watch, return_exceptions=True)
        for result in ended:
            if isinstance(result, Exception):
                raise result
        if work in done and wait and not stopping.is_set():
            raise ConnectorException("the worker lost its connection")

    async def _run_worker(self, app: App, *, wait: bool) -> None:
        await app.run_worker_async(
            queues=[QUEUE],
            name=self._sender,
            concurrency=self._at_once,
            wait=wait,
            fetch_job_polling_interval=_POLL_SECONDS,
            delete_jobs=DeleteJobCondition.SUCCESSFUL,
            install_signal_handlers=False,
            update_heartbeat_interval=HEARTBEAT_SECONDS,
            stalled_worker_timeout=DEAD_AFTER_SECONDS,
        )

    def _app(self, engine: Engine) -> App:
        app = App(connector=connector_of(engine, self._at_once + 2))
        for name in TASKS:
            app.task(name=name, queue=QUEUE, pass_context=True)(functools.partial(self._do, name))
        return app

    async def _do(self, name: str, job: JobContext, **arguments: Any) -> None:
        """One order, in a thread; raises where it failed, so that Procrastinate keeps it."""
        order = Order(name, arguments, (job.job.queueing_lock or "").partition(":")[2])
        context = self._context()
        if context.stopping.is_set():
            return
        work = functools.partial(do, context, order, sender=self._sender)
        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except OrderFailedError:
            raise
        except Exception as error:  # noqa: BLE001 - what this machine lacks; the row stays due
            if self._lacking != (why := _first_line(error)):  # one sentence per state, not per order
                self._lacking = why
                log.error("orders_given_back", order=order.name, why=why)  # noqa: TRY400 - one sentence
            return
        self._lacking = ""

    def _say_lost(self, error: Exception) -> None:
        if not self._is_lost:
            self._is_lost = True
            log.error("queue_not_reached", why=_first_line(error.__cause__ or error))


def connector_of(engine: Engine, connections: int) -> PsycopgConnector:
    """Procrastinate's way to the database of ``engine``."""
    address = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    return PsycopgConnector(
        conninfo=address,
        min_size=1,
        max_size=connections,
        timeout=10.0,
        kwargs={"application_name": "qualwatch worker", "connect_timeout": 10},
    )


async def release_dead(app: App) -> list[Job]:
    """Take orders of dead workers out of the queue; what is still due is put there again.

    They are not tried again as they stand, because the plan may have changed since.
    """
    jobs = await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_AFTER_SECONDS)
    released = []
    for job in jobs:
        if job.id is None:
            continue
        with contextlib.suppress(ConnectorException):  # another worker was faster
            await app.job_manager.finish_job_by_id_async(job.id, Status.FAILED, delete_job=True)
            released.append(job)
            log.warning("order_of_a_dead_worker", order=job.queueing_lock or job.task_name)
    await app.job_manager.prune_stalled_workers(DEAD_AFTER_SECONDS)
    return released


async def _keep_clean(app: App) -> None:
    """Look for dead workers, and let go of old orders."""
    pruned_at = time.monotonic() - _PRUNED_EVERY_SECONDS
    while True:
        await release_dead(app)
        if time.monotonic() - pruned_at >= _PRUNED_EVERY_SECONDS:
            pruned_at = time.monotonic()
            await app.job_manager.delete_old_jobs(
                FINISHED_KEPT_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
            )
        await asyncio.sleep(HEARTBEAT_SECONDS)


async def _until(stopping: threading.Event) -> None:
    while not stopping.is_set():
        await asyncio.sleep(_LOOK_SECONDS)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
