"""Lines and columns of offsets, looked up in a text of any length without counting again from its start."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Position:
    """Both counted from 1."""

    line: int
    column: int


class LineIndex:
    """Where the lines of one text begin."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0]
        at = text.find("\n")
        while at >= 0:
            self._starts.append(at + 1)
            at = text.find("\n", at + 1)

    def position(self, offset: int) -> Position:
        line = bisect_right(self._starts, offset)
        return Position(line, offset - self._starts[line - 1] + 1)

    def around(self, start: int, end: int, context: int) -> tuple[str, str]:
        """What stands before and after a quote on its line, ``context`` characters each, ``…`` where cut."""
        line_start = self._starts[bisect_right(self._starts, start) - 1]
        begin = max(line_start, start - context)
        before = self._text[begin:start]
        after, newline, _ = self._text[end : end + context].partition("\n")
        is_cut = not newline and end + context < len(self._text)
        return ("…" if begin > line_start else "") + before.lstrip(), after.rstrip() + ("…" if is_cut else "")
