"""One Chinese sentence to send on, the clauses it rests on, and what the publisher should do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from typing import Any

from catalogue.citations import LegalDocument, cite, is_citable, legal_documents
from detection.linking import LinkedName
from detection.rulebook import read_rules
from detection.verdicts import Verdict
from vocabulary.codes import PublisherKind, Usage


@dataclass(frozen=True, slots=True)
class Letter:
    """What goes with a finding: clauses, sentence and advice (整改建议)."""

    legal_basis: tuple[str, ...]
    """Citations, title first: what gave the standing, what binds everywhere, what binds in the region."""
    explanation: str
    advice: str


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who publishes a text, and where it belongs."""

    kind: PublisherKind
    region: str | None = None
    """GB/T 2260 code; where it is not known, only what binds everywhere is cited."""


@cache
def load_letters() -> dict[str, Any]:
    return read_rules("letters.toml")


@lru_cache(maxsize=4096)
def write_letter(
    quote: str,
    reading: LinkedName,
    usage: Usage,
    verdict: Verdict,
    publisher: Publisher,
) -> Letter:
    """The letter's parts for one finding; each document is cited once.

    Raises KeyError where ``letters.toml`` has nothing for the violation, as for a verdict without one.
    """
    rules = load_letters()
    row = rules["violation"][verdict.violation]
    sentence: str = row["sentence"]
    tells_standing = "{standing}" in sentence and is_citable(reading.document)
    grounds = [cite(reading.document)] if tells_standing and reading.since is not None else []
    clauses = _clauses(reading, row["basis"], rules["basis"], publisher.region)
    values = {
        "quote": "".join(quote.split()),
        "name": reading.qualification,
        "standing": _standing(reading, rules["standing"]),
        "use": rules["use"][usage],
        "publisher": rules["publisher"][publisher.kind],
        "clauses": "、".join(clauses or grounds),
        "word": verdict.word,
    }
    explanation = sentence.format_map(values) + say_contested(reading)
    return Letter((*grounds, *clauses), explanation, row["advice"].format_map(values))


def say_contested(reading: LinkedName) -> str:
    """That sources contradict each other about what was read, and what they say; empty where none do."""
    return load_letters()["contested"].format_map({"doubt": reading.doubt}) if reading.doubt else ""


def _clauses(
    reading: LinkedName, wanted: list[str], names: dict[str, list[str]], region: str | None
) -> list[str]:
    """The clauses that the violation breaks there, without the document that gave the standing."""
    documents = legal_documents()
    written = []
    for clause in wanted:
        key, place = names[clause]
        document: LegalDocument = documents[key]
        if key != reading.document and document.holds_in(region):
            written.append(document.citation + place)
    return written


def _standing(reading: LinkedName, phrases: dict[str, str]) -> str:
    ground = cite(reading.document) if is_citable(reading.document) else ""
    values = {
        "since_comma": f"自{_day(reading.since)}起" if reading.since else "",
        "by": f"由{ground}" if ground else "",
        "ground": f"（{ground}）" if ground else "",
    }
    return phrases[reading.status].format_map(values)


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
