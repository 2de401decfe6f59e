"""The items of an official list, as they were read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_NUMBER = re.compile(
    r"^[（(第]?(?P<number>\d{1,3})(?:[-.．－—(（]\d{1,2}[)）]?|[-.．－—(（]?[①-⑳⑴-⒇a-zA-Z甲乙丙丁][)）]?)?[)）.．、项]?$"
)


@dataclass(frozen=True, slots=True)
class AnnexItem:
    """One item of a list."""

    seq: str
    name: str
    item: str = ""
    """The numbered item that the name belongs to, where a list groups several names."""
    category: str = ""
    domain: str = ""
    department: str = ""
    document: str = ""
    part: str = ""
    """The batch that the item belongs to, as ``第一批``, or what the list says of its day."""

    @property
    def number(self) -> int:
        """Of the item: ``7-2`` is a part of 7; 0 where it has none."""
        found = _NUMBER.match(self.seq)
        return int(found["number"]) if found else 0


@dataclass(frozen=True, slots=True)
class Annex:
    """What was read."""

    items: tuple[AnnexItem, ...]
    other_documents: int = 0
    """Rows that a column gives to another document."""
    loose: tuple[str, ...] = ()
    """Lines between the rows of a table that belong to none: rests of names that a PDF broke in two."""
    unclear: tuple[str, ...] = ()
    """Names in rows without a number that may be a rest of the name above or a name of their own."""
    misfits: tuple[str, ...] = ()
    """Parts whose heading says another number of items than were read there, in Chinese."""
    title: str = ""
    """Of the annex, where the document has several."""

    @property
    def count(self) -> int:
        """Items as official totals count them: names that share an item or its number are one."""
        return len(self.groups)

    @property
    def groups(self) -> list[list[AnnexItem]]:
        """The names of each item."""
        found: dict[tuple[str, ...], list[AnnexItem]] = {}
        for series, item in self._numbered():
            by_number = ("", str(series), str(item.number))
            by_name = (item.domain, item.item or item.name)
            found.setdefault(by_number if item.number and not item.item else by_name, []).append(item)
        return list(found.values())

    @property
    def missing(self) -> tuple[int, ...]:
        """Numbers that were left out of the series that number the items; a series begins again with 1."""
        series: dict[int, set[int]] = {}
        for number, item in self._numbered():
            if item.number:
                series.setdefault(number, set()).add(item.number)
        gaps = (set(range(1, max(numbers) + 1)) - numbers for numbers in series.values())
        return tuple(number for each in gaps for number in sorted(each))

    def _numbered(self) -> Iterator[tuple[int, AnnexItem]]:
        """Each item with the number of its series: a new one begins with a 1 after another number."""
        series, last, domain = 0, 1, ""
        for item in self.items:
            if item.number:
                series += item.number == 1 and (last != 1 or item.domain != domain)
                last, domain = item.number, item.domain
            yield series, item


@dataclass(frozen=True, slots=True)
class OfficialList:
    """Rows that were read, and what identifies where they came from."""

    name: str
    """Of the file, or the address of the page."""
    digest: str
    """SHA-256 of its bytes."""
    rows: Sequence[Sequence[str]]
    files: tuple[str, ...] = ()
    """Addresses of the files that a page links, where the list may rather stand."""
    recognised: bool = False
    """Whether words were read from pictures: a person compares every row before it counts as published."""
