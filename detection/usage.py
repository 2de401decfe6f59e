"""What a text does with a certificate: cues, their direction and scope, the section, the kind of document."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from ahocorasick_rs import AhoCorasick, MatchKind

from detection.rulebook import alternatives, read_rules
from vocabulary.codes import DocumentKind, Usage

REACH = 110
"""Characters on either side of a mention in which a cue can decide its usage."""
_TOUCH = 7
_SECTION_REACH = 1500
_LEAD_REACH = 800
_CUE = 12
"""Characters of a sentence that are kept as the cue where its shape decided."""
_ARTICLED = frozenset({"law", "guide"})
_NEVER_ASKED = frozenset({Usage.RENTING, Usage.NEGATED})
_PHRASE_END_AFTER = re.compile(r"[ \u3000]{2}|[，,。；;！!？?\n\r\t）)]|\d[、.．)）](?!\d)|[①-⑳]")
_CLAUSE_END = re.compile(r"[ \u3000]{2}|[。；;！!？?\n\r\t]|\d[、.．)）](?!\d)|[①-⑳]")
_LAST_PHRASE_END = re.compile(
    r"(?s:.*)(?:[ \u3000]{2}|[，,。；;！!？?：:\n\r\t（(]|\d[、.．)）](?!\d)|[①-⑳])"
)
_LAST_CLAUSE_END = re.compile(rf"(?s:.*)(?:{_CLAUSE_END.pattern})")
_HOLDING = re.compile(r"(?:持有?|取得|获得|具有|具备|拥有)[^，。；;\n]{0,6}$")
_LINE_END = re.compile(r"[\n\r]")
_SPILL = re.compile(
    r"(?:[，,]并(?:且)?[^，,。；;\n]{1,14}者(?=优先|尤佳|更佳|佳)|[者的]?[，,]|(?:[（(][^（()）\n]{1,10})?[）)])\s{0,2}(?:者|的)?(?:可|则|将|均|者|予以|给予|给与|可以)?(?=优先|尤佳|更佳|加分|佳)"
)
"""``有电工证者，优先``, ``持驾驶证，并能熟练驾驶者优先``: the comma before the cue is no end."""


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
class Shape:
    """A sentence's shape on either side of the mention that decides before any cue."""

    usage: Usage
    groups: frozenset[str]
    before: re.Pattern[str]
    after: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Lead:
    """The head of a list of conditions and how its items look, in laws and guides."""

    obliges: re.Pattern[str]
    hands_in: re.Pattern[str]
    """The head of a list of papers that an applicant has to hand in or to show."""
    item: re.Pattern[str]
    has: re.Pattern[str]
    ends: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class HeadingRules:
    automaton: AhoCorasick
    kinds: tuple[str, ...]
    """What stands under each heading, by pattern."""


@dataclass(frozen=True, slots=True)
class AskedFor:
    """What an advert asks for under its headings, and how far these reach, in characters."""

    conditions: int
    has: re.Pattern[str]
    between: re.Pattern[str]
    """Between a heading of papers and a paper."""


@dataclass(frozen=True, slots=True)
class UsageRules:
    groups: dict[DocumentKind, str]
    defaults: dict[str, Usage]
    order: dict[str, tuple[Usage, ...]]
    automaton: AhoCorasick
    words: tuple[str, ...]
    cues: tuple[tuple[Cue, ...], ...]
    """By pattern; () for a pseudo-cue."""
    shapes: tuple[Shape, ...]
    lead: Lead
    apart: re.Pattern[str]
    """Between a renting cue and the mention: another matter begins."""
    combats: tuple[re.Pattern[str], re.Pattern[str]]
    """Before and behind a mention: words of the fight against renting, which is not renting."""
    personal: re.Pattern[str]
    """Titles of what somebody writes about himself."""
    articles: re.Pattern[str]
    """Titles of articles about careers."""
    headings: dict[str, HeadingRules]
    """By group of texts; a group without any has no sections."""
    asked_for: AskedFor


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
    sections = _heading_rules(rules["sections"])
    asked_for = rules["advert_sections_reach"]
    return UsageRules(
        groups={DocumentKind(kind): group for kind, group in rules["groups"].items()},
        defaults={group: Usage(usage) for group, usage in rules["default"].items()},
        order={group: tuple(Usage(usage) for usage in usages) for group, usages in rules["order"].items()},
        automaton=AhoCorasick(list(table), matchkind=MatchKind.LeftmostLongest),
        words=tuple(table),
        cues=tuple(table.values()),
        shapes=tuple(_shape(row) for row in rules["shapes"]),
        lead=Lead(**{name: re.compile(rules["lead"][name]) for name in Lead.__slots__}),
        apart=re.compile(alternatives(rules["apart"]["words"])),
        combats=(
            re.compile(rf"(?:{alternatives(rules['combats']['before'])})[^。；;\n]*$"),
            re.compile(rf"[^。；;\n]{{0,90}}?(?:{alternatives(rules['combats']['after'])})"),
        ),
        personal=re.compile(alternatives(rules["articles"]["personal"])),
        articles=re.compile(alternatives(rules["articles"]["titles"])),
        headings={
            "hiring": sections,
            "story": sections,
            "advert": _heading_rules(rules["advert_sections"]),
        },
        asked_for=AskedFor(
            asked_for["conditions"], re.compile(asked_for["has"]), re.compile(asked_for["between"])
        ),
    )


def _heading_rules(sections: dict[str, list[str]]) -> HeadingRules:
    kinds = {word: kind for kind, words in sections.items() for word in words}
    return HeadingRules(AhoCorasick(list(kinds), matchkind=MatchKind.LeftmostLongest), tuple(kinds.values()))


def _shape(row: dict[str, Any]) -> Shape:
    before, after = (re.compile(row.get(side, "")) for side in ("before", "after"))
    return Shape(Usage(row["usage"]), frozenset(row["groups"]), before, after)


def is_article(kind: DocumentKind, title: str) -> bool:
    """Whether a text that reads like a posting is an article about careers by its title."""
    rules = load_usage()
    if kind is DocumentKind.RECRUITMENT:
        return rules.articles.search(title) is not None
    return kind is DocumentKind.TRAINING_AD and rules.personal.search(title) is not None


def decide_usage(
    text: str, place: tuple[int, int], kind: DocumentKind, headings: Headings, *, alternative: bool
) -> Decision:
    """The usage of the mention that goes from ``place[0]`` to ``place[1]``, and the cue that decided it.

    ``alternative``: the mention stands in a list joined by 或.
    """
    start, end = place
    rules = load_usage()
    group = rules.groups[kind]
    section = headings.section(start)
    before, after = text[max(0, start - REACH) : start], text[end : end + REACH]
    shaped = _by_shape(before, after, group)
    if shaped is not None:
        return shaped
    found = _reaching_cues(before, after, group)
    if group in _ARTICLED and not _NEVER_ASKED & found.keys() and _is_condition(text, start, before, rules):
        return Decision(Usage.PERMIT)
    if (
        group == "advert"
        and not _NEVER_ASKED & found.keys()
        and _is_asked_for(before, start, headings, rules)
    ):
        return Decision(Usage.ALTERNATIVE if alternative else Usage.REQUIRED)
    if group == "story" and section == "requirements":
        demanded = _reaching_cues(before, after, "hiring")
        if Usage.REQUIRED in demanded or Usage.PREFERRED in demanded:
            group, found = "hiring", demanded
    if alternative and group == "hiring":
        found = {Usage.ALTERNATIVE: "或", **found}
    for usage in rules.order[group]:
        if usage in found:
            if (
                usage is Usage.INFORMATIVE
                and group == "hiring"
                and section == "requirements"
                and Usage.REQUIRED in found
            ):
                continue
            if usage is Usage.REQUIRED and group == "hiring" and section == "preferred":
                return Decision(Usage.PREFERRED, found[usage])
            return Decision(usage, found[usage])
    return Decision(_by_section(group, section, rules), "")


def _by_section(group: str, section: str, rules: UsageRules) -> Usage:
    if group == "hiring" and section in ("duties", "benefits"):
        return Usage.INFORMATIVE
    if group == "hiring" and section == "preferred":
        return Usage.PREFERRED
    if group == "hiring" and section == "company":
        return Usage.HELD
    return rules.defaults[group]


@lru_cache(maxsize=4096)
def _by_shape(before: str, after: str, group: str) -> Decision | None:
    for shape in load_usage().shapes:
        if group in shape.groups:
            match = shape.before.search(before)
            behind = shape.after.match(after) if match is not None else None
            if match is not None and behind is not None:
                return Decision(shape.usage, match[0][:_CUE] or behind[0][:_CUE])
    return None


def _is_asked_for(before: str, start: int, headings: Headings, rules: UsageRules) -> bool:
    """Whether an advert's mention stands under a heading of conditions or of papers to hand in."""
    section, distance = headings.section(start), headings.distance(start)
    if section == "papers":
        papers = before[-distance:] if 0 < distance <= REACH else ""
        return rules.asked_for.between.match(papers) is not None and papers != ""
    if section != "conditions" or distance > rules.asked_for.conditions:
        return False
    return rules.asked_for.has.search(before) is not None


def _is_condition(text: str, start: int, before: str, rules: UsageRules) -> bool:
    """Whether the mention stands in an item of a list whose lead obliges."""
    lead = rules.lead
    line = before[before.rfind("\n") + 1 :]
    if lead.item.search(line) is None:
        return False
    head = lead.obliges if lead.has.search(line) is not None else lead.hands_in
    heads = list(head.finditer(text, max(0, start - _LEAD_REACH), start))
    return bool(heads) and lead.ends.search(text, heads[-1].end(), start) is None


@lru_cache(maxsize=4096)
def _reaching_cues(before: str, after: str, group: str) -> dict[Usage, str]:
    """The cues whose scope reaches the mention between the two windows, the nearest of each usage."""
    rules = load_usage()
    found: dict[Usage, tuple[int, str]] = {}
    reach = _reach_before(before)
    for index, _, cue_end in rules.automaton.find_matches_as_indexes(before):
        for cue in rules.cues[index]:
            if cue.before and cue.counts_in(group) and cue_end >= reach[cue.scope]:
                if cue.usage is Usage.RENTING and rules.apart.search(before, cue_end):
                    continue
                _note(found, cue.usage, len(before) - cue_end, rules.words[index])
    reach = _reach_after(after, held=_HOLDING.search(before) is not None)
    for index, cue_start, _ in rules.automaton.find_matches_as_indexes(after):
        for cue in rules.cues[index]:
            if cue.after and cue.counts_in(group) and cue_start <= reach[cue.scope]:
                _note(found, cue.usage, cue_start, rules.words[index])
    if Usage.RENTING in found and (rules.combats[0].search(before) or rules.combats[1].match(after)):
        del found[Usage.RENTING]
    return {usage: word for usage, (_, word) in found.items()}


def _note(found: dict[Usage, tuple[int, str]], usage: Usage, distance: int, word: str) -> None:
    if usage not in found or distance < found[usage][0]:
        found[usage] = (distance, word)


def _reach_before(window: str) -> dict[str, int]:
    """From which place on a cue before the mention reaches it, by scope."""
    phrase = _last_end(_LAST_PHRASE_END, window)
    return {
        "touch": max(phrase, len(window) - _TOUCH),
        "phrase": phrase,
        "clause": _last_end(_LAST_CLAUSE_END, window),
        "line": max(window.rfind("\n"), window.rfind("\r")) + 1,
    }


def _reach_after(window: str, *, held: bool) -> dict[str, int]:
    """Up to which place a cue behind the mention reaches it, by scope."""
    phrase = _first_start(_PHRASE_END_AFTER, window)
    spill = _SPILL.match(window)
    clause = _first_start(_CLAUSE_END, window)
    return {
        "held": clause if held else -1,
        "touch": min(phrase, _TOUCH),
        "phrase": max(phrase, spill.end()) if spill else phrase,
        "clause": clause,
        "line": _first_start(_LINE_END, window),
    }


def _last_end(pattern: re.Pattern[str], window: str) -> int:
    match = pattern.match(window)
    return 0 if match is None else match.end()


def _first_start(pattern: re.Pattern[str], window: str) -> int:
    match = pattern.search(window)
    return len(window) if match is None else match.start()


@dataclass(frozen=True, slots=True)
class Headings:
    """Where a text's section headings end, in order, and what stands under each."""

    ends: tuple[int, ...] = ()
    kinds: tuple[str, ...] = ()

    def section(self, place: int) -> str:
        """What the section at ``place`` holds; empty where no heading is near before it."""
        index = bisect_right(self.ends, place) - 1
        return self.kinds[index] if index >= 0 and place - self.ends[index] <= _SECTION_REACH else ""

    def distance(self, place: int) -> int:
        """Characters between ``place`` and the heading before it."""
        index = bisect_right(self.ends, place) - 1
        return place - self.ends[index] if index >= 0 else place


def find_headings(text: str, kind: DocumentKind) -> Headings:
    """The section headings of a text whose kind has sections."""
    rules = load_usage()
    headings = rules.headings.get(rules.groups[kind])
    if headings is None:
        return Headings()
    found = headings.automaton.find_matches_as_indexes(text)
    return Headings(tuple(end for _, _, end in found), tuple(headings.kinds[index] for index, _, _ in found))
