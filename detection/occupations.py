"""Certificates that a sentence names by its occupation: ``保安员须持上岗证``, ``取得本职业初级证书``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from detection.guards import Guarded, guard
from detection.lexicon import Hit, Lexicon
from detection.rulebook import read_rules
from detection.wording import Wording

_BEFORE, _AFTER, _FAR = 48, 16, 200
_OF = re.compile("的(?=[一-龥])")
_ENDS = re.compile(r"[。；;！!？?\n\r]")


@dataclass(frozen=True, slots=True)
class OccupationRules:
    follows: Guarded
    """Generic certificate words that take an occupation's standing."""
    refers: Guarded
    """Those that refer to an occupation whose certificate the sentence names already."""
    far: Guarded
    """Those of the occupation or the examination that the lines above name."""
    never: Guarded
    apart: Guarded
    """Between an occupation and the word: a list of papers that others have as well."""
    other_word: Guarded


@cache
def load_occupation_rules() -> OccupationRules:
    """Raises KeyError where ``forms.toml`` lacks a rule."""
    rules = read_rules("forms.toml")["occupation"]
    return OccupationRules(**{name: guard(rules[name]) for name in OccupationRules.__slots__})


def occupation_of(text: str, place: tuple[int, int], lexicon: Lexicon, wording: Wording) -> str:
    """The occupation that the sentence of a generic certificate word names; empty where it names none.

    The nearest before the word, else what has it (``持有职业资格证书的保安员``). Where the sentence names
    another certificate before it, only a level or 本职业 refers to that; else nobody can say which is meant.
    """
    start, end = place
    rules = load_occupation_rules()
    quote = text[start:end]
    if rules.follows.search(quote) is None or rules.never.search(quote):
        return ""
    if rules.far.match(quote) is not None:
        above = _names(text, (max(0, start - _FAR), start), lexicon, wording)
        return above[-1][0] if above else ""
    low = max(0, start - _BEFORE)
    low = max([low, *(match.end() for match in _ENDS.finditer(text, low, start))])
    before = _names(text, (low, start), lexicon, wording)
    if before:
        is_clear = rules.refers.match(quote) or not any(has_word for _, has_word in before)
        nearest = before[-1][0]
        apart = rules.apart.search(text, text.rfind(nearest, low, start), start)
        return nearest if is_clear and apart is None else ""
    behind = _OF.match(text, end, end + _AFTER)
    if behind is None:
        return ""
    names = _names(text, (behind.end(), end + _AFTER), lexicon, wording)
    return names[0][0] if names else ""


def _names(text: str, place: tuple[int, int], lexicon: Lexicon, wording: Wording) -> list[tuple[str, bool]]:
    """Names of occupations, and whether each has a certificate word of its own."""
    low, high = place
    other = load_occupation_rules().other_word
    found = []
    for begin, end, index in lexicon.automaton.find(text[low:high]):
        if lexicon.hits[index] is not Hit.NAME or text[low + begin].isascii():
            continue
        if wording.forward.match(text, low + end, low + end + _AFTER + 8) is not None:
            found.append((text[low + begin : low + end], True))
        elif other.match(text, low + end) is None:
            found.append((text[low + begin : low + end], False))
    return found
