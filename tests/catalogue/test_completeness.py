"""How complete the official lists are, by what is built in and by what was imported."""

from datetime import date
from pathlib import Path

import pytest

from catalogue import load_catalogue
from catalogue.completeness import Completeness, say_incomplete
from catalogue.current import current_completeness
from catalogue.documents import official_documents
from catalogue.overlay import ImportedItem, ImportedList, write_import
from tests.catalogue.made_lists import made_names
from vocabulary.codes import Evidence, Status

DECISION = "国发〔2014〕27号"


@pytest.fixture(autouse=True)
def _fresh_catalogues() -> None:
    load_catalogue.cache_clear()


def _import(directory: Path, evidence: Evidence = Evidence.PUBLISHED) -> None:
    day = date(2014, 7, 22)
    known = [Evidence.PUBLISHED] * 2 + [evidence] * 9
    items = tuple(
        ImportedItem(str(seq), name, name, Status.CANCELLED, day, "准入类", "", "", known[seq - 1])
        for seq, name in enumerate(made_names(11, "完整"), 1)
    )
    write_import(directory, ImportedList(DECISION, "", "附件.htm", date(2026, 11, 1), items, "00ff" * 16))


def _measured(directory: Path) -> dict[str, Completeness]:
    return {each.document.number: each for each in current_completeness(directory)}


def test_nothing_is_called_complete_that_is_only_believed(tmp_path: Path) -> None:
    measured = _measured(tmp_path)
    batches = [each for each in measured.values() if each.document.number.startswith("国发")]
    assert sum(each.document.items for each in batches) == 429
    assert 30 < sum(each.published for each in batches) < 60
    assert not any(each.is_complete for each in batches)
    assert measured["国家职业资格目录（2021年版）"].is_complete
    assert all(sum(each.known.values()) <= each.document.items for each in measured.values())


def test_every_document_whose_total_is_known_is_measured_but_lists_of_approvals() -> None:
    numbers = {document.number for document in official_documents()}
    assert {"国发〔2016〕9号", "吉政办发〔2017〕54号附件1"} <= numbers
    measured = _measured(Path("nowhere"))
    assert numbers - set(measured) == {"国发〔2014〕5号", "国发〔2016〕9号", "吉政办发〔2017〕54号附件1"}


def test_an_import_completes_its_document_and_says_when_and_what(tmp_path: Path) -> None:
    _import(tmp_path)
    each = _measured(tmp_path)[DECISION]
    assert (each.published, each.is_complete) == (11, True)
    assert (each.imported_on, each.digest) == (date(2026, 11, 1), "00ff" * 16)
    assert each.known[Evidence.DOUBTFUL] == 11  # What was put down to it and is not in this made list.


def test_rows_that_nobody_compared_are_not_published(tmp_path: Path) -> None:
    _import(tmp_path, Evidence.UNVERIFIED)
    each = _measured(tmp_path)[DECISION]
    assert (each.published, each.known[Evidence.UNVERIFIED], each.is_complete) == (2, 9, False)


def test_one_line_says_what_is_missing_until_nothing_is(tmp_path: Path) -> None:
    measured = current_completeness(tmp_path)
    line = say_incomplete(measured)
    assert "\n" not in line
    assert line.startswith("清单尚不完整（已公布/应有）：国务院七批决定")
    assert line.endswith("补全：qualwatch catalogue complete")
    assert not say_incomplete([each for each in measured if each.is_complete])
