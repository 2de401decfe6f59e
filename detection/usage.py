"""What a text does with a certificate: cues, their direction and scope, the section, the kind of document."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from ahocorasick_rs import AhoCorasick, MatchKind

from detection.model import DocumentKind, Usage
from detection.rulebook import alternatives, read_rules

REACH = 110
"""Characters on either side of a mention in which a cue can decide its usage."""
_TOUCH = 7
_SECTION_REACH = 1500
_PHRASE_END = re.compile(r"[ \u3000]{2}|[，,。；;！!？?：:\n\r\t（(]|\d[、.．)）](?!\d)|[①-⑳]")
_PHRASE_END_AFTER = re.compile(r"[ \u3000]{2}|[，,。；;！!？?\n\r\t）)]|\d[、.．)）](?!\d)|[①-⑳]")
_CLAUSE_END = re.compile(r"[ \u3000]{2}|[。；;！!？?\n\r\t]|\d[、.．)）](?!\d)|[①-⑳]")
_LINE_END = re.compile(r"[\n\r]")
_SPILL = re.compile(r"[者的]?[，,]\s{0,2}(?:可|则|将|均|者|予以|给予|给与|可以)?(?=优先|尤佳|更佳|加分|佳)")
"""``有电工证者，优先``: the comma before the cue is no end."""


@dataclass(frozen=True, slots=True)
class Cue:
    usage: Usage
    before: bool
    after: bool
    scope: str
    groups: frozenset[str]


@dataclass(frozen=True, slots=True)
class UsageRules:
    groups: dict[DocumentKind, str]
    defaults: dict[str, Usage]
    order: dict[str, tuple[Usage, ...]]
    automaton: AhoCorasick
    words: tuple[str, ...]
    cues: tuple[tuple[Cue, ...], ...]
    """By pattern; () for a pseudo-cue."""
    articles: re.Pattern[str]
    """Titles of articles about careers."""
    sections: re.Pattern[str]
    """The group that matched is the section's kind."""


@dataclass(frozen=True, slots=True)
class Decision:
    usage: Usage
    cue: str = ""


@cache
def load_usage() -> UsageRules:
    """Raises KeyError or ValueError where ``usage.toml`` names a usage or kind that does not exist."""
    rules: dict[str, Any] = read_rules("usage.toml")
    table: dict[str, tuple[Cue, ...]] = dict.fromkeys(rules["pseudo"]["words"], ())
    for row in rules["cues"]:
        cue = Cue(
            Usage(row["usage"]),
            row["direction"] in ("before", "around"),
            row["direction"] in ("after", "around"),
            row["scope"],
            frozenset(row["groups"]),
        )
        for word in row["words"]:
            table[word] = (*table.get(word, ()), cue)
    sections = "|".join(rf"(?P<{kind}>{alternatives(words)})" for kind, words in rules["sections"].items())
    return UsageRules(
        groups={DocumentKind(kind): group for kind, group in rules["groups"].items()},
        defaults={group: Usage(usage) for group, usage in rules["default"].items()},
        order={group: tuple(Usage(usage) for usage in usages) for group, usages in rules["order"].items()},
        automaton=AhoCorasick(list(table), matchkind=MatchKind.LeftmostLongest),
        words=tuple(table),
        cues=tuple(table.values()),
        articles=re.compile(alternatives(rules["articles"]["titles"])),
        sections=re.compile(sections),
    )


def is_article(kind: DocumentKind, title: str) -> bool:
    """Whether a text that reads like a posting is an article about careers by its title."""
    return kind is DocumentKind.RECRUITMENT and load_usage().articles.search(title) is not None


def decide_usage(text: str, start: int, end: int, kind: DocumentKind, *, alternative: bool) -> Decision:
    """The usage of the mention ``text[start:end]`` and the cue that decided it.

    ``alternative``: the mention stands in a list joined by 或.
    """
    rules = load_usage()
    group = rules.groups[kind]
    section = _section(text, start, rules) if group in ("hiring", "story") else ""
    found = _reaching_cues(text, start, end, group, rules)
    if group == "story" and section == "requirements":
        demanded = _reaching_cues(text, start, end, "hiring", rules)
        if Usage.REQUIRED in demanded or Usage.PREFERRED in demanded:
            group, found = "hiring", demanded
    if alternative and group == "hiring":
        found.setdefault(Usage.ALTERNATIVE, "或")
    for usage in rules.order[group]:
        if usage in found:
            if (
                usage is Usage.INFORMATIVE
                and group == "hiring"
                and section == "requirements"
                and Usage.REQUIRED in found
            ):
                continue
            return Decision(usage, found[usage])
    return Decision(_by_section(group, section, rules), "")


def _by_section(group: str, section: str, rules: UsageRules) -> Usage:
    if group == "hiring" and section in ("duties", "benefits"):
        return Usage.INFORMATIVE
    if group == "hiring" and section == "company":
        return Usage.HELD
    return rules.defaults[group]


def _reaching_cues(text: str, start: int, end: int, group: str, rules: UsageRules) -> dict[Usage, str]:
    """The cues whose scope reaches the mention, the nearest of each usage."""
    low = max(0, start - REACH)
    found: dict[Usage, tuple[int, str]] = {}
    for reaches, base, window in (
        (_reaches_forward, low, text[low:start]),
        (_reaches_back, end, text[end : end + REACH]),
    ):
        for index, cue_start, cue_end in rules.automaton.find_matches_as_indexes(window):
            for cue in rules.cues[index]:
                if group not in cue.groups and "any" not in cue.groups:
                    continue
                if not reaches(cue, window, cue_end if base == low else cue_start):
                    continue
                distance = start - (base + cue_end) if base == low else cue_start
                if cue.usage not in found or distance < found[cue.usage][0]:
                    found[cue.usage] = (distance, rules.words[index])
    return {usage: word for usage, (_, word) in found.items()}


def _reaches_forward(cue: Cue, window: str, cue_end: int) -> bool:
    if not cue.before:
        return False
    between = window[cue_end:]
    if cue.scope == "touch":
        return len(between) <= _TOUCH and not _PHRASE_END.search(between)
    if cue.scope == "phrase":
        return not _PHRASE_END.search(between)
    return not (_CLAUSE_END if cue.scope == "clause" else _LINE_END).search(between)


def _reaches_back(cue: Cue, window: str, cue_start: int) -> bool:
    if not cue.after:
        return False
    between = window[:cue_start]
    if cue.scope == "touch":
        return len(between) <= _TOUCH and not _PHRASE_END_AFTER.search(between)
    if cue.scope == "phrase":
        ending = _PHRASE_END_AFTER.search(between)
        if ending is None:
            return True
        spill = _SPILL.match(window)
        return spill is not None and spill.end() >= cue_start
    return not (_CLAUSE_END if cue.scope == "clause" else _LINE_END).search(between)


def _section(text: str, start: int, rules: UsageRules) -> str:
    """The kind of the nearest section heading before ``start``; empty where none is near."""
    section = ""
    for match in rules.sections.finditer(text, max(0, start - _SECTION_REACH), start):
        section = match.lastgroup or ""
    return section
