"""What a text does with a certificate: cues, their direction and scope, the section, the kind of document.

Which means are tried in which order is the table ``[[decide]]`` of ``usage.toml``; each ``by`` is a function
of ``_MEANS``.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from detection.guards import Guarded
from detection.reach import reach_after, reach_before, without_aside
from detection.usage_rules import Step, UsageRules, load_usage
from vocabulary.codes import DocumentKind, Usage

REACH = 110
"""Characters on either side of a mention in which a cue can decide its usage."""
ARTICLE = "article"
"""The group of texts that explain to readers: nothing in them demands, permits or sells."""
_SECTION_REACH = 1500
_LEAD_REACH = 800
_ONE_OF_REACH = 500
_OFFER_REACH = 3000
"""Characters of a text in which whoever rents certificates, or hires, says so."""
_TITLE = 40
_MARKS = " \t\r\n\u3000《》【】“”·•-"
_CUE = 12
"""Characters of a sentence that are kept as the cue where its shape decided."""
_ELIGIBLE = re.compile("本职业|正规培训|标准学时|规定的?学时|报考|报名参加")
"""What is asked of who sits for an examination is no post's demand."""
_LACKING = re.compile(r"(?:未|没有?|不)(?:依法)?(?:取得|持有|具有|具备|获得)[^，。；;\n]{0,12}$")
"""``未取得…的，或者…``: who lacks it may not, whatever the other case is."""
_OUGHT = re.compile(
    r"(?:需要?|须|应当|要求|必须|应该)(?:同时|至少)?(?:具备|具有|持有|拥有|取得|有)[^。；;\n]{0,40}$"
)
"""``需要具备本科学历，或拥有…证书``: the sentence says what somebody ought to have."""
_DEMANDS = (Usage.REQUIRED, Usage.PERMIT)
_YIELDING = frozenset({Usage.OFFERED, Usage.INFORMATIVE, Usage.HELD})
"""Usages whose cue before a mention yields to one nearer to it that obliges."""
_HOLDING = re.compile(r"(?:持有?|取得|获得|具有|具备|拥有)[^，。；;\n]{0,6}$")


@dataclass(frozen=True, slots=True)
class Decision:
    usage: Usage
    cue: str = ""
    evident: bool = True
    """Whether something at the mention decided, and not the kind of document alone."""


class Heard(NamedTuple):
    """A cue that reaches a mention."""

    word: str
    distance: int
    """Characters between the two."""
    is_before: bool


@dataclass(frozen=True, slots=True)
class Headings:
    """Where a text's section headings end, in order, and what stands under each."""

    ends: tuple[int, ...] = ()
    kinds: tuple[str, ...] = ()
    above: str = ""
    """What the title says of everything before the first heading."""

    def section(self, place: int) -> str:
        """What the section at ``place`` holds; empty where no heading is near before it."""
        index = bisect_right(self.ends, place) - 1
        if index < 0:
            return self.above
        return self.kinds[index] if place - self.ends[index] <= _SECTION_REACH else ""

    def distance(self, place: int) -> int:
        """Characters between ``place`` and the heading before it."""
        index = bisect_right(self.ends, place) - 1
        return place - self.ends[index] if index >= 0 else place


@dataclass(slots=True)
class Place:
    """A mention in its text, as the steps look at it."""

    text: str
    start: int
    group: str
    section: str
    distance: int
    """Characters from the heading before it."""
    before: str
    after: str
    found: dict[Usage, Heard]
    """The cues that reach it, the nearest of each usage."""
    alternative: bool
    narrow: bool


def is_article(kind: DocumentKind, title: str) -> bool:
    """Whether a text that reads like a posting is an article about careers by its title."""
    rules = load_usage()
    if kind is DocumentKind.RECRUITMENT:
        return rules.articles.search(title) is not None
    return kind is DocumentKind.TRAINING_AD and rules.personal.search(title) is not None


def names_its_audience(text: str) -> bool:
    """Whether a text is for those who have a certificate already: continuing education, registration."""
    return len(load_usage().audience.findall(text)) > 1


def group_of(kind: DocumentKind, title: str = "") -> str:
    """The group of texts whose cues count in documents of this kind."""
    rules = load_usage()
    if kind is DocumentKind.PERMIT_GUIDE and rules.subsidies.search(title):
        return "subsidy"
    return rules.groups[kind]


def decide_usage(
    text: str,
    place: tuple[int, int],
    group: str,
    headings: Headings,
    *,
    alternative: bool = False,
    narrow: bool = False,
) -> Decision:
    """The usage of the mention that goes from ``place[0]`` to ``place[1]``, and the cue that decided it.

    Args:
        text: the whole text.
        place: where the mention begins and ends.
        group: the group of texts that this one belongs to, see :func:`group_of`.
        headings: the text's section headings.
        alternative: the mention stands in a list joined by 或.
        narrow: the kind of document was won narrowly, so that it alone decides nothing.
    """
    start, end = place
    rules = load_usage()
    before, after = text[max(0, start - REACH) : start], without_aside(text[end : end + REACH])
    at = Place(
        text=text,
        start=start,
        group=group,
        section=headings.section(start),
        distance=headings.distance(start),
        before=before,
        after=after,
        found=reaching_cues(before, after, group),
        alternative=alternative,
        narrow=narrow,
    )
    for step in rules.steps:
        if (step.groups and group not in step.groups) or step.unless & at.found.keys():
            continue
        decision = _MEANS[step.by](at, step, rules)
        if decision is not None:
            return _turned(decision, at, rules)
    return _turned(Decision(rules.defaults[group], evident=_is_asked_beside(at, rules)), at, rules)


def _is_asked_beside(at: Place, rules: UsageRules) -> bool:
    """Whether words of asking stand beside the mention: 取得, 不少于六人, 复印件."""
    return bool(rules.asking.search(at.before[-40:]) or rules.asking.search(at.after[:24]))


def _turned(decision: Decision, at: Place, rules: UsageRules) -> Decision:
    """The decision, as the rows of ``[[turns]]`` that fit turn it, one after the other."""
    for turn in rules.turns:
        if decision.usage in turn.before and at.group in turn.groups and _CONDITIONS[turn.when](at, rules):
            decision = replace(decision, usage=turn.after)
    return decision


def _by_heading(at: Place, step: Step, rules: UsageRules) -> Decision | None:
    """Alone on the text's first line, which is its title or its site's name; or in a page's path."""
    alone = at.after[:1] in {"", "\n", "\r"} and at.start <= _TITLE and not at.text[: at.start].strip(_MARKS)
    is_name = alone and len(at.text) > at.start + _TITLE
    if step.usage is None or not (is_name or rules.path.search(at.before)):
        return None
    return Decision(step.usage)


def _by_shape(at: Place, _: Step, __: UsageRules) -> Decision | None:
    return _shape_of(at.before, at.after, at.group)


@lru_cache(maxsize=4096)
def _shape_of(before: str, after: str, group: str) -> Decision | None:
    for shape in load_usage().shapes[group]:
        match = shape.before.search(before) if shape.before is not None else None
        if match is None and shape.before is not None:
            continue
        behind = shape.after.match(after) if shape.after is not None else None
        if behind is not None or shape.after is None:
            said = (found[0][:_CUE] for found in (match, behind) if found is not None)
            return Decision(shape.usage, next(filter(None, said), ""))
    return None


def _by_lead(at: Place, step: Step, rules: UsageRules) -> Decision | None:
    """In an item of a list whose lead obliges, or asks for papers."""
    lead = rules.lead
    line = at.before[at.before.rfind("\n") + 1 :]
    if step.usage is None or lead.item.search(line) is None:
        return None
    binds = at.group != "subsidy"  # what a subsidy is paid for is no demand
    head = lead.obliges if binds and lead.has.search(line) is not None else lead.hands_in
    heads = list(head.finditer(at.text, max(0, at.start - _LEAD_REACH), at.start))
    if not heads or lead.ends.search(at.text, heads[-1].end(), at.start) is not None:
        return None
    return Decision(step.usage)


def _by_asking(at: Place, step: Step, rules: UsageRules) -> Decision | None:
    """In an advert: under a heading of conditions or of papers to hand in."""
    if step.usage is None:
        return None
    if at.section == "papers":
        papers = at.before[-at.distance :] if 0 < at.distance <= REACH else ""
        asked = papers != "" and rules.asked_for.between.match(papers) is not None
    else:
        near = at.section == "conditions" and at.distance <= rules.asked_for.conditions
        asked = near and rules.asked_for.has.search(at.before) is not None
    return Decision(step.usage) if asked else None


def _by_hiring_section(at: Place, step: Step, rules: UsageRules) -> Decision | None:
    """Under a heading of requirements, the cues of postings count in a text of no kind too."""
    if at.section != "requirements" or _ELIGIBLE.search(f"{at.before[-40:]}\n{at.after[:40]}"):
        return None
    demanded = reaching_cues(at.before, at.after, "hiring")
    required = demanded.get(Usage.REQUIRED)
    obliges = required is not None and rules.obliging.search(required.word) is not None
    if not obliges and rules.hires.search(at.text, 0, _OFFER_REACH) is None:
        return None
    if required is not None or Usage.PREFERRED in demanded:
        return _by_cue(replace(at, group="hiring", found=demanded), step, rules)
    return None


def _by_cue(at: Place, _: Step, rules: UsageRules) -> Decision | None:
    """The first usage of the group's order whose cue reaches the mention."""
    obliged = _obliging_distance(at, rules)
    for usage in rules.order[at.group]:
        heard = at.found.get(usage)
        if heard is None or (usage in _YIELDING and heard.is_before and heard.distance > obliged):
            continue
        if usage is Usage.HELD and at.group == "story" and _OUGHT.search(at.before):
            continue  # whom a sentence asks to have it, nobody says to have it
        if at.section == "requirements" and usage is Usage.INFORMATIVE and Usage.REQUIRED in at.found:
            continue  # what is demanded under such a heading is no duty
        if at.section == "preferred" and usage is Usage.REQUIRED:
            return Decision(Usage.PREFERRED, heard.word)
        return Decision(usage, heard.word)
    return None


def _obliging_distance(at: Place, rules: UsageRules) -> int:
    """How near before the mention a cue obliges by itself; beyond every window where none does.

    ``报考保育岗位的须具有保育员证``: what the sentence began with says less than what it demands.
    """
    heard = (at.found[usage] for usage in _DEMANDS if usage in at.found)
    near = (cue.distance for cue in heard if cue.is_before and rules.obliging.search(cue.word))
    return min(near, default=REACH)


def _by_section(at: Place, _: Step, rules: UsageRules) -> Decision | None:
    usage = rules.under.get(at.group, {}).get(at.section)
    return Decision(usage) if usage is not None else None


def _by_demands(at: Place, step: Step, rules: UsageRules) -> Decision | None:
    """Among other demands, or in a text whose kind leaves no doubt."""
    beside = rules.demand.search(at.before[-60:]) or rules.demand.search(at.after[:40])
    if step.usage is None or (at.narrow and beside is None):
        return None
    return Decision(step.usage)


def _is_proposed(at: Place, rules: UsageRules) -> bool:
    """Whether a bidder proposes them, or shows their papers: they are not staff supplied later."""
    return rules.proposed.search(at.before) is not None or rules.shown.match(at.after) is not None


def _is_one_of(at: Place, rules: UsageRules) -> bool:
    """Whether the mention stands in a list of conditions of which one suffices."""
    if rules.lead.one_of_behind.search(at.text, at.start, at.start + _ONE_OF_REACH) is not None:
        return True
    heads = list(rules.lead.one_of.finditer(at.text, max(0, at.start - _ONE_OF_REACH), at.start))
    return bool(heads) and rules.lead.one_of_ends.search(at.text, heads[-1].end(), at.start) is None


def _is_said(sides: tuple[Guarded, Guarded], at: Place) -> bool:
    return sides[0].search(at.before) is not None or sides[1].match(at.after) is not None


_MEANS: dict[str, Callable[[Place, Step, UsageRules], Decision | None]] = {
    "heading": _by_heading,
    "shape": _by_shape,
    "lead": _by_lead,
    "asking": _by_asking,
    "hiring_section": _by_hiring_section,
    "cue": _by_cue,
    "section": _by_section,
    "demands": _by_demands,
}
_CONDITIONS: dict[str, Callable[[Place, UsageRules], bool]] = {
    "always": lambda _, __: True,
    "staff": lambda at, rules: at.section == "staff" and not _is_proposed(at, rules),
    "choice": lambda at, _: at.alternative and _LACKING.search(at.before) is None,
    "or_else": lambda at, rules: rules.lead.or_else.match(at.after) is not None,
    "one_of": _is_one_of,
    "unoffered": lambda at, rules: rules.renting.offered.search(at.text, 0, _OFFER_REACH) is None,
    "forbidden": lambda at, rules: _is_said(rules.renting.forbidden, at),
    "told": lambda at, rules: _is_said(rules.renting.told, at),
}


@lru_cache(maxsize=4096)
def reaching_cues(before: str, after: str, group: str) -> dict[Usage, Heard]:
    """The cues whose scope reaches the mention between the two windows, the nearest of each usage."""
    rules = load_usage()
    table = rules.cues[group]
    found: dict[Usage, Heard] = {}
    reach = reach_before(before)
    for _, cue_end, index in table.automaton.find(before):
        for cue in table.cues[index]:
            if cue.before and cue_end >= reach[cue.scope]:
                if cue.usage is Usage.RENTING and rules.renting.apart.search(before, cue_end):
                    continue
                _note(found, cue.usage, Heard(table.words[index], len(before) - cue_end, is_before=True))
    reach = reach_after(after, held=_HOLDING.search(before) is not None)
    for cue_start, _, index in table.automaton.find(after):
        for cue in table.cues[index]:
            if cue.after and cue_start <= reach[cue.scope]:
                _note(found, cue.usage, Heard(table.words[index], cue_start, is_before=False))
    return found


def _note(found: dict[Usage, Heard], usage: Usage, heard: Heard) -> None:
    if usage not in found or heard.distance < found[usage].distance:
        found[usage] = heard


def find_headings(text: str, group: str, title: str = "") -> Headings:
    """The section headings of a text whose group has sections."""
    headings = load_usage().headings.get(group)
    if headings is None:
        return Headings()
    found = headings.automaton.find(text)
    titled = headings.automaton.find(title)
    return Headings(
        tuple(end for _, end, _ in found),
        tuple(headings.kinds[index] for _, _, index in found),
        headings.kinds[titled[-1][-1]] if titled else "",
    )
