"""Web archives (MHT), as Word and browsers save pages: the page among their parts."""

from __future__ import annotations

import re
from dataclasses import replace
from email import message_from_bytes
from email.message import Message

from extraction.model import Extracted, UnreadableError
from extraction.readers import html
from extraction.reading import Declared
from extraction.sniffing import HTML

_MOST_PARTS = 500
_TAGS = re.compile(rb"(?is)<(script|style)\b.*?</\1\s*>|<[^<>]*>|\s+")


def read(body: bytes, declared: Declared) -> Extracted:
    """The page of the archive that says most: a frame rather than the page around; pictures are left out."""
    try:
        message = message_from_bytes(body.lstrip(b"\xef\xbb\xbf\r\n\t "))
        parts = [part for part in message.walk() if part.get_content_type() == HTML][:_MOST_PARTS]
        page = max(parts, key=_words, default=None)
        content = page.get_payload(decode=True) if page is not None else None
        charset = page.get_content_charset() if page is not None else None
    except (ValueError, LookupError, RecursionError) as error:
        raise UnreadableError(
            f"the web archive is damaged ({type(error).__name__}); fetch it again"
        ) from error
    if not isinstance(content, bytes) or not content:
        raise UnreadableError("no text: the web archive holds no page; look at it by hand")
    return replace(
        html.read(content, replace(declared, charset=charset or "")), media_type=declared.media_type
    )


def _words(part: Message) -> int:
    """Bytes that a page shows."""
    content = part.get_payload(decode=True)
    return len(_TAGS.sub(b"", content)) if isinstance(content, bytes) else 0
