"""Words of a PDF with a line through them: they no longer hold, and are left out.

A PDF does not say that words are struck; a thin line or bar is drawn over them, or somebody has marked them.
A line counts where it runs through the middle of the letters and begins and ends with them: rules of tables
and lines below words do neither.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from extraction.pdf_pages import Glyph, glyphs_of
from extraction.scans import open_pdf

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

_MOST_OBJECTS = 4_000
"""Of a page: drawings have more, letters with a line through them do not."""
_THICKEST, _SHORTEST = 2.0, 8.0
"""Points of a line."""
_LOWEST, _HIGHEST = 0.22, 0.68
"""Between which shares of a letter's height the line runs."""
_BEYOND = 1.1
"""Widths of a letter by which the line may be longer or shorter at either end: a blank may be struck too."""
_FEWEST = 2
_MOST_ALIKE = 8
"""Lines from one edge to another: a struck paragraph has fewer."""
_STRIKE_OUT = 12
"""FPDF_ANNOT_STRIKEOUT."""


@dataclass(frozen=True, slots=True)
class _Box:
    left: float
    bottom: float
    right: float
    top: float


def leave_out_struck(body: bytes, pages: list[str]) -> None:
    """Take what is struck out of the texts of the ``pages``."""
    from pypdfium2 import PdfiumError  # noqa: PLC0415

    document = open_pdf(body)
    if document is None:
        return
    with document:
        for number, text in enumerate(pages[: len(document)]):
            if not text.strip():
                continue
            try:
                with closing(document[number]) as page:
                    pages[number] = _without_struck(page, text)
            except PdfiumError:
                continue


def _without_struck(page: PdfPage, text: str) -> str:
    lines, marks = _thin_lines(page), list(_marked(page))
    if not lines and not marks:
        return text
    with closing(page.get_textpage()) as shown:
        glyphs = glyphs_of(shown)
    struck: set[int] = set()
    for line in lines:
        struck |= _through(glyphs, line)
    for mark in marks:
        struck |= {
            place
            for place, glyph in enumerate(glyphs)
            if mark.left < glyph.middle < mark.right and mark.bottom < glyph.height < mark.top
        }
    whole, plain = "".join(glyph.character for glyph in glyphs), "".join(text.split())
    # The last first, so that what stands before keeps its place.
    for first, last in reversed(list(_runs(struck))):
        words = whole[first:last]
        if plain.count(words) == whole.count(words):  # else it was read in another way: which one is meant?
            text = _without(text, words, whole[:first].count(words))
    return text


def _thin_lines(page: PdfPage) -> list[_Box]:
    """Thin lines, without those that are drawn again and again from one edge to another: rules of a table."""
    found = [
        box for box in _paths(page) if box.top - box.bottom <= _THICKEST and box.right - box.left >= _SHORTEST
    ]
    often = Counter((round(box.left), round(box.right)) for box in found)
    return [box for box in found if often[round(box.left), round(box.right)] <= _MOST_ALIKE]


def _paths(page: PdfPage) -> Iterator[_Box]:
    from ctypes import byref, c_float  # noqa: PLC0415

    from pypdfium2 import raw  # noqa: PLC0415

    left, bottom, right, top = c_float(), c_float(), c_float(), c_float()
    for number in range(min(raw.FPDFPage_CountObjects(page), _MOST_OBJECTS)):
        part = raw.FPDFPage_GetObject(page, number)
        if raw.FPDFPageObj_GetType(part) == raw.FPDF_PAGEOBJ_PATH and raw.FPDFPageObj_GetBounds(
            part, byref(left), byref(bottom), byref(right), byref(top)
        ):
            yield _Box(left.value, bottom.value, right.value, top.value)


def _marked(page: PdfPage) -> Iterator[_Box]:
    """What readers of the file have struck out by an annotation."""
    from ctypes import byref  # noqa: PLC0415

    from pypdfium2 import raw  # noqa: PLC0415

    for number in range(min(raw.FPDFPage_GetAnnotCount(page), _MOST_OBJECTS)):
        annotation = raw.FPDFPage_GetAnnot(page, number)
        if not annotation:
            continue
        box = raw.FS_RECTF()
        if raw.FPDFAnnot_GetSubtype(annotation) == _STRIKE_OUT and raw.FPDFAnnot_GetRect(
            annotation, byref(box)
        ):
            yield _Box(box.left, min(box.bottom, box.top), box.right, max(box.bottom, box.top))
        raw.FPDFPage_CloseAnnot(annotation)


def _through(glyphs: list[Glyph], line: _Box) -> set[int]:
    """Places of the letters through which a line runs; none where it is a rule of something larger."""
    at = (line.bottom + line.top) / 2
    crossed = [
        place
        for place, glyph in enumerate(glyphs)
        if line.left - 1 < glyph.middle < line.right + 1
        and _LOWEST < (at - glyph.bottom) / max(glyph.top - glyph.bottom, 1.0) < _HIGHEST
    ]
    if len(crossed) < _FEWEST:
        return set()
    first = min((glyphs[place] for place in crossed), key=lambda glyph: glyph.left)
    last = max((glyphs[place] for place in crossed), key=lambda glyph: glyph.right)
    near = _BEYOND * max(first.right - first.left, last.right - last.left, 4.0)
    is_theirs = abs(first.left - line.left) <= near and abs(last.right - line.right) <= near
    return set(crossed) if is_theirs else set()


def _runs(places: set[int]) -> Iterator[tuple[int, int]]:
    start = before = -2
    for place in sorted(places):
        if place != before + 1:
            if before >= 0:
                yield start, before + 1
            start = place
        before = place
    if before >= 0:
        yield start, before + 1


def _without(text: str, words: str, before: int) -> str:
    """``text`` without ``words``, blanks between them counting for nothing; of several the one ``before``
    which as many stand.
    """
    places = [place for place, letter in enumerate(text) if not letter.isspace()]
    plain = "".join(text[place] for place in places)
    start = -len(words)
    for _ in range(before + 1):
        start = plain.find(words, max(start + len(words), 0))
        if start < 0:
            return text
    return text[: places[start]] + text[places[start + len(words) - 1] + 1 :]
