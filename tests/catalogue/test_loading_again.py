"""A catalogue that changes while a process judges by it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from catalogue.loading import current_catalogue, load_catalogue, loaded_catalogue, use_catalogue
from catalogue.overlay import ImportedItem, ImportedList, undo_import, write_import
from vocabulary.codes import Status

NUMBER = "示例发〔2026〕9号"
DAY = date(2026, 11, 1)


@pytest.fixture
def overlay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    before = loaded_catalogue()
    folder = tmp_path / "catalogue"
    monkeypatch.setenv("QW_CATALOGUE", str(folder))
    use_catalogue(current_catalogue())
    yield folder
    monkeypatch.undo()
    use_catalogue(current_catalogue())
    assert loaded_catalogue() == before


def publish(folder: Path, name: str = "雨伞修理师") -> None:
    item = ImportedItem("1", name, name, Status.CANCELLED, date(2026, 6, 1), "准入类", "技能", "示例部")
    write_import(folder, ImportedList(NUMBER, "", "list.csv", date(2026, 11, 5), (item,)))


def standing(name: str = "雨伞修理师") -> list[Status]:
    return [each.status for each in load_catalogue().as_of(DAY).lookup(name)]


def test_an_import_is_noticed_and_used_when_told_so(overlay: Path) -> None:
    shipped = current_catalogue()
    assert standing() == []
    publish(overlay)
    changed = current_catalogue()
    assert changed != shipped
    assert (standing(), loaded_catalogue()) == ([], shipped)
    use_catalogue(changed)
    assert (standing(), loaded_catalogue()) == ([Status.CANCELLED], changed)
    undo_import(overlay, NUMBER)
    assert current_catalogue() == shipped
    use_catalogue(current_catalogue())
    assert standing() == []


def test_what_stays_the_same_is_not_loaded_again(overlay: Path) -> None:
    loaded = load_catalogue()
    use_catalogue(current_catalogue())
    assert load_catalogue() is loaded


def test_a_list_that_is_edited_in_place_is_another_catalogue(overlay: Path) -> None:
    publish(overlay)
    before = current_catalogue()
    [file] = overlay.iterdir()
    file.write_text(file.read_text(encoding="utf-8").replace("cancelled", "access"), encoding="utf-8")
    assert current_catalogue() != before


def test_the_same_lists_make_the_same_catalogue_wherever_they_lie(
    overlay: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(overlay)
    here = current_catalogue()
    overlay.rename(tmp_path / "elsewhere")
    monkeypatch.setenv("QW_CATALOGUE", str(tmp_path / "elsewhere"))
    assert current_catalogue() == here


def test_a_half_written_list_counts_for_nothing(overlay: Path) -> None:
    shipped = current_catalogue()
    overlay.mkdir()
    (overlay / "示例发〔2026〕9号.17.part").write_text("document,region")
    assert current_catalogue() == shipped
