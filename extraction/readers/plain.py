"""Plain text: only its encoding must be found."""

from __future__ import annotations

from extraction.charset import decode
from extraction.documents import described
from extraction.model import Extracted
from extraction.reading import Declared


def read(body: bytes, declared: Declared) -> Extracted:
    """The text as it stands, without unseen characters."""
    text, charset = decode(body, declared.charset)
    return described(text, declared, charset=charset)
