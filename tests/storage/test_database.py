"""Opening databases: what they promise, and what is said when they cannot be opened."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError, StatementError
from sqlmodel import Session, select

from storage.database import begun_again, for_reading, open_database
from storage.errors import DatabaseError
from storage.tables import Case, Visit, storable
from tests.parts.databases import PostgresqlServer
from vocabulary.codes import CaseState, Outcome

NOW = datetime(2026, 11, 1, 8, 30, tzinfo=UTC)


def _sqlite_engine(tmp_path: Path) -> Engine:
    return open_database(f"sqlite:///{tmp_path / 'a.sqlite3'}")


def test_sqlite_is_opened_with_a_write_ahead_log_and_foreign_keys(tmp_path: Path) -> None:
    engine = _sqlite_engine(tmp_path / "made" / "here")
    try:
        with engine.connect() as connection:
            pragmas = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
                for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
            }
    finally:
        engine.dispose()
    assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 1, "busy_timeout": 30_000}


def test_sqlite_connections_that_a_peak_opened_rest_afterwards(tmp_path: Path) -> None:
    """Each that is used keeps pages in memory, so that the few that are needed go on being used."""
    engine = _sqlite_engine(tmp_path)
    try:
        peak = [engine.raw_connection() for _ in range(4)]
        for connection in peak:
            connection.close()
        used = set[int]()
        for _ in range(8):
            connection = engine.raw_connection()
            used.add(id(connection.driver_connection))
            connection.close()
    finally:
        engine.dispose()
    assert len(used) == 1


def test_many_processes_may_open_and_migrate_a_new_database_at_once(database_url: str) -> None:
    program = (
        "import sys; from storage.database import open_database; from storage.migrate import upgrade\n"
        "engine = open_database(sys.argv[1]); print(upgrade(engine)); engine.dispose()"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, database_url],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    results = [process.communicate(timeout=90) for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, results
    assert sorted(out.strip() for out, _ in results) == ["False", "False", "False", "True"]


def test_two_threads_that_read_and_then_write_do_not_deadlock(engine: Engine) -> None:
    with Session(engine) as session:
        session.add(Visit(source="a", started_at=NOW))
        session.commit()
    errors: list[Exception] = []

    def count_up() -> None:
        try:
            for _ in range(50):
                with Session(engine) as session:
                    visit = session.exec(select(Visit).with_for_update()).one()
                    visit.pages += 1
                    session.commit()
        except Exception as error:  # noqa: BLE001  shown by the assertion
            errors.append(error)

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with Session(engine) as session:
        assert session.exec(select(Visit.pages)).one() == 200, errors


def test_a_reader_does_not_wait_for_a_writer(engine: Engine) -> None:
    with Session(engine) as writer:
        writer.add(Visit(source="a", started_at=NOW))
        writer.flush()
        began = time.monotonic()
        with Session(for_reading(engine)) as reader:
            assert reader.exec(select(Visit)).all() == []
        assert time.monotonic() - began < 5
        writer.commit()
    with Session(for_reading(engine)) as reader:
        assert len(reader.exec(select(Visit)).all()) == 1


def test_an_uncommitted_transaction_is_gone_after_a_kill(database_url: str, engine: Engine) -> None:
    program = (
        "import os, signal, sys; from datetime import datetime, UTC\n"
        "from sqlmodel import Session; from storage.database import open_database\n"
        "from storage.tables import Visit\n"
        "session = Session(open_database(sys.argv[1]))\n"
        "session.add(Visit(source='kept', started_at=datetime.now(UTC))); session.commit()\n"
        "session.add(Visit(source='lost', started_at=datetime.now(UTC))); session.flush()\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", program, database_url], check=False, timeout=60)
    assert killed.returncode == -9
    with Session(engine) as session:
        assert session.exec(select(Visit.source)).all() == ["kept"]
        session.add(Visit(source="next", started_at=NOW))
        session.commit()


def test_words_are_stored_as_their_values_in_plain_columns(engine: Engine) -> None:
    with Session(engine) as session:
        session.add(Visit(source="a", started_at=NOW, outcome=Outcome.FEWER_THAN_EXPECTED))
        session.commit()
        assert session.connection().execute(text("SELECT outcome FROM visit")).scalar_one() == (
            "fewer_than_expected"
        )
        assert session.exec(select(Visit.outcome)).one() is Outcome.FEWER_THAN_EXPECTED
        found = session.exec(select(Visit).where(Visit.outcome == Outcome.FEWER_THAN_EXPECTED)).all()
        assert len(found) == 1


def test_a_word_outside_the_closed_set_is_refused(engine: Engine) -> None:
    with Session(engine) as session:
        session.add(Visit(source="a", started_at=NOW, outcome="perhaps"))  # type: ignore[arg-type]
        with pytest.raises(StatementError, match="perhaps"):
            session.commit()


def test_a_new_case_is_found(engine: Engine) -> None:
    with Session(engine) as session:
        session.add(Case(key="k", status="", usage="", violation="", severity="", publisher_kind="",
                         opened_at=NOW, updated_at=NOW))  # fmt: skip
        session.commit()
        assert session.exec(select(Case)).one().state is CaseState.FOUND


def test_times_come_back_aware_and_in_utc(engine: Engine) -> None:
    beijing = datetime.fromisoformat("2026-11-01T16:30:00+08:00")
    with Session(engine) as session:
        session.add(Visit(source="a", started_at=beijing))
        session.commit()
    with Session(engine) as session:
        started = session.exec(select(Visit.started_at)).one()
    assert started == NOW
    assert started.utcoffset() == NOW.utcoffset()


def test_a_time_without_zone_is_refused(engine: Engine) -> None:
    with Session(engine) as session:
        session.add(Visit(source="a", started_at=NOW.replace(tzinfo=None)))
        with pytest.raises(StatementError, match="no time zone"):
            session.commit()


def test_foreign_keys_hold(engine: Engine) -> None:
    with Session(engine) as session, pytest.raises(IntegrityError):
        session.connection().execute(
            text("INSERT INTO sighting (visit_id, document_id, version_id, seen_at) VALUES (1, 1, 1, :now)"),
            {"now": NOW.isoformat()},
        )


def test_characters_that_no_database_takes_are_replaced_one_for_one(engine: Engine) -> None:
    hostile = "需\x00持有\ud800会计证\U0001f600"
    with Session(engine) as session:
        session.add(Visit(source="a", started_at=NOW, detail=hostile))
        session.commit()
    with Session(engine) as session:
        assert session.exec(select(Visit.detail)).one() == "需\ufffd持有\ufffd会计证\U0001f600"
    assert len(storable(hostile)) == len(hostile)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("var/qualwatch.sqlite3", "no database address"),
        ("mysql://user:secret@host/db", "does not know 'mysql'"),
        ("sqlite://", "needs a plain file"),
        ("sqlite:///:memory:", "needs a plain file"),
        ("postgresql://user:secret@127.0.0.1:1/db", "server is running"),
    ],
)
def test_a_bad_address_is_a_clear_error_without_the_password(url: str, said: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        open_database(url)
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "a.sqlite3").write_bytes(b"not a database, " * 100)
    with pytest.raises(DatabaseError, match="not a database"):
        _sqlite_engine(tmp_path)


def test_a_directory_in_the_place_of_the_file_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "a.sqlite3").mkdir()
    with pytest.raises(DatabaseError, match="unable to open"):
        _sqlite_engine(tmp_path)


def test_a_directory_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file stands where the directory should be")
    with pytest.raises(DatabaseError, match="may be written"):
        _sqlite_engine(tmp_path / "var")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_without_permission_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir(mode=0o500)
    with pytest.raises(DatabaseError, match="may be written"):
        _sqlite_engine(tmp_path / "var")


def test_a_database_held_by_a_foreign_program_does_not_hang_forever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.database.BUSY_SECONDS", 0.2)
    _sqlite_engine(tmp_path).dispose()
    holder = sqlite3.connect(tmp_path / "a.sqlite3", isolation_level=None)
    try:
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DatabaseError, match="locked"):
            _sqlite_engine(tmp_path)
    finally:
        holder.close()


def test_a_postgresql_database_that_cannot_hold_chinese_is_refused(
    postgresql_server: PostgresqlServer,
) -> None:
    with psycopg.connect(f"{postgresql_server.address}/postgres", autocommit=True) as connection:
        connection.execute("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'")
    with pytest.raises(DatabaseError, match="LATIN1"):
        open_database(f"{postgresql_server.address}/latin")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_connections_that_the_server_closed_are_replaced(database_url: str, engine: Engine) -> None:
    with engine.connect() as connection:
        process = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (process,))
    with Session(engine) as session:
        assert session.exec(select(Visit)).all() == []


def test_a_postgresql_database_that_does_not_exist_is_named(postgresql_server: PostgresqlServer) -> None:
    with pytest.raises(DatabaseError, match="nowhere"):
        open_database(f"{postgresql_server.address}/nowhere")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_two_transactions_that_wait_for_each_other_are_both_done(engine: Engine) -> None:
    """PostgreSQL ends one of them; it begins again and changes what it was to change."""
    with engine.begin() as connection:
        for name in ("a", "b"):
            connection.execute(
                text(
                    "INSERT INTO source_state (name, failures_in_a_row, is_watched, every_minutes, "
                    "lease_holder) VALUES (:name, 0, FALSE, 0, '')"
                ),
                {"name": name},
            )
    meeting, tries = threading.Barrier(2), list[str]()

    def count(first: str, second: str) -> None:
        def transaction() -> None:
            tries.append(first)
            with engine.begin() as connection:
                _raise(connection, first)
                if len(tries) <= 2:
                    meeting.wait()
                _raise(connection, second)

        begun_again(transaction)

    threads = [threading.Thread(target=count, args=order) for order in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.connect() as connection:
        counted = connection.execute(text("SELECT failures_in_a_row FROM source_state")).scalars().all()
    assert counted == [2, 2]
    assert len(tries) == 3


def _raise(connection: Connection, name: str) -> None:
    connection.execute(
        text("UPDATE source_state SET failures_in_a_row = failures_in_a_row + 1 WHERE name = :name"),
        {"name": name},
    )
