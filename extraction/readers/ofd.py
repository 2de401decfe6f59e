"""OFD (GB/T 33190), the fixed layout in which Chinese offices publish."""

from __future__ import annotations

from extraction.documents import described
from extraction.model import Extracted, UnreadableError
from extraction.packages import check_parts
from extraction.paragraphs import join_pages
from extraction.reading import Declared

_PAGE_BREAK = "\f"


def read(body: bytes, declared: Declared) -> Extracted:
    """The text of all pages in reading order."""
    from ofdkit import OFDError, extract_text  # noqa: PLC0415

    check_parts(body)
    try:
        content = extract_text(body, page_separator=_PAGE_BREAK)
    except (OFDError, RecursionError) as error:
        raise UnreadableError(f"the OFD file cannot be read ({error}); ask for a PDF") from error
    if not content.strip():
        raise UnreadableError("no text: the OFD holds pictures of its pages; it needs OCR")
    return described(join_pages(content.split(_PAGE_BREAK)), declared)
