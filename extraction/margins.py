"""Headers and footers of documents: words that stand on every page and are read once, behind the text."""

from __future__ import annotations

import re
from collections.abc import Iterable

MARK = "页眉页脚："
_LETTERS = re.compile(r"[\W\d_]+")
_PAGE_NUMBERS = re.compile(r"[第共总计页码之/—－-]|page|of", re.IGNORECASE)
_CODES = re.compile(r'&(?:&|"[^"]*"|K[0-9A-Fa-f]{6}|K\d\d[+-]\d{3}|\d{1,3}|[A-Za-z])')
"""Places, fonts, sizes, colours, and what Excel fills in: the page, the day, the file."""
_FEWEST = 2
"""Letters besides those of a page's number."""


def printed_words(code: str) -> str:
    """The words of a sheet's header as Excel writes it: ``&C&"宋体,常规"&12某某公告&R第&P页``."""
    return " ".join(_CODES.sub(lambda code: "&" if code[0] == "&&" else " ", code).split())


def margin_lines(lines: Iterable[str], text: Iterable[str]) -> list[str]:
    """``lines`` of headers and footers, each once, without page numbers and what ``text`` says itself."""
    said = {_LETTERS.sub("", line) for line in text}
    found: dict[str, None] = {}
    for line in lines:
        letters = _LETTERS.sub("", line)
        if letters not in said and len(_PAGE_NUMBERS.sub("", letters)) >= _FEWEST:
            found.setdefault(f"{MARK}{line}")
    return list(found)
