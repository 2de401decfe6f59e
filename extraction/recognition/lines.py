"""From boxes on a picture to lines of text: in reading order, rows of a table whole."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import atan2, cos, sin
from statistics import median

from extraction.grids import SEPARATOR

_NARROW_MARK = re.compile(r"(?<=[\u4e00-\u9fff）》”])[,:;?!]|[,:;?!](?=[\u4e00-\u9fff（《“])")
_WIDE_MARKS = dict(zip(",:;?!", "，：；？！", strict=True))
_SHARED_HEIGHT = 0.5
"""Share of the lower box's height that two boxes of one line have in common."""
_GAP = 0.3
"""Heights of a character between two boxes of different columns; boxes reach a little beyond their words."""
_SKEWED_MOST = 0.35
"""Radians (20°); boxes that lean more are stamps and ornaments, and say nothing of the page."""


@dataclass(frozen=True, slots=True)
class Box:
    """A piece of a line: its words, its middle, width and height in pixels, how it leans, how sure it is."""

    text: str
    x: float
    y: float
    width: float
    height: float
    angle: float = 0.0
    """Radians; positive where the line falls to the right."""
    score: float = 1.0

    @property
    def left(self) -> float:
        return self.x - self.width / 2

    @property
    def right(self) -> float:
        return self.x + self.width / 2


def box_of(corners: Sequence[Sequence[float]], text: str, score: float) -> Box:
    """A box from its corners: upper left, upper right, lower right, lower left."""
    (x1, y1), (x2, y2), (x3, y3), (x4, y4) = corners
    angle = atan2(y2 - y1 + y3 - y4, x2 - x1 + x3 - x4)
    return Box(
        text.strip(),
        x=(x1 + x2 + x3 + x4) / 4,
        y=(y1 + y2 + y3 + y4) / 4,
        width=(((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5 + ((x3 - x4) ** 2 + (y3 - y4) ** 2) ** 0.5) / 2,
        height=(((x4 - x1) ** 2 + (y4 - y1) ** 2) ** 0.5 + ((x3 - x2) ** 2 + (y3 - y2) ** 2) ** 0.5) / 2,
        angle=angle,
        score=score,
    )


def read_lines(boxes: Iterable[Box]) -> list[str]:
    """The lines from top to bottom; boxes that share a line stand in it from left to right."""
    upright = _straighten([box for box in boxes if box.text])
    rows: list[list[Box]] = []
    for box in sorted(upright, key=lambda each: each.y):
        row = next((row for row in reversed(rows[-3:]) if _shares_line(row, box)), None)
        if row is None:
            rows.append([box])
        else:
            row.append(box)
    return [_join(sorted(row, key=lambda each: each.left)) for row in rows]


def _straighten(boxes: list[Box]) -> list[Box]:
    """The boxes as they would stand had the paper not been turned a little."""
    leaning = [box.angle for box in boxes if box.width > 4 * box.height and abs(box.angle) < _SKEWED_MOST]
    angle = median(leaning) if leaning else 0.0
    turned = []
    for box in boxes:
        x = box.x * cos(angle) + box.y * sin(angle)
        y = box.y * cos(angle) - box.x * sin(angle)
        turned.append(Box(box.text, x, y, box.width, box.height, box.angle - angle, box.score))
    return turned


def _shares_line(row: list[Box], box: Box) -> bool:
    """Whether a box stands beside those of a row rather than below one of them."""
    for other in row:
        low, high = (
            max(box.y - box.height / 2, other.y - other.height / 2),
            min(box.y + box.height / 2, other.y + other.height / 2),
        )
        if high - low < _SHARED_HEIGHT * min(box.height, other.height):
            return False
        if min(box.right, other.right) - max(box.left, other.left) > min(box.width, other.width) / 2:
            return False
    return True


def _join(row: list[Box]) -> str:
    """The boxes of a row in one line, with the marks that Chinese uses where the picture left the choice."""
    line = row[0].text
    for before, box in pairwise(row):
        if box.left - before.right > _GAP * min(before.height, box.height):
            line += SEPARATOR
        elif line[-1].isascii() and box.text[0].isascii():
            line += " "
        line += box.text
    return _NARROW_MARK.sub(lambda mark: _WIDE_MARKS[mark[0]], line)
