"""Tables with all of their cells, for readers that need to know in which column a word stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any

from extraction.limits import MAX_PAGES, MAX_TABLE_COLUMNS
from extraction.model import UnreadableError

EMPTY_CELL = "\ue000"
"""Stands for a cell without words: lines are stripped, and a table's columns must not be."""
SEPARATOR = "\t"
"""Between the cells of a row."""
_LONGEST_REPEATED_CELL = 120


def grid_lines(grid: Sequence[Sequence[str]]) -> list[str]:
    """A line for every row, each of its cells in place; a row with nothing but a first cell is that cell."""
    width = max((len(row) for row in grid), default=0)
    lines = []
    for row in grid:
        if not any(row):
            continue
        if row[0] and not any(row[1:]):
            lines.append(row[0])
            continue
        padded = [*row, *[""] * (width - len(row))]
        lines.append(SEPARATOR.join(cell or EMPTY_CELL for cell in padded))
    return lines


def cells_of(row: Sequence[str]) -> list[str]:
    """The cells of a row that ``grid_lines`` wrote, empty where nothing stood."""
    return ["" if cell.strip() == EMPTY_CELL else cell for cell in row]


def pdf_lines(body: bytes) -> list[str]:
    """The lines of a PDF with its ruled tables as grids, in the order of the page.

    Raises UnreadableError where the file is damaged or too long; [] where no table is ruled in it.
    """
    import pdfplumber  # noqa: PLC0415 - only official lists need it
    from pdfminer.pdfexceptions import PDFException  # noqa: PLC0415

    lines: list[str] = []
    ruled = False
    try:
        with pdfplumber.open(BytesIO(body)) as pdf:
            if len(pdf.pages) > MAX_PAGES:
                raise UnreadableError(f"the PDF has more than {MAX_PAGES} pages; split it")
            for page in pdf.pages:
                tables = page.find_tables()
                ruled = ruled or bool(tables)
                blocks = [*_tables(tables), *_lines_beside(page, tables)]
                for _, block in sorted(blocks, key=lambda each: each[0]):
                    lines += block
                page.close()
    except (PDFException, ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        raise UnreadableError(f"the PDF is damaged ({error}); fetch it again") from error
    return lines if ruled else []


def _tables(tables: Sequence[Any]) -> Iterator[tuple[float, list[str]]]:
    """Each table by its top, its rows in place; what spans rows is repeated, as in other formats."""
    for table in tables:
        grid: list[list[str]] = []
        boxes = [row.cells for row in table.rows]
        for cells, across_columns in zip(table.extract(), _spans(boxes), strict=True):
            texts = ["".join((cell or "").split("\n")).strip() for cell in cells[:MAX_TABLE_COLUMNS]]
            above = grid[-1] if grid else []
            spanned = [
                above[column]
                if cell is None
                and column not in across_columns
                and column < len(above)
                and len(above[column]) <= _LONGEST_REPEATED_CELL
                else text
                for column, (cell, text) in enumerate(zip(cells, texts, strict=False))
            ]
            across = sum(cell is not None for cell in cells) == 1 and len(cells) > 1
            grid.append(texts if across else spanned)
        yield float(table.bbox[1]), grid_lines(grid)


def _spans(rows: Sequence[Sequence[tuple[float, float, float, float] | None]]) -> Iterator[set[int]]:
    """Of each row the columns over which the cell to their left reaches; else they go on from above."""
    lefts: dict[int, float] = {}
    for row in rows:
        for column, box in enumerate(row):
            if box is not None:
                lefts[column] = min(box[0], lefts.get(column, box[0]))
    for row in rows:
        spanned, reach = set(), 0.0
        for column, box in enumerate(row):
            if box is not None:
                reach = box[2]
            elif reach > lefts.get(column, reach) + 1:
                spanned.add(column)
        yield spanned


def _lines_beside(page: Any, tables: Sequence[Any]) -> Iterator[tuple[float, list[str]]]:
    """Lines of text outside of the tables, by their tops."""
    boxes = [table.bbox for table in tables]
    for line in page.extract_text_lines(return_chars=False):
        middle = (line["top"] + line["bottom"]) / 2
        if not any(top <= middle <= bottom for _, top, _, bottom in boxes):
            yield float(line["top"]), [line["text"]]
