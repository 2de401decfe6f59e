"""Reads the catalogue's data files."""

from __future__ import annotations

import csv
import functools
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from catalogue.book import Catalogue, Name, Statute
from catalogue.model import Entry, Evidence, Period, Status

DATA = Path(__file__).parent / "data"


@functools.cache
def load_catalogue() -> Catalogue:
    """Reads the data files once per process.

    Raises ValueError, naming file and line, where a row cannot be read.
    """
    periods: dict[str, list[Period]] = defaultdict(list)
    for row in read_rows(DATA / "periods.csv"):
        periods[row["key"]].append(_period(row))
    names = [Name(row["name"], row["key"], row["trigger"] == "yes") for row in read_rows(DATA / "names.csv")]
    aliases: dict[str, list[str]] = defaultdict(list)
    for name in names:
        aliases[name.key].append(name.text)
    entries = [
        Entry(
            key=row["key"],
            name=row["key"],
            aliases=tuple(text for text in aliases[row["key"]] if text != row["key"]),
            periods=tuple(periods[row["key"]]),
            department=row["department"],
            domain=row["domain"],
            region=row["region"] or None,
            foreign=row["foreign"] == "yes",
        )
        for row in read_rows(DATA / "qualifications.csv")
    ]
    statutes = [_statute(row) for row in read_rows(DATA / "statutes.csv")]
    return Catalogue(entries, names, statutes)


def read_rows(path: Path) -> Iterator[dict[str, str]]:
    """Rows of a CSV file with a heading; ValueError names file and line where a row has another length."""
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.reader(lines)
        heading = next(reader, [])
        for row in reader:
            if len(row) != len(heading):
                raise ValueError(
                    f"{path.name}, line {reader.line_num}: {len(row)} fields, {len(heading)} expected"
                )
            yield dict(zip(heading, row, strict=True))


def _period(row: dict[str, str]) -> Period:
    return Period(
        status=Status(row["status"]),
        since=date.fromisoformat(row["since"]) if row["since"] else None,
        document=row["document"],
        evidence=Evidence(row["evidence"]),
        source=row["source"],
        category=row["category"],
    )


def _statute(row: dict[str, str]) -> Statute:
    return Statute(
        key=row["key"],
        subject=row["subject"],
        law=row["law"],
        date=date.fromisoformat(row["date"]),
        article=row["article"],
        citation=row["citation"],
        source=row["source"],
    )
