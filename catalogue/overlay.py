"""Official lists that were imported: one CSV file each, merged into the catalogue when it loads."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path

from catalogue.book import Name
from catalogue.model import Entry, Period
from vocabulary.codes import Evidence, Status

_ENDED = frozenset({Status.CANCELLED, Status.EXITED, Status.OFF_CATALOGUE})
_UNREVIEWED = "由图片识别得到，尚未逐条核对"
_ABSENT = "导入的{document}附件中没有此项"
_UNSAFE = re.compile(r"[^\w〔〕（）-]+")


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
        """What ``catalogue undo`` is given, and the name of the file."""
        return self.identity_of(self.document, self.region)

    @staticmethod
    def identity_of(document: str, region: str) -> str:
        """The identity of a document's list."""
        return f"{document}@{region}" if region else document


_LIST_COLUMNS = ("document", "region", "source", "imported_on", "digest")
_ITEM_COLUMNS = tuple(field.name for field in fields(ImportedItem))


def read_imports(directory: Path) -> Iterator[ImportedList]:
    """Every list that was imported into ``directory``, oldest decision first.

    Raises ValueError, naming the file, where one was damaged.
    """
    lists = [_read(path) for path in directory.glob("*.csv")] if directory.is_dir() else []
    yield from sorted(
        lists, key=lambda imported: (min(item.since for item in imported.items), imported.identity)
    )


def write_import(directory: Path, imported: ImportedList, *, replacing: bool = False) -> Path:
    """Keeps ``imported``; FileExistsError where this document was imported before and stays as it is."""
    directory.mkdir(parents=True, exist_ok=True)
    path = _path(directory, imported.identity)
    unfinished = path.with_suffix(f".{os.getpid()}.part")
    try:
        with unfinished.open("w", encoding="utf-8", newline="") as lines:
            writer = csv.writer(lines, lineterminator="\n")
            writer.writerow((*_LIST_COLUMNS, *_ITEM_COLUMNS))
            for item in imported.items:
                writer.writerow(
                    (
                        *(getattr(imported, column) for column in _LIST_COLUMNS),
                        *(_cell(getattr(item, column)) for column in _ITEM_COLUMNS),
                    )
                )
        if replacing:
            unfinished.replace(path)
        else:
            os.link(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def _cell(value: object) -> object:
    return ("yes" if value else "") if isinstance(value, bool) else value


def undo_import(directory: Path, identity: str) -> None:
    """Forgets an imported list; FileNotFoundError where there is none of this name."""
    _path(directory, identity).unlink()


def merge(entries: dict[str, Entry], imported: ImportedList) -> list[Name]:
    """Adds ``imported`` to ``entries`` by key, and returns the names that came with new entries.

    An official list wins over what was only believed: a dated end that rests on no published document goes,
    and an end that was put down to this very list without standing on it is called doubtful.
    """
    names = []
    _doubt_absent(entries, imported)
    for item in imported.items:
        period = _period(imported, item)
        known = entries.get(item.key)
        if known is None:
            names.append(Name(item.name, item.key))
            entries[item.key] = Entry(
                key=item.key,
                name=item.name,
                aliases=(),
                periods=with_period((_before(period, item.category),), period),
                department=item.department,
                domain=item.domain,
                region=imported.region or None,
            )
        else:
            entries[item.key] = replace(
                known,
                periods=with_period(known.periods, period),
                department=known.department or item.department,
                domain=known.domain or item.domain,
            )
    return names


def _doubt_absent(entries: dict[str, Entry], imported: ImportedList) -> None:
    """Mark the cancellations that the catalogue puts down to this list, which does not have them."""
    if any(item.status is not Status.CANCELLED for item in imported.items):
        return  # An edition's absent lines may be parts of its items; only a list of ends speaks for itself.
    said = _ABSENT.format(document=imported.document)
    listed = {item.key for item in imported.items}
    for key, entry in entries.items():
        if key not in listed and (entry.region or "") == imported.region:
            periods = tuple(
                replace(period, evidence=Evidence.DOUBTFUL, contested=said)
                if (period.document, period.status) == (imported.document, Status.CANCELLED)
                else period
                for period in entry.periods
            )
            if periods != entry.periods:
                entries[key] = replace(entry, periods=periods)


def with_period(periods: tuple[Period, ...], imported: Period) -> tuple[Period, ...]:
    """``periods`` with an imported one added, without the unpublished ends that it settles.

    One that was read from a picture and not compared yet settles nothing that is published.
    """
    if imported.evidence is not Evidence.PUBLISHED and any(
        period.since == imported.since and period.evidence is Evidence.PUBLISHED for period in periods
    ):
        return periods
    first, *later = periods
    if first.status in _ENDED and first.evidence is not Evidence.PUBLISHED:
        first = _before(imported, imported.category)
    kept = [
        period
        for period in later
        if period.since != imported.since
        and (period.document, period.status) != (imported.document, imported.status)
        and (period.status not in _ENDED or period.evidence is Evidence.PUBLISHED)
    ]
    return (first, *sorted([*kept, imported], key=lambda period: period.since or date.min))


def _period(imported: ImportedList, item: ImportedItem) -> Period:
    return Period(
        status=item.status,
        since=item.since,
        document=imported.document,
        evidence=item.evidence,
        source=imported.source,
        category=item.category,
        note="" if item.evidence is Evidence.PUBLISHED else _UNREVIEWED,
    )


def _before(period: Period, category: str) -> Period:
    """What an item was before the list that names it: lawful, in the category that the list gives."""
    status = Status.ACCESS if category == "准入类" else Status.LEVEL
    evidence = Evidence.PUBLISHED if category else Evidence.UNVERIFIED
    note = "" if category else "此前的类别未核"
    return Period(status, None, period.document, evidence, period.source, category, note)


def _path(directory: Path, identity: str) -> Path:
    return directory / f"{_UNSAFE.sub('_', identity)}.csv"


def _read(path: Path) -> ImportedList:
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines, strict=True))
        items = tuple(
            ImportedItem(
                seq=row["seq"],
                name=row["name"],
                key=row["key"],
                status=Status(row["status"]),
                since=date.fromisoformat(row["since"]),
                category=row["category"],
                domain=row["domain"],
                department=row["department"],
                evidence=Evidence(row.get("evidence") or Evidence.PUBLISHED),
                item=row.get("item") or "",
                is_exit=row.get("is_exit") == "yes",
            )
            for row in rows
        )
        head = rows[0]
        return ImportedList(
            document=head["document"],
            region=head["region"],
            source=head["source"],
            imported_on=date.fromisoformat(head["imported_on"]),
            items=items,
            digest=head.get("digest") or "",
        )
    except (KeyError, IndexError, ValueError, csv.Error) as error:
        raise ValueError(f"the imported list {path.name} cannot be read: {error!r}") from error
