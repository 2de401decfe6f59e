"""``python -m eval.bench_queue``: what the queue of many machines costs, on a real PostgreSQL.

Four figures of it: two workers against one where visits wait for hosts, as they do (a machine of its own for
each would only be faster); how long a host with several sources was left alone between two requests of both;
CPU of the queue per page, without the page; and how fast orders are fetched with many finished ones in the
table. Each worker is a process with a context of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import itertools
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar

from procrastinate import App
from procrastinate.jobs import Status
from sqlmodel import Session, func, select

from assessment.workers import Workers
from crawling.fetching.fetcher import Fetcher
from eval.bench import Result
from jobs.context import Context
from jobs.queue.orders import Order
from jobs.queue.putting import put, put_visits
from jobs.queue.worker import QueueWorker, connector_of
from jobs.visits.due import plan
from settings.model import Settings
from storage.database import open_database
from storage.evidence import EvidenceStore
from storage.host_pace import HostTurns
from storage.migrate import upgrade
from storage.queue_schema import upgrade_queue
from storage.sources import due_sources, visited_now
from storage.tables import FetchRecord
from tests.parts.databases import run_postgresql

HOSTS, SOURCES_OF_HOST, PAGES_OF_SOURCE = 16, 2, 4
DELAY_SECONDS = 2.0
"""The pause that is shipped: what a worker does between is hidden in it, as it is in life."""
AT_ONCE = 4
ORDERS = 2_000
FINISHED = 100_000
PAGES_OF_VISIT = 20
"""Pages of a usual visit: 40 known ones and a few new, less where the list says that nothing changed."""


class _Slow(BaseHTTPRequestHandler):
    """Lists and postings, each on a host of its own by its address; notes when each was asked."""

    asked_at: ClassVar[dict[str, list[float]]] = {}

    def do_GET(self) -> None:
        self.asked_at.setdefault(str(self.connection.getsockname()[0]), []).append(time.monotonic())
        if self.path.startswith("/list"):
            number = self.path.removeprefix("/list").strip("/")
            rows = "".join(
                f"<li><a href='/n/{number}-{n}.html'>招聘公告之{n}</a>2026-11-0{n}</li>"
                for n in range(1, PAGES_OF_SOURCE)
            )
            body = f"<html><title>通知公告</title><ul>{rows}</ul></html>"
        elif self.path.startswith("/n/"):
            body = f"<html><title>招聘公告</title><p>某局招聘出纳，第{self.path}号，高中以上学历。</p></html>"
        else:
            self.send_error(404)
            return
        data = body.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Silent."""


@contextmanager
def _hosts(count: int) -> Iterator[list[str]]:
    """So many hosts: loopback addresses of their own, one port."""
    servers = [ThreadingHTTPServer((f"127.0.1.{number + 1}", 0), _Slow) for number in range(count)]
    for server in servers:
        Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield [f"127.0.1.{number + 1}:{server.server_port}" for number, server in enumerate(servers)]
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


def _settings(database: str, directory: str, hosts: list[str]) -> Settings:
    sources = [
        {"name": f"s{n}-{number}", "url": f"http://{host}/list{number}/"}
        for n, host in enumerate(hosts)
        for number in range(SOURCES_OF_HOST)
    ]
    return Settings.model_validate(
        {
            "workers": "procrastinate",
            "storage": {"database": database, "directory": directory},
            "fetching": {"allow_private_hosts": hosts, "delay_seconds": DELAY_SECONDS},
            "detection": {"processes": 0},
            "catalogue_presets": False,
            "sources": sources,
        }
    )


@contextmanager
def _context(settings: Settings) -> Iterator[Context]:
    with ExitStack() as stack:
        engine = open_database(settings.storage.database_url)
        stack.callback(engine.dispose)
        evidence = stack.enter_context(EvidenceStore(settings.storage.evidence_directory))
        fetcher = Fetcher(settings.fetching, turns=HostTurns(engine))
        stack.callback(fetcher.close)
        workers = stack.enter_context(Workers.configured(settings.detection))
        yield Context(settings, engine, evidence, fetcher, workers, sources=settings.watched())


def _work(settings: Settings, ready: Any, go: Any, over: Any) -> None:
    """A worker's process: does what stands in the queue from ``go`` on, until ``over``."""
    importlib.import_module("assessment.preload")  # as a worker does before its first order
    with _context(settings) as context:
        worker = QueueWorker(lambda: context, AT_ONCE)
        ready.release()
        go.wait()
        worker.run(over)


def seconds_of_visits(database: str, workers: int) -> tuple[float, int]:
    """Seconds by the clock until so many workers have visited all sources, and the pages that they read."""
    _Slow.asked_at.clear()
    with tempfile.TemporaryDirectory() as folder, _hosts(HOSTS) as hosts:
        settings = _settings(database, folder, hosts)
        engine = open_database(database)
        upgrade(engine)
        upgrade_queue(engine)
        processes = multiprocessing.get_context("spawn")
        ready, go, over = processes.Semaphore(0), processes.Event(), processes.Event()
        with _context(settings) as context:
            plan(context)
            put_visits(context)
            running = [
                processes.Process(target=_work, args=(settings, ready, go, over)) for _ in range(workers)
            ]
            for each in running:
                each.start()
            for _ in running:
                ready.acquire()
            began = time.perf_counter()
            go.set()
            while _are_left(context):
                put_visits(context)
                time.sleep(0.1)
            taken = time.perf_counter() - began
            over.set()
            for each in running:
                each.join()
            with Session(engine) as session:
                pages = session.exec(select(func.count()).select_from(FetchRecord)).one()
        engine.dispose()
        return taken, pages


def _are_left(context: Context) -> bool:
    """Whether a source is still to be visited, or is being visited."""
    with Session(context.engine) as session:
        return bool(due_sources(session, context.now(), at_most=1) or visited_now(session))


def least_pause() -> float:
    """Seconds for which a host was left alone, where it was asked fastest."""
    return min(
        after - before
        for times in _Slow.asked_at.values()
        for before, after in itertools.pairwise(sorted(times))
    )


def cpu_of_orders(context: Context) -> float:
    """Milliseconds of CPU in this process for an order that does nothing, from its fetching to its end."""
    with Session(context.engine) as session, session.begin():
        put(
            session, [Order("visit_if_due", {"source_name": f"none-{n}"}, f"none-{n}") for n in range(ORDERS)]
        )
    began = time.process_time()
    QueueWorker(lambda: context, AT_ONCE).run_until_empty()
    return 1000 * (time.process_time() - began) / ORDERS


def fetches_per_second(context: Context) -> float:
    """Orders that one worker takes out of the queue and finishes in a second, with nothing to do for each."""
    with Session(context.engine) as session, session.begin():
        put(
            session, [Order("visit_if_due", {"source_name": f"none-{n}"}, f"none-{n}") for n in range(ORDERS)]
        )

    async def fetch() -> float:
        app = App(connector=connector_of(context.engine, 2))
        async with app.open_async():
            worker = await app.job_manager.register_worker()
            began = time.perf_counter()
            for _ in range(ORDERS):
                job = await app.job_manager.fetch_job(["qualwatch"], worker)
                if job is not None:
                    await app.job_manager.finish_job(job, Status.SUCCEEDED, delete_job=True)
            return ORDERS / (time.perf_counter() - began)

    return asyncio.run(fetch())


def fill(context: Context, finished: int) -> None:
    """So many finished orders, with the events that they had."""
    with context.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, status, attempts) "
            "SELECT 'qualwatch', 'visit_if_due', 'host:' || n %% 5000, 'succeeded', 1 "
            "FROM generate_series(1, %s) AS n",
            (finished,),
        )
        connection.exec_driver_sql(
            "INSERT INTO procrastinate_events (job_id, type) "
            "SELECT id, type::procrastinate_job_event_type "
            "FROM procrastinate_jobs, unnest(ARRAY['deferred', 'started', 'succeeded']) AS type "
            "WHERE status = 'succeeded'"
        )
    with context.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE procrastinate_jobs")


def measure(say: Callable[[str], object]) -> list[Result]:
    """All figures; ``say`` is told what is done."""
    results = []
    server_of = run_postgresql()
    server = next(server_of)
    try:
        say("visits of one worker and of two")
        one, pages = seconds_of_visits(server.empty(), 1)
        two, pages_of_two = seconds_of_visits(server.empty(), 2)
        say(f"{pages} pages in {one:.1f} s, {pages_of_two} in {two:.1f} s")
        results.append(Result("two workers against one", one / two, "×", 1.7))
        results.append(
            Result("least pause at a host, of the configured one", least_pause() / DELAY_SECONDS, "×", 1.0)
        )
        with tempfile.TemporaryDirectory() as folder:
            settings = _settings(server.migrated(), folder, [])
            engine = open_database(settings.storage.database_url)
            upgrade_queue(engine)
            engine.dispose()
            with _context(settings) as context:
                say("what the queue costs")
                cost = cpu_of_orders(context)
                results.append(Result("CPU of the queue per order", cost, "ms"))
                per_page = cost / PAGES_OF_VISIT
                results.append(
                    Result(f"the same per page ({PAGES_OF_VISIT} a visit)", per_page, "ms", 3.0, "most")
                )
                say("orders fetched")
                empty = fetches_per_second(context)
                fill(context, FINISHED)
                full = fetches_per_second(context)
                results.append(Result("orders fetched and finished", empty, "a second"))
                results.append(Result(f"the same with {FINISHED:,} finished ones", full, "a second"))
                results.append(Result("of the rate without them", full / empty, "×", 0.5))
    finally:
        for _ in server_of:
            pass
    return results


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    for result in measure(lambda line: print(f"… {line}")):
        held = {None: "", True: "holds", False: "MISSED"}[result.holds]
        print(f"{result.name:45} {result.value:10.2f} {result.unit:10} {held}")


if __name__ == "__main__":
    main()
