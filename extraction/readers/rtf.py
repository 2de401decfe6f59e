"""Rich text, as Word and WPS write it, Chinese escapes included."""

from __future__ import annotations

import re

from extraction.documents import described
from extraction.model import Extracted
from extraction.reading import Declared
from extraction.tables import rows_as_lines
from extraction.with_kreuzberg import read_with_kreuzberg

_TOKEN = re.compile(rb"\\([a-zA-Z]+)(-?\d+)? ?|\\'[0-9a-fA-F]{2}|\\[^a-zA-Z]|[{}]|[^\\{}]+", re.DOTALL)
_STRIKES = frozenset({b"strike", b"striked", b"v", b"deleted"})
"""Control words that put a line through what follows, hide it or mark it as deleted, until they say 0."""


def read(body: bytes, declared: Declared) -> Extracted:
    """The text, its tables with headings; struck, hidden and deleted words are left out."""
    result = read_with_kreuzberg(_without_struck(body), declared.media_type)
    content = result.content
    for table in result.tables:
        flat = "\n".join(" ".join(row) for row in table.cells)
        lines = rows_as_lines([[" ".join(cell.split()) for cell in row] for row in table.cells])
        content = content.replace(flat, "\n".join(lines), 1)
    return described(content, declared)


def _without_struck(body: bytes) -> bytes:
    """The file without words that do not hold; its groups and controls stay."""
    if not any(b"\\" + word in body for word in _STRIKES - {b"v"}) and not re.search(rb"\\v[ \\]", body):
        return body
    if b"\\bin" in body:
        return body  # raw bytes follow, which are no tokens
    kept: list[bytes] = []
    outer: list[frozenset[bytes]] = []
    struck: frozenset[bytes] = frozenset()
    for token in _TOKEN.finditer(body):
        word = token[1]
        if token[0] == b"{":
            outer.append(struck)
        elif token[0] == b"}":
            struck = outer.pop() if outer else frozenset()
        elif word in _STRIKES:
            struck = struck - {word} if token[2] == b"0" else struck | {word}
        elif word == b"plain":
            struck = frozenset()
        is_text = word == b"u" or (word is None and token[0] not in {b"{", b"}"})
        if not (struck and is_text):
            kept.append(token[0])
    return b"".join(kept)
