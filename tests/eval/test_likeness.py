"""Training of the second opinion on kinds: the same labels give the same weights."""

from __future__ import annotations

from pathlib import Path

from detection.documents.likeness import read_likeness
from eval.likeness import Labelled, measure, write
from eval.quality import OWN
from eval.scoring import read_lines


def test_training_is_repeatable_and_says_what_it_was_trained_on(tmp_path: Path) -> None:
    own = Labelled("gold", 2.0, read_lines(OWN.gold))
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
        write([own], folder)
    one, two = ((folder / "likeness.bin").read_bytes() for folder in folders)
    assert one == two
    assert '"gold" = 68' in (folders[0] / "likeness.toml").read_text("utf-8")
    document = own.documents[0]
    like = read_likeness(folders[0]).scores(document.get("title") or "", document["text"])
    assert max(like) > 0.5


def test_a_set_is_measured_by_weights_of_the_others() -> None:
    documents = read_lines(OWN.gold)
    halves = [Labelled("even", 2.0, documents[::2]), Labelled("odd", 2.0, documents[1::2])]
    cues, both = measure(halves, halves[1])
    assert 0 < both <= 1
    assert cues == 1
