"""OpenDocument: texts, sheets, slides, packed or as flat XML; their words in order.

The XML is read as a stream of events, as that of Word is. Deleted, hidden and struck words are left out,
comments are marked as such, and what stands in headers is read once, behind the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING

from extraction.composing import TextComposer
from extraction.documents import described
from extraction.margins import margin_lines
from extraction.model import PROTECTED, Extracted, UnreadableError
from extraction.packages import open_package, read_part
from extraction.reading import Declared
from extraction.tables import Cell

if TYPE_CHECKING:
    from lxml.etree import _Element

_CONTENT, _STYLES, _MANIFEST = "content.xml", "styles.xml", "META-INF/manifest.xml"
_PARAGRAPHS = frozenset({"p", "h"})
_APART = frozenset({*_PARAGRAPHS, "annotation", "table", "tracked-changes"})
"""Elements within a paragraph whose words are lines of their own, or none."""
_SKIPPED = frozenset({"tracked-changes", "ruby-text", "forms", "scripts", "covered-table-cell"})
_DRAWN = {"s": " ", "tab": " ", "line-break": "\n"}
_CELL = "table-cell"
_MARGINS = frozenset({"header", "footer", "header-first", "footer-first", "header-left", "footer-left"})
_REMARK = "批注："
_MOST_COLUMNS = 64
"""Empty cells are repeated up to the edge of the sheet; so many keep others in their place."""


def read(body: bytes, declared: Declared) -> Extracted:
    """The words of a document, of the sheets in their order, or of slides. Raises UnreadableError."""
    if not body.startswith(b"PK"):
        story = _read(body, _unseen_styles(body), declared)
        return described("\n".join([*story.lines, *margin_lines(story.margins, story.lines)]), declared)
    with open_package(body) as package:
        if _MANIFEST in package.NameToInfo and b"encryption-data" in read_part(package, _MANIFEST):
            raise UnreadableError(PROTECTED)
        content = read_part(package, _CONTENT)
        styles = read_part(package, _STYLES) if _STYLES in package.NameToInfo else b""
    unseen = _unseen_styles(content) | _unseen_styles(styles)
    story = _read(content, unseen, declared)
    margins = [*story.margins, *(_read(styles, unseen, declared).margins if styles else ())]
    return described("\n".join([*story.lines, *margin_lines(margins, story.lines)]), declared)


def _read(part: bytes, unseen: frozenset[str], declared: Declared) -> _Story:
    story = _Story(unseen, grid=declared.grid)
    for event, tag, element in _events(part):
        if event == "start":
            story.start(tag, element)
        else:
            story.end(tag, element)
    story.lines += story.composer.finished()
    return story


def _events(part: bytes) -> Iterator[tuple[str, str, _Element]]:
    """Events with local names; paragraphs are emptied and rows dropped once they have ended."""
    from lxml.etree import XMLSyntaxError, iterparse  # noqa: PLC0415

    events = iterparse(
        BytesIO(part), events=("start", "end"), resolve_entities=False, no_network=True, remove_comments=True
    )
    try:
        for event, element in events:
            tag = _local(element)
            yield event, tag, element
            if event == "end" and tag in _PARAGRAPHS:
                element.clear(keep_tail=True)
            elif event == "end" and tag == "table-row" and (parent := element.getparent()) is not None:
                while element.getprevious() is not None:
                    del parent[0]
    except XMLSyntaxError as error:
        raise UnreadableError(f"the document is damaged ({error.msg}); fetch it again") from error


def _unseen_styles(part: bytes) -> frozenset[str]:
    """Names of the styles that hide words or strike them through."""
    if b"line-through" not in part and b"text:display" not in part:
        return frozenset()
    from lxml.etree import XMLSyntaxError, iterparse  # noqa: PLC0415

    unseen: set[str] = set()
    try:
        for _, style in iterparse(BytesIO(part), tag="{*}style", resolve_entities=False, no_network=True):
            said = [properties for properties in style if _local(properties) == "text-properties"]
            if any(_hides(properties) for properties in said):
                unseen.add(_attribute(style, "name"))
    except XMLSyntaxError:
        return frozenset()  # whoever reads the words says that it is damaged
    return frozenset(unseen)


def _hides(properties: _Element) -> bool:
    struck = [_attribute(properties, f"text-line-through-{each}") for each in ("style", "type")]
    return any(each not in {"", "none"} for each in struck) or _attribute(properties, "display") == "none"


class _Story:
    """One flow of text; takes the events of its XML."""

    def __init__(self, unseen: frozenset[str], *, grid: bool) -> None:
        self.composer = TextComposer(grid=grid)
        self.lines: list[str] = []
        self.margins: list[str] = []
        self._unseen = unseen
        self._skipping = 0
        self._in_margin = 0
        self._in_remark = 0
        self._is_workbook = False

    def start(self, tag: str, element: _Element) -> None:
        if self._skipping or tag in _SKIPPED:
            self._skipping += 1
        elif tag in _MARGINS:
            self._in_margin += 1
        elif tag == "annotation":
            self._in_remark += 1
        elif tag == "spreadsheet":
            self._is_workbook = True
        elif tag == "table":
            if self._is_workbook:
                self.composer.break_line()
                self.composer.add(_attribute(element, "name"))
            self.composer.start_table()
        elif tag == "table-row":
            self.composer.start_row()
        elif tag == _CELL:
            self.composer.start_cell(_cell(element))

    def end(self, tag: str, element: _Element) -> None:
        if self._skipping:
            self._skipping -= 1
        elif tag in _MARGINS:
            self._in_margin -= 1
        elif tag == "annotation":
            self._in_remark -= 1
        elif tag in _PARAGRAPHS:
            self._add("".join(_words(element, self._unseen)))
        elif tag == _CELL:
            self.composer.end_cell()
        elif tag == "table":
            self.composer.end_table()

    def _add(self, words: str) -> None:
        for line in words.split("\n"):
            if self._in_margin:
                self.margins += [" ".join(line.split())] if line.strip() else []
            else:
                self.composer.break_line()
                self.composer.add(f"{_REMARK}{line}" if self._in_remark and line.strip() else line)
                self.composer.break_line()


def _words(element: _Element, unseen: frozenset[str]) -> Iterator[str]:
    """The words of a paragraph, without those of paragraphs inside, which have ended before it."""
    if _attribute(element, "style-name") in unseen:
        return
    yield element.text or ""
    for child in element:
        name = _local(child)
        if name in _DRAWN:
            count = _attribute(child, "c")
            yield _DRAWN[name] * (min(int(count), 100) if count.isascii() and count.isdecimal() else 1)
        elif name and name not in _APART and name not in _SKIPPED:
            yield from _words(child, unseen)
        yield child.tail or ""


def _cell(element: _Element) -> Cell:
    spans = (_number(element, "number-columns-spanned"), _number(element, "number-columns-repeated"))
    return Cell(columns=max(spans), rows=_number(element, "number-rows-spanned"))


def _number(element: _Element, name: str) -> int:
    said = _attribute(element, name)
    return min(int(said), _MOST_COLUMNS) if said.isascii() and said.isdecimal() and len(said) < 7 else 1


def _local(element: _Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _attribute(element: _Element, name: str) -> str:
    return next((str(value) for key, value in element.attrib.items() if str(key).endswith(f"}}{name}")), "")
