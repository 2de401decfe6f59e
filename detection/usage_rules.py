"""``usage.toml`` as compiled values: cues, shapes, sections, and the table of steps that decide a usage."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from detection.automata import Automaton, build_automaton
from detection.guards import Guarded, guard
from detection.rulebook import alternatives, read_rules, spellings
from vocabulary.codes import DocumentKind, Usage

_TOLD = frozenset({Usage.HELD, Usage.NEGATED, Usage.INFORMATIVE})
"""What news say of a certificate."""


@dataclass(frozen=True, slots=True)
class Cue:
    usage: Usage
    before: bool
    after: bool
    scope: str
    groups: frozenset[str]

    def counts_in(self, group: str) -> bool:
        return group in self.groups or "any" in self.groups


@dataclass(frozen=True, slots=True)
class CueTable:
    """The cues of one group of texts. A longer word of another group hides none of them (须取得|取得)."""

    automaton: Automaton
    words: tuple[str, ...]
    cues: tuple[tuple[Cue, ...], ...]
    """By word; () for a pseudo-cue."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A sentence's shape on either side of the mention that decides before any cue."""

    usage: Usage
    groups: frozenset[str]
    before: Guarded | None
    after: Guarded | None
    """None: whatever stands there."""


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the table that decides: which means, in which groups, and what it says."""

    by: str
    groups: frozenset[str]
    """Empty: in every group."""
    usage: Usage | None
    unless: frozenset[Usage]
    """Usages whose cue, where it reaches the mention, keeps this step from deciding."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a decision turns into under a condition: a condition with a way out is ``alternative``."""

    when: str
    groups: frozenset[str]
    before: frozenset[Usage]
    after: Usage


@dataclass(frozen=True, slots=True)
class Lead:
    """The head of a list of conditions and how its items look."""

    obliges: Guarded
    hands_in: Guarded
    """The head of a list of papers that an applicant has to hand in or to show."""
    one_of: Guarded
    """The head of a list of conditions of which one suffices."""
    one_of_behind: Guarded
    """The end of such a list that says so only there."""
    one_of_ends: Guarded
    or_else: Guarded
    """Behind a condition: what satisfies in its place."""
    item: Guarded
    has: Guarded
    ends: Guarded


@dataclass(frozen=True, slots=True)
class Renting:
    """What makes a word of renting something else than an offer to rent."""

    offered: Guarded
    """Anywhere in a text: somebody offers to rent, seeks to or pays for it."""
    apart: Guarded
    """Between a renting cue and the mention: another matter begins."""
    forbidden: tuple[Guarded, Guarded]
    """Before and behind a mention: somebody forbids, punishes or fights it."""
    told: tuple[Guarded, Guarded]
    """Before and behind a mention: somebody tells of prices, risks or cases."""


@dataclass(frozen=True, slots=True)
class HeadingRules:
    automaton: Automaton
    kinds: tuple[str, ...]
    """What stands under each heading, by pattern."""


@dataclass(frozen=True, slots=True)
class AskedFor:
    """What an advert asks for under its headings, and how far these reach, in characters."""

    conditions: int
    has: Guarded
    between: Guarded
    """Between a heading of papers and a paper."""


@dataclass(frozen=True, slots=True)
class UsageRules:
    groups: dict[DocumentKind, str]
    defaults: dict[str, Usage]
    order: dict[str, tuple[Usage, ...]]
    steps: tuple[Step, ...]
    turns: tuple[Turn, ...]
    cues: dict[str, CueTable]
    """By group."""
    shapes: dict[str, tuple[Shape, ...]]
    """By group, in the file's order."""
    lead: Lead
    renting: Renting
    demand: Guarded
    """What stands beside a demand in a posting: other demands."""
    asking: Guarded
    """What stands beside a condition or a paper that is asked for, in any text."""
    hires: Guarded
    """Anywhere in a text of no kind: somebody hires."""
    path: Guarded
    """In the line before a mention: a page's path."""
    proposed: Guarded
    """Before a mention in a tender: whom a bidder proposes."""
    shown: Guarded
    """Behind a mention in a tender: its paper is shown with the bid."""
    obliging: Guarded
    """In a cue: it obliges whatever the text is."""
    personal: Guarded
    """Titles of what somebody writes about himself."""
    articles: Guarded
    """Titles of articles about careers."""
    subsidies: Guarded
    """Titles of guides to a subsidy."""
    audience: re.Pattern[str]
    """Words of texts that teach those who have a certificate already."""
    headings: dict[str, HeadingRules]
    """By group of texts; a group without any has no sections."""
    under: dict[str, dict[str, Usage]]
    """By group: the usage of what stands under a heading and has no cue."""
    asked_for: AskedFor


@cache
def load_usage() -> UsageRules:
    """Raises KeyError or ValueError where ``usage.toml`` names a usage or kind that does not exist."""
    rules: dict[str, Any] = read_rules("usage.toml")
    groups = {DocumentKind(kind): group for kind, group in rules["groups"].items()}
    return UsageRules(
        groups=groups,
        defaults={group: Usage(usage) for group, usage in rules["default"].items()},
        order={group: tuple(Usage(usage) for usage in usages) for group, usages in rules["order"].items()},
        steps=tuple(_step(row) for row in rules["decide"]),
        turns=tuple(_turn(row) for row in rules["turns"]),
        cues=_cue_tables(rules),
        shapes=_shapes(rules),
        lead=Lead(**{name: guard(rules["lead"][name]) for name in Lead.__slots__}),
        renting=_renting(rules["renting"]),
        demand=guard(rules["evidence"]["demand"]),
        asking=guard(rules["evidence"]["asking"]),
        hires=guard(rules["evidence"]["hires"]),
        path=guard(rules["evidence"]["path"]),
        proposed=guard(rules["evidence"]["proposed"]),
        shown=guard(rules["evidence"]["shown"]),
        obliging=guard(rules["evidence"]["obliging"]),
        personal=guard(alternatives(rules["articles"]["personal"])),
        articles=guard(alternatives(rules["articles"]["titles"])),
        subsidies=guard(alternatives(rules["articles"]["subsidies"])),
        audience=re.compile(alternatives(rules["articles"]["audience"])),
        headings=_headings(rules),
        under={
            group: {section: Usage(usage) for section, usage in row.items()}
            for group, row in rules["under"].items()
        },
        asked_for=_asked_for(rules["advert_sections_reach"]),
    )


def _cue_tables(rules: dict[str, Any]) -> dict[str, CueTable]:
    rows = [(_cue(row), [text for word in row["words"] for text in spellings(word)]) for row in rules["cues"]]
    return {group: _cue_table(group, rows, rules["pseudo"]["words"]) for group in rules["default"]}


def _cue(row: dict[str, Any]) -> Cue:
    before, after = row["direction"] in ("before", "around"), row["direction"] in ("after", "around")
    return Cue(Usage(row["usage"]), before, after, row["scope"], _groups(row))


def _cue_table(group: str, rows: list[tuple[Cue, list[str]]], pseudo: list[str]) -> CueTable:
    table: dict[str, tuple[Cue, ...]] = dict.fromkeys(pseudo, ())
    for cue, words in rows:
        for word in words if cue.counts_in(group) else ():
            table[word] = (*table.get(word, ()), cue)
    return CueTable(build_automaton(table), tuple(table), tuple(table.values()))


def _groups(row: dict[str, Any]) -> frozenset[str]:
    """An announcement of an examination reads like an advert for one, news like a text of no kind."""
    groups = frozenset(row["groups"])
    if "story" in groups and row["usage"] in _TOLD:
        groups |= {"news"}
    return groups | {"exam"} if "advert" in groups else groups


def _shapes(rules: dict[str, Any]) -> dict[str, tuple[Shape, ...]]:
    shapes = [
        Shape(
            Usage(row["usage"]),
            _groups(row),
            *(guard(row[side]) if row.get(side) else None for side in ("before", "after")),
        )
        for row in rules["shapes"]
    ]
    return {group: tuple(shape for shape in shapes if group in shape.groups) for group in rules["default"]}


def _step(row: dict[str, Any]) -> Step:
    return Step(
        row["by"],
        frozenset(row.get("groups", ())),
        Usage(row["usage"]) if "usage" in row else None,
        frozenset(Usage(usage) for usage in row.get("unless", ())),
    )


def _turn(row: dict[str, Any]) -> Turn:
    before = frozenset(Usage(usage) for usage in row["from"])
    return Turn(row["when"], frozenset(row["groups"]), before, Usage(row["to"]))


def _renting(rows: dict[str, Any]) -> Renting:
    def sides(row: dict[str, list[str]]) -> tuple[Guarded, Guarded]:
        return (
            guard(rf"(?:{'|'.join(row['before'])})[^。；;\n]*$"),
            guard(rf"[^。；;\n]{{0,90}}?(?:{'|'.join(row['after'])})"),
        )

    apart = guard(alternatives(rows["apart"]))
    return Renting(guard(rows["offered"]), apart, sides(rows["forbidden"]), sides(rows["told"]))


def _headings(rules: dict[str, Any]) -> dict[str, HeadingRules]:
    tables = {
        group: _heading_rules(rules[name]) for name, group in rules["headings"].items() if name in rules
    }
    tables["story"] = tables["hiring"]
    tables["exam"] = tables["advert"]
    return tables


def _heading_rules(sections: dict[str, list[str]]) -> HeadingRules:
    kinds = {word: kind for kind, words in sections.items() for word in words}
    return HeadingRules(build_automaton(kinds), tuple(kinds.values()))


def _asked_for(row: dict[str, Any]) -> AskedFor:
    return AskedFor(row["conditions"], guard(row["has"]), guard(row["between"]))
