"""The rules as data: what stands in ``rules/``, read once per process."""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from vocabulary.codes import Status

_CHOICE = re.compile(r"\[([^\]]+)\](\?)?|\(([^)]*)\)|(.)\?")


@dataclass(frozen=True, slots=True)
class KnownName:
    """A name that the catalogue does not list as it is written, and how it is read."""

    text: str
    status: Status
    """Holds where the catalogue does not know ``qualification``."""
    qualification: str
    kind: str
    """``certificate`` (is one by itself), ``name`` (with a certificate word), ``stem`` (a short form that
    counts only right before a certificate word), ``title`` (职称, a job as well), ``latin``."""
    foreign: bool


def read_rules(name: str) -> dict[str, Any]:
    """A TOML file of ``rules/``."""
    return tomllib.loads(files("detection").joinpath("rules", name).read_text("utf-8"))


def read_lines(name: str) -> tuple[str, ...]:
    """A list of ``rules/``: one entry a line, ``#`` starts a comment."""
    lines = files("detection").joinpath("rules", name).read_text("utf-8").splitlines()
    return tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))


@cache
def known_names() -> dict[str, KnownName]:
    """Names read by convention, each written out; of two rows for one spelling the later one counts."""
    table: dict[str, KnownName] = {}
    with files("detection").joinpath("rules", "names.csv").open("r", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            for text in spellings(row["name"]):
                table[text] = KnownName(
                    text, Status(row["status"]), row["qualification"], row["kind"], row["foreign"] == "yes"
                )
    return table


def spellings(pattern: str) -> Iterator[str]:
    """Every text that a short pattern stands for: ``[四六]``, ``(照|证)``, ``书?``; nothing nests.

    Plain enumeration instead of a regular expression, because the texts go into an automaton.
    """
    match = _CHOICE.search(pattern)
    if match is None:
        yield pattern
        return
    characters, optional, words, single = match.groups()
    if characters is not None:
        choices = list(characters) + ([""] if optional else [])
    elif words is not None:
        choices = words.split("|")
    else:
        choices = [single, ""]
    for rest in spellings(pattern[match.end() :]):
        for choice in choices:
            yield pattern[: match.start()] + choice + rest


def alternatives(words: list[str] | tuple[str, ...]) -> str:
    """A regular expression's alternatives, the longest word first."""
    return "|".join(re.escape(word) for word in sorted(set(words), key=lambda word: (-len(word), word)))


_HALF_WIDTH = str.maketrans("，：；！？（）", ",:;!?()")


def both_widths(terms: Iterable[str]) -> list[str]:
    """``terms``, and once more with half-width marks: many sites write ``近日,`` and ``要求:``."""
    return list(dict.fromkeys(written for term in terms for written in (term, term.translate(_HALF_WIDTH))))
