"""Rich text, as Word and WPS write it, Chinese escapes included."""

from __future__ import annotations

import re
from itertools import islice

from extraction.documents import described
from extraction.model import Extracted
from extraction.reading import Declared
from extraction.tables import rows_as_lines
from extraction.with_kreuzberg import read_with_kreuzberg

_TOKEN = re.compile(rb"\\([a-zA-Z]+)(-?\d+)? ?|\\'[0-9a-fA-F]{2}|\\[^a-zA-Z]|[{}]|[^\\{}]+", re.DOTALL)
_OLD_FORM = re.compile(rb"\{\\upr\{[^{}]*\}\s*\{\\\*\\ud\s*\{([^{}]*)\}\s*\}\s*\}")
"""The words in the code page, and again in Unicode."""
_BARE = re.compile(rb"(?:[\x81-\xfe][\x40-\x7e\x80-\xfe])+")
_HALF = re.compile(rb"(?<!\\'[0-9a-fA-F]{2})((?:\\'[0-9a-fA-F]{2})++)([\x40-\x5b\x5d-\x7a\x7c\x7e])")
"""A character whose second byte is a letter that needs no escape."""
_ESCAPED = re.compile(rb"(?:\\'[0-9a-fA-F]{2}){4,}")
_CODE_PAGE = re.compile(rb"\\ansicpg(?:125\d|0|437|850|65001|10000)(?!\d)")
_MOST_RUNS, _FEWEST_CHINESE = 200, 2
_LEAD = 0x81
_STRIKES = frozenset({b"strike", b"striked", b"v", b"deleted"})
"""Control words that put a line through what follows, hide it or mark it as deleted, until they say 0."""


def read(body: bytes, declared: Declared) -> Extracted:
    """The text, its tables with headings; struck, hidden and deleted words are left out."""
    result = read_with_kreuzberg(_without_struck(in_escapes(body)), declared.media_type)
    content = result.content
    for table in result.tables:
        flat = "\n".join(" ".join(row) for row in table.cells)
        lines = rows_as_lines([[" ".join(cell.split()) for cell in row] for row in table.cells])
        content = content.replace(flat, "\n".join(lines), 1)
    return described(content, declared)


def in_escapes(body: bytes) -> bytes:
    """The file with its Chinese as the format wants it: GBK in escapes, under the code page that says so.

    Programs of offices write bare bytes, leave out the code page, or say 1252 and mean their font's.
    """
    if b"\\bin" in body:
        return body  # raw bytes follow, which are no tokens
    body = _OLD_FORM.sub(rb"{\1}", body)
    body = _BARE.sub(lambda found: b"".join(b"\\'%02x" % byte for byte in found[0]), body)
    body = _HALF.sub(_completed, body)
    runs = (bytes.fromhex(run[0].replace(b"\\'", b"").decode()) for run in _ESCAPED.finditer(body))
    if not any(map(_is_chinese, islice(runs, _MOST_RUNS))):
        return body
    if _CODE_PAGE.search(body):
        return _CODE_PAGE.sub(rb"\\ansicpg936", body, count=1)
    return body.replace(b"{\\rtf1", b"{\\rtf1\\ansi\\ansicpg936", 1)


def _completed(found: re.Match[bytes]) -> bytes:
    """A run of escapes with the letter behind it, escaped too where it completes the run's last character."""
    run = bytes.fromhex(found[1].replace(b"\\'", b"").decode())
    at = 0
    while at < len(run):
        at += 2 if run[at] >= _LEAD else 1
    return found[1] + b"\\'%02x" % found[2][0] if at > len(run) else found[0]


def _is_chinese(run: bytes) -> bool:
    try:
        text = run.decode("gb18030")
    except UnicodeDecodeError:
        return False
    return sum("\u3400" <= character <= "\u9fff" for character in text) >= _FEWEST_CHINESE


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
