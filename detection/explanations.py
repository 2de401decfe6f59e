"""One Chinese sentence to send on, the clauses it rests on, and what the publisher should do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from typing import Any

from detection.rulebook import read_rules
from detection.standing import Reading
from detection.verdicts import Verdict
from vocabulary.codes import PublisherKind, Usage


@dataclass(frozen=True, slots=True)
class Letter:
    """What goes with a finding: clauses, sentence and advice (整改建议)."""

    legal_basis: tuple[str, ...]
    explanation: str
    advice: str


@cache
def load_letters() -> dict[str, Any]:
    return read_rules("letters.toml")


@lru_cache(maxsize=4096)
def write_letter(
    quote: str, reading: Reading, usage: Usage, verdict: Verdict, publisher: PublisherKind
) -> Letter:
    """The letter's parts for one finding.

    Raises KeyError where ``letters.toml`` has nothing for the violation, as for a verdict without one.
    """
    rules = load_letters()
    row = rules["violation"][verdict.violation]
    basis = _legal_basis(reading, row["basis"], rules["basis"])
    values = {
        "quote": "".join(quote.split()),
        "name": reading.qualification,
        "standing": _standing(reading, rules["standing"]),
        "use": rules["use"][usage],
        "publisher": rules["publisher"][publisher],
        "clauses": "、".join(basis),
        "word": verdict.word,
    }
    sentence = row["sentence"].format_map(values) + say_contested(reading)
    return Letter(basis, sentence, row["advice"].format_map(values))


def say_contested(reading: Reading) -> str:
    """That sources contradict each other about what was read, and what they say; empty where none do."""
    return load_letters()["contested"].format_map({"doubt": reading.doubt}) if reading.doubt else ""


def _legal_basis(reading: Reading, clauses: list[str], names: dict[str, str]) -> tuple[str, ...]:
    """The document that gave the standing first, then the clauses that the violation breaks."""
    written = [reading.document] if reading.document and reading.since is not None else []
    written += [names[clause] for clause in clauses if names[clause] != reading.document]
    return tuple(written)


def _standing(reading: Reading, phrases: dict[str, str]) -> str:
    values = {
        "since_comma": f"自{_day(reading.since)}起" if reading.since else "",
        "document": reading.document or "国家有关规定",
    }
    return phrases[reading.status].format_map(values)


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
