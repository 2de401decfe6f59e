"""What an XLSX holds beside its cells (drawn text, comments), and words in it that are struck through."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import TYPE_CHECKING, Any

from extraction.cleaning import clean_line
from extraction.margins import margin_lines, printed_words
from extraction.model import UnreadableError
from extraction.packages import open_package, read_part, repacked, rewritten
from extraction.relations import main_part, relations

if TYPE_CHECKING:
    from zipfile import ZipFile

_WORKBOOK = "xl/workbook.xml"
_SHEETS = frozenset({"worksheet", "chartsheet", "dialogsheet"})
_DRAWN = frozenset({"drawing", "diagramdata", "chart", "chartex"})
_COMMENTS = frozenset({"comments", "threadedcomment"})
_REMARK = "批注："
_PRINTED = re.compile(rb"<(?:\w{1,9}:)?(?:odd|even|first)(?:Header|Footer)\b[^<>]{0,99}>([^<]{1,2000})</")
_OFF = frozenset({"0", "false"})
_LARGEST_SHEET = 64 * 2**20
"""Bytes of a sheet in which struck cells are looked for; its tree takes several times as much memory."""
_MOST_PARTS = 500


def drawn_lines(body: bytes) -> list[str]:
    """Lines of text boxes, drawings and comments of all sheets, in their order."""
    lines: dict[str, None] = {}
    with open_package(body) as package:
        for part, kind in _beside_cells(package):
            for text in _comments(package, part) if kind in _COMMENTS else _paragraphs(package, part):
                if line := clean_line(text):
                    lines.setdefault(f"{_REMARK}{line}" if kind in _COMMENTS else line)
        printed = list(_printed(package))
    return [*lines, *margin_lines(printed, lines)]


def _printed(package: ZipFile) -> Iterator[str]:
    """The words of the sheets' headers and footers; they stand behind the cells, which are passed over."""
    for each in relations(package, main_part(package, _WORKBOOK)):
        if each.kind in _SHEETS:
            for code in _PRINTED.findall(read_part(package, each.target)):
                yield printed_words(unescape(code.decode("utf-8", "replace")))


def _beside_cells(package: ZipFile) -> Iterator[tuple[str, str]]:
    """Parts and what they are, each once."""
    waiting = [
        each.target for each in relations(package, main_part(package, _WORKBOOK)) if each.kind in _SHEETS
    ]
    met: set[str] = set()
    while waiting and len(met) < _MOST_PARTS:
        for each in relations(package, waiting.pop(0)):
            if each.target not in met and each.kind in _DRAWN | _COMMENTS:
                met.add(each.target)
                waiting.append(each.target)
                yield each.target, each.kind


def _paragraphs(package: ZipFile, part: str) -> Iterator[str]:
    for paragraph in _tree(package, part).iter("{*}p"):
        yield "".join(text.text or "" for text in paragraph.iter("{*}t"))


def _comments(package: ZipFile, part: str) -> Iterator[str]:
    tree = _tree(package, part)
    for comment in (*tree.iter("{*}comment"), *tree.iter("{*}threadedComment")):
        texts = [text.text or "" for text in comment.iter("{*}t")]
        yield "".join(texts) or "".join(text.text or "" for text in comment.iter("{*}text"))


def _tree(package: ZipFile, part: str) -> Any:
    from lxml import etree  # noqa: PLC0415

    return _parsed(etree, read_part(package, part), part)


def _parsed(etree: Any, content: bytes, part: str) -> Any:
    try:
        return etree.fromstring(
            content, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
        )
    except etree.XMLSyntaxError as error:
        raise UnreadableError(f"the file is damaged at {part} ({error.msg}); fetch it again") from error


def as_it_stands(body: bytes) -> bytes:
    """The workbook with its parts under their usual names and without the words that are struck through."""
    body = repacked(body)
    with open_package(body) as package:
        sheets, strings, styles = [], "", ""
        main = main_part(package, _WORKBOOK)
        for each in relations(package, main):
            if each.kind in _SHEETS:
                sheets.append(each.target)
            elif each.kind == "sharedstrings":
                strings = each.target
            elif each.kind == "styles":
                styles = each.target
        struck = _struck_formats(package, styles) if styles else frozenset()
        changed = {} if main == _WORKBOOK else _under_usual_name(package, main)
        for part in (strings, *sheets):
            if part and package.getinfo(part).file_size <= _LARGEST_SHEET:
                content = read_part(package, part)
                if (struck and part != strings) or b"strike" in content:
                    changed[part] = _clear(content, part, struck)
        return rewritten(package, changed) if changed else body


def _under_usual_name(package: ZipFile, main: str) -> dict[str, bytes]:
    """The main part as kreuzberg looks for it, with what it names."""
    folder, _, name = main.rpartition("/")
    named = f"{folder}/_rels/{name}.rels".lstrip("/")
    copies = {main: _WORKBOOK, named: "xl/_rels/workbook.xml.rels"}
    return {copy: read_part(package, part) for part, copy in copies.items() if part in package.NameToInfo}


def _struck_formats(package: ZipFile, part: str) -> frozenset[str]:
    """Numbers of the cell formats whose font is struck through."""
    content = read_part(package, part)
    if b"strike" not in content:
        return frozenset()
    tree = _tree(package, part)
    fonts = next(iter(tree.iter("{*}fonts")), ())
    struck = {str(number) for number, font in enumerate(fonts) if _is_struck(font)}
    formats = next(iter(tree.iter("{*}cellXfs")), ())
    return frozenset(str(number) for number, form in enumerate(formats) if form.get("fontId", "0") in struck)


def _is_struck(font: Any) -> bool:
    return any(mark.get("val", "1") not in _OFF for mark in font.iter("{*}strike"))


def _clear(content: bytes, part: str, struck: frozenset[str]) -> bytes:
    from lxml import etree  # noqa: PLC0415

    tree = _parsed(etree, content, part)
    for run in tree.iter("{*}r"):
        if any(_is_struck(marks) for marks in run.iterchildren("{*}rPr")):
            for text in run.iter("{*}t"):
                text.text = ""
    for cell in tree.iter("{*}c"):
        if cell.get("s", "0") in struck:
            for child in list(cell):
                cell.remove(child)
            cell.attrib.pop("t", None)
    cleared: bytes = etree.tostring(tree, xml_declaration=True, encoding="UTF-8", standalone=True)
    return cleared
