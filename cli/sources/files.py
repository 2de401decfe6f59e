"""Tables of sources in files: CSV, XLSX and OPML, as rows of cells that know their lines."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vocabulary.presentation import displayable

if TYPE_CHECKING:
    from lxml.etree import _Element

FILE_LIMIT = 20 << 20
"""Bytes; tables of sources are far smaller."""
UNPACKED_LIMIT = 200 << 20
ROW_LIMIT = 20_000
SUFFIXES = (".csv", ".xlsx", ".opml")
_FORMULA = ("=", "+", "-", "@")


class TableError(ValueError):
    """The file is no table that can be read; the message says what to do, in Chinese."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table."""

    line: int
    """Counted from 1, as editors and spreadsheets count."""
    cells: tuple[str, ...]


def read_rows(file: Path) -> list[Row]:
    """The rows of a file by its suffix; those of OPML begin with a heading. Raises :class:`TableError`."""
    suffix = file.suffix.lower()
    try:
        if file.stat().st_size > FILE_LIMIT:
            raise TableError(f"{file} 大于 {FILE_LIMIT >> 20} MB：请分成几个文件导入")
        body = file.read_bytes()
    except OSError as error:
        raise TableError(f"{file} 无法读取：{error.strerror}") from error
    readers = {
        ".csv": _from_csv,
        ".txt": _from_csv,
        ".xlsx": _from_xlsx,
        ".opml": _from_opml,
        ".xml": _from_opml,
    }
    if suffix not in readers:
        raise TableError(f"{file}：只能导入 CSV、XLSX 和 OPML 文件，请另存为其中一种")
    rows = list(readers[suffix](body))
    if len(rows) > ROW_LIMIT:
        raise TableError(f"{file} 多于 {ROW_LIMIT} 行：请分成几个文件导入")
    return [row for row in rows if any(row.cells)]


def write_rows(file: Path, heading: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write a table by the suffix of ``file``. Raises :class:`TableError`, and ``OSError``."""
    writers = {".csv": _to_csv, ".xlsx": _to_xlsx, ".opml": _to_opml}
    if (writer := writers.get(file.suffix.lower())) is None:
        raise TableError(f"{file}：只能导出 CSV、XLSX 和 OPML 文件，请换一个文件名")
    file.write_bytes(writer(heading, rows))


def csv_text(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """As CSV; no cell can be taken for a formula."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(heading)
    writer.writerows([_inert(cell) for cell in row] for row in rows)
    return lines.getvalue()


def _from_csv(body: bytes) -> Iterator[Row]:
    text = _decoded(body)
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    line = 1
    try:
        for cells in reader:
            yield Row(line, tuple(map(_plain, cells)))
            line = reader.line_num + 1
    except csv.Error as error:
        raise TableError(f"第 {reader.line_num} 行不是 CSV：{error}") from error


def _decoded(body: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030", "utf-16"):
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise TableError("文件的编码不是 UTF-8 或 GB18030：请另存为 UTF-8")


def _from_xlsx(body: bytes) -> Iterator[Row]:
    """The first sheet that has anything; a name that links an address is followed by that address."""
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            unpacked = sum(member.file_size for member in packed.infolist())
        book = load_workbook(io.BytesIO(body), data_only=True) if unpacked <= UNPACKED_LIMIT else None
    except Exception as error:  # whatever a damaged workbook makes openpyxl raise
        raise TableError(
            f"不是可以读取的 XLSX 文件（{type(error).__name__}）：请用 Excel 重新保存"
        ) from error
    if book is None:
        raise TableError(f"解压后大于 {UNPACKED_LIMIT >> 20} MB：请另存为 CSV 再导入")
    sheet = next((each for each in book.worksheets if each.max_row > 1 or each["A1"].value), None)
    if sheet is None:
        return
    if sheet.max_row > ROW_LIMIT:
        raise TableError(f"多于 {ROW_LIMIT} 行：请分成几个文件导入")
    for line, row in enumerate(sheet.iter_rows(), 1):
        yield Row(line, tuple(_plain(_shown(cell.value)) for cell in row) + _linked(row))


def _linked(row: Sequence[Any]) -> tuple[str, ...]:
    links = (cell.hyperlink.target for cell in row if cell.hyperlink is not None)
    return tuple(link for link in links if link and link not in {cell.value for cell in row})


def _shown(value: object) -> str:
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _from_opml(body: bytes) -> Iterator[Row]:
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise TableError(f"不是 OPML：{error.msg}") from error
    found = [each for each in root.iter("outline") if _address(each)[0]]
    names = dict.fromkeys(name for each in found for name in each.attrib if name not in _OUTLINE)
    yield Row(1, ("url", "title", "listing.form", *map(str, names)))
    for each in found:
        address, form = _address(each)
        title = each.get("title") or each.get("text") or ""
        rest = (str(each.get(name, "")) for name in names)
        yield Row(each.sourceline or 0, (address, title, form, *map(_plain, rest)))


_OUTLINE = frozenset(
    {"text", "title", "type", "xmlUrl", "htmlUrl", "url", "version", "description", "listing.form"}
)


def _address(outline: _Element) -> tuple[str, str]:
    """The address of an outline, and the form of its list where that is said."""
    if feed := outline.get("xmlUrl"):
        return str(feed), "feed"
    return str(outline.get("htmlUrl") or outline.get("url") or ""), str(outline.get("listing.form", ""))


def _to_csv(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    return csv_text(heading, rows).encode("utf-8-sig")  # by the mark Excel knows the encoding


def _to_xlsx(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    from openpyxl import Workbook
    from openpyxl.styles import Font

    book = Workbook()
    sheet = book.active
    sheet.title = "来源"
    sheet.append(list(heading))
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for row in rows:
        sheet.append([_inert(cell) for cell in row])
    sheet.freeze_panes = "A2"
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def _to_opml(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    from lxml import etree

    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = "Qualwatch"
    body = etree.SubElement(root, "body")
    for row in rows:
        values = dict(zip(heading, row, strict=True))
        etree.SubElement(body, "outline", _outline(values))
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _outline(values: Mapping[str, str]) -> dict[str, str]:
    kept = {
        name: value
        for name, value in values.items()
        if value and name not in {"url", "title", "listing.form"}
    }
    is_feed = values.get("listing.form") == "feed"
    title = values.get("title") or values["name"]
    form = {"listing.form": values["listing.form"]} if values.get("listing.form") and not is_feed else {}
    address = (
        {"type": "rss", "xmlUrl": values["url"]} if is_feed else {"type": "link", "htmlUrl": values["url"]}
    )
    return {"text": title, "title": title, **address, **form, **kept}


def _plain(cell: str) -> str:
    """A cell without what keeps spreadsheets from taking it for a formula."""
    text = displayable(cell).strip()
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
