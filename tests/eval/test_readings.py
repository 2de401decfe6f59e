"""Labels of documents that were read without seeing any answer."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from eval.readings import LABELS, POOL, labelled_documents
from eval.scoring import read_lines


def test_labels_hold_places_and_no_text() -> None:
    labels = read_lines(LABELS)
    assert len({label["id"] for label in labels}) == len(labels)
    for label in labels:
        assert "text" not in label
        assert all(0 <= each["start"] < each["end"] <= label["length"] for each in label["mentions"])


def test_places_in_documents_of_other_sources_hold_digests_and_no_text() -> None:
    labels = read_lines(LABELS.with_name("readings-elsewhere.jsonl"))
    assert len({label["id"] for label in labels}) == len(labels) == 1706
    for label in labels:
        assert not {"text", "quote"} & {*label, *(key for each in label["mentions"] for key in each)}
        assert len(label["sha256"]) == 64
        assert all(0 <= each["start"] < each["end"] <= label["length"] for each in label["mentions"])


def test_texts_come_from_the_pool_and_quotes_from_their_places(tmp_path: Path) -> None:
    labels, pool = tmp_path / "labels.jsonl", tmp_path / "pool.jsonl.gz"
    mention = {"start": 3, "end": 6, "status": "cancelled", "usage": "required", "sure": True}
    label = {"reading": "first", "id": "a", "length": 6, "mentions": [mention]}
    labels.write_text(json.dumps(label))
    with gzip.open(pool, "wt", encoding="utf-8") as lines:
        for name in "ab":
            lines.write(json.dumps({"id": name, "text": "须持有会计证。余下不计。"}) + "\n")
    (document,) = labelled_documents("first", labels, pool)
    assert document["text"] == "须持有会计证"
    assert document["mentions"][0]["quote"] == "会计证"


@pytest.mark.skipif(not POOL.is_file(), reason="the collected texts are kept beside the project, not in it")
@pytest.mark.parametrize(
    ("reading", "count"), [("first", 242), ("second", 70), ("third", 135), ("fourth", 135), ("fifth", 138)]
)
def test_every_labelled_document_is_in_the_pool(reading: str, count: int) -> None:
    assert len(labelled_documents(reading)) == count
