"""Imported lists beside the catalogue's own data."""

from datetime import date

from catalogue import load_catalogue
from catalogue.imported import ImportedItem, ImportedList, ImportedLists
from catalogue.model import Period
from catalogue.overlay import with_period
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


def test_a_new_name_is_found_by_day_with_a_published_ground() -> None:
    catalogue = load_catalogue(ImportedLists.of([_list("竹编检测师")]))
    now = catalogue.as_of(TODAY).lookup("竹编检测师证书")[0]
    assert (now.status, now.certain, now.period.document) == (Status.CANCELLED, True, "国发〔2016〕68号")
    assert catalogue.as_of(date(2016, 1, 1)).lookup("竹编检测师")[0].status is Status.LEVEL
    assert "竹编检测师" in catalogue.names()
    assert load_catalogue().as_of(TODAY).lookup("竹编检测师") == ()


def test_a_doubtful_exit_gives_way_to_the_published_cancellation() -> None:
    before = load_catalogue().as_of(TODAY).standing("模具设计师")
    assert (before.status, before.period.evidence) == (Status.EXITED, Evidence.DOUBTFUL)
    imported = ImportedLists.of([_list("模具设计师")])
    after = load_catalogue(imported).as_of(TODAY).standing("模具设计师")
    assert (after.status, after.period.since, after.certain) == (Status.CANCELLED, DECIDED, True)


def test_published_rows_survive_an_import() -> None:
    catalogue = load_catalogue(ImportedLists.of([_list("矿业权评估师")]))
    assert catalogue.as_of(TODAY).standing("矿业权评估师").status is Status.LEVEL
    assert catalogue.as_of(date(2015, 1, 1)).standing("矿业权评估师").period.document == "国发〔2014〕27号"


def test_a_provinces_list_is_kept_apart() -> None:
    catalogue = load_catalogue(
        ImportedLists.of([_list("竹编检测师", document="吉政办发〔2017〕54号", region="220000")])
    )
    assert catalogue.as_of(TODAY).lookup("竹编检测师") == ()
    standing = catalogue.as_of(TODAY, "220000").lookup("竹编检测师")[0]
    assert (standing.entry.name, standing.entry.region) == ("竹编检测师", "220000")
    assert load_catalogue().as_of(TODAY, "220000").lookup("竹编检测师") == ()


def test_an_unpublished_beginning_off_the_lists_becomes_what_the_list_says() -> None:
    off = Period(Status.OFF_CATALOGUE, None, "某目录", Evidence.UNVERIFIED, "某处")
    cancelled = Period(Status.CANCELLED, DECIDED, "国发〔2016〕68号", Evidence.PUBLISHED, "附件", "准入类")
    assert [period.status for period in with_period((off,), cancelled)] == ["access", "cancelled"]
