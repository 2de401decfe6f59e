"""Official lists that an installation has imported: values that cross to any process."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from hashlib import sha256
from typing import Any

from catalogue.verified import VerifiedRow
from vocabulary.codes import Evidence, Status


@dataclass(frozen=True, slots=True)
class ImportedItem:
    """One line of an official list, as it was accepted."""

    seq: str
    name: str
    key: str
    status: Status
    since: date
    category: str
    domain: str
    department: str
    evidence: Evidence = Evidence.PUBLISHED
    """Unverified where the name was read from a picture and nobody compared it yet."""
    item: str = ""
    """The item that the name belongs to, where the list groups several under one."""
    is_exit: bool = False
    """Whether the list, a newer edition, left out what an older one had: it is no line of the list."""

    def to_plain(self) -> dict[str, Any]:
        """What JSON can hold of it."""
        return asdict(self) | {"since": self.since.isoformat()}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> ImportedItem:
        """The item of :meth:`to_plain`; KeyError, TypeError or ValueError where it is another thing."""
        item = cls(**plain)
        return replace(
            item,
            status=Status(item.status),
            since=date.fromisoformat(plain["since"]),
            evidence=Evidence(item.evidence),
        )


@dataclass(frozen=True, slots=True)
class ImportedList:
    """An accepted official list."""

    document: str
    region: str
    """GB/T 2260 code of the province whose own list it is; empty for a national one."""
    source: str
    """Name of the file that was read, with the beginning of its SHA-256."""
    imported_on: date
    items: tuple[ImportedItem, ...]
    digest: str = ""
    """SHA-256 of the file's bytes; empty for lists imported before it was kept."""

    @property
    def identity(self) -> str:
        """What ``catalogue undo`` is given, and the key of its row."""
        return self.identity_of(self.document, self.region)

    @staticmethod
    def identity_of(document: str, region: str) -> str:
        """The identity of a document's list."""
        return f"{document}@{region}" if region else document

    def to_plain(self) -> dict[str, Any]:
        """What JSON can hold of it."""
        return {
            "document": self.document,
            "region": self.region,
            "source": self.source,
            "imported_on": self.imported_on.isoformat(),
            "items": [item.to_plain() for item in self.items],
            "digest": self.digest,
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> ImportedList:
        """The list of :meth:`to_plain`; KeyError, TypeError or ValueError where it is another thing."""
        return cls(
            **dict(plain)
            | {
                "imported_on": date.fromisoformat(plain["imported_on"]),
                "items": tuple(ImportedItem.from_plain(item) for item in plain["items"]),
            }
        )

    @property
    def content(self) -> str:
        """SHA-256 of all that it says: with another one the catalogue is another one."""
        return sha256(_written(self.to_plain())).hexdigest()


@dataclass(frozen=True, slots=True)
class ImportedLists:
    """All imported lists, and the shipped rows that people verified: with the shipped data, the catalogue.

    Small, because it goes along with every page to the process that judges it. Two are equal where what they
    hold is.
    """

    digest: str = ""
    """Of the contents; empty where there are none."""
    _packed: bytes = field(default=b"", repr=False, compare=False)

    @classmethod
    def of(cls, lists: Iterable[ImportedList], verified: Iterable[VerifiedRow] = ()) -> ImportedLists:
        """The lists in the order in which they are merged: the oldest decision first."""
        ordered = sorted(lists, key=lambda each: (min(item.since for item in each.items), each.identity))
        rows = sorted(verified, key=lambda each: each.identity)
        if not (ordered or rows):
            return cls()
        plain = {"lists": [each.to_plain() for each in ordered], "rows": [each.to_plain() for each in rows]}
        contents = {each.identity: each.content for each in ordered}
        contents |= {each.identity: each.content for each in rows}
        return cls(digest_of(contents), zlib.compress(_written(plain)))

    def unpacked(self) -> tuple[ImportedList, ...]:
        """The lists, the oldest decision first."""
        return tuple(ImportedList.from_plain(plain) for plain in self._plain("lists"))

    def verified(self) -> tuple[VerifiedRow, ...]:
        """The shipped rows that were compared with their source."""
        return tuple(VerifiedRow.from_plain(plain) for plain in self._plain("rows"))

    def _plain(self, what: str) -> list[dict[str, Any]]:
        if not self._packed:
            return []
        plain: list[dict[str, Any]] = json.loads(zlib.decompress(self._packed))[what]
        return plain


NONE_IMPORTED = ImportedLists()
"""The catalogue as it is shipped."""


def digest_of(contents: Mapping[str, str]) -> str:
    """Digest of lists by identity → ``content``; empty for none."""
    return sha256(_written(sorted(contents.items()))).hexdigest() if contents else ""


def _written(plain: object) -> bytes:
    return json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )
