"""How complete the official lists are, by what is built in and by what was imported."""

from datetime import date

from catalogue.completeness import Completeness, say_incomplete
from catalogue.current import current_completeness
from catalogue.documents import official_documents
from catalogue.imported import NONE_IMPORTED, ImportedItem, ImportedList, ImportedLists
from tests.catalogue.made_lists import made_names
from vocabulary.codes import Evidence, Status

DECISION = "国发〔2014〕27号"


def _imported(evidence: Evidence = Evidence.PUBLISHED) -> ImportedLists:
    day = date(2014, 7, 22)
    known = [Evidence.PUBLISHED] * 2 + [evidence] * 9
    items = tuple(
        ImportedItem(str(seq), name, name, Status.CANCELLED, day, "准入类", "", "", known[seq - 1])
        for seq, name in enumerate(made_names(11, "完整"), 1)
    )
    imported = ImportedList(DECISION, "", "附件.htm", date(2026, 11, 1), items, "00ff" * 16)
    return ImportedLists.of([imported])


def _measured(imported: ImportedLists = NONE_IMPORTED) -> dict[str, Completeness]:
    return {each.document.number: each for each in current_completeness(imported)}


def test_nothing_is_called_complete_that_is_only_believed() -> None:
    measured = _measured()
    batches = [each for each in measured.values() if each.document.number.startswith("国发")]
    assert sum(each.document.items for each in batches) == 429
    assert 30 < sum(each.published for each in batches) < 60
    assert not any(each.is_complete for each in batches)
    assert measured["国家职业资格目录（2021年版）"].is_complete
    assert all(sum(each.known.values()) <= each.document.items for each in measured.values())


def test_every_document_whose_total_is_known_is_measured_but_lists_of_approvals() -> None:
    numbers = {document.number for document in official_documents()}
    assert {"国发〔2016〕9号", "吉政办发〔2017〕54号附件1"} <= numbers
    measured = _measured()
    assert numbers - set(measured) == {"国发〔2014〕5号", "国发〔2016〕9号", "吉政办发〔2017〕54号附件1"}


def test_an_import_completes_its_document_and_says_when_and_what() -> None:
    each = _measured(_imported())[DECISION]
    assert (each.published, each.is_complete) == (11, True)
    assert (each.imported_on, each.digest) == (date(2026, 11, 1), "00ff" * 16)
    assert each.known[Evidence.DOUBTFUL] == 11  # What was put down to it and is not in this made list.


def test_rows_that_nobody_compared_are_not_published() -> None:
    each = _measured(_imported(Evidence.UNVERIFIED))[DECISION]
    assert (each.published, each.known[Evidence.UNVERIFIED], each.is_complete) == (2, 9, False)


def test_one_line_says_what_is_missing_until_nothing_is() -> None:
    measured = current_completeness(NONE_IMPORTED)
    line = say_incomplete(measured)
    assert "\n" not in line
    assert line.startswith("清单尚不完整（已公布/应有）：国务院七批决定")
    assert line.endswith("补全：qualwatch catalogue complete")
    assert not say_incomplete([each for each in measured if each.is_complete])
