"""One spelling for reading: simplified characters and half-width letters, place for place.

The folded text has the length of the original, so offsets hold in both. Most texts need nothing.
"""

from __future__ import annotations

import re
from functools import cache

from detection.rulebook import read_lines

_MARKS = ("證", "資", "執", "職稱", "會", "師")
"""Traditional characters without which no certificate is named in traditional script."""
_WIDE = re.compile("[Ａ-Ｚａ-ｚ０-９]")
_WIDE_TO_HALF = {
    code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))
}


@cache
def load_traditional() -> dict[int, str]:
    """Traditional to simplified, for the characters of certificates' names."""
    pairs = " ".join(read_lines("traditional.txt")).split()
    return {ord(pair[0]): pair[1] for pair in pairs}


def fold_text(text: str) -> str:
    """``text`` in simplified characters and half-width letters, of the same length."""
    if any(mark in text for mark in _MARKS):
        text = text.translate(load_traditional())
    if _WIDE.search(text):
        text = text.translate(_WIDE_TO_HALF)
    return text
