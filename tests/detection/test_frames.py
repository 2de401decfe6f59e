"""Sentences by which texts of each kind demand, prefer, tell of or sell a certificate, whatever its name.

``frames.toml`` holds a text around the sentence for each kind, and the sentences by kind and usage:
``{N}`` is the certificate's name, ``|`` parts usages of which any is right, ``~`` stands for a line's end.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from detection import scan

NAMES = ("会计从业资格证书", "育婴师证")


def _frames() -> Iterator[tuple[str, str, str]]:
    rows = tomllib.loads(Path(__file__).with_name("frames.toml").read_text("utf-8"))
    for kind, row in rows.items():
        for usage, sentences in row["sentences"].items():
            for sentence in sentences:
                yield kind, usage, sentence


def _setting(kind: str) -> tuple[str, str]:
    row = tomllib.loads(Path(__file__).with_name("frames.toml").read_text("utf-8"))[kind]
    return row["title"], row["text"]


FRAMES = list(_frames())


@pytest.mark.parametrize("kind", sorted({kind for kind, _, _ in FRAMES}))
def test_a_sentence_means_the_same_whatever_certificate_it_names(kind: str) -> None:
    title, text = _setting(kind)
    wrong = [
        (usage, sentence, name, said)
        for usage, sentence in [(row[1], row[2]) for row in FRAMES if row[0] == kind]
        for name in NAMES
        if not (said := _usages(text, title, sentence, name)) or not said <= set(usage.split("|"))
    ]
    assert wrong == []


def _usages(text: str, title: str, sentence: str, name: str) -> set[str]:
    """What the text with the sentence in it says of the name; empty where the name is no mention."""
    written = text.replace("{S}", sentence.replace("{N}", name)).replace("~", "\n")
    mentions = scan(written, as_of=date(2026, 11, 1), title=title).mentions
    return {mention.usage.value for mention in mentions if name[:3] in mention.quote}
