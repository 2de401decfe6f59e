"""How much is kept, how long it will go on, and what happens when there is no room."""

from __future__ import annotations

import math
import os
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event
from sqlmodel import Session, col, delete, select
from typer.testing import CliRunner, Result

import cli.main
from settings.retention import Storage
from storage.database import for_reading, open_database
from storage.retention.amounts import Amounts, last_measured, measure
from storage.retention.room import MEGABYTE, Room, give_back
from storage.tables import DocumentVersion, KeptAmount
from storage.visits import record_fetch, start_visit
from tests.storage.kept import NOW, Archive, ago
from vocabulary.codes import KeptKind, Outcome
from vocabulary.page_errors import PageError


@pytest.fixture
def archive(engine: Engine, tmp_path: Path) -> Archive:
    return Archive(engine, tmp_path)


def _storage(archive: Archive, **values: int) -> Storage:
    return Storage(directory=archive.directory, **{"least_free_megabytes": 0} | values)


def _measured(archive: Archive, at: object = NOW) -> Amounts:
    measure(archive.engine, archive.begin, _storage(archive), at)  # type: ignore[arg-type]
    with Session(for_reading(archive.engine)) as session:
        amounts = last_measured(session)
    assert amounts is not None
    return amounts


def test_every_kind_is_counted_with_its_bytes(archive: Archive) -> None:
    archive.visit(NOW, archive.page(1, "招聘保安。" * 2000, at=NOW), archive.page(2, "招聘保洁。"))
    (archive.directory / "mail" / "new").mkdir(parents=True)
    (archive.directory / "mail" / "new" / "1").write_bytes(b"m" * 5000)
    (archive.directory / "link.key").write_bytes(b"k" * 32)
    amounts = _measured(archive)
    by_kind = {each.kind: each for each in amounts.kinds}
    assert [by_kind[kind].entries for kind in (KeptKind.VISITS, KeptKind.SIGHTINGS, KeptKind.VERSIONS)] == [
        1,
        2,
        2,
    ]
    assert by_kind[KeptKind.VERSIONS].size >= 8192
    assert (by_kind[KeptKind.MAILS].entries, by_kind[KeptKind.MAILS].size) == (1, 5000)
    assert by_kind[KeptKind.OTHER_FILES].size == 32
    (file,) = archive.evidence.rglob("*.gz")
    assert by_kind[KeptKind.EVIDENCE].size == file.stat().st_size
    assert all(each.yearly is None for each in amounts.kinds)
    assert amounts.days_left is None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_sqlite_database_is_counted_whole(archive: Archive) -> None:
    archive.visit(NOW, *(archive.page(number, "招聘保安。" * 500) for number in range(20)))
    amounts = _measured(archive)
    rows = sum(
        each.size for each in amounts.kinds if each.kind not in {KeptKind.OTHER_FILES, KeptKind.UNUSED}
    )
    with archive.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    assert 0.9 < rows / (pages * 4096) <= 1


def test_a_year_and_the_days_that_are_left_follow_from_what_was_written(archive: Archive) -> None:
    _measured(archive, ago(10))
    archive.visit(ago(9), *(archive.page(number, "招聘保安。" * 400) for number in range(60)))
    (archive.evidence / "202611").mkdir(parents=True)
    (archive.evidence / "202611" / "20261101-a.warc.gz").write_bytes(os.urandom(100_000))
    amounts = _measured(archive)
    by_kind = {each.kind: each for each in amounts.kinds}
    assert by_kind[KeptKind.EVIDENCE].yearly == 3_650_000
    versions = by_kind[KeptKind.VERSIONS]
    assert versions.yearly == pytest.approx(versions.size / 10 * 365, rel=0.4)
    assert amounts.daily is not None
    assert amounts.daily > 10_000
    assert amounts.days_left == pytest.approx(amounts.room / amounts.daily)


def test_what_does_not_grow_lasts_for_ever(archive: Archive) -> None:
    (archive.directory / "other").write_bytes(b"x" * 100_000)
    _measured(archive, ago(2))
    (archive.directory / "other").unlink()
    assert _measured(archive).days_left == math.inf


def test_one_day_is_remembered_once_and_not_for_ever(archive: Archive) -> None:
    for days in (900, 10, 0.1, 0):
        _measured(archive, ago(days))
    with Session(archive.engine) as session:
        assert len(set(session.exec(select(col(KeptAmount.day))))) == 2


def test_reading_what_was_measured_costs_the_same_whatever_is_kept(archive: Archive) -> None:
    asked: list[str] = []
    event.listen(archive.engine, "before_cursor_execute", lambda *arguments: asked.append(arguments[2]))
    for day in range(6, 0, -1):
        _measured(archive, ago(day))
    del asked[:]
    with Session(for_reading(archive.engine)) as session:
        last_measured(session)
    statements = [one for one in asked if "kept_amount" in one]
    assert len(statements) == 4
    assert all("kept_amount" in one or one.startswith("BEGIN") for one in asked)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_sqlite_gives_its_free_pages_and_its_log_back(archive: Archive) -> None:
    archive.visit(NOW, *(archive.page(number, f"{number}招聘保安。" * 3000) for number in range(60)))
    file = Path(str(archive.engine.url.database))
    give_back(archive.engine)
    before = file.stat().st_size
    with archive.begin() as session:
        session.exec(delete(DocumentVersion).where(col(DocumentVersion.id) == -1))
        session.connection().exec_driver_sql("UPDATE document_version SET text = ''")
    give_back(archive.engine)
    assert file.stat().st_size < before / 3
    assert file.with_name(f"{file.name}-wal").stat().st_size == 0


def test_a_database_of_before_is_written_anew_once(tmp_path: Path) -> None:
    file = tmp_path / "old.sqlite3"
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("CREATE TABLE kept (text)")
        database.execute("INSERT INTO kept VALUES (zeroblob(3000000))")
    engine = open_database(f"sqlite:///{file}")
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM kept")
        assert give_back(engine) > 2_900_000
        with engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA auto_vacuum").scalar_one() == 2
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
    finally:
        engine.dispose()


def test_visits_wait_for_room_and_go_on_by_themselves(archive: Archive) -> None:
    clock = [0.0]
    big = archive.directory / "big"
    room = Room(_storage(archive, quota_megabytes=40), archive.engine, clock=lambda: clock[0])
    assert room.problem() == ""
    room.require()
    with big.open("wb") as file:
        file.truncate(41 * MEGABYTE)
    assert room.problem() == ""  # it does not look at every page
    clock[0] = 31
    assert "storage.quota_megabytes = 40: raise it" in room.problem()
    assert room.last_problem == room.problem()
    assert room.left() < 0
    with pytest.raises(PageError, match=r"raise it, or shorten \[retention\]"):
        room.require()
    big.unlink()
    clock[0] = 62
    assert room.problem() == ""


def test_visits_wait_before_the_disk_is_full(archive: Archive, tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    room = Room(_storage(archive, least_free_megabytes=free // MEGABYTE * 2), archive.engine)
    assert "has" in room.problem()
    assert "storage.least_free_megabytes" in room.problem()
    assert Room(_storage(archive), archive.engine).problem() == ""


@pytest.fixture
def config(archive: Archive, database_url: str) -> Path:
    file = archive.directory / "qualwatch.toml"
    file.write_text(
        f'[storage]\ndirectory = "{archive.directory}"\ndatabase = "{database_url}"\n'
        "least_free_megabytes = 0\n[retention]\nemptied_hours = 0\n"
    )
    return file


def _run(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli.main.assemble(), ["storage", *arguments, "--config", str(config)])


def test_the_command_shows_what_is_kept_and_what_would_go(archive: Archive, config: Path) -> None:
    old = ago(0) - timedelta(days=3_000)
    archive.visit(old, archive.page(1, "招聘保安。", at=old))
    archive.visit(old + timedelta(days=1), archive.page(1, "招聘保安。"))
    archive.visit(NOW, archive.page(2, "招聘保洁。", at=NOW))
    with archive.begin() as session:
        record_fetch(session, start_visit(session, "sample", NOW), "http://hr.example/x", Outcome.OK, NOW)
    shown = _run(config)
    assert shown.exit_code == 0, shown.output
    for words in ("访问记录", "版本与正文", "证据文件", "合计", "365 天", "运行满一天后给出"):
        assert words in shown.output
    looked = _run(config, "prune", "--dry-run")
    assert "将清理 页面与文件 1 条（超过 365 天）" in looked.output
    assert "不再需要的证据文件 1 个" in looked.output
    assert archive.count(DocumentVersion) == 2
    done = _run(config, "prune")
    assert done.exit_code == 0, done.output
    assert "已清理 页面与文件 1 条（超过 365 天）" in done.output
    assert "已清理 访问记录 1 条" in done.output
    assert "已删除证据文件 1 个" in done.output
    assert archive.count(DocumentVersion) == 1
    assert "没有到期的记录" in _run(config, "prune").output


def test_the_command_makes_no_database(tmp_path: Path) -> None:
    file = tmp_path / "qualwatch.toml"
    file.write_text(f'[storage]\ndirectory = "{tmp_path}/none"\n')
    refused = _run(file)
    assert (refused.exit_code, (tmp_path / "none").exists()) == (2, False)
    assert "尚无数据库" in refused.output
