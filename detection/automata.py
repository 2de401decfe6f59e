"""Many words looked for in one pass over a text.

A double array over characters: two thirds of the time of an automaton over the bytes of UTF-8, built in half
of its time, and small enough to stay in the processor's cache.
"""

from __future__ import annotations

from collections.abc import Iterable

from daachorse import (
    MATCH_KIND_LEFTMOST_FIRST,
    MATCH_KIND_LEFTMOST_LONGEST,
    MATCH_KIND_STANDARD,
    CharwiseDoubleArrayAhoCorasick,
)

Automaton = CharwiseDoubleArrayAhoCorasick


def build_automaton(words: Iterable[str]) -> Automaton:
    """An automaton whose ``find`` tells start, end and number of each word met, words counted from 0.

    The leftmost word counts, of those that begin at one place the longest; none overlap.
    """
    return Automaton(list(words), MATCH_KIND_LEFTMOST_LONGEST, use_prefilter=False)


def build_choice(words: Iterable[str]) -> Automaton:
    """The same, but of the words that begin at one place the one given first counts, as in ``a|b``."""
    return Automaton(list(words), MATCH_KIND_LEFTMOST_FIRST, use_prefilter=False)


def build_finder_of_all(words: Iterable[str]) -> Automaton:
    """An automaton whose ``find_overlapping`` tells the same of every word, those inside others too."""
    return Automaton(list(words), MATCH_KIND_STANDARD, use_prefilter=False)
