"""From a real SQLite file to a real PostgreSQL: every row, whatever interrupts it, and nothing doubled."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlmodel import Session, SQLModel
from typer.testing import CliRunner

import cli.main
import storage.move
from storage.database import open_database
from storage.leases import Leases
from storage.migrate import latest_revision
from storage.move import MoveError, Step, move
from storage.tables import Document
from storage.under_way import DAEMON
from tests.parts.databases import PostgresqlServer, open_migrated

RELEASED = Path(__file__).parent / "released" / f"{latest_revision()}.sql"
MANY = 250


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Engine]:
    """A row of everything, many documents, one that refers to a later one, and a text with a NUL."""
    file = tmp_path / "var" / "qualwatch.sqlite3"
    engine = open_migrated(f"sqlite:///{file}")
    with engine.begin() as connection:
        for line in RELEASED.read_text(encoding="utf-8").splitlines():
            if not line.startswith("--"):
                connection.exec_driver_sql(line)
        (columns,) = connection.exec_driver_sql(
            "SELECT group_concat(name) FROM pragma_table_info('document') WHERE name NOT IN ('id', 'url')"
        ).one()
        connection.exec_driver_sql(
            f"WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < {999 + MANY}) "  # noqa: S608
            f"INSERT INTO document (id, url, {columns}) SELECT i, 'http://a.example/' || i, {columns} "
            "FROM n, (SELECT * FROM document LIMIT 1)"
        )
        connection.exec_driver_sql("UPDATE document SET parent_id = 1100 WHERE id IN (1001, 1200)")
        connection.exec_driver_sql("UPDATE document SET title = 'a' || char(0) || '公告' WHERE id = 1002")
    yield engine
    engine.dispose()


@pytest.fixture
def target(postgresql_server: PostgresqlServer) -> Iterator[Engine]:
    engine = open_database(postgresql_server.empty())
    yield engine
    engine.dispose()


def counts(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        return {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in SQLModel.metadata.tables.items()
        }


def test_every_row_arrives_and_the_file_stays_as_it_was(
    source: Engine, target: Engine, tmp_path: Path
) -> None:
    file = tmp_path / "var" / "qualwatch.sqlite3"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before, seen = hashlib.sha256(file.read_bytes()).digest(), list[Step]()
    moved = move(source, target, watch=seen.append)
    assert {each.table: each.rows for each in moved} == counts(source) == counts(target)
    assert min(counts(target).values()) >= 1
    assert (seen[-1].done, seen[-1].total) == (seen[-1].total, 2 * sum(counts(source).values()))
    assert hashlib.sha256(file.read_bytes()).digest() == before
    with Session(target) as session:
        assert session.get_one(Document, 1001).parent_id == 1100
        assert session.get_one(Document, 1002).title == "a\ufffd公告"
        old = session.get_one(Document, 1003)
        new = Document(**old.model_dump(exclude={"id", "url"}), url="http://new.example/")
        session.add(new)
        session.commit()
        assert (new.id or 0) >= 1000 + MANY
    with pytest.raises(MoveError, match="not of this database"):
        move(source, target)


class _CutOffError(Exception):
    pass


def test_what_was_interrupted_goes_on_and_doubles_nothing(
    source: Engine, target: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage.move, "BATCH", 40)
    for least in (50, 120, 200):

        def cut_off(step: Step, least: int = least) -> None:
            if step.done >= least:
                raise _CutOffError

        with pytest.raises(_CutOffError):
            move(source, target, watch=cut_off)
        assert 0 < counts(target)["document"] < counts(source)["document"]
    move(source, target)
    assert counts(target) == counts(source)


def test_a_file_that_changed_between_two_moves_is_told_and_moved_anew(
    source: Engine, target: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage.move, "BATCH", 40)

    def cut_off(step: Step) -> None:
        if step.done >= 200:
            raise _CutOffError

    with pytest.raises(_CutOffError):
        move(source, target, watch=cut_off)
    with source.begin() as connection:
        connection.exec_driver_sql("UPDATE document SET title = '另一个' WHERE id = 1005")
    with pytest.raises(MoveError, match="document is not the same on both sides"):
        move(source, target)
    move(source, target, anew=True)
    assert counts(target) == counts(source)


def test_a_daemon_at_work_and_somebody_elses_rows_are_refused(
    source: Engine, target: Engine, postgresql_server: PostgresqlServer
) -> None:
    with Leases(source).hold(DAEMON), pytest.raises(MoveError, match="the daemon works"):
        move(source, target)
    move(source, target)
    with pytest.raises(MoveError, match="no SQLite"):
        move(target, source)


def test_nobody_writes_while_rows_are_moved(source: Engine, target: Engine, tmp_path: Path) -> None:
    refused: list[Step] = []

    def write_beside(step: Step) -> None:
        if not refused:
            with closing(sqlite3.connect(tmp_path / "var" / "qualwatch.sqlite3", timeout=0)) as connection:
                with pytest.raises(sqlite3.OperationalError, match="locked"):
                    connection.execute("DELETE FROM document")
                refused.append(step)

    move(source, target, watch=write_beside)
    assert refused


def test_the_command_says_what_was_moved_and_what_to_write(
    source: Engine, postgresql_server: PostgresqlServer, tmp_path: Path
) -> None:
    config = tmp_path / "qualwatch.toml"
    config.write_text("")
    source.dispose()
    address = postgresql_server.empty().replace("qualwatch@", "qualwatch:geheim@")
    command = ["storage", "move", address, "--config", str(config)]
    result = CliRunner().invoke(cli.main.assemble(), command)
    assert result.exit_code == 0, result.output
    assert f"{sum(counts(source).values()):,} 行已移完" in result.output
    assert "geheim" not in result.output
    again = CliRunner().invoke(cli.main.assemble(), command)
    assert again.exit_code == 2
