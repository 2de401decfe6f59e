"""Pages of a PDF that are pictures: which they are, and how they look."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from extraction.model import UnreadableError

if TYPE_CHECKING:
    from PIL.Image import Image
    from pypdfium2 import PdfDocument, PdfPage

_DOTS_PER_POINT = 200 / 72
_LONGEST_SIDE = 5_000
"""Pixels of a page as it is rendered, whatever size the page claims to have."""
_LEAST_SHARE = 0.2
"""Share of a page that pictures cover where the page is a scan rather than a letter with a logo."""
_FEWEST_PATHS = 60
"""Drawn shapes of a page without words whose letters were turned into outlines."""
_MOST_OBJECTS = 2_000


def scanned_pages(body: bytes, candidates: Iterable[int], *, anything: bool = False) -> list[int]:
    """Those of the pages (counted from 0) that show a picture, or letters drawn as outlines.

    ``anything``: those that show anything at all.
    """
    document = open_pdf(body)
    if document is None:
        return []
    with document:
        pages = [number for number in candidates if number < len(document)]
        return [number for number in pages if _shows(document, number, anything=anything)]


def render_pages(body: bytes, numbers: Sequence[int]) -> Iterator[tuple[int, Image]]:
    """Each page as a grey picture of 200 dots per inch, fewer where the page is large.

    Raises UnreadableError where the file cannot be opened; a page that cannot be drawn is left out.
    """
    from pypdfium2 import PdfiumError  # noqa: PLC0415

    document = open_pdf(body)
    if document is None:
        raise UnreadableError("the pages of the PDF cannot be drawn; open it by hand")
    with document:
        for number in numbers:
            try:
                page = document[number]
                scale = _scale(*page.get_size())
                picture = page.render(scale=scale, grayscale=True, may_draw_forms=False).to_pil()
                page.close()
            except PdfiumError:
                continue
            yield number, picture


def open_pdf(body: bytes) -> PdfDocument | None:
    """The document, which the caller closes; None where it cannot be opened."""
    from pypdfium2 import PdfDocument, PdfiumError  # noqa: PLC0415

    try:
        return PdfDocument(body)
    except PdfiumError:
        return None


def _shows(document: PdfDocument, number: int, *, anything: bool) -> bool:
    from pypdfium2 import PdfiumError  # noqa: PLC0415

    try:
        page = document[number]
        try:
            return _is_scan(page) or (anything and any(True for _ in page.get_objects()))
        finally:
            page.close()
    except PdfiumError:
        return False


def _is_scan(page: PdfPage) -> bool:
    from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE, FPDF_PAGEOBJ_PATH  # noqa: PLC0415

    width, height = page.get_size()
    covered, paths = 0.0, 0
    for count, part in enumerate(page.get_objects(max_depth=4)):
        if part.type == FPDF_PAGEOBJ_IMAGE:
            left, bottom, right, top = part.get_bounds()
            covered += max(0.0, min(right, width) - max(left, 0)) * max(
                0.0, min(top, height) - max(bottom, 0)
            )
        paths += part.type == FPDF_PAGEOBJ_PATH
        if count > _MOST_OBJECTS:
            break
    return covered >= _LEAST_SHARE * width * height or paths >= _FEWEST_PATHS


def _scale(width: float, height: float) -> float:
    """Pixels per point."""
    return min(_DOTS_PER_POINT, _LONGEST_SIDE / max(width, height, 1.0))
