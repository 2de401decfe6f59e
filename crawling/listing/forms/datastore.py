"""The jpage lists of 大汉 (Hanweb): ``<datastore>`` with records of HTML, alone or in a page's script.

A page holds its first records in ``<script type="text/xml">``; ``nextgroup`` says where the next ones are, or
the address itself counts them by ``startrecord`` and ``endrecord``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urljoin, urlsplit

from crawling.listing.addresses import absolute_url, same_site, with_query
from crawling.listing.dates import item_beside
from crawling.listing.links import link_title
from crawling.listing.model import Item, ListError, ListPage
from crawling.listing.unpacking import local_name, parse_xml
from extraction import ExtractionError, extract
from settings.sources import Listing

if TYPE_CHECKING:
    from lxml.etree import _Element

_END = re.compile(r"</datastore\s*>", re.IGNORECASE)
_ROOT = re.compile(r"<datastore[\s>]", re.IGNORECASE)
_HREF = re.compile(r"""href\s*=\s*["']([^"']{1,2000})["']""", re.IGNORECASE)
_JPAGE = re.compile(r"\.jpage\s*\(\s*\{([^{}]{10,2000})\}")
_FIELD = re.compile(r"""['"]?(\w{2,20})['"]?\s*:\s*(?:'([^']*)'|"([^"]*)"|(\d{1,7}))""")
_OF_LIST = frozenset(
    {"appid", "webid", "path", "columnid", "unitid", "webname", "sourcecontenttype", "permissiontype", "col"}
)
"""What its pager sends besides the numbers of records."""
_PAGES_AT_ONCE = 3
_MOST_RECORDS = 2_000


def recognises(head: str) -> bool:
    return _ROOT.match(_without_declaration(head)) is not None


def read(text: str, url: str, listing: Listing, today: date | None = None) -> ListPage:
    """The records' links, and the address of the next group."""
    root = parse_xml(in_page(text) or text)  # what stands around it tells of its pager
    if local_name(root) != "datastore":
        raise ListError(f"<{local_name(root)}> is no datastore: leave listing.form at 'auto'")
    records = _texts(root, "record")[:_MOST_RECORDS]
    items: dict[str, Item] = {}
    for record in records:
        item = _item(record, url, today)
        if item is not None and listing.contains in item.url:
            items.setdefault(item.url, item)
    groups = [
        absolute_url(href.replace("&amp;", "&"), url)
        for group in _texts(root, "nextgroup")
        for href in _HREF.findall(group)
    ]
    total = next(iter(_texts(root, "totalrecord")), "")
    following = [*groups, *_next_records(url, total), *_by_its_pager(text, url, len(records))]
    # A record without a link is no item: the more there are, the less this is the list that was meant.
    return ListPage(
        url,
        "",
        tuple(items.values()),
        tuple(dict.fromkeys(target for target in following if target and same_site(target, url))),
        round(len(items) / len(records), 2) if records else 0.0,
        "datastore" if items else "nothing",
    )


def in_page(markup: str) -> str:
    """The first datastore inside a page's source; empty where there is none."""
    begin = _ROOT.search(markup)
    end = _END.search(markup, begin.end()) if begin else None
    return markup[begin.start() : end.end()] if begin and end else ""


def _without_declaration(head: str) -> str:
    return re.sub(r"^\s*<\?xml[^>]{0,200}\?>\s*", "", head)


def _texts(root: _Element, name: str) -> list[str]:
    return ["".join(element.itertext()) for element in root.iter() if local_name(element) == name]


def _item(record: str, page_url: str, today: date | None) -> Item | None:
    """The link with the longest title: a column's name may stand before it."""
    markup = f"<html><body><li>{record}</li></body></html>"
    try:
        links = extract(markup.encode("utf-8", "replace"), url=page_url, media_type="text/html").links
    except ExtractionError:
        return None  # a record without words
    titled = [(link_title(link), link) for link in links]
    usable = [(title, link) for title, link in titled if link.url and same_site(link.url, page_url)]
    if not usable:
        return None
    title, link = max(usable, key=lambda pair: len(pair[0]))
    url = absolute_url(link.url, page_url)
    return item_beside(url, title, link.before, link.after, today) if url else None


def _by_its_pager(markup: str, url: str, records: int) -> Iterator[str]:
    """``$("#330").jpage({proxyUrl: "/module/web/jpage/dataproxy.jsp", perPage: 15, …})``."""
    for pager in _JPAGE.finditer(markup):
        said = {name.lower(): one or two or number for name, one, two, number in _FIELD.findall(pager[1])}
        proxy, total, size = said.get("proxyurl", ""), said.get("totalrecord", ""), said.get("perpage", "")
        if not (proxy and total.isdecimal() and size.isdecimal() and records < int(total)):
            continue
        of_list = {name: value for name, value in said.items() if name in _OF_LIST}
        last = min(records + int(size) * _PAGES_AT_ONCE, int(total))
        counted = {"startrecord": str(records + 1), "endrecord": str(last), "perpage": size}
        yield absolute_url(with_query(urljoin(url, proxy), counted | of_list), url)


def _next_records(url: str, total: str) -> Iterator[str]:
    """``startrecord=1&endrecord=45`` of 240 → ``startrecord=46&endrecord=90``."""
    query = parse_qs(urlsplit(url).query)
    first, last = (query.get(key, [""])[0] for key in ("startrecord", "endrecord"))
    numbers = (first, last, total.strip())
    if not all(number.isdecimal() and len(number) < 8 for number in numbers):
        return
    start, end, records = map(int, numbers)
    if start <= end < records:
        yield with_query(
            url, {"startrecord": str(end + 1), "endrecord": str(min(2 * end - start + 1, records))}
        )
