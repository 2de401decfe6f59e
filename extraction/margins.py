"""Headers and footers of documents: words that stand on every page and are read once, behind the text."""

from __future__ import annotations

import re
from collections.abc import Iterable

MARK = "页眉页脚："
_LETTERS = re.compile(r"[\W\d_]+")
_PAGE_NUMBERS = re.compile(r"[第共总计页码之/—－-]|page|of", re.IGNORECASE)
_FEWEST = 2
"""Letters besides those of a page's number."""


def margin_lines(lines: Iterable[str], text: Iterable[str]) -> list[str]:
    """``lines`` of headers and footers, each once, without page numbers and what ``text`` says itself."""
    said = {_LETTERS.sub("", line) for line in text}
    found: dict[str, None] = {}
    for line in lines:
        letters = _LETTERS.sub("", line)
        if letters not in said and len(_PAGE_NUMBERS.sub("", letters)) >= _FEWEST:
            found.setdefault(f"{MARK}{line}")
    return list(found)
