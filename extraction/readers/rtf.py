"""Rich text, as Word and WPS write it, Chinese escapes included."""

from __future__ import annotations

from extraction.documents import described
from extraction.model import Extracted
from extraction.reading import Declared
from extraction.tables import rows_as_lines
from extraction.with_kreuzberg import read_with_kreuzberg


def read(body: bytes, declared: Declared) -> Extracted:
    """The text, its tables with headings."""
    result = read_with_kreuzberg(body, declared.media_type)
    content = result.content
    for table in result.tables:
        flat = "\n".join(" ".join(row) for row in table.cells)
        lines = rows_as_lines([[" ".join(cell.split()) for cell in row] for row in table.cells])
        content = content.replace(flat, "\n".join(lines), 1)
    return described(content, declared)
