"""Everything looked for in a text, in one automaton: names, certificate words, and what shields them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

from catalogue import Catalogue
from detection.automata import Automaton, build_automaton
from detection.rulebook import KnownName, known_names, read_lines, read_rules

_BLOCK, _CUT = 65_536, 4_096
_FREE_HITS, _MOST_HITS = 4_096, 1_024
"""In the whole text, and per block beyond them: one in 64 characters, denser than any list of positions."""
ANCHORS = ("证", "资格", "职称", "执照", "技能等级")
"""Where a certificate may be named."""


BLANK = "[ \\t\\r\\n\\v\\f\\u00a0\\u2028\\u3000]"
"""A blank or a line end, as a regular expression."""


class Hit(IntEnum):
    """What a pattern of the automaton means."""

    SHIELD = 0
    ANCHOR = 1
    NAME = 2
    """Becomes a mention with a certificate word, in an advert, or in a list that a certificate word heads."""
    CERTIFICATE = 3
    """Is a certificate's name by itself."""
    TITLE = 4
    """A professional title (职称) or a job: the context decides."""
    LATIN = 5
    """An abbreviation; counts where it stands alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    automaton: Automaton
    hits: tuple[Hit, ...]
    """What each pattern means, by its index."""
    words: tuple[str, ...]
    known: dict[str, KnownName]
    inside: frozenset[str]
    """Pairs of neighbouring characters inside names."""
    broken: re.Pattern[str]
    """Blanks or line ends between two characters of names: a name may be broken there."""
    words_and_stems: frozenset[str]
    """What is a word by itself, so that a line may well end with it."""


_NAMES = frozenset({Hit.NAME, Hit.CERTIFICATE, Hit.TITLE})
_JOINED = 3
"""Characters of the shortest name that is read across a break."""
_LICENSED, _PERSON = ("注册", "国家注册"), ("师", "员", "人", "证", "书", "格", "业")
_TRADE = 2
"""Characters of a trade's shortest name (电工)."""
_SHORT_CERTIFICATES = frozenset({"驾照"})
_LANGUAGE_TESTS = frozenset({"雅思", "托福", "托业", "德福"})
"""Subjects of teaching as well: they count where an abbreviation would."""
_HITS = {
    "certificate": Hit.CERTIFICATE,
    "name": Hit.NAME,
    "title": Hit.TITLE,
    "latin": Hit.LATIN,
}
"""Stems are no patterns: they count only right before a certificate word, where its anchor meets them."""


def build_lexicon(catalogue: Catalogue) -> Lexicon:
    """The patterns of the catalogue's names, of the rules' names, of certificate words and of shields."""
    meanings: dict[str, Hit] = {}
    rules = read_rules("wording.toml")
    for name in catalogue.names():
        _add(meanings, name, _meaning(name, rules["certificate_endings"]))
    for entry in catalogue.entries:
        _add(meanings, entry.name, _meaning(entry.name, rules["certificate_endings"]))
    known = known_names()
    for text, convention in known.items():
        if convention.kind in _HITS:
            meanings[text] = _HITS[convention.kind]
    for name in [name for name in meanings if name.endswith("工")]:
        # 园林工 is no name in 园林工程师, and 电工 none in 机电工程师
        longer, hit = ("程师", Hit.TITLE) if len(name) > _TRADE else ("程", Hit.SHIELD)
        meanings.setdefault(name + longer, hit)
    for name in [name for name in meanings if name.startswith(_LICENSED) and not name.endswith(_PERSON)]:
        meanings.setdefault(f"{name}工程师", meanings[name])  # 国家注册监理 goes on in 国家注册监理工程师
    for text in rules["no_certificates"]:
        meanings.pop(text, None)
    for shield in read_lines("not_inside.txt"):
        meanings.setdefault(shield, Hit.SHIELD)
    for anchor in (*ANCHORS, *rules["anchors"]):
        meanings[anchor] = Hit.ANCHOR
    words = tuple(meanings)
    names = [word for word, hit in meanings.items() if hit in _NAMES and len(word) >= _JOINED]
    inside = frozenset(left + right for name in names for left, right in pairwise(name) if left != right)
    return Lexicon(
        build_automaton(words),
        tuple(meanings.values()),
        words,
        known,
        inside,
        _broken(inside),
        frozenset(words) | frozenset(known),
    )


def _broken(inside: frozenset[str]) -> re.Pattern[str]:
    before, behind = (
        "".join(sorted({pair[side] for pair in inside if "一" <= pair <= "龥"})) for side in (0, 1)
    )
    return re.compile(
        f"{BLANK}(?<=[{re.escape(before)}].){BLANK}{{0,11}}(?=[{re.escape(behind)}])", re.DOTALL
    )


def find_hits(text: str, lexicon: Lexicon) -> list[tuple[int, int, int]]:
    """Start, end and pattern of every hit, leftmost and longest first, none overlapping.

    A long text is read in blocks, cut at line ends, and a block yields a bounded number of hits: a text made
    of nothing but names costs no more memory than one of prose.
    """
    if len(text) <= _BLOCK:
        return lexicon.automaton.find(text)
    hits: list[tuple[int, int, int]] = []
    start, free = 0, _FREE_HITS
    while start < len(text):
        end = min(start + _BLOCK, len(text))
        cut = text.rfind("\n", end - _CUT, end) if end < len(text) else -1
        end = cut + 1 if cut >= 0 else end
        block = lexicon.automaton.find(text[start:end])
        most = max(free, _MOST_HITS)
        hits += [(start + left, start + right, index) for left, right, index in block[:most]]
        free -= len(block)
        start = end
    return hits


def _add(meanings: dict[str, Hit], name: str, meaning: Hit) -> None:
    if len(name) < 2 or name in meanings:
        return
    meanings[name] = meaning
    if name.isascii() and not name.isdigit():
        meanings.setdefault(name.lower(), meaning)


def _meaning(name: str, endings: list[str]) -> Hit:
    if name.isascii() or name in _LANGUAGE_TESTS:
        return Hit.LATIN
    if len(name) == 2 and name not in _SHORT_CERTIFICATES:
        return Hit.NAME  # 高项 stands in 提高项目: two characters need their context
    return Hit.CERTIFICATE if name.endswith(tuple(endings)) else Hit.NAME
