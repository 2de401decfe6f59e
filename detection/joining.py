"""Known names that a line end, a cell's edge or a blank broke in two are read whole.

Pages wrap their source, cells and PDF lines wrap words, mails wrap at a column. Only names that are known are
joined: two lines of a list join to no name that was never written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from detection.folding import Folded
from detection.lexicon import BLANK, Hit, Lexicon

_BLANKS = re.compile(rf"{BLANK}+")
_WINDOW = 14
"""Characters on either side of a break in which a name may reach across it."""
_MOST_RIGHT = 40
_FREE, _ONE_IN = 512, 64
"""Breaks that are looked at: so many, and one in so many characters."""
_FULL_LINE = 18
"""Characters of a line from which on its end may cut between two words."""
_OTHER_WORD = re.compile("[师员士工](?:工|资[^格质]|范|作|程|员|数|力|事|才)")
"""At the beginning of a line: no last character of a name, but another word."""
_OWN_WORD = re.compile(
    "(?:从业|执业|职业|上岗|岗位|操作|作业|资格|证书|证件|证|职称|等级|技能|人员|考试|培训|专业|管理|合格|中级|初级|高级){1,5}"
)
"""The rest of a name that may begin a line by itself."""
_WORDS = re.compile("[职从执]业资格|资格证|技能等级|等级证|岗位证|操作证|作业证")
"""Parts of certificates' names; a break behind the first character cuts a word."""
_NAMES = frozenset({Hit.NAME, Hit.CERTIFICATE, Hit.TITLE})


def join_broken_names(folded: Folded, lexicon: Lexicon) -> Folded:
    """The text without the breaks inside known names; the same object where there are none."""
    text = folded.text
    gaps = list(_gaps(text, lexicon))
    return folded.without(gaps) if gaps else folded


def _gaps(text: str, lexicon: Lexicon) -> Iterator[tuple[int, int]]:
    left = _FREE + len(text) // _ONE_IN
    for match in lexicon.broken.finditer(text):
        start, end = match.span()
        if text[start - 1] + text[end] not in lexicon.inside:
            continue
        left -= 1
        if not left:
            return  # no page is broken so often: the rest is no prose
        before = _BLANKS.sub("", text[max(0, start - 2 * _WINDOW) : start])[-_WINDOW:]
        behind = _BLANKS.sub("", text[end : end + _MOST_RIGHT])[:_WINDOW]
        may_cut = "\n" not in text[start:end] or _ends_full_line(text, start)
        if _breaks_a_name(before, behind, may_cut, lexicon):
            yield start, end


@lru_cache(maxsize=4096)
def _breaks_a_name(left: str, right: str, may_cut_anywhere: bool, lexicon: Lexicon) -> bool:
    window, place = left + right, len(left)
    for begin, stop, index in lexicon.automaton.find(window):
        if not begin < place < stop:
            continue
        kind = lexicon.hits[index]
        if kind is Hit.ANCHOR:
            break
        if kind not in _NAMES:
            return False
        if may_cut_anywhere:
            return True
        part = window[begin:place]
        own = part in lexicon.words_and_stems and _OWN_WORD.fullmatch(window, place, stop) is not None
        return not own and _OTHER_WORD.match(window, place) is None
    return any(match.start() + 1 == place for match in _WORDS.finditer(window))


def _ends_full_line(text: str, end: int) -> bool:
    """Whether the line that ends at ``end`` is as long as lines are that break anywhere."""
    return end >= _FULL_LINE and text.rfind("\n", end - _FULL_LINE, end) < 0
