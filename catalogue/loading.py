"""Reads the catalogue's data files and merges imported lists into them."""

from __future__ import annotations

import csv
import functools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path

from catalogue.book import Catalogue, Name, Statute
from catalogue.imported import NONE_IMPORTED, ImportedLists
from catalogue.model import Approval, Entry, Period
from catalogue.overlay import merge
from catalogue.verified import settle
from vocabulary.codes import Evidence, Status

DATA = Path(__file__).parent / "data"


def load_catalogue(imported: ImportedLists = NONE_IMPORTED) -> Catalogue:
    """The catalogue of the shipped data and ``imported``; the last two are kept.

    Raises ValueError, naming the file, where a row of the data cannot be read.
    """
    return _load(imported)


@functools.lru_cache(maxsize=2)
def _load(imported: ImportedLists) -> Catalogue:
    entries = {entry.key: entry for entry in _read_entries()}
    settle(entries, imported.verified())
    names = list(_read_names())
    for each in imported.unpacked():
        names += merge(entries, each)
    return Catalogue(entries.values(), names, _read_statutes)


def catalogue_digest(imported: ImportedLists = NONE_IMPORTED) -> str:
    """What tells the catalogue of the shipped data and ``imported`` from every other one."""
    return sha256(_data_digest().encode() + imported.digest.encode()).hexdigest()[:16]


@functools.cache
def _data_digest() -> str:
    digest = sha256()
    for path in sorted(DATA.glob("*.csv")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def read_rows(path: Path) -> Iterator[dict[str, str]]:
    """Rows of a CSV file with a heading; ValueError names file and line where a row has another length."""
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.reader(lines)
        heading = next(reader, [])
        for row in reader:
            if len(row) != len(heading):
                expected = f"{len(row)} fields, {len(heading)} expected"
                raise ValueError(f"{path.name}, line {reader.line_num}: {expected}")
            yield dict(zip(heading, row, strict=True))


def _read_entries() -> Iterator[Entry]:
    periods: dict[str, list[Period]] = defaultdict(list)
    for row in read_rows(DATA / "periods.csv"):
        periods[row["key"]].append(_period(row))
    for key, said in _contested().items():
        periods[key][-1] = replace(periods[key][-1], contested=said)
    aliases: dict[str, list[str]] = defaultdict(list)
    for text, key, _ in _read_names():
        if text != key:
            aliases[key].append(text)
    for row in read_rows(DATA / "qualifications.csv"):
        key = row["key"]
        yield Entry(
            key=key,
            name=key,
            aliases=tuple(aliases[key]),
            periods=tuple(periods[key]),
            department=row["department"],
            domain=row["domain"],
            region=row["region"] or None,
            foreign=row["foreign"] == "yes",
        )


def _contested() -> dict[str, str]:
    """Key → what speaks against its last period, where sources contradict each other and none could win."""
    said: dict[str, str] = {}
    for row in read_rows(DATA / "contradictions.csv"):
        if row["outcome"] == "open" and row["key"]:
            said.setdefault(row["key"], f"另有材料：{row['found']}；{row['why']}")
    return said


def read_approvals() -> Iterator[Approval]:
    """Ends of approvals that bear a qualification's name."""
    for row in read_rows(DATA / "approvals.csv"):
        yield Approval(
            name=row["name"],
            key=row["key"],
            number=row["number"],
            ended_on=date.fromisoformat(row["date"]) if row["date"] else None,
            ends_qualification=row["ends"] == "yes",
            evidence=Evidence(row["evidence"]),
            source=row["source"],
            note=row["note"],
        )


@functools.cache
def _read_names() -> tuple[Name, ...]:
    """Columns by position: these are thousands of rows, and every command reads them when it starts."""
    with (DATA / "names.csv").open(encoding="utf-8", newline="") as lines:
        reader = csv.reader(lines)
        heading = next(reader)
        if heading[:3] != ["name", "key", "trigger"]:
            raise ValueError(f"names.csv: the heading is {','.join(heading)}")
        return tuple([Name(row[0], row[1], row[2] == "yes") for row in reader])


def _period(row: dict[str, str]) -> Period:
    return Period(
        status=Status(row["status"]),
        since=date.fromisoformat(row["since"]) if row["since"] else None,
        document=row["document"],
        evidence=Evidence(row["evidence"]),
        source=row["source"],
        category=row["category"],
        note=row["note"],
    )


def _read_statutes() -> Iterator[Statute]:
    for row in read_rows(DATA / "statutes.csv"):
        yield Statute(
            key=row["key"],
            subject=row["subject"],
            law=row["law"],
            date=date.fromisoformat(row["date"]),
            article=row["article"],
            citation=row["citation"],
            source=row["source"],
        )
