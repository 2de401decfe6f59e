"""How a certificate's name is built: the patterns that read it forwards and backwards from an anchor.

Every pattern runs over a bounded window, and every repetition in it is bounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from detection.automata import Automaton, build_choice
from detection.guards import Guarded, first_characters, guard
from detection.rulebook import alternatives, read_rules

BACKWARD = 32
"""Characters that an open name may reach back from its certificate word."""
_GAP = r"(?:[ \u3000\t]{0,2}|\r?\n(?=[证书件格]|资格证|[职从执]业资格))"
"""Between the parts of one word: blanks, or a line end that broke it."""
_PUNCTUATION = r"\s，,。.;；:：、!！?？…·|/\\＋+（()）\[\]《》「」『』【】<>〈〉“”\"'‘’~～—–*★●◆■□▲①-⑳\-&＆"


_NO_NAME = "(?![一-龥])"
"""Behind a level: no name begins with it (厨师证|中级厨师证)."""
_PREFIX_ENDS = "）)的上别"
"""What a prefix or a level may end with besides its own last character."""
_WORD_LISTS = {
    "honour": "honours",
    "of_a_trade": "of_a_trade",
    "company": "not_of_persons",
    "generic_name": "generic_names",
    "personal_qualification": "personal_qualifications",
    "certifying": "certifying",
    "vague": "vague",
}
_PATTERNS = ("bare_standing", "had", "person", "heading", "body_behind", "of_body", "holding")


@dataclass(frozen=True, slots=True)
class Wording:
    forward: Guarded
    """From the end of a name: infixes, levels, then the certificate word with what belongs to it."""
    prefix: Guarded
    """At the end of a window: what belongs to the name that follows."""
    prefix_ends: frozenset[str]
    """The characters that ``prefix`` may end with."""
    limits: Automaton
    """What a name cannot reach over, and words that only look like it."""
    limit_ends: tuple[int, ...]
    """By word of ``limits``: after how many characters the limit ends; 0 where the word is none."""
    level: Guarded
    trimmings: Guarded
    """Infixes at the end of a core."""
    generic: Guarded
    company: Guarded
    honour: Guarded
    bare_standing: Guarded
    """A standing without a paper (职业资格): a mention only behind ``had``."""
    had: Guarded
    level_named: Guarded
    """In brackets behind an occupation: （国家职业资格四级）."""
    of_a_trade: Guarded
    """With a field or a trade for a core, these name no particular certificate (建筑职业资格证书)."""
    never_behind: dict[str, Guarded]
    """By the last character of a certificate's name: what, right behind it, makes it another word."""
    level_behind: Guarded
    leading: Guarded
    """Prefixes and levels before a core."""
    generic_name: Guarded
    """Names of no particular certificate that are mentions all the same."""
    personal_qualification: Guarded
    """Names in 资格 that are a person's, not a participant's."""
    person: Guarded
    """Cores that name what a person is."""
    certifying: Guarded
    """Words by which an open name is a person's certificate whatever its core."""
    heading: Guarded
    """After a generic name: it heads a field of a form."""
    body_behind: Guarded
    """After an open or generic name: a body holds it."""
    of_body: Guarded
    """Before a generic name: a body's paper, not a person's."""
    holding: Guarded
    """Before an open name: somebody holds it."""
    vague: Guarded
    """Words by which an open name names no particular certificate."""
    graded: Guarded
    """A short explanation in brackets, then a level, at the end of a window: 维修工（手机类）中级（四级）."""
    marked: Guarded
    """What an opening mark has let in at the end of a window."""
    opening: str
    closing: tuple[str, ...]

    def last_limit(self, text: str, start: int, end: int) -> int:
        """Where the last limit between the two places ends; -1 where a name reaches over all of it."""
        last = -1
        for begin, stop, word in self.limits.find(text[start:end]):
            length = self.limit_ends[word]
            if length:
                last = start + begin + length
                if begin + length < stop:  # 持|有关证: what is behind the limit is read anew
                    return max(last, self.last_limit(text, last, end))
        return last

    def ends_here(self, text: str, end: int) -> bool:
        """Whether the name that ends at ``end`` is not the beginning of another word (会计证|券)."""
        behind = self.never_behind.get(text[end - 1])
        return behind is None or behind.match(text, end) is None


@cache
def load_wording() -> Wording:
    """Raises KeyError where ``wording.toml`` lacks a list."""
    rules = read_rules("wording.toml")
    level = alternatives(rules["levels"])
    levels = rf"(?:[（(](?:{level})[)）]|(?:{level}))(?:[（(]含[)）])?(?:[及或]?以上(?:级别)?的?)?"
    infix = alternatives(rules["infixes"])
    prefix = rf"(?:{alternatives(rules['prefixes'])}|{levels})"
    never_before, closing = rules["never_before"], "".join(rules["closing"])
    limits = _limits(rules)
    return Wording(
        forward=guard(_forward(rules, levels, infix)),
        prefix=guard(rf"(?<!本)(?:{prefix}的?){{1,4}}$"),
        prefix_ends=frozenset(word[-1] for word in (*rules["prefixes"], *rules["levels"], *_PREFIX_ENDS)),
        limits=build_choice(limits),
        limit_ends=tuple(limits.values()),
        level=guard(level),
        trimmings=guard(rf"(?:{infix}|{levels}){{1,6}}$"),
        generic=guard(rf"(?:{alternatives(rules['generic'])}|{levels}){{0,8}}"),
        never_behind={
            "证": guard("|".join(never_before["证"])),
            "格": guard(alternatives(never_before["资格"])),
            "业": guard(rules["trade_behind"]),
        },
        level_behind=guard(rf"{levels}{_NO_NAME}"),
        leading=guard(rf"{prefix}{{1,4}}的?"),
        graded=guard(rf"[（(][^（(）)\s]{{1,10}}[）)](?:{levels}){{1,3}}(?:{_GAP}(?:证书|证))?$"),
        marked=guard(rf"[{rules['opening']}]([^{rules['opening']}{closing}，。；：、证+＋\n]{{1,20}})$"),
        level_named=guard(read_rules("forms.toml")["occupation"]["level_behind"]),
        opening=rules["opening"],
        closing=tuple(rules["closing"]),
        **{name: guard(alternatives(rules[key])) for name, key in _WORD_LISTS.items()},
        **{name: guard(rules[name]) for name in _PATTERNS},
    )


def _limits(rules: dict[str, Any]) -> dict[str, int]:
    """Words that are no limits, then marks, then limits, the longest first, and where in each its limit ends.

    Before what ``boundary_never_before`` names, a limit ends where a shorter one does.
    """
    boundaries = sorted(rules["boundaries"], key=len, reverse=True)
    ends = dict.fromkeys(sorted(rules["not_a_boundary"], key=len, reverse=True), 0)
    for mark in sorted(first_characters(re.compile(f"[{_PUNCTUATION}]")) or ()):
        ends.setdefault(mark, 1)
    for word in boundaries:
        for behind in rules["boundary_never_before"].get(word, ()):
            shorter = (other for other in boundaries if other != word and word.startswith(other))
            ends.setdefault(word + behind, max(map(len, shorter)))
        ends.setdefault(word, len(word))
    return ends


def _forward(rules: dict[str, Any], levels: str, infix: str) -> str:
    """Infixes, the certificate word, and a level behind it where no other name begins with that."""
    words = sorted(rules["certificate_words"], key=len, reverse=True)
    personal, never_before = rules["personal_only"], rules["never_before"]
    word = "|".join(
        (r"(?<=[师员业])" if word == personal else "") + _with_guard(word, never_before) for word in words
    )
    return (
        rf"(?:(?<=经理)人)?[》”\"』」】）)]?(?:[（(][^（(）)\s]{{1,8}}[）)])?(?:的(?=[职执从]业资格|资格证))?(?:{_GAP}(?:{levels}|{infix})[》”\"』」]?){{0,6}}"
        rf"{_GAP}(?P<word>{word})(?:{_GAP}(?:{word})){{0,2}}(?:{levels}(?:(?:{word})|{_NO_NAME}))?"
    )


def _with_guard(word: str, never_before: dict[str, list[str]]) -> str:
    """``word``, where nothing follows that makes it another word."""
    followers = never_before.get("证" if word.endswith("证") else word, [])
    return re.escape(word) + (rf"(?!{alternatives(followers)})" if followers else "")
