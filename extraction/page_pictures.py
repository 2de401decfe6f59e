"""Notices that are pictures: the pictures of a page that says next to nothing itself."""

from __future__ import annotations

import re
from collections.abc import Mapping

from extraction.cleaning import clean_line
from extraction.links import LinkCollector
from extraction.model import Link

_AROUND = frozenset({"header", "footer", "nav", "aside"})
_SAYS_NOTHING = 400
"""Characters outside of links up to which a page has no text of its own: title, date, imprint, phone."""
_SMALLEST_SIDE = 200
"""Pixels that the page declares; smaller pictures are ornaments and codes to scan."""
_ORNAMENT = re.compile(
    r"(?:^|[_-])(?:40[34]|50\d|error|sorry|logo|banner|qr_?code|ewm|erweima|icon|loading|nopic|nodata|empty|blank)\d{0,2}"
    r"(?=[._-]|$)",
    re.IGNORECASE,
)
"""Names of pictures that stand on excuses and around contents."""
_MOST = 8
_SOURCES = ("data-src", "data-original", "data-lazy-src", "src")
"""Where pictures that are loaded late keep their address, then where others do."""


class PictureCollector:
    """Takes a page's events in order; ``finished`` gives the pictures that stand in for its text."""

    def __init__(self, links: LinkCollector) -> None:
        self._links = links
        self._pictures: dict[str, Link] = {}
        self._around = 0
        self._characters = 0

    def open_block(self, tag: str) -> None:
        self._around += tag in _AROUND

    def close_block(self, tag: str) -> None:
        self._around = max(0, self._around - (tag in _AROUND))

    def add_text(self, text: str) -> None:
        if not self._links.is_open:
            self._characters += len(text.strip())

    @property
    def letters(self) -> int:
        """Characters outside of links."""
        return self._characters

    def take(self, other: PictureCollector) -> None:
        """The pictures and letters of a part of the page that was hidden at first."""
        self._characters += other._characters
        for url, picture in other._pictures.items():
            if len(self._pictures) < _MOST:
                self._pictures.setdefault(url, picture)

    def add(self, attributes: Mapping[str, str]) -> None:
        """A picture; those that lead somewhere, stand around the content or are small are left out."""
        if self._links.is_open or self._around or len(self._pictures) >= _MOST:
            return
        if any(_is_small(attributes.get(side, "")) for side in ("width", "height")):
            return
        for name in _SOURCES:
            url = self._links.absolute(attributes.get(name, ""))
            if url and not _ORNAMENT.search(url.partition("?")[0].rpartition("/")[2]):
                self._pictures.setdefault(url, Link(url, clean_line(attributes.get("alt", ""))))
                return

    def finished(self) -> tuple[Link, ...]:
        """None where the page speaks for itself."""
        return tuple(self._pictures.values()) if self._characters <= _SAYS_NOTHING else ()


def _is_small(length: str) -> bool:
    digits = length.strip().lower().removesuffix("px")
    return digits.isascii() and digits.isdigit() and len(digits) < 6 and int(digits) < _SMALLEST_SIDE
