"""PDF: the text of its pages, with the lines of a paragraph joined again."""

from __future__ import annotations

import re
from statistics import quantiles

from extraction.cleaning import clean, join_lines
from extraction.documents import described
from extraction.limits import MAX_PAGES
from extraction.model import Extracted, UnreadableError
from extraction.reading import Declared
from extraction.with_kreuzberg import read_with_kreuzberg

_SCANNED = "it needs OCR: ask for the file that was printed, or read it by hand"
_NEW_PARAGRAPH = re.compile(
    r"[（(]?[一二三四五六七八九十百]{1,3}[、.．）)]|第[一二三四五六七八九十百\d]{1,4}[章节条款]|"
    r"[（(]?\d{1,3}[、.．）)]|附件|[·•●■◆※★-]"
)
_ENDS_SENTENCE = tuple("。！？；：!?;:…")
_FULL_LINE = 0.88
"""Share of the page's usual width from which a line was broken for want of room."""
_FEWEST_KNOWN = 0.7
"""Share of characters that Chinese uses; below it, fonts have told only the numbers of their glyphs."""


def read(body: bytes, declared: Declared) -> Extracted:
    """The pages in order, a blank line between them; UnreadableError where OCR is needed."""
    result = read_with_kreuzberg(body, declared.media_type)
    pages = clean(result.content).split("\n\n")
    if len(pages) > MAX_PAGES:
        raise UnreadableError(f"the PDF has more than {MAX_PAGES} pages; split it or look at it by hand")
    text = join_lines("\n\n".join(_join_paragraphs(page.split("\n")) for page in pages))
    if not text:
        raise UnreadableError(f"no text: the PDF holds pictures of its pages; {_SCANNED}")
    if _known_share(text) < _FEWEST_KNOWN:
        raise UnreadableError(f"no text: the PDF's fonts do not tell which characters they show; {_SCANNED}")
    return described(text, declared)


def _join_paragraphs(lines: list[str]) -> str:
    """Lines of a page, those joined that only the edge of the paper had broken."""
    lines = [stripped for line in lines if (stripped := line.strip())]
    widths = [_width(line) for line in lines]
    full = _FULL_LINE * quantiles(widths, n=10)[-1] if len(widths) > 2 else float("inf")
    joined: list[str] = []
    was_full = False
    for line, width in zip(lines, widths, strict=True):
        if was_full and not joined[-1].endswith(_ENDS_SENTENCE) and not _NEW_PARAGRAPH.match(line):
            both_ascii = joined[-1][-1].isascii() and line[0].isascii()
            joined[-1] += f" {line}" if both_ascii else line
        else:
            joined.append(line)
        was_full = width >= full
    return "\n".join(joined)


def _width(line: str) -> int:
    """Columns that a line takes, a Chinese character two."""
    return len(line) + sum(character > "\u2e7f" for character in line)


def _known_share(text: str) -> float:
    letters = "".join(text.split())[:50_000]
    return len(letters.encode("gb2312", "ignore").decode("gb2312")) / max(1, len(letters))
