"""One spelling for reading: simplified characters and half-width letters, place for place.

The folded text has the length of the original, so offsets hold in both. Most texts need nothing.
"""

from __future__ import annotations

import re
from functools import cache

from detection.rulebook import read_lines

_UNUSUAL = re.compile("[證資執職會師Ａ-Ｚａ-ｚ０-９]")
"""Wide letters, and the characters without which no certificate is named in traditional script."""
_WIDE_TO_HALF = {
    code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))
}


@cache
def load_folds() -> dict[int, int]:
    """What each character is read as: traditional ones of certificates' names, and wide letters."""
    pairs = " ".join(read_lines("traditional.txt")).split()
    return {ord(pair[0]): ord(pair[1]) for pair in pairs} | _WIDE_TO_HALF


def fold_text(text: str) -> str:
    """``text`` in simplified characters and half-width letters, of the same length."""
    if _UNUSUAL.search(text) is None:
        return text
    return text.translate(load_folds())
