"""A file's text made into what extraction gives, for formats whose metadata nobody keeps true."""

from __future__ import annotations

from extraction.cleaning import join_lines
from extraction.facts import page_publisher, text_title
from extraction.model import Extracted
from extraction.reading import Declared
from extraction.stated import stated_days


def described(
    text: str,
    declared: Declared,
    *,
    charset: str = "",
    head: str | None = None,
    recognised: bool = False,
    unread: str = "",
    needs_recognition: bool = False,
) -> Extracted:
    """The cleaned text with the title, publisher and date that its ``head`` says, by default all of it."""
    text = join_lines(text)
    head = text if head is None else join_lines(head)
    title = text_title(head)
    return Extracted(
        text=text,
        media_type=declared.media_type,
        title=title,
        publisher=page_publisher({}, head),
        days=stated_days({}, head, declared.url, title),
        charset=charset,
        recognised=recognised,
        unread=unread,
        needs_recognition=needs_recognition,
    )
