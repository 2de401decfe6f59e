"""DOCX, and WPS files of that make: the words of its paragraphs and tables, in order.

Read from its XML rather than through kreuzberg, which writes Markdown marks into the cells of tables
(``持有**会计证**``) and so tears names apart. The XML is read as a stream: a file costs no more memory than a
paragraph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import TYPE_CHECKING

from extraction.composing import TextComposer
from extraction.embedded import EmbeddedDocuments
from extraction.margins import margin_lines
from extraction.model import Extracted, UnreadableError
from extraction.package_pictures import read_with_pictures
from extraction.packages import open_package, read_part
from extraction.reading import Declared
from extraction.relations import main_part, relations
from extraction.tables import Cell
from extraction.word_styles import unseen_styles

if TYPE_CHECKING:
    from lxml.etree import _Element

_MAIN = "word/document.xml"
_AFTER = ("footnotes", "endnotes", "comments", "diagramdata")
"""What stands beside the text and is read behind it, by its relation to the main part."""
_REMARK = {"comments": "批注："}
_MARGINS = ("header", "footer")
_OBJECTS = ("package", "oleobject")
"""Whole documents behind a picture or icon."""
_SKIPPED = frozenset(
    {"Fallback", "moveFrom", "del", "instrText", "delText", "rPrChange", "pPrChange", "sectPrChange", "rt"}
)
"""``Fallback`` repeats a text box for old programs; what was moved or deleted is no longer there, nor how
words looked before a change; ``rt`` says above a word how it is spoken."""
_HIDING = frozenset({"vanish", "specVanish", "webHidden", "strike", "dstrike", "rStyle", "pStyle"})
_DRAWN = {"tab": " ", "ptab": " ", "noBreakHyphen": "-"}
_MOST_STORIES = 200


def read(body: bytes, declared: Declared) -> Extracted:
    """Body, notes, comments, drawings, headers; hidden, deleted and struck words are left out.

    Documents that are embedded stand where they are shown (``altChunk``) or at the end. Without words: its
    pictures.
    """
    with open_package(body) as package:
        main = main_part(package, _MAIN)
        related = list(relations(package, main))
        inside = EmbeddedDocuments(package, {each.identity: each.target for each in related}, declared)
        styles = next((read_part(package, each.target) for each in related if each.kind == "styles"), b"")
        unseen = unseen_styles(styles)
        lines = read_story(read_part(package, main), unseen, inside.lines, grid=declared.grid)
        for kind in _AFTER:
            targets = [each.target for each in related if each.kind == kind]
            for target in list(dict.fromkeys(targets))[:_MOST_STORIES]:
                beside = read_story(read_part(package, target), unseen, inside.lines, grid=declared.grid)
                lines += [f"{_REMARK.get(kind, '')}{line}" for line in beside]
        for each in related:
            if each.kind in _OBJECTS:
                lines += inside.lines(each.identity)
        margins = list(dict.fromkeys(each.target for each in related if each.kind in _MARGINS))
        beside = [
            line
            for target in margins[:_MOST_STORIES]
            for line in read_story(read_part(package, target), unseen, inside.lines, grid=declared.grid)
        ]
        lines += margin_lines(beside, lines)
    return read_with_pictures(body, "\n".join(lines), declared, unread=inside.unread)


def read_story(
    part: bytes, unseen: frozenset[str], embedded: Callable[[str], list[str]], *, grid: bool
) -> list[str]:
    """The lines of one flow of text; see :class:`_Story`. Raises UnreadableError."""
    from lxml.etree import XMLSyntaxError  # noqa: PLC0415

    story = _Story(unseen, embedded, grid=grid)
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

    def __init__(self, unseen: frozenset[str], embedded: Callable[[str], list[str]], *, grid: bool) -> None:
        """``unseen``: styles that hide or strike; ``embedded``: the lines of an embedded document."""
        self.composer = TextComposer(grid=grid)
        self._unseen = unseen
        self._embedded = embedded
        self._cells: list[Cell] = []
        self._skipping = 0
        self._hiding: dict[str, bool] = {}  # what hides the run that is open, by the element that says so
        self._paragraphs: list[bool] = []  # whether the style of each open paragraph hides its words

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
            self._hiding = {"style": bool(self._paragraphs and self._paragraphs[-1])}
        elif tag == "p":
            self._paragraphs.append(False)
            self.composer.break_line()

    def end(self, tag: str, element: _Element) -> None:
        if self._skipping:
            self._skipping -= 1
        elif tag == "t":
            if element.text and not any(self._hiding.values()):
                self.composer.add(element.text)
        elif tag in {"p", "br", "cr"}:
            if tag == "p" and self._paragraphs:
                self._paragraphs.pop()
            self.composer.break_line()
        elif tag in _DRAWN:
            self.composer.add(_DRAWN[tag])
        elif tag in _HIDING:
            self._hide(tag, element)
        elif tag == "altChunk":
            self.composer.add_lines(self._embedded(_attribute(element, "id")))
        elif self._cells:
            self._end_in_table(tag, element)
        elif tag == "tbl":
            self.composer.end_table()

    def _hide(self, tag: str, element: _Element) -> None:
        if tag == "pStyle":
            if self._paragraphs:
                self._paragraphs[-1] = _value(element) in self._unseen
        elif tag == "rStyle":
            self._hiding["rStyle"] = _value(element) in self._unseen
        else:
            is_on = _value(element) not in {"0", "false", "off"}
            if not is_on:  # it takes back what a style says
                self._hiding["style"] = self._hiding["rStyle"] = False
            self._hiding[tag] = is_on

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
    return _attribute(element, "val")


def _attribute(element: _Element, name: str) -> str:
    return next((str(value) for key, value in element.attrib.items() if str(key).endswith(f"}}{name}")), "")
