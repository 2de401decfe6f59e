"""Header lines of answers as browsers read them: a malformed line is left out and hides no later one.

The parser of http.client ends at the first line that is none: a page whose ``X-Frame-Options : SAMEORIGIN``
has a blank before its colon would lose its encoding, its length and its compression. It is one of mails
besides, which takes as long as the rest of an answer.
"""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator
from typing import IO, Any

_LINE = re.compile(r"([!-9;-~]+):[ \t]*(.*?)[ \t]*")
_LINE_END = re.compile(r"\r\n|\r|\n")
_LONGEST_LINE, _MOST_LINES = 65_536, 100
"""As http.client has them: an answer may not fill the memory with headers."""
_WITHOUT_BODY = frozenset({204, 304})
_CONTINUE = 100
_VERSIONS = {"HTTP/0.9": 10, "HTTP/1.0": 10}
"""As http.client counts them; every other HTTP/1 is 1.1."""
_KEEPS_ALIVE = 11


class _Headers(http.client.HTTPMessage):
    """Headers as they came: decoded from Latin-1, they hold nothing that would need to be repaired."""

    def items(self) -> list[tuple[str, Any]]:
        return list(self.raw_items())


class LenientResponse(http.client.HTTPResponse):
    """An answer whose malformed header lines are skipped."""

    def begin(self) -> None:
        """Read status and headers; answers that only say that another one follows are passed over."""
        if self.headers is not None:
            return
        version, status, reason = self._read_status()
        while status == _CONTINUE:
            _read_block(self.fp)
            version, status, reason = self._read_status()
        if not version.startswith("HTTP/1.") and version not in _VERSIONS:
            raise http.client.UnknownProtocol(version)
        self.version = _VERSIONS.get(version, _KEEPS_ALIVE)
        self.code = self.status = status
        self.reason = reason.strip()
        self.headers = self.msg = _Headers()
        for name, value in _lines(_read_block(self.fp)):
            self.headers.set_raw(name, value)
        self._frame()

    def _frame(self) -> None:
        """How long the body is and whether the connection ends with it: RFC 9112, 6.3."""
        self.chunked = self.headers.get("Transfer-Encoding", "").lower() == "chunked"
        self.chunk_left = None
        length = self.headers.get("Content-Length", "").strip()
        self.length = int(length) if length.isdecimal() and not self.chunked else None
        is_head = self._method == "HEAD"  # type: ignore[attr-defined]
        if is_head or self.status in _WITHOUT_BODY or 100 <= self.status < 200:
            self.length = 0
        said = self.headers.get("Connection", "").lower()
        goes_on = "keep-alive" in said or "Keep-Alive" in self.headers or self.version >= _KEEPS_ALIVE
        ends = "close" in said or not goes_on
        self.will_close = ends or (not self.chunked and self.length is None)


def _read_block(file: IO[bytes]) -> str:
    """Lines up to the empty one that ends them."""
    lines: list[bytes] = []
    while (line := file.readline(_LONGEST_LINE + 1)).strip(b"\r\n"):
        if len(line) > _LONGEST_LINE:
            raise http.client.LineTooLong("header line")
        lines.append(line)
        if len(lines) > _MOST_LINES:
            raise http.client.HTTPException(f"got more than {_MOST_LINES} headers")
    return b"".join(lines).decode("latin-1")


def _lines(block: str) -> Iterator[tuple[str, str]]:
    """Names and values; a line that begins with a blank goes on with the value before it."""
    name, value = "", ""
    for line in _LINE_END.split(block):
        if line[:1] in {" ", "\t"}:
            value += " " + line.strip(" \t")
            continue
        if name:
            yield name, value
        found = _LINE.fullmatch(line)
        name, value = (found[1], found[2]) if found is not None else ("", "")
    if name:
        yield name, value
