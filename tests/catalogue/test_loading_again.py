"""A catalogue is a value of the shipped data and the imported lists; nothing is remembered between two."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import date

from catalogue.imported import NONE_IMPORTED, ImportedItem, ImportedList, ImportedLists
from catalogue.loading import catalogue_digest, load_catalogue
from vocabulary.codes import Status

NUMBER = "示例发〔2026〕9号"
DAY = date(2026, 11, 1)


def made(status: Status = Status.CANCELLED, name: str = "雨伞修理师") -> ImportedList:
    item = ImportedItem("1", name, name, status, date(2026, 6, 1), "准入类", "技能", "示例部")
    return ImportedList(NUMBER, "", "list.csv", date(2026, 11, 5), (item,))


def standing(imported: ImportedLists, name: str = "雨伞修理师") -> list[Status]:
    return [each.status for each in load_catalogue(imported).as_of(DAY).lookup(name)]


def test_two_catalogues_stand_side_by_side() -> None:
    imported = ImportedLists.of([made()])
    assert (standing(NONE_IMPORTED), standing(imported)) == ([], [Status.CANCELLED])
    assert standing(NONE_IMPORTED) == []
    assert catalogue_digest(imported) != catalogue_digest()


def test_what_stays_the_same_is_not_loaded_again() -> None:
    assert load_catalogue() is load_catalogue(NONE_IMPORTED)
    assert load_catalogue(ImportedLists.of([made()])) is load_catalogue(ImportedLists.of([made()]))


def test_a_list_that_says_another_thing_is_another_catalogue() -> None:
    lists = [ImportedLists.of([each]) for each in (made(), made(Status.ACCESS), replace(made(), region="22"))]
    assert len({catalogue_digest(each) for each in lists}) == len(lists)


def test_lists_cross_to_another_process_and_weigh_little() -> None:
    items = tuple(replace(made().items[0], seq=str(seq), name=f"第{seq}号修理师") for seq in range(1, 501))
    imported = ImportedLists.of([made(), replace(made(), document="示例发〔2026〕10号", items=items)])
    crossed = pickle.loads(pickle.dumps(imported))  # noqa: S301 - its own bytes
    assert crossed == imported
    assert crossed.unpacked() == imported.unpacked()
    assert [len(each.items) for each in crossed.unpacked()] == [500, 1]
    assert len(pickle.dumps(imported)) < 20_000


def test_a_text_that_no_encoding_has_is_carried_as_it_is() -> None:
    imported = ImportedLists.of([made(name="雨\ud800伞")])
    assert imported.unpacked()[0].items[0].name == "雨\ud800伞"
