"""Imported lists as they were kept before the database held them: one CSV file each, in a directory."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from catalogue.imported import ImportedItem, ImportedList
from vocabulary.codes import Evidence, Status

FOLDER = "catalogue"
"""Where they lay, in the storage directory."""


def read_files(directory: Path) -> Iterator[ImportedList]:
    """Every list in ``directory``; ValueError, naming the file, where one is damaged."""
    for path in sorted(directory.glob("*.csv")):
        yield read_list_file(path)


def read_list_file(path: Path) -> ImportedList:
    """The list in a file; ValueError, naming it, where it is damaged."""
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
        raise ValueError(f"已导入的清单 {path.name} 无法读取：{error!r}") from error
