"""Pairs of letters by which any part of a text is found, written so that every database's index takes them.

Chinese has no spaces between its words, and the indexes of databases know none of its words. A text is
indexed as the pairs of its neighbouring letters and digits; what is looked for is a sequence of such pairs,
so that two letters are found as surely as ten. Pairs are written in ASCII, which no index folds, splits or
leaves out.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

_TERMS = 8
"""Words of a search that are looked for; the rest would only make it slow."""
_TERM_LETTERS = 60


def index_words(parts: Iterable[str], *, limit: int = 4000) -> str:
    """What an index holds of ``parts``, at most ``limit`` letters of them in all; no pair spans two parts."""
    words: list[str] = []
    for part in parts:
        letters = _letters(part)[:limit]
        limit -= len(letters)
        words += (_pair(letters[at : at + 2]) for at in range(len(letters)))
    return " ".join(words)


def search_terms(typed: str) -> tuple[tuple[str, ...], ...]:
    """The pairs of each word that somebody looks for, in their order.

    The one pair of a word of a single letter is the beginning of those meant.
    """
    terms = (_letters(word)[:_TERM_LETTERS] for word in typed.split())
    return tuple(
        tuple(_pair(term[at : at + 2]) for at in range(max(1, len(term) - 1))) for term in terms if term
    )[:_TERMS]


def _letters(text: str) -> str:
    """Letters and digits in one form: full width and case tell nothing apart, and marks are left out."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", text).casefold() if letter.isalnum())


def _pair(letters: str) -> str:
    """``x4f1ax8ba1``; the last letter of a part has none behind it: ``x8ba1x``.

    Every pair of a letter begins with what stands for it alone, and none of another letter does.
    """
    return "".join(f"x{ord(letter):x}" for letter in letters) + "x" * (len(letters) == 1)
