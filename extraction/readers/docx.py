"""DOCX, and WPS files of that make: the words of its paragraphs and tables, in order.

Read from its XML rather than through kreuzberg, which writes Markdown marks into the cells of tables
(``持有**会计证**``) and so tears names apart. The XML is read as a stream: a file costs no more memory than a
paragraph.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING

from extraction.composing import TextComposer
from extraction.model import Extracted, UnreadableError
from extraction.package_pictures import read_with_pictures
from extraction.packages import open_package, read_part
from extraction.reading import Declared
from extraction.tables import Cell

if TYPE_CHECKING:
    from lxml.etree import _Element

_STORIES = ("word/document.xml", "word/footnotes.xml", "word/endnotes.xml")
_SKIPPED = frozenset({"Fallback", "moveFrom", "del", "instrText", "delText"})
"""``Fallback`` repeats a text box for old programs; what was moved or deleted is no longer there."""


def read(body: bytes, declared: Declared) -> Extracted:
    """Body, footnotes and endnotes; hidden and deleted words are left out. Without words: its pictures."""
    with open_package(body) as package:
        names = set(package.namelist())
        parts = [read_part(package, name) for name in _STORIES if name in names or name == _STORIES[0]]
    lines = [line for part in parts for line in _read_story(part)]
    return read_with_pictures(body, "\n".join(lines), declared)


def _read_story(part: bytes) -> list[str]:
    from lxml.etree import XMLSyntaxError  # noqa: PLC0415

    story = _Story()
    try:
        for event, tag, element in _elements(part):
            if event == "start":
                story.start(tag)
            else:
                story.end(tag, element)
    except XMLSyntaxError as error:
        raise UnreadableError(f"the document is damaged ({error.msg}); fetch it again") from error
    return story.composer.finished()


def _elements(part: bytes) -> Iterator[tuple[str, str, _Element]]:
    """Events with local names; elements are dropped once they have ended."""
    from lxml.etree import QName, iterparse  # noqa: PLC0415

    events = iterparse(
        BytesIO(part), events=("start", "end"), resolve_entities=False, no_network=True, remove_comments=True
    )
    for event, element in events:
        yield event, QName(element).localname, element
        if event == "end" and (parent := element.getparent()) is not None:
            # Kept until the next sibling ends: iterparse may still write its tail.
            while element.getprevious() is not None:
                del parent[0]


class _Story:
    """One flow of text; takes the events of its XML."""

    def __init__(self) -> None:
        self.composer = TextComposer()
        self._cells: list[Cell] = []
        self._skipping = 0
        self._is_hidden = False

    def start(self, tag: str) -> None:
        if self._skipping or tag in _SKIPPED:
            self._skipping += 1
        elif tag == "tbl":
            self.composer.start_table()
        elif tag == "tr":
            self.composer.start_row()
        elif tag == "tc":
            self._cells.append(Cell())
            self.composer.start_cell(self._cells[-1])
        elif tag == "r":
            self._is_hidden = False
        elif tag == "p":
            self.composer.break_line()

    def end(self, tag: str, element: _Element) -> None:
        if self._skipping:
            self._skipping -= 1
        elif tag == "t":
            if element.text and not self._is_hidden:
                self.composer.add(element.text)
        elif tag in {"p", "br", "cr"}:
            self.composer.break_line()
        elif tag in {"tab", "ptab"}:
            self.composer.add(" ")
        elif tag == "noBreakHyphen":
            self.composer.add("-")
        elif tag == "vanish":
            self._is_hidden = _value(element) not in {"0", "false"}
        elif self._cells:
            self._end_in_table(tag, element)
        elif tag == "tbl":
            self.composer.end_table()

    def _end_in_table(self, tag: str, element: _Element) -> None:
        if tag == "tc":
            self._cells.pop()
            self.composer.end_cell()
        elif tag == "tbl":
            self.composer.end_table()
        elif tag == "gridSpan":
            span = _value(element)
            self._cells[-1].columns = int(span) if span.isascii() and span.isdigit() and len(span) < 4 else 1
        elif tag == "vMerge":
            self._cells[-1].continues_above = _value(element) != "restart"


def _value(element: _Element) -> str:
    """The ``w:val`` of an element in either of the format's namespaces; empty where it has none."""
    return next((str(value) for name, value in element.attrib.items() if str(name).endswith("}val")), "")
