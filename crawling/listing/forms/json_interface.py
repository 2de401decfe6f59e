"""Interfaces that answer JSON: a source says where the list is and what its fields are called, else a guess.

Fields are found by dotted paths (``data.rows``, ``meta.title``, ``list.0.items``).
"""

from __future__ import annotations

import json
import re
from collections import deque
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import quote

from crawling.listing.addresses import absolute_url, query_number, same_site, with_query
from crawling.listing.dates import date_in_url, first_date
from crawling.listing.model import Item, ListError, ListPage
from settings.model import Listing

_CALLBACK = re.compile(r"^\s*(?:/\*\*/)?\s*[\w.$]{1,100}\s*\((?=\s*[\[{])")
_TAGS = re.compile(r"<[^<>]{1,200}>")
_PLACE = re.compile(r"\{([\w.]{1,100})\}")
_DEEPEST = 8
"""Levels below which no list is looked for."""
_MOST_LOOKED_AT = 20_000
_MOST_RECORDS = 5_000
_TITLES = ("title", "name", "subject", "doctitle", "infotitle", "biaoti", "jobname", "postname")
_LINKS = ("url", "link", "href", "docpuburl", "linkurl", "infourl", "detailurl", "pageurl")
_DATES = ("publishdate", "pubdate", "publishtime", "date", "releasetime", "docreltime", "createtime", "time")
_PAGE_KEYS = ("pageNo", "pageNum", "pageIndex", "page", "currentPage", "curPage", "pageNumber", "pn", "p")
_CHINA = timedelta(hours=8)
"""Moments counted in seconds name a day where the publisher is."""


def recognises(head: str) -> bool:
    return head[:1] in {"{", "["} or _CALLBACK.match(head) is not None


def read(text: str, url: str, listing: Listing) -> ListPage:
    """Records in the order of the answer; the next page by ``page_key`` while there are records."""
    records = _records(_parsed(text), listing)
    guess = guess_fields(records, listing)
    items: dict[str, Item] = {}
    for record in records[:_MOST_RECORDS]:
        item = _item(record, url, guess)
        if item is not None and listing.contains in item.url:
            items.setdefault(item.url, item)
    if records and not guess.link:
        raise ListError(
            f"no field of the records is an address: set listing.link, as '/detail?id={{id}}'; "
            f"fields: {', '.join(sorted(map(str, records[0])))[:200]}"
        )
    said = all((listing.title, listing.link))
    share = len(items) / len(records) if records else 0.0
    return ListPage(
        url,
        "",
        tuple(items.values()),
        _next_page(url, listing) if items else (),
        round(share if said else 0.7 * share, 2),
        "json" if items else "nothing",
    )


def _parsed(text: str) -> Any:
    if call := _CALLBACK.match(text):
        text = text[call.end() :].rstrip().rstrip(";").rstrip().removesuffix(")")
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ListError("the JSON is nested too deep to be a list") from error
    except ValueError as error:  # also numbers of thousands of digits
        raise ListError(f"the answer is no JSON: {error}"[:300]) from error


def _records(content: object, listing: Listing) -> list[dict[str, Any]]:
    if not listing.records:
        return _longest_list(content)
    found = at_path(content, listing.records)
    if not isinstance(found, list):
        keys = f"; the answer has: {', '.join(sorted(content))[:200]}" if isinstance(content, dict) else ""
        raise ListError(f"listing.records = {listing.records!r} is no list in the answer{keys}")
    return [record for record in found if isinstance(record, dict)]


def _longest_list(content: object) -> list[dict[str, Any]]:
    """The longest list of records that have a title; interfaces wrap it in an envelope or two."""
    best: list[dict[str, Any]] = []
    waiting: deque[tuple[object, int]] = deque([(content, 0)])
    for _ in range(_MOST_LOOKED_AT):
        if not waiting:
            break
        value, depth = waiting.popleft()
        inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
        records = [record for record in inner if isinstance(record, dict)] if isinstance(value, list) else []
        if len(records) > len(best) and _named(records[0], _TITLES):
            best = records
        if depth < _DEEPEST:
            waiting.extend((each, depth + 1) for each in inner if isinstance(each, dict | list))
    return best


def at_path(value: object, path: str) -> object:
    """What stands at a dotted path, numbers counting in lists; None where nothing does."""
    for step in path.split("."):
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step[:6]) < len(value):
            value = value[int(step[:6])]
        else:
            return None
    return value


def guess_fields(records: list[dict[str, Any]], listing: Listing) -> Listing:
    """``listing`` with the fields that it leaves open, as the first record names them."""
    first = records[0] if records else {}
    return listing.model_copy(
        update={
            "title": listing.title or _named(first, _TITLES),
            "link": listing.link or _named(first, _LINKS),
            "date": listing.date or _named(first, _DATES),
        }
    )


def _named(record: dict[str, Any], names: tuple[str, ...]) -> str:
    """The record's key that is called like one of ``names``, whatever its case and underscores."""
    plain = {str(key).lower().replace("_", "").replace("-", ""): str(key) for key in record}
    return next((plain[name] for name in names if name in plain), "")


def _item(record: dict[str, Any], page_url: str, fields: Listing) -> Item | None:
    address = _filled(fields.link, record) if "{" in fields.link else _words(at_path(record, fields.link))
    url = absolute_url(address, page_url) if address else ""
    if not url or not same_site(url, page_url):
        return None
    title = unescape(_TAGS.sub("", _words(at_path(record, fields.title)))).strip()
    moment = at_path(record, fields.date) if fields.date else None
    return Item(url, title, json_date(moment) or date_in_url(url))


def _filled(pattern: str, record: dict[str, Any]) -> str:
    """The pattern with its places filled; empty where the record lacks one of them."""
    values = {name: _words(at_path(record, name)) for name in _PLACE.findall(pattern)}
    if not all(values.values()):
        return ""
    return _PLACE.sub(lambda place: quote(values[place[1]], safe=""), pattern)


def _words(value: object) -> str:
    return (
        " ".join(str(value).split()) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    )


def json_date(value: object) -> date | None:
    """The day of ``2026-11-05 09:00``, ``20261105``, or a moment in seconds or milliseconds since 1970."""
    if isinstance(value, str):
        if found := first_date(value):
            return found
        value = int(value) if value.isdecimal() and len(value) in {10, 13} else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if found := first_date(str(value)):  # 20261105 as a number
        return found
    seconds = value / 1000 if value > 1e11 else value
    if not 3e8 < seconds < 7e9:  # 1979 to 2191: anything else counts something else
        return None
    return (datetime.fromtimestamp(seconds, UTC) + _CHINA).date()


def _next_page(url: str, listing: Listing) -> tuple[str, ...]:
    """The same question for the next page; pages count from 1 where the address does not say."""
    guessed = next((key for key in _PAGE_KEYS if query_number(url, key) is not None), "")
    key = listing.page_key or guessed
    if not key:
        return ()
    number = query_number(url, key)
    current = (1 if listing.page_step == 1 else 0) if number is None else number
    return (with_query(url, {key: str(current + listing.page_step)}),)
