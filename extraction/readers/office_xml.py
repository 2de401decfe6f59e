"""Word and Excel of 2003, and packages in one piece: office files whose XML is not packed."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from extraction.documents import described
from extraction.limits import MAX_CELLS
from extraction.model import Extracted, UnreadableError
from extraction.readers.docx import read_story
from extraction.reading import Declared
from extraction.tables import rows_as_lines

_SHEET = b"urn:schemas-microsoft-com:office:spreadsheet"
_WINDOW = 8192
_WIDEST = 1_000


def read(body: bytes, declared: Declared) -> Extracted:
    """The words of a document, or the rows of a workbook's sheets in their order."""
    body = body.lstrip()
    if _SHEET in body[:_WINDOW]:
        return described("\n\n".join(_sheets(body)), declared)
    return described("\n".join(read_story(body, frozenset(), lambda _: [], grid=declared.grid)), declared)


def _sheets(body: bytes) -> list[str]:
    from lxml.etree import QName, XMLSyntaxError, iterparse  # noqa: PLC0415

    sheets: list[str] = []
    rows: list[list[str]] = []
    cells: list[str] = []
    count = 0
    try:
        for _, element in iterparse(BytesIO(body), resolve_entities=False, no_network=True, recover=True):
            name = QName(element).localname
            if name == "Cell":
                cells += [""] * (_place(element.attrib) - 1 - len(cells))
                data = (each for each in element if QName(each).localname == "Data")
                cells.append(" ".join("".join(next(data, element).itertext()).split()))
                count += 1
            elif name == "Row":
                rows.append(cells)
                cells = []
                element.clear()
            elif name == "Worksheet":
                sheets.append("\n".join(rows_as_lines(rows)))
                rows = []
            if count > MAX_CELLS:
                raise UnreadableError(
                    f"the workbook has more than {MAX_CELLS} cells; ask for the sheet that matters"
                )
    except XMLSyntaxError as error:
        raise UnreadableError(f"the workbook is damaged ({error.msg}); fetch it again") from error
    return sheets


def _place(attributes: Mapping[Any, Any]) -> int:
    """The column of a cell before which others are empty; 0 where it follows the one before."""
    place = next((str(value) for key, value in attributes.items() if str(key).endswith("}Index")), "")
    return min(int(place), _WIDEST) if place.isascii() and place.isdigit() else 0
