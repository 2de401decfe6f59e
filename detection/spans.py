"""From hits to spans: where a certificate is named, from which character to which.

Every step works in a bounded window around a hit: the cost grows with the hits and with nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from detection.guards import guard
from detection.lexicon import Hit, Lexicon
from detection.wording import BACKWARD, Wording

_FORWARD = 48
_PREFIX = 14
_NAMELESS = frozenset({"证", "证书", "证件"})
_STOPS = "，。；：、！？,;!?\n /（(“"
_MARGIN = "\n\r\t \u3000"
_HOLDING = "有持的"
"""Characters that a name never reaches over, looked at before any pattern runs."""
_PROOF = "资格证明"
"""What proves a standing (业主, 股东, 低保), unless it names what a person is or somebody holds it."""
_SHORTEST_OPEN, _LONGEST_OPEN = 2, 10
"""Characters of an open name's core."""
_LEAD = 9
_MARKED = 22
"""Characters of a title in marks before the name that it ends in."""
_LINE_BREAK = guard(r"[一-龥](\r?\n)(?=[一-龥])")
_SPACED = guard(r"(?:[一-龥][ \u3000]){3}[一-龥]?$")
_BLANK = re.compile(r"[ \u3000]")
_FULL_LINE = 18
"""Characters of a line from which on its end may cut a word."""


class Form(Enum):
    """How a span came to be taken for a certificate's name."""

    LISTED = "listed"
    """A known name with a certificate word, or one that is a certificate by itself."""
    OPEN = "open"
    """A certificate word with a core that no list has."""
    GENERIC = "generic"
    BARE = "bare"
    """A known name without a certificate word: the context decides whether it is a mention."""


@dataclass(slots=True)
class Span:
    start: int
    end: int
    core_start: int
    core_end: int
    word: str
    """The certificate word; empty where there is none."""
    form: Form
    hit: Hit = Hit.ANCHOR
    core: str = ""
    """The name without level and certificate word."""
    lead: str = ""
    """What stands right before a listed name without a boundary: with it, it may be another certificate."""
    shared: str = ""
    """The certificate word that stands behind another name of the same list; empty where there is none."""


def find_spans(text: str, hits: list[tuple[int, int, int]], lexicon: Lexicon, wording: Wording) -> list[Span]:
    """Spans in order of their start, none overlapping; bare names among them."""
    spans: list[Span] = []
    reach, anchored = 0, -1
    kinds = lexicon.hits
    for start, end, index in hits:
        if end <= reach or start < reach:
            continue
        kind = kinds[index]
        if kind is Hit.SHIELD:
            continue
        if kind is Hit.ANCHOR:
            if start == anchored:
                anchored = end
                continue  # 证证证: nothing stands between the two
            anchored = end
            span = _read_anchor(text, start, reach, lexicon, wording)
        else:
            span = _read_name(text, (start, end), kind, reach, wording)
        if span is not None:
            spans.append(span)
            reach = span.end
    return spans


def _read_name(text: str, place: tuple[int, int], kind: Hit, reach: int, wording: Wording) -> Span | None:
    start, end = place
    if text[start].isascii() and not _stands_alone(text, start, end):
        return None
    begin = with_prefix(text, start, reach, wording)
    span = Span(begin, end, start, end, "", Form.BARE, kind, text[start:end])
    ahead = wording.forward.match(text, end, end + _FORWARD)
    if ahead is not None:
        span.word, span.end, span.form = ahead["word"], ahead.end(), Form.LISTED
    elif (level := wording.level_named.match(text, end, end + _PREFIX + 4)) is not None:
        span.word, span.end, span.form = "职业资格", level.end(), Form.LISTED
    elif kind is Hit.CERTIFICATE:
        if not wording.ends_here(text, end):
            return None
        span.end = _with_level_behind(text, end + text.startswith(("书", "件"), end), wording)
        span.form = Form.LISTED
    elif kind is Hit.NAME:
        span.end = _with_level_behind(text, end, wording)
    if span.form is Form.LISTED:
        span.lead = read_lead(text, span, reach, wording)
        named = wording.person.search(span.core) or wording.person.search(span.lead)
        if span.lead and wording.company.search(span.lead) and not named:
            return None
    return span


def _stands_alone(text: str, start: int, end: int) -> bool:
    """An abbreviation inside a longer word of Latin letters is another word."""
    before = text[start - 1] if start else " "
    numbered = before == "." and text[max(0, start - 2) : start - 1].isdigit()  # 1.A2驾驶证
    if before.isascii() and (before.isalnum() or before in "_.@") and not numbered:
        return False
    if not text[end - 1].isascii():
        return True
    after = text[end] if end < len(text) else " "
    return not (after.isascii() and (after.isalnum() or after in "_@"))


def with_prefix(text: str, start: int, reach: int, wording: Wording) -> int:
    """Where the name at ``start`` begins with its prefixes and levels, not before ``reach``."""
    low = max(reach, start - _PREFIX)
    if low >= start or text[start - 1] not in wording.prefix_ends:
        return start
    match = wording.prefix.search(text[low:start])
    return start if match is None else low + match.start()


def read_lead(text: str, span: Span, reach: int, wording: Wording) -> str:
    """Up to eight characters before a listed name that no boundary separates from it.

    Where the name ends a title in marks (``《机械制图工程师》``), all that the marks hold before it.
    """
    begin = span.start
    if text.startswith(wording.closing, span.core_end):
        held = wording.marked.search(text, max(reach, begin - _MARKED), begin)
        if held is not None:
            return held[1]
    if begin == 0 or text[begin - 1] in _STOPS or text[begin - 1] in _HOLDING:
        return ""
    low = max(reach, begin - _LEAD)
    last = wording.last_limit(text, low, begin)
    stop = max(last, low) if low == reach else last
    if stop < 0 or text.endswith("以上", stop, begin):
        return ""  # 小学及以上 is a level, and no part of the name
    return text[stop:begin]


def _with_level_behind(text: str, end: int, wording: Wording) -> int:
    match = wording.level_behind.match(text, end, end + 8)
    return end if match is None else match.end()


def _read_anchor(text: str, start: int, reach: int, lexicon: Lexicon, wording: Wording) -> Span | None:
    """An open or generic name that ends in the certificate word at ``start``; None where nothing is named."""
    ahead = wording.forward.match(text, start, start + _FORWARD)
    if ahead is None:
        return None
    low = max(reach, start - BACKWARD)
    if ahead["word"] in _NAMELESS and ahead.start("word") == start and _opens_line(text, low, start):
        return None
    window, places = _unbroken(text, low, start)
    graded = wording.graded.search(window)
    begin, core_start, core_end = _read_core(window[: graded.start()] if graded else window, wording)
    core = window[core_start:core_end]
    word = text[ahead.start("word") : ahead.end("word")]
    span = Span(
        places[begin], ahead.end(), places[core_start], places[core_end], word, Form.OPEN, Hit.ANCHOR, core
    )
    named = window[begin:] + text[start : ahead.end()]
    form = _form(text, span, named, lexicon, wording)
    if form is None:
        return None
    span.form = form
    return span


def _opens_line(text: str, low: int, start: int) -> bool:
    """Whether nothing that could be a name stands before ``start``: a line begins, or a phrase."""
    if start == low:
        return True
    before = text[start - 1]
    if before in " \u3000" and start - low >= 4 and text[start - 3] in " \u3000":
        return False  # letters set apart one by one
    return before in _STOPS and (before != "\n" or not _is_full_line(text, start - 1))


def _form(text: str, span: Span, named: str, lexicon: Lexicon, wording: Wording) -> Form | None:
    """Whether what ends in a certificate word is an open or a generic name; None where it is no person's."""
    if wording.body_behind.match(text, span.end) or _heads_a_line(text, span):
        return None
    if not span.core or wording.generic.fullmatch(span.core):
        return _generic_form(text, span, named, wording)
    if wording.vague.search(named):
        return Form.GENERIC
    if span.core not in lexicon.known and not wording.person.search(span.core):
        if span.word == "资格":
            return _standing_form(text, span, wording)
        if wording.of_a_trade.search(named):
            return _form_of_a_trade(text, span, wording)
    return Form.OPEN if _is_persons(text, span, named, lexicon, wording) else None


def _form_of_a_trade(text: str, span: Span, wording: Wording) -> Form | None:
    """建筑职业资格证书 names no particular certificate; in title marks its own rules name it so."""
    if wording.company.search(span.core):
        return None
    return Form.OPEN if text[span.start - 1 : span.start] == "《" else Form.GENERIC


def _standing_form(text: str, span: Span, wording: Wording) -> Form | None:
    """推进职业资格: what stands before it is no name, and without somebody who has it it is no paper."""
    span.start = span.core_start = span.core_end
    named = text[span.start : span.end]
    if wording.bare_standing.match(named) and not _is_had(text, span, wording):
        return None
    return Form.GENERIC if wording.personal_qualification.search(named) else None


def _heads_a_line(text: str, span: Span) -> bool:
    """Whether a name that a line end breaks is a line of its own that heads what follows."""
    return "\n" in text[span.start : span.end] and text[span.end : span.end + 1] in ("：", ":")


def _generic_form(text: str, span: Span, named: str, wording: Wording) -> Form | None:
    opens = span.start == 0 or text[span.start - 1] in _MARGIN
    if opens and wording.heading.match(text, span.end):
        return None
    if wording.of_body.search(text, max(0, span.start - 5), span.start):
        return None
    if wording.bare_standing.match(named) and not _is_had(text, span, wording):
        return None
    return Form.GENERIC if wording.generic_name.search(named) else None


def _is_had(text: str, span: Span, wording: Wording) -> bool:
    """Whether somebody has, or has to have, what the generic name names."""
    return wording.had.search(text, max(0, span.start - 20), span.start) is not None


def _is_persons(text: str, span: Span, named: str, lexicon: Lexicon, wording: Wording) -> bool:
    """Whether an open name is a person's, by its core, its words, or because somebody holds it."""
    core = span.core
    if len(core) < _SHORTEST_OPEN or core.isdigit() or wording.honour.search(core):
        return False
    if wording.company.search(core) and not (wording.person.search(core) or _is_of_staff(span, named)):
        return False
    if core in lexicon.known or (span.word == "职称" and len(core) <= _LONGEST_OPEN):
        return True
    if wording.person.search(core):
        return True
    if span.word != _PROOF and (wording.certifying.search(named) or wording.graded.search(named)):
        return True
    held = wording.holding.search(text, max(0, span.start - 12), span.start)
    return held is not None and len(core) <= _LONGEST_OPEN


def _is_of_staff(span: Span, named: str) -> bool:
    """Whether a body's or a trade's staff hold it: 农药经营人员上岗证; 医院医务人员职称 is no name."""
    return "人员" in named and span.word != "职称"


def _unbroken(text: str, low: int, start: int) -> tuple[str, Sequence[int]]:
    """The window before ``start`` without the breaks inside its words, and where each of its places stands.

    A line that is full breaks inside a word; letters set apart one by one belong together.
    """
    window = text[low:start]
    breaks = [
        match.span(1) for match in _LINE_BREAK.finditer(window) if _is_full_line(text, low + match.start(1))
    ]
    if _SPACED.search(window):
        breaks += [match.span() for match in _BLANK.finditer(window)]
    if not breaks:
        return window, range(low, start + 1)
    dropped = {place for begin, end in breaks for place in range(begin, end)}
    kept = [place for place in range(len(window)) if place not in dropped]
    return "".join(window[place] for place in kept), [*(low + place for place in kept), start]


def _is_full_line(text: str, end: int) -> bool:
    """Whether the line that ends at ``end`` is as long as lines are that break inside words."""
    return text.rfind("\n", max(0, end - _FULL_LINE), end) < 0 and end >= _FULL_LINE


def _read_core(window: str, wording: Wording) -> tuple[int, int, int]:
    """In a window that ends at the certificate word: begin of the name, begin and end of its core."""
    end = len(window)
    tail = window.rstrip()
    if tail.endswith(wording.closing):
        opening = max(tail.rfind(mark) for mark in wording.opening)
        if opening >= 0 and len(tail) - opening <= 24:
            return opening + 1, opening + 1, len(tail) - 1
    begin = max(0, wording.last_limit(window, 0, end))
    core_end = end
    trimmed = wording.trimmings.search(window, begin)
    if trimmed is not None:
        core_end = trimmed.start()
    core_start = begin
    ahead = wording.leading.match(window, begin, core_end)
    if ahead is not None:
        core_start = ahead.end()
    return begin, core_start, core_end
