"""Web pages: every visible word with its tables, the links, and what the page says of itself.

The parser reports elements one by one and builds no tree: a page nested a hundred thousand deep costs no
stack, a line of twenty megabytes breaks no limit, and nothing is dropped in silence.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any, cast

from extraction.charset import decode
from extraction.cleaning import clean, join_lines
from extraction.clicks import FILE_ATTRIBUTES, files_in_scripts, frames_in_scripts, is_file_address
from extraction.composing import TextComposer
from extraction.facts import page_publisher, page_title
from extraction.links import MOMENTS, LinkCollector
from extraction.model import Extracted, Link
from extraction.moments import note_moments
from extraction.nesting import within_reason
from extraction.page_pictures import PictureCollector
from extraction.reading import Declared
from extraction.stated import stated_days
from extraction.tables import Cell
from extraction.veils import STRUCK, Page, Unveiling, is_unseen

_UNSEEN_NAMES = """
script style noscript template iframe frame object embed applet svg select datalist audio video canvas
rt rp
"""
_BLOCK_NAMES = """
address article aside blockquote body br caption center dd details dialog dir div dl dt fieldset figcaption
figure footer form h1 h2 h3 h4 h5 h6 header hr html legend li main menu nav ol p pre section summary tbody
textarea tfoot thead title ul
"""
_UNSEEN = frozenset(_UNSEEN_NAMES.split()) | STRUCK
_BLOCKS = frozenset(_BLOCK_NAMES.split())
_SHOWN_BY_SCRIPT = frozenset({"html", "body"})
"""Sites hide the whole page until a script has found it in no foreign frame; readers see it all the same."""
_FRAMES_ALONE, _PICTURES_ALONE = "（本页由框架组成）", "（本页由图片组成）"
"""Stand for the words of a page that has none of its own."""
_FRAMES = frozenset({"frame", "iframe", "embed", "object"})
_MOMENTS = frozenset(MOMENTS)
_FEW_LETTERS = 300
"""Outside of links: the content of a page with no more may be loaded by its scripts."""
_HEADINGS = frozenset({"h1", "h2", "h3", "h4"})
_MOST_HEADINGS = 20
_STRUCK = re.compile(r"<(/?)(?:s|strike)(?=[\s>])", re.IGNORECASE)
_CHUNK = 1 << 16


def read(body: bytes, declared: Declared) -> Extracted:
    """Visible text, links and facts of a page; ``declared.url`` makes links absolute."""
    markup, charset = decode(body, declared.charset)
    another = partial(PageText, declared.url, charset, grid=declared.grid)
    page = another()
    _parse(markup, Unveiling(page, another, _parse))
    page.links.add_files(files_in_scripts(markup))
    if page.letters < _FEW_LETTERS:
        page.links.add_frames(frames_in_scripts(markup))
    text = join_lines("\n".join(page.lines))
    pictures = page.pictures.finished()
    if not text and (page.links.frames or pictures):
        text = page.title.strip() or (_FRAMES_ALONE if page.links.frames else _PICTURES_ALONE)
    title = page_title(page.metas, page.title, page.headings)
    note_moments(page.metas, markup)
    return Extracted(
        text=text,
        media_type=declared.media_type,
        title=title,
        publisher=page_publisher(page.metas, text),
        days=stated_days(page.metas, text, declared.url, title, page.headings),
        charset=charset,
        links=page.all_links,
        frames=page.links.frames,
        pictures=pictures,
    )


def _parse(markup: str, target: object) -> None:
    """Send the events of markup to ``target``."""
    from lxml.etree import HTMLParser  # noqa: PLC0415

    parser = HTMLParser(target=cast("Any", target), encoding="utf-8", no_network=True)
    # libxml2 ends <s> where a paragraph begins in it, as no browser does; <del> it leaves open.
    encoded = _STRUCK.sub(r"<\1del", within_reason(clean(markup))).encode("utf-8", "replace")
    for start in range(0, len(encoded), _CHUNK):
        parser.feed(encoded[start : start + _CHUNK])
    if encoded:
        parser.close()


class PageText:
    """Takes the parser's events; its public attributes are the page, complete after ``close``."""

    def __init__(self, url: str, charset: str = "utf-8", *, grid: bool = False) -> None:
        self.metas: dict[str, str] = {}
        self.title = ""
        self.headings: list[str] = []
        self.links = LinkCollector(url, charset)
        self.pictures = PictureCollector(self.links)
        self.lines: list[str] = []
        self._composer = TextComposer(grid=grid)
        self._hidden = 0
        self._heading_from = -1
        self._in_title = False
        self._preformatted = 0
        self._unveiled: list[Link] = []

    # The parser's interface: start, end, data, close.

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self._hidden:
            self._start_hidden(tag, attributes)
            return
        if attributes:
            self._note_attributes(tag, attributes)
        if tag in _UNSEEN or (attributes and tag not in _SHOWN_BY_SCRIPT and is_unseen(attributes)):
            self._hidden = 1
        elif tag in _BLOCKS:
            self._start_block(tag)
            self.links.open_container(tag)
            self.links.open_clickable(tag, attributes)
            self.pictures.open_block(tag)
        elif tag == "a":
            self.links.open_link(attributes)
        elif tag == "area":
            self.links.open_link(attributes)
            self.links.add_picture(attributes.get("alt", ""))
            self.links.close_link()
        elif tag in {"table", "tr", "td", "th"}:
            self._start_table_part(tag, attributes)
            self.links.open_container(tag)
            self.links.open_clickable(tag, attributes)
        elif tag == "meta":
            self._note_meta(attributes)
        elif tag == "link" and attributes.get("rel", "").lower() == "next":
            self.links.add_next(attributes.get("href", ""))
        elif tag == "base":
            self.links.rebase(attributes.get("href", ""))
        elif tag == "img":
            self.links.add_picture(attributes.get("alt", ""))
            self.pictures.add(attributes)
        else:
            self.links.open_clickable(tag, attributes)

    def _start_hidden(self, tag: str, attributes: dict[str, str]) -> None:
        """Within what nobody sees, an object may name the file that it shows."""
        self._hidden += 1
        if tag == "param":
            self.links.add_frame(tag, attributes)

    @property
    def is_hidden(self) -> bool:
        """Whether what comes now is seen by nobody."""
        return self._hidden > 0

    @property
    def letters(self) -> int:
        return self.pictures.letters

    @property
    def all_links(self) -> tuple[Link, ...]:
        """The page's links, then those of what scripts show later."""
        return (*self.links.finished(), *self._unveiled)

    def unveil(self, other: Page) -> None:
        self._composer.add_lines(other.lines)
        if isinstance(other, PageText):
            self._unveiled += other.all_links
            self.pictures.take(other.pictures)

    def take_files(self, other: Page) -> None:
        if isinstance(other, PageText):
            self._unveiled += [link for link in other.all_links if is_file_address(link.url)]

    def _note_attributes(self, tag: str, attributes: dict[str, str]) -> None:
        """What an element says beside its name: a frame, a file, a day, where a click leads."""
        if tag in _FRAMES or tag == "input" or not FILE_ATTRIBUTES.isdisjoint(attributes):
            self.links.add_frame(tag, attributes)
        if tag != "a" and not _MOMENTS.isdisjoint(attributes):
            self.links.add_moment(attributes)

    def end(self, tag: str) -> None:
        if self._hidden:
            self._hidden -= 1
            return
        self.links.close_clickable(tag)
        if tag in _BLOCKS:
            self._end_block(tag)
            self.links.close_container(tag)
            self.pictures.close_block(tag)
        elif tag == "a":
            self.links.close_link()
        elif tag in {"table", "tr", "td", "th"}:
            self._end_table_part(tag)
            self.links.close_container(tag)

    def data(self, text: str) -> None:
        if self._hidden:
            return
        if self._in_title:
            self.title += text
            return
        if self._preformatted and "\n" in text:
            first, *others = text.split("\n")
            self._add(first)
            for line in others:
                self._break_line()
                self._add(line)
        else:
            self._add(text)

    def close(self) -> None:
        self.lines = self._composer.finished()

    # Lines

    def _add(self, text: str) -> None:
        self._composer.add(text)
        self.links.add_text(text)
        self.pictures.add_text(text)

    def _break_line(self, *, is_soft: bool = False) -> None:
        if self._composer.break_line():
            self.links.break_line(is_soft=is_soft)

    def _start_block(self, tag: str) -> None:
        if tag == "title":
            self._in_title = not self.title
            return
        self._break_line(is_soft=tag == "br")
        if tag in _HEADINGS:
            self._heading_from = len(self._composer.sink)
        elif tag == "pre":
            self._preformatted += 1

    def _end_block(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
            return
        self._break_line()
        if (
            tag in _HEADINGS
            and 0 <= self._heading_from < len(self._composer.sink)
            and len(self.headings) < _MOST_HEADINGS
        ):
            self.headings.append(" ".join(self._composer.sink[self._heading_from :]))
            self._heading_from = -1
        elif tag == "pre":
            self._preformatted = max(0, self._preformatted - 1)

    def _note_meta(self, attributes: dict[str, str]) -> None:
        name = attributes.get("name") or attributes.get("property") or ""
        if name and (content := attributes.get("content")):
            self.metas.setdefault(name.strip().lower(), content[:1_000])

    # Tables

    def _start_table_part(self, tag: str, attributes: dict[str, str]) -> None:
        self._break_line()
        if tag == "table":
            self._composer.start_table()
        elif tag == "tr":
            self._composer.start_row()
        else:
            columns, rows = (_span(attributes.get(name, "")) for name in ("colspan", "rowspan"))
            self._composer.start_cell(Cell(is_heading=tag == "th", columns=columns, rows=rows))

    def _end_table_part(self, tag: str) -> None:
        self._break_line()
        if tag == "table":
            self._composer.end_table()
        else:
            self._composer.end_cell()


def _span(number: str) -> int:
    return min(int(number), 1_000) if number.isascii() and number.isdigit() and len(number) < 6 else 1
