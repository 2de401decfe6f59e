"""PDF: the text of its pages, with the lines of a paragraph joined again."""

from __future__ import annotations

import re

from extraction.cleaning import clean, join_lines
from extraction.documents import described
from extraction.limits import MAX_PAGES
from extraction.model import Extracted, UnreadableError
from extraction.paragraphs import join_pages
from extraction.reading import Declared
from extraction.with_kreuzberg import read_with_kreuzberg

_SCANNED = "it needs OCR: ask for the file that was printed, or read it by hand"
_COUNTS = re.compile(rb"/Type\s*/Pages\b[^>]{0,200}?/Count\s+(\d{1,9})")
_FEWEST_KNOWN = 0.7
"""Share of characters that Chinese uses; below it, fonts have told only the numbers of their glyphs."""


def read(body: bytes, declared: Declared) -> Extracted:
    """The pages in order, a blank line between them; UnreadableError where OCR is needed."""
    # Before anything is built from it: a million pages of one pixel fit into a few MB.
    if any(int(count) > MAX_PAGES for count in _COUNTS.findall(body)):
        raise _too_many_pages()
    result = read_with_kreuzberg(body, declared.media_type)
    if (result.metadata.get("page_count") or 0) > MAX_PAGES:
        raise _too_many_pages()
    pages = clean(result.content).split("\n\n")
    if result.tables:
        # The content repeats what was taken for a table, and each certificate in it would be named twice.
        by_page = read_with_kreuzberg(body, declared.media_type, by_page=True)
        pages = [clean(page["content"]) for page in by_page.pages or ()]
    text = join_lines(join_pages(pages))
    if not text:
        raise UnreadableError(f"no text: the PDF holds pictures of its pages; {_SCANNED}")
    if _known_share(text) < _FEWEST_KNOWN:
        raise UnreadableError(f"no text: the PDF's fonts do not tell which characters they show; {_SCANNED}")
    return described(text, declared)


def _too_many_pages() -> UnreadableError:
    return UnreadableError(f"the PDF has more than {MAX_PAGES} pages; split it or look at it by hand")


def _known_share(text: str) -> float:
    letters = "".join(text.split())[:50_000]
    return len(letters.encode("gb2312", "ignore").decode("gb2312")) / max(1, len(letters))
