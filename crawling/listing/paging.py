"""Where a list goes on: a link that says so, a script that numbers its pages, or a series of addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from posixpath import splitext
from urllib.parse import urlsplit, urlunsplit

from crawling.listing.addresses import absolute_url, same_site
from extraction.model import Link

_NEXT = re.compile(
    r"^[\s\[【(（]*(下一?[页頁]|后一?页|后页|next(\s*page)?|>|>>|›|»|→)[\s\]】)）>»›]*$", re.IGNORECASE
)
_SCRIPT = re.compile(
    r"createPageHTML\s*\(\s*"
    r"(?:(?P<element>['\"][^'\"]*['\"])\s*,\s*)?"
    r"(?P<count>\d{1,6})\s*,\s*(?P<current>\d{1,6})\s*,\s*"
    r"['\"](?P<name>[^'\"]{1,80})['\"]\s*,\s*['\"](?P<suffix>[A-Za-z]{2,6})['\"]"
)
_COUNTED = re.compile(r"\b(countPage|currentPage)\s*=\s*(\d{1,6})\s*;")
_WRITTEN = re.compile(
    r"(?P<name>\w[\w-]{0,60})(?:_|[\"']\s*\+\s*[\"']_)\\?[\"']\s*\+\s*nextPage\s*\+\s*\\?[\"']\."
    r"(?:[\"']\s*\+\s*[\"'])?(?P<suffix>[A-Za-z]{2,6})"
)
_PLACES_LOOKED_AT = 50
_NUMBERED_FILE = re.compile(r"^(?P<name>.*?)(?:_(?P<number>\d{1,4}))?$")
_PAGE_KEYS = re.compile(
    r"(?i)(?P<before>(?:^|[?&])(?:page|page_?no|page_?num|pagenumber|page_?index|cur_?page|current_?page|currpage"
    r"|p|pn|pg)=)(?P<number>\d{1,5})(?=&|$)"
)


def next_pages(links: Iterable[Link], markup: str, page_url: str) -> tuple[str, ...]:
    """Addresses at which the list may go on, the surest first; the page itself is never among them.

    ``markup`` is the page's source: some sites write their page links by script only.
    """
    links = tuple(links)
    here = absolute_url(page_url)
    found = [
        *_said_by_a_link(links),
        *_numbered_by_script(markup, page_url),
        *_series(links, markup, page_url),
        *_counted_by_query(links, here),
    ]
    addresses = (absolute_url(url, page_url) for url in found)
    return tuple(dict.fromkeys(url for url in addresses if url and url != here and same_site(url, page_url)))


def _said_by_a_link(links: Iterable[Link]) -> Iterator[str]:
    for link in links:
        if _NEXT.match(link.text) or _NEXT.match(link.title):
            yield link.url


def _numbered_by_script(markup: str, page_url: str) -> Iterator[str]:
    """TRS WCM writes page links as ``createPageHTML(count, current, name, suffix)``.

    Called so, pages count from 0 (``index.htm``, ``index_1.htm``); called with an element first, from 1
    (``xlist.shtml``, ``xlist_2.shtml``). Either way the next page is called ``name_(current + 1)``.
    """
    for match in _SCRIPT.finditer(markup):
        count, current = int(match["count"]), int(match["current"])
        last = count if match["element"] else count - 1
        if current < last:
            yield absolute_url(f"{match['name']}_{current + 1}.{match['suffix']}", page_url)
    yield from _counted_by_script(markup, page_url)


def _counted_by_script(markup: str, page_url: str) -> Iterator[str]:
    """Older templates of TRS count ``currentPage`` from 0 and write ``"index_" + nextPage + ".htm"``."""
    counts = {name: int(number) for name, number in _COUNTED.findall(markup)}
    if len(counts) < 2 or counts["currentPage"] >= counts["countPage"] - 1:
        return
    places = islice(re.finditer("nextPage", markup), _PLACES_LOOKED_AT)
    around = (_WRITTEN.search(markup[max(place.start() - 120, 0) : place.end() + 40]) for place in places)
    if written := next(filter(None, around), None):
        yield absolute_url(f"{written['name']}_{counts['currentPage'] + 1}.{written['suffix']}", page_url)


def _series(links: Iterable[Link], markup: str, page_url: str) -> Iterator[str]:
    """The address that follows this one in its series, where the page itself speaks of it."""
    known = {absolute_url(link.url, page_url) for link in links}
    for successor in _successors(page_url):
        file = urlsplit(successor)
        spoken_of = file.path.rpartition("/")[2] if not file.query else f"?{file.query}"
        if absolute_url(successor) in known or (spoken_of and spoken_of in markup):
            yield successor


def _counted_by_query(links: Iterable[Link], here: str) -> Iterator[str]:
    """A link to this very page with the next number, as ``?id=7&pageIndex=2`` from ``?id=7``."""
    own = _PAGE_KEYS.search(urlsplit(here).query)
    following = int(own["number"]) + 1 if own else 2
    for link in links:
        url = absolute_url(link.url, here)
        parts = urlsplit(url)
        keyed = _PAGE_KEYS.search(parts.query)
        if parts.path != urlsplit(here).path or link.text.strip(" []【】") != str(following):
            continue
        if keyed and int(keyed["number"]) == following:
            yield url


def _successors(page_url: str) -> Iterator[str]:
    """``/list/`` → ``index_1.html``, ``list_26_1.html`` → ``list_26_2.html``, ``?page=3`` → ``?page=4``."""
    parts = urlsplit(page_url)
    if keyed := _PAGE_KEYS.search(parts.query):
        query = _PAGE_KEYS.sub(lambda m: f"{m['before']}{int(m['number']) + 1}", parts.query, count=1)
        yield urlunsplit(parts._replace(query=query))
        if keyed["number"] not in {"0", "1"}:
            return
    elif not parts.query:
        for key in ("page", "pageNo", "p"):
            yield urlunsplit(parts._replace(query=f"{key}=2"))
    folder, _, file = parts.path.rpartition("/")
    stem, suffix = splitext(file)
    names = [(stem, suffix)] if file else [("index", ".html"), ("index", ".htm"), ("index", ".shtml")]
    for name, ending in names:
        match = _NUMBERED_FILE.match(name)
        if match is None:
            continue
        numbers = [int(match["number"]) + 1] if match["number"] else [1, 2]
        for number in numbers:
            yield urlunsplit(parts._replace(path=f"{folder}/{match['name']}_{number}{ending}", query=""))
