"""The links of a page, each with the row or list item around it, where list pages put the date."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from extraction.limits import MAX_LINKS
from extraction.model import Link

_ROWS = frozenset({"li", "tr"})
_CONTAINERS = frozenset({"li", "tr", "dt", "dd", "dl", "p", "div", "section", "article"})
_LONGEST_CONTEXT = 400
"""Characters; a row that is longer lays out the page rather than one link."""
_DATE_LIKE = re.compile(r"\d{1,4}\s?[-/.年月]\s?\d{1,2}")
_MOST_ADDRESS = 2_000
_MOST_PIECES = 20_000
"""Pieces of text kept for contexts; a row is never as long."""


@dataclass(slots=True)
class _Pending:
    url: str
    title: str
    start: int
    text: str = ""
    context: str = ""
    is_settled: bool = False


class LinkCollector:
    """Takes the page's events in order; ``finished`` gives the links, absolute, http and https only."""

    def __init__(self, url: str) -> None:
        self._base = url
        self._is_rebased = False
        self._flow: list[str] = []
        self._length = 0
        self._links: list[_Pending] = []
        self._waiting: list[_Pending] = []
        self._open: _Pending | None = None
        self._containers: list[tuple[str, int, int]] = []  # tag, pieces before it, characters before it
        self._settled = (-1, -1)  # characters before and up to the container seen last: wrappers add nothing

    def rebase(self, href: str) -> None:
        """``<base href>``: only the first one counts."""
        if href and not self._is_rebased:
            self._base = _absolute(self._base, href) or self._base
            self._is_rebased = True

    def open_link(self, attributes: dict[str, str]) -> None:
        self.close_link()
        url = _absolute(self._base, attributes.get("href", ""))
        if url and len(self._links) < MAX_LINKS:
            self._open = _Pending(url, _line(attributes.get("title", "")), len(self._flow))

    def add_text(self, text: str) -> None:
        self._flow.append(text)
        self._length += len(text)
        if len(self._flow) > _MOST_PIECES and self._open is None:
            self._forget()

    def _forget(self) -> None:
        """Drop the text so far; containers that are open have become too long to be a row."""
        self._flow.clear()
        self._waiting.clear()
        self._containers = [(tag, 0, -_LONGEST_CONTEXT - 1) for tag, _, _ in self._containers]

    @property
    def is_open(self) -> bool:
        """Whether what comes now stands inside a link."""
        return self._open is not None

    def absolute(self, href: str) -> str:
        """An address of the page made absolute; empty where it leads nowhere that can be fetched."""
        return _absolute(self._base, href)

    def add_picture(self, alternative: str) -> None:
        """A picture inside a link speaks for it by its alternative text, no visible text of the page."""
        if self._open and alternative and not self._open.title:
            self._open.title = _line(alternative)

    def close_link(self) -> None:
        if link := self._open:
            link.text = _line("".join(self._flow[link.start :]))
            self._links.append(link)
            self._waiting.append(link)
            self._open = None

    def open_container(self, tag: str) -> None:
        if tag in _CONTAINERS:
            self._containers.append((tag, len(self._flow), self._length))

    def close_container(self, tag: str) -> None:
        if tag not in _CONTAINERS:
            return
        while self._containers:
            opened, start, characters = self._containers.pop()
            if opened == tag:
                break
        else:
            return
        if not self._waiting or self._waiting[-1].start < start:
            return
        if self._length - characters > _LONGEST_CONTEXT:
            self._waiting.clear()
        elif tag in _ROWS or self._settled != (characters, self._length):
            self._settle(tag, start)
            self._settled = (characters, self._length)

    def _settle(self, tag: str, start: int) -> None:
        """Give the links inside a container its text as context; a row or a date settles the matter."""
        text = _line("".join(self._flow[start:]))
        inside = [link for link in self._waiting if link.start >= start]
        for link in inside:
            beside = text.replace(link.text, "", 1) if link.text else text
            if tag in _ROWS or _DATE_LIKE.search(beside) or not link.context:
                link.context = text
            link.is_settled = tag in _ROWS or _DATE_LIKE.search(beside) is not None
        self._waiting = [link for link in self._waiting if not link.is_settled]

    def finished(self) -> tuple[Link, ...]:
        """The links in the page's order, without those that say nothing."""
        self.close_link()
        return tuple(
            Link(link.url, link.text, link.title, link.context)
            for link in self._links
            if link.text or link.title
        )


def _absolute(base: str, href: str) -> str:
    """The address made absolute, without its fragment; empty where it leads nowhere that can be fetched."""
    href = "".join(href.split())
    if not href or href.startswith("#") or len(href) > _MOST_ADDRESS:
        return ""
    try:
        url = href if href.startswith(("http://", "https://")) else urljoin(base, href)
        url = url.partition("#")[0]
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in {"http", "https"} and parts.netloc else ""


def _line(text: str) -> str:
    return " ".join(text.split())
