"""How the pages of a PDF lie: turned ones are set upright, columns and vertical text are read in order.

Kreuzberg reads lines from top to bottom of the sheet. A page that is stored on its side (``/Rotate``, or
words drawn sideways) comes out in a wrong order, and so do columns whose lines were drawn in turns, and text
that runs from top to bottom.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from math import degrees
from statistics import median
from typing import TYPE_CHECKING

from extraction.scans import open_pdf

if TYPE_CHECKING:
    from pypdfium2 import PdfPage, PdfTextPage

_SAMPLE = 48
"""Characters that tell how the text of a page runs."""
_FEWEST = 12
_MOST_CHARACTERS = 20_000
"""Of a page that is put together here."""
_FEWEST_LINES = 4
_SHORTEST = 20
"""Characters of a line that may be two of two columns."""
_FEWEST_GAPS, _WIDE = 3, 0.8
"""Lines that show the space between columns, and its width in characters."""
_ALIGNED = 6.0
"""Points by which the lines of a column may begin apart."""
_FULL, _MOSTLY = 0.85, 0.7
"""Share of a column's width that a line of prose has, and share of lines that do; cells of tables differ."""


@dataclass(frozen=True, slots=True)
class Glyph:
    """A character and its box, in points from the lower left of the page."""

    character: str
    left: float
    bottom: float
    right: float
    top: float

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2

    @property
    def height(self) -> float:
        return (self.bottom + self.top) / 2


def set_upright(body: bytes) -> tuple[bytes, frozenset[int]]:
    """The file with each page turned as it is read, and the pages (from 0) whose text runs downwards.

    The bytes are the same ones where no page lies otherwise.
    """
    from pypdfium2 import PdfiumError  # noqa: PLC0415

    document = open_pdf(body)
    if document is None:
        return body, frozenset()
    turned, downward = 0, set[int]()
    with document:
        for number in range(len(document)):
            try:
                with closing(document[number]) as page:
                    lies = _look_at(page)
                    turned += _set_upright(page, lies.turn)
            except (PdfiumError, ValueError):
                continue
            if lies.runs_down:
                downward.add(number)
        if not turned:
            return body, frozenset(downward)
        stream = BytesIO()
        document.save(stream)
        return stream.getvalue(), frozenset(downward)


def _set_upright(page: PdfPage, turn: int | None) -> bool:
    if turn is None or not (turn or page.get_rotation()):
        return False
    if turn:
        _turn(page, turn)
    page.set_rotation(0)
    return True


def _turn(page: PdfPage, degrees: int) -> None:
    """Turn what a page shows clockwise by 90, 180 or 270 degrees, and its sheet with it."""
    from pypdfium2 import PdfMatrix  # noqa: PLC0415
    from pypdfium2.raw import FS_MATRIX, FPDFPage_TransFormWithClip  # noqa: PLC0415

    left, bottom, right, top = page.get_mediabox()
    matrices = {
        90: PdfMatrix(0, -1, 1, 0, -bottom, right),
        180: PdfMatrix(-1, 0, 0, -1, right, top),
        270: PdfMatrix(0, 1, -1, 0, top, -left),
    }
    matrix = matrices[degrees]
    raw = FS_MATRIX(*matrix.get())
    if not FPDFPage_TransFormWithClip(page, raw, None):
        raise ValueError("the page cannot be turned")
    width, height = right - left, top - bottom
    box = (0, 0, width, height) if degrees == 180 else (0, 0, height, width)
    page.set_mediabox(*box)
    page.set_cropbox(*box)


@dataclass(frozen=True, slots=True)
class _Lies:
    """How the words of a page lie."""

    turn: int | None = None
    """Degrees, clockwise, after which they stand upright on the sheet; None where too few tell."""
    runs_down: bool = False
    """Whether each character stands under the one before it, upright: how inscriptions are set."""


def _look_at(page: PdfPage) -> _Lies:
    from pypdfium2.raw import FPDFText_GetCharAngle  # noqa: PLC0415

    angles: Counter[int] = Counter()
    glyphs: list[Glyph] = []
    with closing(page.get_textpage()) as text:
        for index, character in enumerate(text.get_text_range(0, min(text.count_chars(), _SAMPLE))):
            if character.strip():
                angles[round(degrees(FPDFText_GetCharAngle(text, index)) / 90) % 4] += 1
                glyphs.append(Glyph(character, *text.get_charbox(index, loose=True)))
    if len(glyphs) < _FEWEST:
        return _Lies()
    quarters, times = angles.most_common(1)[0]
    if times * 4 < 3 * len(glyphs):
        return _Lies()
    down = sum(_is_below(after, before) for before, after in pairwise(glyphs))
    return _Lies(-quarters % 4 * 90, quarters == 0 and down * 4 >= 3 * (len(glyphs) - 1))


def _is_below(after: Glyph, before: Glyph) -> bool:
    return abs(after.middle - before.middle) < 0.3 * (before.right - before.left) and (
        0 < before.height - after.height < 3 * (before.top - before.bottom)
    )


def read_columns(body: bytes, pages: list[str], downward: Collection[int]) -> None:
    """Put those of the ``pages`` right whose text runs ``downward``, or in columns drawn in turns."""
    from pypdfium2 import PdfiumError  # noqa: PLC0415

    doubtful = [number for number, page in enumerate(pages) if number in downward or _may_be_columns(page)]
    document = open_pdf(body) if doubtful else None
    if document is None:
        return
    with document:
        for number in doubtful:
            try:
                with closing(document[number]) as page, closing(page.get_textpage()) as text:
                    glyphs = glyphs_of(text)
            except PdfiumError:
                continue
            lines = list(_downward_lines(glyphs)) if number in downward else _columns(glyphs)
            if lines:
                pages[number] = "\n".join(lines)


def glyphs_of(text: PdfTextPage) -> list[Glyph]:
    """The characters of a page as they were drawn; none where they cannot be told apart."""
    whole = text.get_text_range()
    count = min(text.count_chars(), _MOST_CHARACTERS)
    if len(whole) != text.count_chars():
        return []
    return [
        Glyph(character, *text.get_charbox(index, loose=True))
        for index, character in enumerate(whole[:count])
        if character.strip()
    ]


def _downward_lines(glyphs: list[Glyph]) -> Iterator[str]:
    """The lines of vertical text, the rightmost first."""
    rows: list[list[Glyph]] = []
    for glyph in sorted(glyphs, key=lambda each: -each.middle):
        if rows and abs(rows[-1][0].middle - glyph.middle) < (glyph.right - glyph.left) / 2:
            rows[-1].append(glyph)
        else:
            rows.append([glyph])
    for row in rows:
        yield "".join(glyph.character for glyph in sorted(row, key=lambda each: -each.height))


def _may_be_columns(page: str) -> bool:
    """Whether many lines of a page are long and have a gap: cheap, and true of most tables too."""
    lines = [line for line in page.split("\n") if line.strip()]
    gaps = sum(" " in line.strip() and len(line) >= _SHORTEST for line in lines)
    return gaps >= _FEWEST_LINES and gaps * 2 >= len(lines)


def _columns(glyphs: list[Glyph]) -> list[str]:
    """The lines of a page set in two columns, the left one first; none where it is not set so."""
    rows = _rows(glyphs)
    gutter = _gutter(rows)
    if gutter is None:
        return []
    lines: list[str] = []
    left: list[str] = []
    right: list[str] = []
    for row in rows:
        crossing = any(glyph.left < gutter < glyph.right for glyph in row)
        if crossing:
            lines += [*left, *right, _line(row)]
            left, right = [], []
            continue
        for column, part in (
            (left, [glyph for glyph in row if glyph.middle < gutter]),
            (right, [glyph for glyph in row if glyph.middle > gutter]),
        ):
            if part:
                column.append(_line(part))
    return [*lines, *left, *right]


def _rows(glyphs: list[Glyph]) -> list[list[Glyph]]:
    """Characters by the height at which they stand, from the top, each row from the left."""
    rows: list[list[Glyph]] = []
    for glyph in sorted(glyphs, key=lambda each: -each.height):
        if rows and rows[-1][0].height - glyph.height < (glyph.top - glyph.bottom) / 2:
            rows[-1].append(glyph)
        else:
            rows.append([glyph])
    return [sorted(row, key=lambda each: each.left) for row in rows]


def _gutter(rows: Sequence[Sequence[Glyph]]) -> float | None:
    """Where the two columns of prose part; None where rows are those of a table, or there are none."""
    gaps = [
        [
            after.left
            for before, after in pairwise(row)
            if after.left - before.right > (before.right - before.left) * _WIDE
        ]
        for row in rows
    ]
    wide = [starts[0] for starts in gaps if len(starts) == 1]
    if len(wide) < _FEWEST_GAPS or sum(len(starts) > 1 for starts in gaps) * 4 > len(wide):
        return None
    starts = median(wide)
    halves = [
        (row[0].left, before.right, after.left, row[-1].right)
        for row in rows
        for before, after in pairwise(row)
        if abs(after.left - starts) < _ALIGNED and before.right < after.left
    ]
    if len(halves) < _FEWEST_LINES:
        return None
    widths = [[half[1] - half[0] for half in halves], [half[3] - half[2] for half in halves]]
    full = sum(width >= _FULL * max(column) for column in widths for width in column)
    if full < _MOSTLY * 2 * len(halves):
        return None
    return (max(half[1] for half in halves) + starts) / 2


def _line(row: Sequence[Glyph]) -> str:
    pieces = [row[0].character]
    for before, after in pairwise(row):
        if after.left - before.right > (before.top - before.bottom) * 0.5:
            pieces.append(" ")
        pieces.append(after.character)
    return "".join(pieces)
