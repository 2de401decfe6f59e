"""OFD (GB/T 33190), the fixed layout in which Chinese offices publish."""

from __future__ import annotations

from extraction.model import Extracted, UnreadableError
from extraction.package_pictures import read_with_pictures
from extraction.packages import check_parts
from extraction.paragraphs import join_pages
from extraction.reading import Declared

_PAGE_BREAK = "\f"


def read(body: bytes, declared: Declared) -> Extracted:
    """The text of all pages in reading order, that of their pictures where there is no other."""
    from ofdkit import OFDError, extract_text  # noqa: PLC0415

    check_parts(body)
    try:
        content = extract_text(body, page_separator=_PAGE_BREAK)
    except (OFDError, RecursionError) as error:
        raise UnreadableError(f"the OFD file cannot be read ({error}); ask for a PDF") from error
    return read_with_pictures(body, join_pages(content.split(_PAGE_BREAK)), declared)
