"""RSS 2.0, RSS 1.0 and Atom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from crawling.listing.addresses import absolute_url, same_site
from crawling.listing.dates import day_in_china, first_date
from crawling.listing.model import Item, ListError, ListPage, Note, NoteKind
from crawling.listing.unpacking import children, local_name, parse_xml, text_of
from extraction.stated import read_day
from settings.sources import Listing

if TYPE_CHECKING:
    from lxml.etree import _Element

_ROOT = re.compile(r"<(?:rss|feed|rdf:RDF)[\s>]")
_DATES = ("pubdate", "published", "issued", "date", "updated", "modified")
_XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_MONTH_IN_WORDS = re.compile(r"(\d{1,2})\s+(十?[一二三四五六七八九十])月\s+(20\d\d)")
"""As programs write a month whose locale is China's: ``星期五, 20 十一月 2026``."""
_MONTHS = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")
_MOST_ENTRIES = 5_000
_TAGS = re.compile(r"<[^<>]{1,200}>")


def recognises(head: str) -> bool:
    return _ROOT.search(head) is not None and "<html" not in head.lower()


def read(text: str, url: str, listing: Listing, _today: date | None = None) -> ListPage:
    """Entries in the order of the feed; an Atom feed may say where it goes on."""
    root = parse_xml(text)
    channel = next(iter(children(root, "channel")), root)
    entries = [entry for entry in root.iter() if local_name(entry) in {"item", "entry"}]
    if not entries and local_name(root) not in {"rss", "feed", "rdf"}:
        raise ListError(f"<{local_name(root)}> is no feed: leave listing.form at 'auto'")
    items: dict[str, Item] = {}
    for entry in entries[:_MOST_ENTRIES]:
        item = _item(entry, url)
        if item is not None and listing.contains in item.url:
            items.setdefault(item.url, item)
    following = (absolute_url(link.get("href") or "", url) for link in _links(channel, "next"))
    return ListPage(
        url,
        text_of(channel, "title"),
        tuple(items.values()),
        tuple(target for target in following if target and same_site(target, url)),
        1.0 if items else 0.0,
        "feed" if items else "nothing",
        notes=() if items or not entries else (_without_address(len(entries)),),
    )


def _without_address(entries: int) -> Note:
    return Note(
        NoteKind.ROWS_WITHOUT_ADDRESS,
        f"none of the feed's {entries} entries has an address of this site: name the list page itself as url",
    )


def _item(entry: _Element, page_url: str) -> Item | None:
    url = next((url for url in _addresses(entry, page_url) if same_site(url, page_url)), "")
    if not url:
        return None
    title = unescape(_TAGS.sub("", text_of(entry, "title"))).strip()  # RSS escapes twice
    return Item(url, title, feed_date(text_of(entry, *_DATES)))


def _addresses(entry: _Element, page_url: str) -> Iterator[str]:
    """Where the entry leads, then where it is kept: a counter of another site may stand in between."""
    base = urljoin(page_url, _base(entry))
    for link in _links(entry, "alternate"):
        yield absolute_url(link.get("href") or "", urljoin(page_url, _base(link)))
    for address in (text_of(entry, "link"), _own_address(entry), text_of(entry, "origlink")):
        if address:
            yield absolute_url(address, base)


def _own_address(entry: _Element) -> str:
    """What identifies the entry, where that is an address: ``guid`` and ``id`` may be anything."""
    named = text_of(entry, "guid", "id", "origlink") or entry.get(_ABOUT) or ""
    return named if named.startswith(("http://", "https://", "/")) else ""


def _base(element: _Element | None) -> str:
    """The ``xml:base`` that holds for an element, those of the elements around it taken together."""
    base = ""
    while element is not None:
        base = urljoin(element.get(_XML_BASE) or "", base)
        element = element.getparent()
    return base


def _links(element: _Element, relation: str) -> list[_Element]:
    """Atom's links: one that names no relation is the entry itself."""
    links = [link for link in children(element, "link") if link.get("href")]
    return [link for link in links if (link.get("rel") or "alternate") == relation]


def feed_date(text: str) -> date | None:
    """The day of an RFC 822 or ISO 8601 moment, as :func:`crawling.listing.dates.day_in_china` reads it."""
    text = _MONTH_IN_WORDS.sub(_in_figures, text)
    return day_in_china(text) or first_date(text) or read_day(text)


def _in_figures(day: re.Match[str]) -> str:
    month = _MONTHS.index(day[2]) + 1 if day[2] in _MONTHS else 0
    return f"{day[3]}-{month}-{day[1]}"
