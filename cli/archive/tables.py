"""Tables of postings, CSV and XLSX, read row by row however long they are."""

from __future__ import annotations

import codecs
import contextlib
import csv
import itertools
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cli.archive.columns import HEADING_ROWS, to_document
from cli.checking.model import Document

TABLES = (".csv", ".tsv", ".xlsx", ".xlsm")
_UNPACKED_LIMIT = 8 << 30
"""Bytes of a workbook's parts; the sheet of a million postings has about two."""
_RATIO_LIMIT = 200
"""How often larger a workbook may be than its file."""
_CELL_LIMIT = 16 << 20
"""Characters of a cell of CSV."""
_SAMPLE = 64 * 1024
_PIECE = 1 << 20

Cells = Sequence[object]


class TableError(ValueError):
    """The table cannot be read, or no further; the message says why."""


@dataclass(slots=True)
class Table:
    """The sheets of a file, one after the other; a row knows where the file is read to."""

    first_rows: list[list[str]]
    """The beginning of the first sheet, to look for its heading."""
    _sheets: Iterator[tuple[str, Iterator[tuple[Cells, int]]]]

    def documents(self, name: str, heading: int) -> Iterator[tuple[Document, int, int]]:
        """The postings below the heading, which stands in every sheet's row of that index."""
        for sheet, rows in self._sheets:
            place = f"{name}:{sheet}" if sheet else name
            below = itertools.islice(rows, heading, None)
            headings = [_shown(cell) for cell in next(below, ((), 0))[0]]
            for number, (cells, position) in enumerate(below, heading + 2):
                pairs = zip(headings, cells, strict=False)
                document = to_document(pairs, f"{place}:{number}")
                if document is not None:
                    yield document, len(document.text), position


@contextlib.contextmanager
def open_table(path: Path) -> Iterator[Table]:
    """The table in ``path`` by its suffix. Raises :class:`TableError` and ``OSError``, later too."""
    opened = _open_csv if path.suffix.lower() in {".csv", ".tsv"} else _open_workbook
    with opened(path) as sheets:
        first = next(sheets, None)
        if first is None:
            yield Table([], iter(()))
            return
        name, rows = first
        begun = list(itertools.islice(rows, HEADING_ROWS))
        first_rows = [[_shown(cell) for cell in cells] for cells, _ in begun]
        yield Table(first_rows, itertools.chain([(name, itertools.chain(begun, rows))], sheets))


@contextlib.contextmanager
def _open_csv(path: Path) -> Iterator[Iterator[tuple[str, Iterator[tuple[Cells, int]]]]]:
    encoding = _encoding(path)
    with path.open("rb") as raw:
        yield iter([("", _csv_rows(raw, encoding))])


def _csv_rows(raw: BinaryIO, encoding: str) -> Iterator[tuple[Cells, int]]:
    csv.field_size_limit(_CELL_LIMIT)
    decode = codecs.getreader(encoding)(raw, "replace")
    sample = decode.read(_SAMPLE)
    first = next((line for line in sample.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    raw.seek(0)
    lines = codecs.getreader(encoding)(raw, "replace")
    reader = csv.reader((line.replace("\0", "") for line in lines), delimiter=delimiter)
    try:
        for cells in reader:
            if any(cells):
                yield cells, raw.tell()
    except csv.Error as error:
        raise TableError(f"line {reader.line_num} is no CSV: {error}") from error


def _encoding(path: Path) -> str:
    """UTF-8 where all of the file is, else that of Windows in China; UTF-16 says so itself."""
    decode = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        if file.read(2) in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
            return "utf-16"
        file.seek(0)
        try:
            while piece := file.read(_PIECE):
                decode.decode(piece)
        except UnicodeDecodeError:
            return "gb18030"
    return "utf-8-sig"


@contextlib.contextmanager
def _open_workbook(path: Path) -> Iterator[Iterator[tuple[str, Iterator[tuple[Cells, int]]]]]:
    from openpyxl import load_workbook

    size = path.stat().st_size
    try:
        with zipfile.ZipFile(path) as packed:
            unpacked = sum(member.file_size for member in packed.infolist())
        is_bomb = unpacked > min(_UNPACKED_LIMIT, max(size, _PIECE) * _RATIO_LIMIT)
        book = None if is_bomb else load_workbook(path, read_only=True, data_only=True)
    except Exception as error:
        # Whatever a damaged workbook makes openpyxl raise.
        raise TableError(f"no workbook that can be read ({type(error).__name__}): save it anew") from error
    if book is None:
        raise TableError(f"unpacked it has {unpacked >> 20} MB: save it as CSV")
    try:
        rows_of_all = sum(sheet.max_row or 1 for sheet in book.worksheets) or 1
        done = itertools.count(1)
        names = len(book.worksheets) > 1
        yield (
            (sheet.title if names else "", _sheet_rows(sheet, lambda: size * next(done) // rows_of_all))
            for sheet in book.worksheets
        )
    finally:
        book.close()


def _sheet_rows(sheet: object, position: Callable[[], int]) -> Iterator[tuple[Cells, int]]:
    try:
        for cells in sheet.iter_rows(values_only=True):  # type: ignore[attr-defined]
            at = position()
            if any(cell is not None for cell in cells):
                yield cells, at
    except OSError:
        raise
    except Exception as error:
        raise TableError(f"the sheet breaks off ({type(error).__name__}): save it anew") from error


def _shown(cell: object) -> str:
    return "" if cell is None else str(cell).strip()
