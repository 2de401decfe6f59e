"""Lists that an earlier version kept as files come into the database, once."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from catalogue.imported import ImportedItem, ImportedList, ImportedLists
from cli.imported import installed_lists
from jobs.imported_files import take_over_files
from jobs.runtime import open_command_database
from settings.model import Settings
from storage.imported_lists import forget_list, keep_list, read_lists
from storage.tables import RoutingRule
from vocabulary.codes import Evidence, Status

DAY = date(2016, 12, 1)
ITEMS = (
    ImportedItem("1", "竹编检测师", "竹编检测师", Status.CANCELLED, DAY, "水平评价类", "技能", "某部"),
    ImportedItem("2", "漆画，“修复”师", "漆画修复师", Status.CANCELLED, DAY, "", "", "", Evidence.UNVERIFIED),
)
LIST = ImportedList(
    "国发〔2016〕68号", "", "附件.html（SHA-256 00ff）", date(2026, 11, 1), ITEMS, "00ff" * 16
)
COLUMNS = ("seq", "name", "key", "status", "since", "category", "domain", "department", "evidence", "item")


@pytest.fixture
def folder(settings: Settings) -> Path:
    """``catalogue/`` of a storage directory as a version of revision 0008 left it."""
    folder = settings.storage.directory / "catalogue"
    (folder / "责任分工").mkdir(parents=True)
    with (folder / "国发〔2016〕68号.csv").open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(("document", "region", "source", "imported_on", "digest", *COLUMNS, "is_exit"))
        for item in ITEMS:
            values = (getattr(item, column) for column in COLUMNS)
            writer.writerow((LIST.document, "", LIST.source, LIST.imported_on, LIST.digest, *values, ""))
    table = "qualification,region,department,document\n教师资格,220000,省某厅,吉政办发〔2017〕54号附件1\n"
    (folder / "责任分工" / "吉政办发〔2017〕54号附件1.csv").write_text(table, encoding="utf-8")
    return folder


def _lists(engine: Engine) -> ImportedLists:
    with Session(engine) as session:
        return read_lists(session)


def test_they_count_before_and_after_they_are_taken_over(settings: Settings, folder: Path) -> None:
    expected = ImportedLists.of([LIST])
    assert installed_lists(settings) == expected
    assert not list(settings.storage.directory.glob("*.sqlite3")), "looking makes no database"
    with open_command_database(settings) as engine:
        assert _lists(engine) == expected
        with Session(engine) as session:
            [rule] = session.exec(select(RoutingRule))
            assert (rule.region, rule.department) == ("220000", "省某厅")
    assert installed_lists(settings) == expected
    assert sorted(file.name for file in folder.rglob("*.*")) == [
        "吉政办发〔2017〕54号附件1.csv.imported",
        "国发〔2016〕68号.csv.imported",
    ]


def test_one_that_was_taken_back_does_not_return(settings: Settings, folder: Path) -> None:
    with open_command_database(settings) as engine, Session(engine) as session, session.begin():
        assert forget_list(session, LIST.identity)
    with open_command_database(settings) as engine:
        assert _lists(engine) == ImportedLists()
    assert installed_lists(settings) == ImportedLists()


def test_what_the_database_has_already_stays(settings: Settings, folder: Path) -> None:
    newer = ImportedList(LIST.document, "", "另一份", date(2026, 11, 20), ITEMS[:1])
    kept = [file.read_bytes() for file in sorted(folder.rglob("*.csv"))]
    with open_command_database(settings) as engine:
        with Session(engine) as session, session.begin():
            keep_list(session, newer, replacing=True)
        for file, body in zip(sorted(folder.rglob("*.imported")), kept, strict=True):
            file.with_name(file.name.removesuffix(".imported")).write_bytes(body)
        take_over_files(engine, folder)
        assert _lists(engine).unpacked() == (newer,)
        with Session(engine) as session:
            assert len(session.exec(select(RoutingRule)).all()) == 1


def test_a_damaged_file_stays_and_stops_nothing(settings: Settings, folder: Path) -> None:
    (folder / "A.csv").write_text("document,region\n", encoding="utf-8")
    with open_command_database(settings) as engine:
        assert _lists(engine).unpacked() == (LIST,)
    assert (folder / "A.csv").exists()
