"""PDF: the text of its pages, with the lines of a paragraph joined again; pages that are pictures by OCR."""

from __future__ import annotations

import re

from extraction.cleaning import clean
from extraction.documents import described
from extraction.grids import pdf_lines
from extraction.limits import MAX_PAGES
from extraction.model import Extracted, UnreadableError
from extraction.paragraphs import join_pages
from extraction.pdf_pages import read_columns, set_upright
from extraction.pdf_struck import leave_out_struck
from extraction.reading import Declared
from extraction.recognition import must_recognise
from extraction.with_kreuzberg import read_with_kreuzberg

_COUNTS = re.compile(rb"/Type\s*/Pages\b[^>]{0,200}?/Count\s+(\d{1,9})")
_FEWEST_KNOWN = 0.7
"""Share of characters that Chinese uses; below it, fonts have told only the numbers of their glyphs."""
_FEWEST_LETTERS = 40
"""A page with fewer may be a scan with a number printed on it."""
_FEWEST_TO_JUDGE = 20


def read(body: bytes, declared: Declared) -> Extracted:
    """The pages in order, a blank line between them, without words that are struck through.

    Raises NeedsRecognitionError where every page is a picture that may not be read here.
    """
    # Before anything is built from it: a million pages of one pixel fit into a few MB.
    if any(int(count) > MAX_PAGES for count in _COUNTS.findall(body)):
        raise _too_many_pages()
    upright, downward = set_upright(body)
    result = read_with_kreuzberg(upright, declared.media_type, by_page=True)
    if (result.metadata.get("page_count") or 0) > MAX_PAGES:
        raise _too_many_pages()
    pages = [clean(page["content"]) for page in result.pages or ()]
    read_columns(upright, pages, downward)
    leave_out_struck(upright, pages)
    if pictures := _pictures(body, pages):
        return _read_pictures(body, pages, pictures, declared)
    if declared.grid and (lines := pdf_lines(body)):
        return described("\n".join(lines), declared)
    return described(join_pages(pages), declared)


def _pictures(body: bytes, pages: list[str]) -> list[int]:
    """Numbers of the pages whose text is elsewhere: in a scan, or in fonts that name no characters.

    What such fonts say is taken out of ``pages``.
    """
    wordless = []
    for number, text in enumerate(pages):
        letters = "".join(text.split())
        if len(letters) >= _FEWEST_TO_JUDGE and _known_share(letters) < _FEWEST_KNOWN:
            pages[number] = ""
            wordless.append(number)
    few = [
        number
        for number, text in enumerate(pages)
        if number not in wordless and len("".join(text.split())) < _FEWEST_LETTERS
    ]
    if few:
        from extraction.scans import scanned_pages  # noqa: PLC0415

        wordless += scanned_pages(body, few, anything=not any(text.strip() for text in pages))
    return sorted(wordless)


def _read_pictures(body: bytes, pages: list[str], pictures: list[int], declared: Declared) -> Extracted:
    count = f"{len(pictures)} of {len(pages)} pages"
    if declared.recognition is None:
        refusal = must_recognise(f"{count} of the PDF are pictures, or their fonts name no characters")
        if any(text.strip() for number, text in enumerate(pages) if number not in pictures):
            unread = str(refusal).removeprefix("no text: ")
            return described(join_pages(pages), declared, unread=unread, needs_recognition=True)
        raise refusal
    from extraction.recognition.engine import recognise  # noqa: PLC0415
    from extraction.scans import render_pages  # noqa: PLC0415

    first = pictures[: declared.recognition.pages]
    read = 0
    for number, picture in render_pages(body, first):
        read += 1
        if len(lines := recognise(picture)) >= len(pages[number].strip().split("\n")):
            pages[number] = "\n".join(lines)
    unread = ""
    if read < len(pictures):
        unread = f"only {read} of its {len(pictures)} pages that are pictures were read (detection.ocr_pages)"
    extracted = described(join_pages(pages), declared, recognised=True, unread=unread)
    if not extracted.text:
        raise UnreadableError("no text: no words were found on the PDF's pages; look at it by hand")
    return extracted


def _too_many_pages() -> UnreadableError:
    return UnreadableError(f"the PDF has more than {MAX_PAGES} pages; split it or look at it by hand")


def _known_share(letters: str) -> float:
    letters = letters[:50_000]
    return len(letters.encode("gb2312", "ignore").decode("gb2312")) / max(1, len(letters))
