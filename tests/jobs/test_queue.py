"""The queue of many machines, on a real PostgreSQL: what is put there, who does it, and what may go wrong."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from assessment.workers import Workers
from crawling.fetching.fetcher import Fetcher
from jobs.context import Context
from jobs.queue.orders import Order, host_lock
from jobs.queue.putting import WAITING_AT_MOST, put, put_deliveries, put_one, put_visits
from jobs.queue.scheduling import abandon_lost_visits, queue_problems
from jobs.queue.worker import QueueWorker
from jobs.runtime import SCHEDULER_LEASE, AlreadyRunsError, open_command_runtime, open_daemon_runtime
from jobs.visits.due import plan
from settings.model import Settings
from settings.sources import Source
from storage.database import open_database
from storage.errors import DatabaseError
from storage.evidence import EvidenceStore
from storage.queue_schema import upgrade_queue
from storage.retention.rows import RETENTION
from storage.sources import claim_due, claim_now
from storage.tables import Case, SourceState, TaskTrial, Visit
from storage.trials import SET_ASIDE, TRIES, begin_trial, troubled, try_again
from storage.visits import DIED, start_visit
from storage.work_queue import queue_state
from tests.parts.databases import PostgresqlServer
from tests.parts.house import listing, posting
from tests.parts.loopback import Site
from vocabulary.codes import Outcome


@pytest.fixture
def settings(site: Site, postgresql_server: PostgresqlServer, tmp_path: Path) -> Settings:
    return Settings.model_validate(
        {
            "workers": "procrastinate",
            "storage": {"database": postgresql_server.migrated(), "directory": str(tmp_path / "var")},
            "fetching": {"allow_private_hosts": [site.host], "delay_seconds": 0, "timeout_seconds": 2},
            "detection": {"processes": 0},
        }
    )


@contextmanager
def machine(settings: Settings, *sources: Source) -> Iterator[Context]:
    """A context of its own, as a program on another machine has one."""
    with ExitStack() as stack:
        engine = open_database(settings.storage.database_url)
        stack.callback(engine.dispose)
        upgrade_queue(engine)
        evidence = stack.enter_context(EvidenceStore(settings.storage.evidence_directory))
        fetcher = Fetcher(settings.fetching, sleep=lambda _: None)
        stack.callback(fetcher.close)
        workers = stack.enter_context(Workers(0, 20))
        context = Context(settings, engine, evidence, fetcher, workers, sources=sources)
        plan(context)
        yield context


@pytest.fixture
def source(site: Site) -> Source:
    site["/list/"] = listing("/n/1.html")
    site["/n/1.html"] = posting()
    return Source.model_validate({"name": "news", "url": f"{site.address}/list/", "region": "350100"})


def others(*names: str) -> list[Source]:
    return [
        Source.model_validate({"name": name, "url": f"https://{name}.example.com/", "region": "350100"})
        for name in names
    ]


def _waiting(engine: Engine) -> list[tuple[str, str, int]]:
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT queueing_lock, lock, priority FROM procrastinate_jobs WHERE status = 'todo' "
            "ORDER BY priority DESC, id"
        )
        return [tuple(row) for row in rows]


def _work(context: Context) -> None:
    QueueWorker(lambda: context, 2).run_until_empty()


def test_what_is_due_is_put_into_the_queue_once_and_visited_by_a_worker(
    settings: Settings, source: Source
) -> None:
    with machine(settings, source) as scheduler, machine(settings, source) as other:
        assert put_visits(scheduler) == 1
        assert put_visits(scheduler) == 0
        assert _waiting(scheduler.engine) == [("visit_if_due:news", host_lock(source), 20)]
        _work(other)
        assert _waiting(scheduler.engine) == []
        assert put_visits(scheduler) == 0  # it is not due any more
        with Session(scheduler.engine) as session:
            assert session.exec(select(Visit.finished_at)).one() is not None
            assert len(session.exec(select(Case)).all()) == 1
            assert session.exec(select(TaskTrial)).all() == []
            assert queue_state(session).failed == 0


def test_letters_go_before_visits_and_nothing_is_put_there_twice(settings: Settings, source: Source) -> None:
    with machine(settings, source) as context:
        assert put_visits(context) == 1
        assert not put_deliveries(context)  # there is no letter
        assert put_one(context, Order("tidy"))
        assert put_one(context, Order("tell_urgent"))
        assert not put_one(context, Order("tell_urgent"))
        with Session(context.engine) as session, session.begin():
            assert put(session, [Order("take_steps"), Order("tell_urgent")]) == 1  # the other is there
        assert [name for name, _, _ in _waiting(context.engine)] == [
            "tell_urgent",
            "take_steps",
            "visit_if_due:news",
            "tidy",
        ]


def test_what_is_put_there_is_put_with_what_causes_it_or_not_at_all(
    settings: Settings, source: Source
) -> None:
    with machine(settings, source) as context:
        with Session(context.engine) as session, session.begin() as transaction:
            assert put(session, [Order("tidy")]) == 1
            transaction.rollback()
        assert _waiting(context.engine) == []


def test_a_long_queue_slows_the_scheduler_and_a_host_waits_once(settings: Settings, site: Site) -> None:
    names = [f"s{number}" for number in range(WAITING_AT_MOST + 100)]
    same_host = Source.model_validate({"name": "twin", "url": "https://s1.example.com/other/"})
    with machine(settings, *others(*names), same_host) as context:
        assert put_visits(context) == WAITING_AT_MOST
        assert put_visits(context) == 0
        locks = [lock for _, lock, _ in _waiting(context.engine)]
        assert len(locks) == len(set(locks))
        with context.engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM procrastinate_jobs WHERE lock = 'host:s1.example.com'")
        assert put_visits(context) == 1


def test_no_two_workers_visit_one_host_at_once(settings: Settings, site: Site, source: Source) -> None:
    running, most, lock = 0, 0, threading.Lock()

    def slow(handler: BaseHTTPRequestHandler) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.2)
        with lock:
            running -= 1
        listing("/n/1.html")(handler)

    sources = []
    for number in range(4):
        site[f"/l{number}/"] = slow
        named = {"name": f"l{number}", "url": f"{site.address}/l{number}/"}
        sources.append(Source.model_validate({**source.model_dump(mode="json"), **named}))
    with machine(settings, *sources) as one, machine(settings, *sources) as two:
        with Session(one.engine) as session, session.begin():
            lock_name = host_lock(source)
            put(
                session,
                [Order("visit_if_due", {"source_name": each.name}, each.name, lock_name) for each in sources],
            )
        threads = [threading.Thread(target=_work, args=(each,)) for each in (one, two)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        while _waiting(one.engine):
            _work(one)
        with Session(one.engine) as session:
            assert len(session.exec(select(Visit)).all()) == 4
    assert most == 1


def test_an_order_that_fails_by_itself_is_set_aside_counted_and_tried_again_when_asked(
    settings: Settings, source: Source
) -> None:
    broken = Order("tidy", {"no_such_argument": 1})
    with machine(settings, source) as context:
        for _ in range(TRIES):
            assert put_one(context, broken)
            _work(context)
        assert not put_one(context, broken)
        (trial,) = troubled(context.engine)
        assert (trial.name, trial.tries) == ("tidy", TRIES)
        assert "no_such_argument" in trial.why
        with Session(context.engine) as session:
            assert queue_state(session).failed == TRIES
        assert try_again(context.engine, "tidy")
        assert put_one(context, Order("tidy"))
        _work(context)
        assert troubled(context.engine) == []


def test_an_order_that_kills_its_workers_is_set_aside_without_another_try(
    settings: Settings, source: Source
) -> None:
    with machine(settings, source) as context:
        for _ in range(TRIES):
            assert begin_trial(context.engine, "visit_if_due:news")  # and its worker is gone
        assert put_visits(context) == 1
        _work(context)
        with Session(context.engine) as session:
            assert session.exec(select(Visit)).all() == []
        assert put_visits(context) == 0
        with Session(context.engine) as session, session.begin():
            trial = session.exec(select(TaskTrial)).one()
            trial.set_aside_until = (
                (trial.set_aside_until or trial.tried_at) - SET_ASIDE - timedelta(seconds=1)
            )
        assert put_visits(context) == 1  # a day later
        _work(context)
        assert troubled(context.engine) == []


def test_what_is_not_its_fault_is_no_try(settings: Settings, source: Source) -> None:
    with machine(settings, source) as context:
        with context.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE outbox_message RENAME TO elsewhere")
        with context.locks.hold(RETENTION):  # a command tidies
            for _ in range(TRIES + 1):
                assert put_one(context, Order("tidy"))
                assert put_one(context, Order("deliver"))
                _work(context)
        with Session(context.engine) as session:
            assert session.exec(select(TaskTrial)).all() == []


def test_the_visit_and_the_order_of_a_worker_that_died_are_taken_up_by_another(
    settings: Settings, source: Source
) -> None:
    with machine(settings, source) as context:
        put_visits(context)
        with context.engine.begin() as connection:
            connection.exec_driver_sql(
                "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '40 s')"
            )
            connection.exec_driver_sql(
                "UPDATE procrastinate_jobs SET status = 'doing', "
                "worker_id = (SELECT id FROM procrastinate_workers)"
            )
        assert claim_due(context.engine, context.now()) is not None
        with Session(context.engine) as session, session.begin():
            visit = start_visit(session, "news", context.now())
        assert put_visits(context) == 0  # its claim is not over yet
        with Session(context.engine) as session, session.begin():
            session.exec(select(SourceState)).one().leased_until = context.now() - timedelta(days=1)
        assert abandon_lost_visits(context) == []  # it may go on
        assert put_visits(context) == 1
        _work(context)  # which releases the dead one's lock on the host first
        with Session(context.engine) as session:
            (only,) = session.exec(select(Visit)).all()
            assert (only.id, only.outcome) == (visit, Outcome.OK)


def test_old_visits_that_nobody_works_at_are_ended_and_those_of_workers_are_left_alone(
    settings: Settings, source: Source
) -> None:
    (other,) = others("other")
    with machine(settings, source, other) as context:
        claim_now(context.engine, "other")
        with Session(context.engine) as session, session.begin():
            for name in ("news", "other"):
                start_visit(session, name, context.now() - timedelta(days=3))
        assert abandon_lost_visits(context) == ["news"]
        assert abandon_lost_visits(context) == []
        with Session(context.engine) as session:
            ended = {visit.source: visit.detail for visit in session.exec(select(Visit))}
        assert ended == {"news": DIED, "other": ""}


def test_a_worker_that_is_told_to_stop_gives_back_what_it_has_not_done(
    settings: Settings, site: Site, source: Source
) -> None:
    begun = threading.Event()

    def slow(handler: BaseHTTPRequestHandler) -> None:
        begun.set()
        threading.Event().wait(0.5)
        listing("/n/1.html")(handler)

    site["/list/"] = slow
    with machine(settings, source) as context:
        put_visits(context)
        working = threading.Thread(target=QueueWorker(lambda: context, 1).run, args=(context.stopping,))
        working.start()
        assert begun.wait(10)
        context.stopping.set()
        context.fetcher.stop()
        context.fetcher.abort()
        working.join(10)
        assert not working.is_alive()
        with Session(context.engine) as session:
            state = queue_state(session)
            assert (state.waiting, state.running, state.workers) == (0, 0, 0)
            assert session.exec(select(TaskTrial)).all() == []
        context.stopping.clear()
        abandon_lost_visits(context)
        assert put_visits(context) == 1


def test_one_program_schedules_and_another_takes_over(settings: Settings, source: Source, site: Site) -> None:
    watched = settings.model_copy(update={"sources": (source,)})
    with open_daemon_runtime(watched) as first:
        with pytest.raises(AlreadyRunsError), open_daemon_runtime(watched):
            pass
        with open_command_runtime(watched) as beside:
            assert queue_problems(beside.context) == ["no worker is at work: start 'qualwatch worker'"]
        assert not first.lease_lost.is_set()
    with open_daemon_runtime(watched):
        pass
    assert SCHEDULER_LEASE.total_seconds() < 60


def test_the_queue_is_made_once_upgraded_and_no_other_program_s_is_taken(
    postgresql_server: PostgresqlServer,
) -> None:
    engine = open_database(postgresql_server.empty())
    try:
        assert upgrade_queue(engine) is True
        assert upgrade_queue(engine) is False
        with engine.begin() as connection:
            connection.exec_driver_sql(
                "COMMENT ON TABLE procrastinate_jobs IS 'qualwatch procrastinate 99.sql'"
            )
        with pytest.raises(DatabaseError, match="newer Procrastinate"):
            upgrade_queue(engine)
        with engine.begin() as connection:
            connection.exec_driver_sql("COMMENT ON TABLE procrastinate_jobs IS NULL")
        with pytest.raises(DatabaseError, match="another program"):
            upgrade_queue(engine)
    finally:
        engine.dispose()


def test_a_queue_of_an_older_procrastinate_gets_the_scripts_that_it_lacks(
    postgresql_server: PostgresqlServer,
) -> None:
    engine = open_database(postgresql_server.empty())
    before_last = "03.04.00_01_pre_add_retry_failed_job_procedure.sql"
    function = "procrastinate_trigger_function_status_events_update_v1"
    try:
        upgrade_queue(engine)
        with engine.begin() as connection:
            connection.exec_driver_sql(f"DROP FUNCTION {function} CASCADE")
            connection.exec_driver_sql(
                f"COMMENT ON TABLE procrastinate_jobs IS 'qualwatch procrastinate {before_last}'"
            )
        assert upgrade_queue(engine) is True
        with engine.connect() as connection:
            found = connection.exec_driver_sql(f"SELECT to_regproc('{function}')").scalar_one()
        assert found is not None
    finally:
        engine.dispose()


def test_sqlite_and_a_queue_do_not_go_together(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="storage move"):
        Settings.model_validate({"workers": "procrastinate"})
