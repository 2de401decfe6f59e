"""Header lines of answers as browsers read them: a malformed line is left out and hides no later one.

The parser of http.client ends at the first line that is none: a page whose ``X-Frame-Options : SAMEORIGIN``
has a blank before its colon would lose its encoding, its length and its compression.
"""

from __future__ import annotations

import http.client
import re
from typing import Any, cast

_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t\r]*")
_WITHOUT_BODY = frozenset({204, 304})
_KEEPS_ALIVE = 11
"""HTTP/1.1, as http.client counts versions."""


class LenientResponse(http.client.HTTPResponse):
    """An answer whose malformed header lines are skipped."""

    def begin(self) -> None:
        """Read status and headers; where the parser gave up within them, read on behind the line."""
        if self.headers is not None:
            return
        super().begin()
        left = cast("Any", self.headers).get_payload()
        if not isinstance(left, str) or not left.strip():
            return
        headers = http.client.HTTPMessage()
        for name, value in self.headers.items():
            headers[name] = value
        for line in left.split("\n"):
            if found := _LINE.fullmatch(line):
                headers[found[1]] = found[2]
        self.headers = self.msg = headers
        self._frame_anew()

    def _frame_anew(self) -> None:
        """How long the body is and whether the connection ends with it: RFC 9112, 6.3."""
        self.chunked = self.headers.get("Transfer-Encoding", "").lower() == "chunked"
        self.chunk_left = None
        length = self.headers.get("Content-Length", "").strip()
        self.length = int(length) if length.isdecimal() and not self.chunked else None
        if self.status in _WITHOUT_BODY or 100 <= self.status < 200:
            self.length = 0
        said = self.headers.get("Connection", "").lower()
        ends = "close" in said or (self.version < _KEEPS_ALIVE and "keep-alive" not in said)
        self.will_close = ends or (not self.chunked and self.length is None)
