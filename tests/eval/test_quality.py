"""The gate itself, on the project's own labelled documents and on those beside it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from eval import quality
from eval.baseline import keyword_answers
from eval.floors import read_floors, write_floors
from eval.scoring import read_lines
from vocabulary.codes import DocumentKind, PublisherKind, Severity, Status, Usage

GOLD = read_lines(quality.OWN.gold)
NO_ALERT = {Usage.HELD, Usage.NEGATED, Usage.INFORMATIVE, Usage.PREFERRED, Usage.ALTERNATIVE}


def test_detection_stands_above_its_floors_on_the_projects_documents() -> None:
    assert quality.main(["--own"]) == 0


@pytest.mark.skipif(
    not quality.SHARED_CORPORA[0].gold.is_file(), reason="../shared/corpus/dev-gold.jsonl is not here"
)
def test_detection_stands_above_its_floors_on_the_shared_documents() -> None:
    assert quality.main([]) == 0


def test_a_figure_below_its_floor_fails_the_gate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "floors.toml"
    floors = read_floors()
    floors["gold"].figures["mention_recall"] = 1.001
    write_floors(floors, path)
    assert quality.main(["--own", "--floors", str(path)]) == 1
    assert "mention_recall is" in capsys.readouterr().out


def test_without_the_shared_documents_the_gate_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    missing = quality.Corpus("dev-gold", tmp_path / "dev-gold.jsonl", tmp_path / "score.py")
    monkeypatch.setattr(quality, "SHARED_CORPORA", (missing,))
    assert quality.main([]) == 0
    assert "../shared is not here" in capsys.readouterr().out


def test_the_keyword_trigger_knows_names_but_not_what_is_done_with_them() -> None:
    documents = [{"id": 1, "text": "无需会计证。欢迎持有物业管理师证书者。有健康证。"}]
    (answer,) = keyword_answers(documents, date(2026, 11, 1))
    assert [mention["quote"] for mention in answer["mentions"]] == ["会计证", "物业管理师证书"]


def test_every_label_stands_where_it_says() -> None:
    for document in GOLD:
        for label in document["mentions"]:
            start = label["start"]
            assert document["text"][start : start + len(label["quote"])] == label["quote"], document["id"]


def test_every_label_has_values_of_the_contract() -> None:
    for document in GOLD:
        assert DocumentKind(document["document_kind"])
        assert PublisherKind(document["publisher_kind"])
        for label in document["mentions"]:
            usage, severity = Usage(label["usage"]), Severity(label["severity"])
            assert Status(label["status"])
            assert not (usage in NO_ALERT and severity.is_alert), (document["id"], label)


def test_the_documents_cover_every_status_in_every_usage() -> None:
    met = {
        (label["status"], label["usage"])
        for document in GOLD
        for label in document["mentions"]
        if label["sure"]
    }
    assert met == {(status.value, usage.value) for status in Status for usage in Usage}
    assert len(GOLD) >= 60
    assert {document["document_kind"] for document in GOLD} == {kind.value for kind in DocumentKind}
    assert len({document["publisher_kind"] for document in GOLD}) >= 5
