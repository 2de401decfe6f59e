"""Plain text: only its encoding must be found."""

from __future__ import annotations

from extraction.charset import decode
from extraction.cleaning import join_lines
from extraction.facts import page_date, page_publisher
from extraction.model import Extracted
from extraction.reading import Declared


def read(body: bytes, declared: Declared) -> Extracted:
    """The text as it stands; its first line, where short, is its title."""
    text, charset = decode(body, declared.charset)
    text = join_lines(text)
    first = text.split("\n", 1)[0]
    return Extracted(
        text=text,
        media_type=declared.media_type,
        title=first if len(first) <= 80 else "",
        publisher=page_publisher({}, text),
        published_on=page_date({}, text, declared.url),
        charset=charset,
    )
