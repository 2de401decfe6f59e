"""Documents within a document: read with it, or said to be there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from extraction.model import ExtractionError
from extraction.packages import read_part
from extraction.reading import Declared, read_as

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zipfile import ZipFile

_DEEPEST = 2
_MOST = 50


class EmbeddedDocuments:
    """What the parts of an office package that are documents themselves say."""

    def __init__(self, package: ZipFile, targets: Mapping[str, str], outer: Declared) -> None:
        """``targets``: names of parts by the identities with which the document refers to them."""
        self._package = package
        self._targets = targets
        self._outer = outer
        self._unread: list[str] = []
        self._count = 0

    def lines(self, identity: str) -> list[str]:
        """The lines of one of them; none where it cannot be read, and ``unread`` says so then."""
        name = self._targets.get(identity, "")
        if not name:
            return []
        self._count += 1
        if self._outer.depth >= _DEEPEST or self._count > _MOST:
            self._unread.append(name)
            return []
        try:
            declared = replace(
                self._outer,
                media_type="",
                charset="",
                name=name,
                depth=self._outer.depth + 1,
                recognition=None,
            )
            extracted = read_as(read_part(self._package, name), declared)
        except ExtractionError:
            self._unread.append(name)
            return []
        if extracted.unread:
            self._unread.append(name)
        return extracted.text.split("\n")

    @property
    def unread(self) -> str:
        """Which could not be read, and what to do; empty where all could."""
        if not self._unread:
            return ""
        names = ", ".join(name.rpartition("/")[2] for name in self._unread[:5])
        return f"{len(self._unread)} embedded documents were not read ({names}): look at them by hand"
