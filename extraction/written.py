"""Bodies that a page keeps in its own scripts: markup in a string, for a script to put in its place."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterable, Iterator
from itertools import islice
from urllib.parse import unquote

_STRING = re.compile(
    r"""'((?:[^'\\\n]++|\\.)*+)(?:'|(?=\n)|\Z|\\\Z)|"((?:[^"\\\n]++|\\.)*+)(?:"|(?=\n)|\Z|\\\Z)|`((?:[^`\\]++|\\.)*+)(?:`|\Z|\\\Z)""",
    re.DOTALL,
)
"""Also one that is never closed, so that it is looked through once and not from each of its quotes."""
_SHORTEST = 40
_ESCAPED = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_MARKUP = re.compile(r"<(?:p|div|br|span|table|section|h[1-6])\b|&lt;(?:p|div|br|table)\b", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}")
_MOST_STRINGS = 20_000
_MOST = 3
"""Strings that are taken for the body of a page."""
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "b": "", "f": ""}


def bodies_in(scripts: Iterable[str]) -> list[str]:
    """The longest strings of markup in some scripts."""
    found: dict[str, None] = {}
    for script in scripts:
        found.update(dict.fromkeys(_strings(script)))
    return sorted(found, key=len, reverse=True)[:_MOST]


def _strings(script: str) -> Iterator[str]:
    for string in islice(_STRING.finditer(script), _MOST_STRINGS):
        words = next((group for group in string.groups() if group is not None), "")
        if len(words) < _SHORTEST:
            continue
        plain = _ESCAPED.sub(_letter, words) if "\\" in words else words
        for reading in (plain, unquote(plain) if "%3" in plain else "", _from_base64(plain)):
            if _MARKUP.search(reading):
                yield reading
                break


def _letter(escape: re.Match[str]) -> str:
    code = escape[1]
    return chr(int(code[1:], 16)) if len(code) > 1 else _LETTERS.get(code, code)


def _from_base64(words: str) -> str:
    if not _BASE64.fullmatch(words):
        return ""
    try:
        return b64decode(words).decode("utf-8")
    except ValueError:  # binascii's and Unicode's own among them
        return ""
