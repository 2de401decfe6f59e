"""Rows of the shipped catalogue that a person compared with their source: published from then on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from hashlib import sha256
from typing import Any

from catalogue.model import Entry, Period
from vocabulary.codes import Evidence, Status

_DOUBT = re.compile(r"未核|未见|存疑|未说|待导入|待查|可能|推得")
_KINDS = {Status.ACCESS: "准入类", Status.LEVEL: "水平评价类"}


@dataclass(frozen=True, slots=True)
class VerifiedRow:
    """A row as it is shipped, what its source says of it, and who has compared the two."""

    key: str
    status: Status
    since: date | None
    document: str
    """Together with the key these four tell which row it is; the others say what stands in the source."""
    source: str
    """Where the person saw it: an address, a page of the Gazette, an archive number."""
    found_status: Status
    found_since: date | None
    found_document: str
    verified_on: date
    verified_by: str

    @property
    def identity(self) -> str:
        """What tells the row from every other one, and the key of its record."""
        return _identity(self.key, self.status, self.since, self.document)

    @property
    def content(self) -> str:
        """SHA-256 of all that it says."""
        plain = json.dumps(self.to_plain(), ensure_ascii=False, sort_keys=True)
        return sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()

    def to_plain(self) -> dict[str, Any]:
        """What JSON can hold of it."""
        days = ("since", "found_since", "verified_on")
        return {name: str(each or "") if name in days else each for name, each in asdict(self).items()}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> VerifiedRow:
        """The row of :meth:`to_plain`; TypeError or ValueError where it is another thing."""
        row = cls(**plain)
        return replace(
            row,
            status=Status(row.status),
            found_status=Status(row.found_status),
            since=_day(plain["since"]),
            found_since=_day(plain["found_since"]),
            verified_on=date.fromisoformat(plain["verified_on"]),
        )

    def concerns(self, period: Period) -> bool:
        """Whether ``period``, one of the entry of this key, is the row as it is shipped."""
        return row_identity(self.key, period) == self.identity

    def settle(self, period: Period) -> Period:
        """The row as its source has it, without what spoke against it."""
        return replace(
            period,
            status=self.found_status,
            since=self.found_since,
            document=self.found_document,
            category=_KINDS.get(self.found_status, period.category),
            evidence=Evidence.PUBLISHED,
            source=self.source,
            note=self._note(period),
            contested="",
        )

    def _note(self, period: Period) -> str:
        """What the row says beside its standing, without what was doubtful until now."""
        if self.found_status is not self.status:
            return ""
        return "；".join(part for part in period.note.split("；") if not _DOUBT.search(part))


def row_identity(key: str, period: Period) -> str:
    """The identity of a row of the entry with this key, as it is shipped."""
    return _identity(key, period.status, period.since, period.document)


def _identity(key: str, status: Status, since: date | None, document: str) -> str:
    return "|".join((key, status.value, since.isoformat() if since else "", document))


def waits(period: Period) -> bool:
    """Whether a person has to compare the row with its source before a verdict may rest on it."""
    return period.evidence is not Evidence.PUBLISHED or bool(period.contested)


def settle(entries: dict[str, Entry], rows: Iterable[VerifiedRow]) -> None:
    """Put what was verified into ``entries`` by key; a row that is shipped no longer changes nothing."""
    for row in rows:
        entry = entries.get(row.key)
        if entry is None:
            continue
        periods = [row.settle(period) if row.concerns(period) else period for period in entry.periods]
        in_order = sorted(periods, key=lambda period: period.since or date.min)
        entries[row.key] = replace(entry, periods=tuple(in_order))


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
