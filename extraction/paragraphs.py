"""Paragraphs of formats that know only the lines of the paper."""

from __future__ import annotations

import re
from collections.abc import Iterable
from statistics import quantiles

_NEW_PARAGRAPH = re.compile(
    r"[（(]?[一二三四五六七八九十百]{1,3}[、.．）)]|第[一二三四五六七八九十百\d]{1,4}[章节条款]|"
    r"[（(]?\d{1,3}[、.．）)]|附件|[·•●■◆※★-]"
)
_ENDS_SENTENCE = tuple("。！？；：!?;:…")
_FULL_LINE = 0.88
"""Share of the page's usual width from which a line was broken for want of room."""
_NARROWEST_PROSE = 40
"""Columns; narrower lines are those of forms and tables."""
_MOST_GAPS = 3
"""Spaces in a line of prose; a table's row has one between its cells, and rows are not joined."""
_FEW_LINES = 8
"""A page with fewer (a cover) says nothing of its width; the whole document does."""


def join_pages(pages: Iterable[str]) -> str:
    """Pages with a blank line between them, those lines joined that only the edge of the paper had broken."""
    stripped = [[line for raw in page.split("\n") if (line := raw.strip())] for page in pages]
    usual = _usual_width([line for lines in stripped for line in lines])
    return "\n\n".join(
        "\n".join(_join_lines(lines, usual if len(lines) < _FEW_LINES else _usual_width(lines)))
        for lines in stripped
    )


def _join_lines(lines: list[str], usual: float) -> list[str]:
    full = max(_FULL_LINE * usual, _NARROWEST_PROSE)
    joined: list[str] = []
    goes_on = False
    for line in lines:
        is_prose = "\t" not in line and line.count(" ") <= _MOST_GAPS
        if goes_on and is_prose and not _NEW_PARAGRAPH.match(line):
            both_ascii = joined[-1][-1].isascii() and line[0].isascii()
            joined[-1] += f" {line}" if both_ascii else line
        else:
            joined.append(line)
        goes_on = is_prose and _width(line) >= full and not line.endswith(_ENDS_SENTENCE)
    return joined


def _usual_width(lines: list[str]) -> float:
    widths = [_width(line) for line in lines]
    return quantiles(widths, n=10, method="inclusive")[-1] if len(widths) > 2 else float("inf")


def _width(line: str) -> int:
    """Columns that a line takes, a Chinese character two."""
    return len(line) + sum(character > "\u2e7f" for character in line)
