"""Workbooks, XLS and XLSX: every row a line, each cell beside its column's heading."""

from __future__ import annotations

from itertools import takewhile

from extraction import workbook_binary, workbook_parts
from extraction.cleaning import clean_line
from extraction.documents import described
from extraction.grids import SEPARATOR, grid_lines
from extraction.limits import MAX_CELLS
from extraction.model import Extracted, UnreadableError
from extraction.packages import check_parts
from extraction.reading import Declared
from extraction.sniffing import XLSX
from extraction.tables import rows_as_lines
from extraction.with_kreuzberg import read_with_kreuzberg
from extraction.workbook_parts import as_it_stands
from extraction.workbook_struck import without_struck

_MIDNIGHT = " 00:00:00"


def read(body: bytes, declared: Declared) -> Extracted:
    """The sheets in their order, each under its name, hidden ones too; then drawn text and comments.

    Words with a line through them are left out.
    """
    is_package = declared.media_type == XLSX
    if is_package:
        check_parts(body)
        body = as_it_stands(body)
    else:
        body = without_struck(body)
    result = read_with_kreuzberg(body, declared.media_type)
    if sum(len(row) for table in result.tables for row in table.cells) > MAX_CELLS:
        raise UnreadableError(f"the workbook has more than {MAX_CELLS} cells; ask for the sheet that matters")
    names = result.metadata.get("sheet_names") or []
    blocks: list[str] = []
    head = ""
    for table in result.tables:
        grid = [[_cell_text(cell) for cell in row] for row in table.cells]
        if len(names) > 1 and 0 < table.page_number <= len(names):
            blocks.append(clean_line(names[table.page_number - 1]))
        lines = grid_lines(grid) if declared.grid else rows_as_lines(grid)
        head = head or "\n".join(takewhile(lambda line: SEPARATOR not in line, lines))
        blocks.append("\n".join(lines))
    blocks += (workbook_parts if is_package else workbook_binary).drawn_lines(body)
    return described("\n\n".join(blocks), declared, head=head)


def _cell_text(cell: str) -> str:
    return " ".join(cell.removesuffix(_MIDNIGHT).split())
