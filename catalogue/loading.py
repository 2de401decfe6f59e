"""Reads the catalogue's data files, and the official lists that were imported beside them."""

from __future__ import annotations

import csv
import functools
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Protocol, TypeVar

from catalogue.book import Catalogue, Name, Statute
from catalogue.model import Approval, Entry, Period
from catalogue.overlay import merge, read_imports
from vocabulary.codes import Evidence, Status

DATA = Path(__file__).parent / "data"

OVERLAY_VARIABLE = "QW_CATALOGUE"
"""Environment variable that names the directory of imported lists; worker processes inherit it."""


_forgetting: list[Callable[[], None]] = []


class _Cached(Protocol):
    def cache_clear(self) -> None: ...


C = TypeVar("C", bound=_Cached)


def of_the_catalogue(cached: C) -> C:
    """Marks a cached function whose results are made out of the catalogue: they go when it changes."""
    _forgetting.append(cached.cache_clear)
    return cached


@of_the_catalogue
@functools.cache
def load_catalogue(overlay: Path | None = None) -> Catalogue:
    """Reads the data files and merges the imported lists of ``overlay`` into them; see ``use_catalogue``.

    Without ``overlay`` the directory that ``QW_CATALOGUE`` names is used, if it is set; a directory
    that does not exist holds no imports. Raises ValueError, naming the file, where a row cannot be read.
    """
    loaded_catalogue()  # Before the files are read: what changes meanwhile is noticed next time.
    entries = {entry.key: entry for entry in _read_entries()}
    names = list(_read_names())
    directory = overlay or _configured_overlay()
    if directory is not None:
        for imported in read_imports(directory):
            names += merge(entries, imported)
    return Catalogue(entries.values(), names, _read_statutes)


@of_the_catalogue
@functools.cache
def loaded_catalogue() -> str:
    """Digest of the catalogue that this process judges by."""
    return current_catalogue()


def current_catalogue() -> str:
    """Digest of the catalogue as it lies on the disk now, with the lists imported into ``QW_CATALOGUE``."""
    directory = _configured_overlay()
    while True:
        try:
            return _digest(_lists(directory) if directory is not None and directory.is_dir() else ())
        except FileNotFoundError:  # A list was taken back meanwhile.
            continue


def _lists(directory: Path) -> tuple[tuple[str, int, int], ...]:
    """Imported lists by path, time of their last change in nanoseconds and size in bytes."""
    with os.scandir(directory) as found:
        lists = [(each.path, each.stat()) for each in found if each.name.endswith(".csv")]
    return tuple(sorted((path, stat.st_mtime_ns, stat.st_size) for path, stat in lists))


def use_catalogue(digest: str) -> None:
    """Judge by the catalogue of ``digest`` or a later one from now on; what another one left is forgotten."""
    if loaded_catalogue() != digest:
        for forget in _forgetting:
            forget()


@functools.lru_cache(maxsize=8)
def _digest(lists: tuple[tuple[str, int, int], ...]) -> str:
    """Of the program's own data and of imported lists."""
    digest = sha256(_data_digest().encode())
    for path, _, _ in lists:
        digest.update(Path(path).read_bytes())
    return digest.hexdigest()[:16]


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


def _configured_overlay() -> Path | None:
    configured = os.environ.get(OVERLAY_VARIABLE)
    return Path(configured) if configured else None


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
