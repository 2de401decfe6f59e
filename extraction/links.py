"""The links of a page, each with the row or list item around it, where list pages put the date."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from extraction.clicks import (
    clicked_action,
    clicked_address,
    file_addresses,
    is_file_address,
    names_its_page,
)
from extraction.limits import MAX_LINKS
from extraction.link_words import LINE_END, name_and_rest
from extraction.model import Link
from extraction.page_addresses import absolute

_ROWS = frozenset({"li", "tr"})
_LISTS = frozenset({"ul", "ol"})
_CONTAINERS = frozenset({"li", "tr", "dt", "dd", "dl", "p", "div", "section", "article"})
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_CLICKABLE = _CONTAINERS | _HEADINGS | {"td", "span", "button", "font", "label", "b", "strong", "em", "i"}
_OPENED_ROWS = frozenset({"li", "tr", "td", "dd", "div", "article"})
"""Rows that a script of the page's own opens, by an address or a number in one of their attributes."""
_LONGEST_CONTEXT = 400
"""Characters; a row that is longer lays out the page rather than one link."""
_DATE_LIKE = re.compile(
    r"(?:(?<![\d\u4e00-\u9fff，。、])|(?<=[间期于布]))\d{1,4}\s{0,2}[-/.年月]\s{0,2}\d{1,2}"
)
"""A day beside a link; one in a sentence is that of something else."""
_WHOLE_DAY = re.compile(r"(?:19|20)\d\d\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}")
_DATED = re.compile(r"^\D{0,6}(?:19|20)\d\d\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}")
_DAY_COLUMN = re.compile(r"[\u4e00-\u9fff]{0,6}(?:日期|时间)")
MOMENTS = ("datetime", "data-time", "data-date", "data-pubdate", "title")
"""Attributes in which an element may hold a day."""
_MOST_PIECES = 20_000
"""Pieces of text kept for contexts; a row is never as long."""
_NEXT_PAGE = "下一页"
_MOST_FRAMES = 10
_NEXT_NAMES = re.compile(r"(?i)(?:^|[\s_-])(?:page)?[_-]?next(?:[_-]?page)?(?:$|[\s_-])")
_SOFT_END = "\v"
"""Stands among the pieces of a text for ``<br>``: white space to whoever joins them."""
_ENDS = frozenset({_SOFT_END, LINE_END})
_LONGEST_BESIDE = 120
"""Characters beside a link that may belong to it where only line breaks tell rows apart."""
_LABEL_OF_FILES = re.compile(
    r"(?:相关|下载)?附\s?件(?:下载|列表|清单|名称|信息)?\s?[\d一二三四五六七八九十]{0,3}\s?[:：]\s?[\d一二三四五六七八九十]{0,2}[.、．]?\s?$"
    r"|(?:相关附件|附件下载|附件列表|文件下载)\s?$"
)
_LABEL_PIECES, _BETWEEN_FILES = 8, 24
"""Pieces of text before a link that may be such a label; characters between two files below one."""


@dataclass(slots=True)
class _Pending:
    url: str
    title: str
    start: int
    action: str = ""
    is_file: bool = False
    is_below_label: bool = False
    is_next: bool = False
    end: int = 0
    text: str = ""
    aside: str = ""
    before: str = ""
    after: str = ""
    row: int = 0
    heading: tuple[int, int] | None = None
    has_context: bool = False
    is_settled: bool = False


class LinkCollector:
    """Takes the page's events in order; ``finished`` gives the links, absolute, http and https only.

    ``charset`` is the page's own: browsers send what a query says in it.
    """

    def __init__(self, url: str, charset: str = "utf-8") -> None:
        self._base = url
        self._charset = charset
        self._is_rebased = False
        self._flow: list[str] = []
        self._length = 0
        self._links: list[_Pending] = []
        self._waiting: list[_Pending] = []
        self._open: _Pending | None = None
        self._containers: list[tuple[str, int, int]] = []  # tag, pieces before it, characters before it
        self._lists: list[tuple[int, int, int]] = []  # links, pieces and characters before each list
        self._settled = (-1, -1)  # characters before and up to the container seen last: wrappers add nothing
        self._row = 0
        self._columns: list[str] = []  # names of the columns of the table read last that hold days
        self._clicked = ""  # the tag of an element that a click makes a link, while it is open
        self._clicked_depth = 0
        self._is_guess = False  # whether that element may as well hold a whole list
        self._frames: dict[str, None] = {}

    def rebase(self, href: str) -> None:
        """``<base href>``: only the first one counts."""
        if href and not self._is_rebased:
            self._base = self.absolute(href) or self._base
            self._is_rebased = True

    def open_link(self, attributes: dict[str, str]) -> None:
        """An ``<a>``; without an address of its own it leads where a click on it does."""
        url = self.absolute(attributes.get("href", "")) or self.absolute(clicked_address(attributes))
        action = clicked_action(attributes)
        if self._clicked and not url and not action:
            return  # its words belong to the row that is clicked
        if self._clicked:
            self._clicked, self._open = "", None  # the link inside is what the row is about
            self._is_guess = False
        self.close_link()
        if (url or action) and len(self._links) < MAX_LINKS:
            title = _line(attributes.get("title", "") or attributes.get("aria-label", ""))
            self._open = _Pending(url, title, len(self._flow), action)
            self._open.is_file = "download" in attributes or "appendix" in attributes
            self._open.is_below_label = self._is_below_label()
            names = f"{attributes.get('rel', '')} {attributes.get('class', '')}"
            self._open.is_next = _NEXT_NAMES.search(names) is not None
            if attributes.get("rel", "").lower() == "next":
                self._open.title = _NEXT_PAGE

    def _is_below_label(self) -> bool:
        """Whether a label of files stands right before a link, or before the links that precede it."""
        last = self._links[-1] if self._links else None
        since = last.end if last else 0
        words = _line("".join(self._flow[max(since, len(self._flow) - _LABEL_PIECES) :]))
        if _LABEL_OF_FILES.search(words):
            return True
        return last is not None and last.is_below_label and len(words) <= _BETWEEN_FILES

    def open_clickable(self, tag: str, attributes: dict[str, str]) -> None:
        """Another element that a click makes a link, as ``<li onclick="location.href='/a.html'">``."""
        if tag == self._clicked:
            self._clicked_depth += 1
        if tag not in _CLICKABLE or (self._open is not None and not self._is_guess):
            return
        is_guess = "onclick" not in attributes
        if is_guess and not (tag in _OPENED_ROWS and names_its_page(attributes)):
            return
        url = self.absolute(clicked_address(attributes))
        action = clicked_action(attributes)
        if (url or action) and len(self._links) < MAX_LINKS:
            title = _line(attributes.get("title", ""))
            self._open = _Pending(url, title, len(self._flow), action)
            self._clicked, self._clicked_depth, self._is_guess = tag, 1, is_guess

    def close_clickable(self, tag: str) -> None:
        if tag == self._clicked:
            self._clicked_depth -= 1
            if not self._clicked_depth:
                self.close_link()

    def add_frame(self, tag: str, attributes: dict[str, str]) -> None:
        """A frame of the page, and the files that it or another element shows by a viewer."""
        for address, name in file_addresses(tag, attributes):
            url = self.absolute(address)
            if url and len(self._links) < MAX_LINKS:
                words = _line(name) or _name_in(url)
                self._links.append(_Pending(url, words, len(self._flow), is_file=True))
        is_frame = tag in {"frame", "iframe"} or "html" in attributes.get("type", "").lower()
        if not is_frame or len(self._frames) >= _MOST_FRAMES or _is_unseen(attributes):
            return
        source = next((attributes[name] for name in ("src", "data", "data-src") if attributes.get(name)), "")
        if url := self.absolute(source):
            self._frames.setdefault(url)

    def add_frames(self, addresses: Iterable[str]) -> None:
        """Parts of the page that its scripts load."""
        for url in map(self.absolute, addresses):
            if url and len(self._frames) < _MOST_FRAMES:
                self._frames.setdefault(url)

    def add_files(self, addresses: Iterable[str]) -> None:
        """Documents that the page's scripts name."""
        known = {link.url for link in self._links}
        for url in map(self.absolute, addresses):
            if url and url not in known and len(self._links) < MAX_LINKS:
                self._links.append(_Pending(url, _name_in(url), len(self._flow), is_file=True))

    def add_text(self, text: str) -> None:
        self._flow.append(text)
        self._length += len(text)
        if len(self._flow) > _MOST_PIECES and self._open is None:
            self._forget()

    def break_line(self, *, is_soft: bool = False) -> None:
        """The words so far end their line; a soft break (``<br>``) leaves a name in one."""
        self.add_text(_SOFT_END if is_soft else LINE_END)

    def add_moment(self, attributes: dict[str, str]) -> None:
        """A day that stands in an attribute: ``<time datetime=…>``, ``<span title="2026-11-05 09:00">``."""
        said = next((attributes[name] for name in MOMENTS if attributes.get(name)), "")
        if _DATED.match(said):
            self.add_text(f" {said[:40]} ")

    def _forget(self) -> None:
        """Drop the text so far; containers that are open have become too long to be a row."""
        self._flow.clear()
        self._waiting.clear()
        self._containers = [(tag, 0, -_LONGEST_CONTEXT - 1) for tag, _, _ in self._containers]
        self._lists = [(links, 0, -_LONGEST_CONTEXT - 1) for links, _, _ in self._lists]

    @property
    def is_open(self) -> bool:
        """Whether what comes now stands inside a link."""
        return self._open is not None

    @property
    def frames(self) -> tuple[str, ...]:
        """Addresses of the page's frames, those too small to be seen left out."""
        return tuple(self._frames)

    def absolute(self, href: str) -> str:
        """An address of the page made absolute; empty where it leads nowhere that can be fetched."""
        return absolute(self._base, href, self._charset)

    def add_picture(self, alternative: str) -> None:
        """A picture inside a link speaks for it by its alternative text, no visible text of the page."""
        if self._open and alternative and not self._open.title:
            self._open.title = _line(alternative)

    def close_link(self) -> None:
        if link := self._open:
            link.end = len(self._flow)
            pieces = self._flow[link.start :]
            heading = self._flow[link.heading[0] : link.heading[1]] if link.heading else []
            link.text, link.aside = name_and_rest(pieces, heading, link.title)
            self._links.append(link)
            self._waiting.append(link)
            self._open = None
        self._clicked, self._is_guess = "", False

    def open_container(self, tag: str) -> None:
        if tag in _HEADINGS and self._open is not None:
            self._open.heading = (len(self._flow), len(self._flow))
        if tag in _CONTAINERS:
            self._containers.append((tag, len(self._flow), self._length))
        elif tag in _LISTS:
            self._lists.append((len(self._links), len(self._flow), self._length))

    def close_container(self, tag: str) -> None:
        if tag in _HEADINGS and self._open is not None and self._open.heading is not None:
            self._open.heading = (self._open.heading[0], len(self._flow))
        if tag in _LISTS and self._lists:
            self._settle_list(*self._lists.pop())
        if tag not in _CONTAINERS:
            return
        while self._containers:
            opened, start, characters = self._containers.pop()
            if opened == tag:
                break
        else:
            return
        if not self._waiting or self._waiting[-1].start < start:
            if opened == "tr" and self._length - characters <= _LONGEST_CONTEXT:
                self._note_columns(start)
            return
        if self._length - characters > _LONGEST_CONTEXT or (tag not in _ROWS and self._has_rows(start)):
            self._settle_lines(start)
            self._waiting.clear()
        elif tag in _ROWS or self._settled != (characters, self._length):
            self._settle(tag, start)
            self._settled = (characters, self._length)

    def _settle_list(self, links: int, start: int, characters: int) -> None:
        """A list of one link, whose other items say more of it, is a row: title, school and day in items."""
        inside = self._links[links:]
        if len(inside) != 1 or self._length - characters > _LONGEST_CONTEXT or inside[0].start < start:
            return
        link = inside[0]
        before, after = (
            _line(" ".join(self._flow[start : link.start])),
            _line(" ".join(self._flow[link.end :])),
        )
        if _WHOLE_DAY.search(f"{before} {after}") and not _WHOLE_DAY.search(f"{link.before} {link.after}"):
            self._row += 1
            link.before, link.after, link.row, link.has_context = before, after, self._row, True

    def _note_columns(self, start: int) -> None:
        """A row without links may name the columns of a table: those of days are told apart by it."""
        words = _line(" ".join(self._flow[start:]))
        if not _WHOLE_DAY.search(words):
            self._columns = _DAY_COLUMN.findall(words)

    def _labelled(self, before: str, after: str) -> str:
        """What stands behind a link, each day with the name of its column, where a table has several."""
        if len(self._columns) < 2:
            return after
        ahead, days = len(_WHOLE_DAY.findall(before)), list(_WHOLE_DAY.finditer(after))
        if ahead + len(days) != len(self._columns):
            return after
        pieces, at = [], 0
        for day, name in zip(days, self._columns[ahead:], strict=True):
            pieces += [after[at : day.start()], f"{name}：", day[0]]
            at = day.end()
        return "".join([*pieces, after[at:]])

    def _settle(self, tag: str, start: int) -> None:
        """Give the links inside a container its text as context; a row or a date settles the matter."""
        self._row += 1
        for link in self._waiting:
            if link.start < start:
                continue
            before = _line(" ".join(self._flow[start : link.start]))
            after = _line(" ".join([link.aside, *self._flow[link.end :]]))
            if tag == "tr":
                after = self._labelled(before, after)
            is_dated = _DATE_LIKE.search(before) is not None or _DATE_LIKE.search(after) is not None
            if tag in _ROWS or is_dated or not link.has_context:
                link.before, link.after, link.row, link.has_context = before, after, self._row, True
            link.is_settled = tag in _ROWS or is_dated
        self._waiting = [link for link in self._waiting if not link.is_settled]

    def _has_rows(self, start: int) -> bool:
        """Whether a block holds several links and several days: its lines are the rows."""
        inside = [link for link in self._waiting if link.start >= start and not link.has_context]
        if len(inside) < 2:
            return False
        return len(_WHOLE_DAY.findall(" ".join(self._flow[start:]))) > 1

    def _settle_lines(self, start: int) -> None:
        """Links in a block too long for a row: the words of their line are their context."""
        lines = [link for link in self._waiting if link.start >= start and not link.has_context]
        for place, link in enumerate(lines):
            since = lines[place - 1].end if place else start
            until = lines[place + 1].start if place + 1 < len(lines) else len(self._flow)
            before, after = self._flow[since : link.start], self._flow[link.end : until]
            breaks = [number for number, piece in enumerate(before) if piece in _ENDS]
            words = before[breaks[-1] + 1 if breaks else 0 :]
            ending = next((number for number, piece in enumerate(after) if piece in _ENDS), len(after))
            link.before = _line(" ".join(words))[-_LONGEST_BESIDE:]
            link.after = _line(" ".join([link.aside, *after[:ending]]))[:_LONGEST_BESIDE]
            link.has_context = True

    def add_next(self, href: str) -> None:
        """``<link rel=next>``: the page's own word for where its list goes on."""
        if url := self.absolute(href):
            self._links.append(_Pending(url, "", len(self._flow), is_next=True))

    def finished(self) -> tuple[Link, ...]:
        """The links in the page's order, without those that say nothing."""
        self.close_link()
        self._settle_lines(0)
        for link in self._links:
            if link.is_next and not link.text and not link.title:
                link.title = _NEXT_PAGE
            if not link.text and not link.title and is_file_address(link.url):
                link.title = _name_in(link.url)  # an icon leads to the file
        return tuple(
            Link(
                link.url,
                link.text,
                link.title,
                link.before,
                link.after if link.has_context else link.aside,
                row=link.row,
                action=link.action,
                is_file=link.is_file,
                is_below_label=link.is_below_label,
            )
            for link in self._links
            if link.text or link.title or is_file_address(link.url)
        )


def _name_in(url: str) -> str:
    return unquote(url.partition("?")[0].rpartition("/")[2])


def _is_unseen(attributes: dict[str, str]) -> bool:
    """Frames of no size serve counters and logins."""
    sizes = {attributes.get(name, "").strip().removesuffix("px") for name in ("width", "height")}
    style = "".join(attributes.get("style", "").split()).lower()
    return (
        bool(sizes & {"0", "1"}) or "display:none" in style or "height:0" in style or "hidden" in attributes
    )


def _line(text: str) -> str:
    return " ".join(text.split())
