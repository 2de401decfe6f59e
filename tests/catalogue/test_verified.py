"""Rows of the shipped catalogue that a person compared with their source."""

from __future__ import annotations

from datetime import date

import pytest

from catalogue import load_catalogue
from catalogue.imported import NONE_IMPORTED, ImportedLists
from catalogue.verified import VerifiedRow
from catalogue.verifying import rows_to_verify, shipped_entry, verify
from catalogue.wording import caution
from tests.catalogue.stored_lists import made_list
from vocabulary.codes import Evidence, Status

TODAY = date(2026, 11, 1)
SOURCE = "国务院公报2015年第22号第31页"


def _verified(key: str, number: int, **more: object) -> VerifiedRow:
    told = {"source": SOURCE, "by": "王科长", "today": TODAY} | more
    return verify(shipped_entry(key), number, load_catalogue(), **told)  # type: ignore[arg-type]


def _catalogue_with(*rows: VerifiedRow) -> ImportedLists:
    return ImportedLists.of((), rows)


def test_a_verified_row_is_published_with_its_source_and_no_other_row_is() -> None:
    before = load_catalogue().as_of(TODAY).lookup("物流师")[0]
    assert not before.certain
    lists = _catalogue_with(_verified("物流师", 2))
    after = load_catalogue(lists).as_of(TODAY).lookup("物流师")[0]
    assert (after.certain, after.period.source, after.period.document) == (True, SOURCE, "国发〔2016〕68号")
    assert "未见" not in after.period.note
    first = load_catalogue(lists).entry("物流师").periods[0]
    assert first.evidence is Evidence.UNVERIFIED
    changed = {
        e.key for e, o in zip(load_catalogue(lists).entries, load_catalogue().entries, strict=True) if e != o
    }
    assert changed == {"物流师"}  # fmt: skip


def test_what_the_source_says_otherwise_takes_its_place() -> None:
    row = _verified("物流师", 2, document="国发[2015]41号")
    assert (row.found_document, row.found_since) == ("国发〔2015〕41号", date(2015, 7, 20))
    edition = load_catalogue(_catalogue_with(row)).as_of(date(2016, 1, 1))
    assert edition.standing("物流师").status is Status.CANCELLED
    row = _verified("金融理财师", 1, status=Status.CANCELLED, document="国发〔2014〕50号")
    standing = load_catalogue(_catalogue_with(row)).as_of(TODAY).standing("金融理财师")
    assert (standing.status, standing.certain, caution(standing)) == (Status.CANCELLED, True, "")


def test_what_is_not_to_be_verified_is_refused_in_chinese() -> None:
    with pytest.raises(ValueError, match="没有待核实的第1行；待核实的行：无"):
        _verified("教师资格", 1)
    with pytest.raises(ValueError, match="待核实的行：1、2"):
        _verified("物流师", 3)
    with pytest.raises(ValueError, match="请写明在何处看到"):
        _verified("物流师", 2, source=" \n ")
    with pytest.raises(ValueError, match="没有起始日期"):
        _verified("物流师", 1, since=date(2010, 1, 1))
    with pytest.raises(ValueError, match="今天之后"):
        _verified("物流师", 2, since=date(2027, 1, 1))


def test_two_rows_of_one_certificate_never_begin_on_one_day() -> None:
    entry = next(e for e in load_catalogue().entries if sum(p.since is not None for p in e.periods) > 1
                 and dict(rows_to_verify(e, load_catalogue())).get(2))  # fmt: skip
    with pytest.raises(ValueError, match="两行不能同日"):
        _verified(entry.key, 2, since=entry.periods[2].since)


def test_an_imported_list_wins_over_what_was_verified() -> None:
    """A person said 68号; the annex of 68号, imported whole, does not have it."""
    row = _verified("物流师", 2)
    lists = ImportedLists.of([made_list("国发〔2016〕68号", "竹编检测师")], [row])
    standing = load_catalogue(lists).as_of(TODAY).standing("物流师")
    assert (standing.certain, standing.period.contested) == (False, "导入的国发〔2016〕68号附件中没有此项")
    listed = ImportedLists.of([made_list("国发〔2016〕68号", "物流师")], [row])
    assert load_catalogue(listed).as_of(TODAY).standing("物流师").period.source == "附件.html"
    assert 2 not in dict(rows_to_verify(shipped_entry("物流师"), load_catalogue(listed)))


def test_the_value_crosses_processes_and_tells_itself_from_others() -> None:
    row = _verified("物流师", 2, document="国发〔2015〕41号")
    lists = _catalogue_with(row)
    assert lists.verified() == (row,)
    assert lists.unpacked() == ()
    assert lists != NONE_IMPORTED
    assert lists != _catalogue_with(_verified("物流师", 2))
    gone = VerifiedRow.from_plain(row.to_plain() | {"key": "从未有过的证书"})
    assert load_catalogue(_catalogue_with(gone)).entries == load_catalogue().entries


def test_every_waiting_row_of_the_shipped_catalogue_can_be_verified() -> None:
    catalogue = load_catalogue()
    rows = [
        verify(entry, number, catalogue, source=SOURCE, by="王科长", today=TODAY)
        for entry in catalogue.entries
        for number, _ in rows_to_verify(entry, catalogue)
    ]
    assert len(rows) > 500
    settled = load_catalogue(_catalogue_with(*rows))
    assert not [
        entry.key for entry in settled.entries if dict(rows_to_verify(shipped_entry(entry.key), settled))
    ]
