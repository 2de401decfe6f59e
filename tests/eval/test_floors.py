"""Floors only go up, and hold for the corpus that they were measured on."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval.floors import (
    KEPT,
    Floors,
    digest,
    find_breaches,
    lower_floors,
    raise_floors,
    read_floors,
    write_floors,
)

FIGURES = {**dict.fromkeys(KEPT, 0.9), "unanswered": 0, "wrong_offsets": 0}
FLOOR = Floors("abc", dict.fromkeys(KEPT, 0.9))


def test_figures_at_their_floors_pass() -> None:
    assert find_breaches(FLOOR, FIGURES, "abc") == []


@pytest.mark.parametrize("name", KEPT)
def test_any_figure_below_its_floor_fails(name: str) -> None:
    (breach,) = find_breaches(FLOOR, {**FIGURES, name: 0.899}, "abc")
    assert breach.startswith(name)


@pytest.mark.parametrize("name", ["unanswered", "wrong_offsets"])
def test_no_wrong_offset_and_no_unanswered_document_is_allowed(name: str) -> None:
    assert find_breaches(FLOOR, {**FIGURES, name: 1}, "abc")


def test_floors_of_another_corpus_do_not_count() -> None:
    assert find_breaches(FLOOR, FIGURES, "def")
    assert find_breaches(None, FIGURES, "abc")


def test_raising_never_lowers() -> None:
    measured = {**FIGURES, "alert_f1": 0.9876, "alert_recall": 0.5}
    raised = raise_floors(FLOOR, measured, "abc")
    assert raised.figures["alert_f1"] == 0.987
    assert raised.figures["alert_recall"] == 0.9


def test_lowering_takes_what_was_measured() -> None:
    assert lower_floors({**FIGURES, "alert_recall": 0.5}, "abc").figures["alert_recall"] == 0.5


def test_a_new_version_of_a_corpus_starts_anew() -> None:
    raised = raise_floors(FLOOR, {**FIGURES, "alert_recall": 0.5}, "def")
    assert raised.sha256 == "def"
    assert raised.figures["alert_recall"] == 0.5


def test_floors_are_read_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "floors.toml"
    assert read_floors(path) == {}
    write_floors({"one": FLOOR, "two": FLOOR}, path)
    assert read_floors(path) == {"one": FLOOR, "two": FLOOR}


def test_a_digest_changes_with_the_corpus(tmp_path: Path) -> None:
    corpus = tmp_path / "a.jsonl"
    corpus.write_text("{}", "utf-8")
    before = digest(corpus)
    corpus.write_text("{} ", "utf-8")
    assert digest(corpus) != before
