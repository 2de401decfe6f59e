"""The cues as data, compiled once per process into automata that read a document's window in one pass."""

from __future__ import annotations

import tomllib
from collections.abc import Container
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from detection.automata import Automaton, build_automaton
from detection.rulebook import both_widths
from vocabulary.codes import DocumentKind, PublisherKind

KINDS = tuple(DocumentKind)
YEAR_OPENERS = frozenset(
    bracket + century for bracket in "〔[［（(【" for century in ("19", "20", "１９", "２０")
)
"""How the year of a document number begins; the automaton finds them, an anchored pattern checks them."""

Weights = tuple[tuple[int, float], ...]
"""Position in :data:`KINDS` and weight, for each kind that a cue speaks for or against."""


@dataclass(frozen=True, slots=True)
class CueSet:
    in_title: Automaton
    in_text: Automaton
    title_terms: tuple[str, ...]
    text_terms: tuple[str, ...]
    title_weights: dict[str, Weights]
    text_weights: tuple[Weights, ...]
    """By the number of every term of ``in_text``; empty for labels and openings of years."""
    ending_weights: dict[str, Weights]
    ending_lengths: tuple[int, ...]
    """Longest first."""
    labels: dict[str, str]
    """The field (``publisher``, ``issuer``, ``number``, ``date``, ``posted``) that a label introduces."""
    form_terms: frozenset[int]
    """Labels, statements and openings of years, by number: what a form or an official document shows."""
    stated: dict[str, PublisherKind]
    """What a form states of the publisher's nature, by its words."""
    publisher_weights: dict[str, Weights]
    """By the publisher's kind: what such a publisher mostly publishes."""
    title_signs: dict[str, tuple[int, ...]]
    """By term: positions in ``sign_weights``; a sign counts once, however many of its terms a title has."""
    sign_weights: tuple[Weights, ...]
    asking: frozenset[int]
    """Signs of titles that ask or explain."""
    explaining: frozenset[int]
    """By number: words of one who explains to readers, in the text."""
    thresholds: tuple[float, ...]
    """The score that each kind of :data:`KINDS` needs."""
    narrow: float
    """A kind that leads the next one, or its threshold, by less is won narrowly."""
    doubt: float
    """A kind that leads the next one by less is looked at again by what the letters are like."""


def read_table(name: str) -> dict[str, Any]:
    """A TOML file that lies beside this module."""
    return tomllib.loads(files(__package__).joinpath(name).read_text("utf-8"))


@cache
def load_cues() -> CueSet:
    """The cues of ``kinds.toml`` with the form labels of ``officials.toml``.

    Raises:
        KeyError: a kind has no table of its own, or a table no threshold.
        ValueError: a sign speaks of a kind that does not exist.
    """
    tables = read_table("kinds.toml")
    signs = _title_signs(tables)
    title, text, endings = (_weights(tables, key) for key in ("title", "text", "title_ends"))
    fields = read_table("officials.toml")["labels"]
    labels = {term + colon: field for field, terms in fields.items() for term in terms for colon in "：:"}
    stated = {
        term: PublisherKind(row["kind"])
        for row in read_table("publishers.toml")["stated"]
        for term in row["says"]
    }
    title_terms = tuple(sorted({*title, *signs}))
    text_terms = tuple(sorted({*text, *labels, *stated, *YEAR_OPENERS}))
    explains = (sign["terms"] for sign in tables["signs"] if sign.get("explains", False))
    explaining = {term for terms in explains for term in both_widths(terms)}
    return CueSet(
        in_title=build_automaton(title_terms),
        in_text=build_automaton(text_terms),
        title_terms=title_terms,
        text_terms=text_terms,
        title_weights=title,
        text_weights=tuple(text.get(term, ()) for term in text_terms),
        ending_weights=endings,
        ending_lengths=tuple(sorted({len(ending) for ending in endings}, reverse=True)),
        labels=labels,
        form_terms=_numbers(text_terms, YEAR_OPENERS.union(labels, stated)),
        stated=stated,
        publisher_weights=_weights(tables, "publisher"),
        title_signs=signs,
        sign_weights=tuple(_spread(sign) for sign in tables["signs"]),
        asking=frozenset(at for at, sign in enumerate(tables["signs"]) if sign.get("asks", False)),
        explaining=_numbers(text_terms, explaining),
        narrow=float(tables["narrow"]),
        doubt=float(tables["doubt"]),
        thresholds=tuple(float(tables[kind]["threshold"]) for kind in KINDS),
    )


def _numbers(terms: tuple[str, ...], chosen: Container[str]) -> frozenset[int]:
    return frozenset(number for number, term in enumerate(terms) if term in chosen)


def _weights(tables: dict[str, Any], key: str) -> dict[str, Weights]:
    weights: dict[str, Weights] = {}
    for position, kind in enumerate(KINDS):
        for weight, terms in tables[kind].get(key, {}).items():
            for term in both_widths(terms):
                weights[term] = (*weights.get(term, ()), (position, float(weight)))
    if key == "text":
        for sign in tables["signs"]:
            if sign["place"] == key:
                for term in both_widths(sign["terms"]):
                    weights[term] = (*weights.get(term, ()), *_spread(sign))
    return weights


def _spread(sign: dict[str, Any]) -> Weights:
    """What a sign says for and against each kind."""
    return tuple((KINDS.index(DocumentKind(kind)), float(weight)) for kind, weight in sign["for"].items())


def _title_signs(tables: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    signs: dict[str, tuple[int, ...]] = {}
    for position, sign in enumerate(tables["signs"]):
        if sign["place"] == "title":
            for term in both_widths(sign["terms"]):
                signs[term] = (*signs.get(term, ()), position)
    return signs
