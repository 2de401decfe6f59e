"""``qualwatch catalogue verify``: a shipped row compared with its source, kept, noted and taken back."""

from __future__ import annotations

import json
from pathlib import Path

from sqlmodel import Session, select
from typer.testing import Result

from cli.catalogue_status import app
from storage.database import open_database
from storage.tables import AuditEntry
from tests.catalogue import stored_lists
from vocabulary.people import AuditKind

SOURCE = "国务院公报2015年第22号"


def _run(folder: Path, *words: str) -> Result:
    return stored_lists.run(app, folder, *words)


def _evidence(folder: Path, name: str) -> tuple[str, str]:
    [found] = json.loads(_run(folder, "lookup", name, "--format", "json").stdout)
    return found["evidence"], found["document"]


def _trail(folder: Path) -> list[tuple[AuditKind, str, str]]:
    engine = open_database(f"sqlite:///{folder / 'qualwatch.sqlite3'}")
    try:
        with Session(engine) as session:
            return [(e.kind, e.actor, e.detail) for e in session.exec(select(AuditEntry))]
    finally:
        engine.dispose()


def test_a_row_is_verified_with_its_source_and_taken_back(tmp_path: Path) -> None:
    assert "物流师\t2\t已取消\t2016-12-01起\t国发〔2016〕68号\t未核实" in _run(tmp_path, "verify").stdout
    assert _run(tmp_path, "verify", "物流师", "2").stderr == "请写明在何处看到：网址、公报页码或档案号。\n"
    told = ("--source", SOURCE, "--document", "国发〔2015〕41号", "--actor", "王科长")
    ran = _run(tmp_path, "verify", "物流师", "2", *told)
    assert ran.exit_code == 0, ran.output
    assert _evidence(tmp_path, "物流师") == ("published", "国发〔2015〕41号")
    shown = _run(tmp_path, "verify", "物流师").stdout
    assert f"由王科长核实为已取消，国发〔2015〕41号，出处：{SOURCE}" in shown
    assert "物流师\t1\t" in shown
    assert "物流师\t2\t" not in shown
    assert _run(tmp_path, "verify", "物流师", "2", *told).exit_code == 1
    assert _run(tmp_path, "verify", "物流师", "2", "--undo", "--actor", "李科长").exit_code == 0
    assert _evidence(tmp_path, "物流师") == ("unverified", "国发〔2016〕68号")
    assert _run(tmp_path, "verify", "物流师", "2", "--undo").exit_code == 1
    row = "物流师|cancelled|2016-12-01|国发〔2016〕68号"
    assert _trail(tmp_path) == [
        (AuditKind.CATALOGUE_DECIDED, "王科长", f"= {row}: {SOURCE}"),
        (AuditKind.CATALOGUE_DECIDED, "李科长", f"- {row}"),
    ]


def test_a_verified_row_counts_as_published_in_status(tmp_path: Path) -> None:
    def counted() -> tuple[int, int]:
        rows = json.loads(_run(tmp_path, "status", "--format", "json").stdout)
        [each] = [row for row in rows if row["document"] == "国发〔2016〕68号"]
        return each["published"], each["unverified"]

    published, unverified = counted()
    assert _run(tmp_path, "verify", "物流师", "2", "--source", SOURCE).exit_code == 0
    assert counted() == (published + 1, unverified - 1)


def test_a_name_that_no_list_has_is_not_verified(tmp_path: Path) -> None:
    ran = _run(tmp_path, "verify", "物流帅", "2", "--source", SOURCE)
    assert ran.exit_code == 1
    assert "自带目录中没有“物流帅”" in ran.stderr
    assert "物流师" in ran.stderr
