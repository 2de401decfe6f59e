"""The files of an archive, cut into batches: WARC, JSON lines, tables, and files that are documents."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from warcio.exceptions import ArchiveLoadFailed  # type: ignore[import-untyped]

from cli.archive.columns import heading_row
from cli.archive.model import Batch, Item, Line, Whole
from cli.archive.tables import TABLES, TableError, open_table
from cli.archive.web_archives import SUFFIXES as WEB_ARCHIVES
from cli.archive.web_archives import read_web_archive
from cli.checking.inputs import LINES_SUFFIXES
from cli.checking.model import Failure
from cli.checking.records import read_lines

BATCH_ITEMS = 128
BATCH_BYTES = 512 * 1024


def read_batches(path: Path, *, in_folder: bool) -> Iterator[Batch]:
    """The batches of a file by its kind; what cannot be read of it is a Failure behind what could.

    In a folder, a table that is none of postings is judged as a document.
    """
    name, lower = str(path), path.name.lower()
    items: Iterable[tuple[Item, int, int]]
    if lower.endswith(LINES_SUFFIXES):
        items = _lines(path)
    elif lower.endswith(WEB_ARCHIVES):
        items = read_web_archive(path)
    elif lower.endswith(TABLES):
        items = _table(path, in_folder=in_folder)
    else:
        items = [(Whole(name, in_folder), BATCH_BYTES, _size(path))]
    return _cut(name, _guarded(path, items))


def _lines(path: Path) -> Iterator[tuple[Item, int, int]]:
    with path.open("rb") as raw:
        packed = path.suffix.lower() == ".gz"
        stream = cast("BinaryIO", gzip.GzipFile(fileobj=raw) if packed else raw)
        for each in read_lines(stream, str(path), batched=False):
            for line in each.lines:
                yield Line(str(path), each.numbers[0], line), len(line or b""), raw.tell()


def _table(path: Path, *, in_folder: bool) -> Iterator[tuple[Item, int, int]]:
    with open_table(path) as table:
        heading = heading_row(table.first_rows)
        if heading is None and in_folder:
            yield Whole(str(path), in_folder), BATCH_BYTES, _size(path)
            return
        yield from table.documents(str(path), heading or 0)


def _guarded(path: Path, items: Iterable[tuple[Item, int, int]]) -> Iterator[tuple[Item, int, int]]:
    """Whatever ends a file early is one failure of it, and the other files are read."""
    try:
        yield from items
    except TableError as error:
        yield Failure(str(path), str(path), str(error)), 0, _size(path)
    except (OSError, EOFError, zlib.error, ArchiveLoadFailed) as error:
        why = getattr(error, "strerror", None) or str(error)
        yield Failure(str(path), str(path), f"broken off: {why}"), 0, _size(path)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _cut(name: str, items: Iterable[tuple[Item, int, int]]) -> Iterator[Batch]:
    first, size, taken, batch, position = 0, 0, 0, list[Item](), 0
    for item, item_size, position in items:
        batch.append(item)
        taken, size = taken + 1, size + item_size
        if len(batch) >= BATCH_ITEMS or size >= BATCH_BYTES:
            yield Batch(name, first, tuple(batch), position)
            first, size, batch = taken, 0, []
    if batch:
        yield Batch(name, first, tuple(batch), position)
