"""Imported lists beside the catalogue's own data."""

from datetime import date
from pathlib import Path

import pytest

from catalogue import load_catalogue
from catalogue.loading import OVERLAY_VARIABLE
from catalogue.model import Period
from catalogue.overlay import ImportedItem, ImportedList, read_imports, undo_import, with_period, write_import
from vocabulary.codes import Evidence, Status

TODAY = date(2026, 11, 1)
DECIDED = date(2016, 12, 1)


def _list(*names: str, document: str = "国发〔2016〕68号", region: str = "") -> ImportedList:
    items = tuple(
        ImportedItem(
            str(number),
            name,
            f"{region}:{name}" if region else name,
            Status.CANCELLED,
            DECIDED,
            "水平评价类",
            "技能",
            "某部",
        )
        for number, name in enumerate(names, 1)
    )
    return ImportedList(document, region, "附件.html（SHA-256 00ff）", TODAY, items)


@pytest.fixture(autouse=True)
def _fresh_catalogues() -> None:
    load_catalogue.cache_clear()


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    imported = _list("竹编检测师", "古琴，“修复”师\n")
    path = write_import(tmp_path / "new", imported)
    assert path.name == "国发〔2016〕68号.csv"
    assert list(read_imports(tmp_path / "new")) == [imported]
    assert [each.name for each in (tmp_path / "new").iterdir()] == [path.name]


def test_a_new_name_is_found_by_day_with_a_published_ground(tmp_path: Path) -> None:
    write_import(tmp_path, _list("竹编检测师"))
    catalogue = load_catalogue(tmp_path)
    now = catalogue.as_of(TODAY).lookup("竹编检测师证书")[0]
    assert (now.status, now.certain, now.period.document) == (Status.CANCELLED, True, "国发〔2016〕68号")
    assert catalogue.as_of(date(2016, 1, 1)).lookup("竹编检测师")[0].status is Status.LEVEL
    assert "竹编检测师" in catalogue.names()
    assert load_catalogue().as_of(TODAY).lookup("竹编检测师") == ()


def test_a_doubtful_exit_gives_way_to_the_published_cancellation(tmp_path: Path) -> None:
    before = load_catalogue().as_of(TODAY).standing("模具设计师")
    assert (before.status, before.period.evidence) == (Status.EXITED, Evidence.DOUBTFUL)
    write_import(tmp_path, _list("模具设计师"))
    after = load_catalogue(tmp_path).as_of(TODAY).standing("模具设计师")
    assert (after.status, after.period.since, after.certain) == (Status.CANCELLED, DECIDED, True)


def test_published_rows_survive_an_import(tmp_path: Path) -> None:
    write_import(tmp_path, _list("矿业权评估师"))
    catalogue = load_catalogue(tmp_path)
    assert catalogue.as_of(TODAY).standing("矿业权评估师").status is Status.LEVEL
    assert catalogue.as_of(date(2015, 1, 1)).standing("矿业权评估师").period.document == "国发〔2014〕27号"


def test_a_provinces_list_is_kept_apart(tmp_path: Path) -> None:
    write_import(tmp_path, _list("竹编检测师", document="吉政办发〔2017〕54号", region="220000"))
    catalogue = load_catalogue(tmp_path)
    assert catalogue.as_of(TODAY).lookup("竹编检测师") == ()
    standing = catalogue.as_of(TODAY, "220000").lookup("竹编检测师")[0]
    assert (standing.entry.name, standing.entry.region) == ("竹编检测师", "220000")
    undo_import(tmp_path, "吉政办发〔2017〕54号@220000")
    load_catalogue.cache_clear()
    assert load_catalogue(tmp_path).as_of(TODAY, "220000").lookup("竹编检测师") == ()


def test_a_second_import_of_a_document_is_refused(tmp_path: Path) -> None:
    write_import(tmp_path, _list("竹编检测师"))
    with pytest.raises(FileExistsError):
        write_import(tmp_path, _list("古琴修复师"))
    assert [item.name for each in read_imports(tmp_path) for item in each.items] == ["竹编检测师"]


def test_undoing_what_was_not_imported_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        undo_import(tmp_path, "国发〔2016〕68号")


def test_an_identity_cannot_leave_its_directory(tmp_path: Path) -> None:
    outside = tmp_path / "kept.csv"
    outside.write_text("x")
    with pytest.raises(FileNotFoundError):
        undo_import(tmp_path / "imports", "../kept")
    assert outside.exists()


@pytest.mark.parametrize("damaged", ["", "seq,name\n1,竹编检测师\n", "document,region\n"])
def test_a_damaged_import_is_named(tmp_path: Path, damaged: str) -> None:
    (tmp_path / "国发〔2016〕68号.csv").write_text(damaged, encoding="utf-8")
    with pytest.raises(ValueError, match=r"国发〔2016〕68号\.csv"):
        load_catalogue(tmp_path)


def test_the_environment_names_the_directory_for_every_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_import(tmp_path, _list("竹编检测师"))
    monkeypatch.setenv(OVERLAY_VARIABLE, str(tmp_path))
    assert load_catalogue().as_of(TODAY).lookup("竹编检测师")
    load_catalogue.cache_clear()
    monkeypatch.delenv(OVERLAY_VARIABLE)
    assert not load_catalogue().as_of(TODAY).lookup("竹编检测师")


def test_an_unpublished_beginning_off_the_lists_becomes_what_the_list_says() -> None:
    off = Period(Status.OFF_CATALOGUE, None, "某目录", Evidence.UNVERIFIED, "某处")
    cancelled = Period(Status.CANCELLED, DECIDED, "国发〔2016〕68号", Evidence.PUBLISHED, "附件", "准入类")
    assert [period.status for period in with_period((off,), cancelled)] == ["access", "cancelled"]
