"""Interfaces that answer JSON: a source says where the list is and what its fields are called, else a guess.

Fields are found by dotted paths (``data.rows``, ``meta.title``, ``list.0.items``). JSON inside a string of
the answer is read as if it stood there itself, and so is a list of HTML.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from html import unescape
from typing import Any
from urllib.parse import quote

from crawling.listing.addresses import absolute_url, query_number, same_site, with_query
from crawling.listing.dates import Printed, item_of, with_years
from crawling.listing.forms import markup_in_data
from crawling.listing.forms.fields import (
    Record,
    at_path,
    counted,
    guess_fields,
    json_date,
    longest_list,
    plain_fields,
    short_day,
    unpacked_strings,
    words_of,
)
from crawling.listing.forms.known import page_of_a_record
from crawling.listing.forms.tables_in_data import longest_table, records_of_rows
from crawling.listing.model import Item, ListError, ListPage, Note, NoteKind, rows_of_another_site
from settings.sources import Listing
from vocabulary.codes import DaySource

_CALLBACK = re.compile(r"^\s*(?:/\*\*/)?\s*[\w.$]{1,100}\s*\((?=\s*[\[{\"])")
_JSON_IN_A_STRING = re.compile(r'"\s*[\[{][\s\[{]*\\"')
_TAGS = re.compile(r"<[^<>]{1,200}>")
_PLACE = re.compile(r"\{([\w.]{1,100})\}")
_MOST_RECORDS = 5_000
_PAGE_KEYS = (
    *("pageNo", "pageNum", "pageIndex", "page", "currentPage", "curPage", "pageNumber", "pn", "p"),
    *(
        "pagenum",
        "pageindex",
        "pageno",
        "currentPageNo",
        "pageId",
        "current",
        "Paging",
        "pageCurrent",
        "nowPage",
    ),
)
_START_KEYS = ("start", "offset", "skip", "first", "from", "startIndex", "iDisplayStart")
_SIZE_KEYS = (
    *(
        "rows",
        "limit",
        "size",
        "pageSize",
        "pagesize",
        "count",
        "perPage",
        "length",
        "iDisplayLength",
        "page_size",
    ),
    *("pageRows", "num"),
)


def recognises(head: str) -> bool:
    return head[:1] in {"{", "["} or head[:3] in {'"{\\', '"[{'} or _CALLBACK.match(head) is not None


def read(text: str, url: str, listing: Listing, today: date | None = None) -> ListPage:
    """Records in the order of the answer; the next page by ``page_key`` while there are records."""
    content = _parsed(text)
    if _JSON_IN_A_STRING.search(text):
        content = unpacked_strings(content)
    page = read_content(content, url, listing, today)
    if page.next_pages and _is_last(url, len(page.items), counted(content)):
        page = replace(page, next_pages=())
    elif page.items and not page.next_pages and counted(content) > len(page.items):
        detail = (
            f"the answer counts {counted(content)} records and gives {len(page.items)}, and its address "
            "has no part that counts pages: set listing.page_key"
        )
        page = replace(page, notes=(*page.notes, Note(NoteKind.PAGING_NOT_FOLLOWED, detail)))
    return page


def read_content(content: object, url: str, listing: Listing, today: date | None = None) -> ListPage:
    """The list in parsed JSON, with the same guesses wherever it was found."""
    records = _records(content, listing)
    if not records and not listing.records:
        drawn = markup_in_data.read(content, url, listing, today)
        if drawn is not None:
            return _page(url, drawn.items, _next_page(url, listing), drawn.sureness, drawn.notes)
        records = records_of_rows(longest_table(content))
    guess = guess_fields(records, listing)
    if records and not guess.link:
        guess = guess.model_copy(update={"link": page_of_a_record(url, plain_fields(records[0]))})
    items, elsewhere = _items(records[:_MOST_RECORDS], url, guess, today)
    following = _next_page(url, listing, counted(content)) if items else ()
    if records and not guess.link:
        fields = ", ".join(sorted(map(str, records[0])))[:200]
        detail = (
            f"no field of the {len(records)} records is an address: open one in a browser, and set "
            f"listing.link to its address with the fields in it, as '/detail?id={{id}}'; fields: {fields}"
        )
        return _page(url, (), _next_page(url, listing), 0.0, (Note(NoteKind.ROWS_WITHOUT_ADDRESS, detail),))
    if len(elsewhere) > len(items):
        return _page(url, tuple(items.values()), following, 0.0, (rows_of_another_site(elsewhere),))
    said = all((listing.title, listing.link))
    share = len(items) / len(records) if records else 0.0
    return _page(url, tuple(items.values()), following, round(share if said else 0.7 * share, 2))


def _page(
    url: str,
    items: tuple[Item, ...],
    following: tuple[str, ...],
    sureness: float,
    notes: tuple[Note, ...] = (),
) -> ListPage:
    return ListPage(url, "", items, following, sureness, "json" if items else "nothing", notes=notes)


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
        return longest_list(content, listing.title)
    found = at_path(content, listing.records)
    if not isinstance(found, list):
        keys = f"; the answer has: {', '.join(sorted(content))[:200]}" if isinstance(content, dict) else ""
        raise ListError(f"listing.records = {listing.records!r} is no list in the answer{keys}")
    return [record for record in found if isinstance(record, dict)]


def _items(
    records: list[Record], page_url: str, fields: Listing, today: date | None
) -> tuple[dict[str, Item], list[str]]:
    """The records' documents by their addresses, and the addresses of those that lie on another site."""
    items: dict[str, Item] = {}
    elsewhere: list[str] = []
    short: dict[str, Printed | None] = {}
    for record in records:
        address = _address(record, fields)
        url = absolute_url(address, page_url) if address else ""
        if not url or url in items or fields.contains not in url:
            continue
        if not same_site(url, page_url):
            elsewhere.append(url)
            continue
        title = unescape(_TAGS.sub("", words_of(at_path(record, fields.title)))).strip()
        moment = at_path(record, fields.date) if fields.date else None
        items[url] = item_of(url, title, json_date(moment))
        short[url] = short_day(moment)
    if today is not None and not any(item.day_from is DaySource.LIST for item in items.values()):
        days = with_years([short[url] for url in items], [item.title for item in items.values()], today)
        for url, day in zip(list(items), days, strict=True):
            if day is not None:
                items[url] = replace(items[url], published_on=day, day_from=DaySource.LIST_WITHOUT_YEAR)
    return items, elsewhere


def _address(record: Record, fields: Listing) -> str:
    if "{" in fields.link:
        return _filled(fields.link, record)
    return words_of(at_path(record, fields.link))


def _filled(pattern: str, record: dict[str, Any]) -> str:
    """The pattern with its places filled; empty where the record lacks one of them."""
    values = {name: words_of(at_path(record, name)) for name in _PLACE.findall(pattern)}
    if not all(values.values()):
        return ""
    return _PLACE.sub(lambda place: quote(values[place[1]], safe=""), pattern)


def _next_page(url: str, listing: Listing, total: int = 0) -> tuple[str, ...]:
    """The same question for the next page; pages count from 1 where the address does not say.

    ``total``: how many records there are; where the address counts these, the next begins behind this page's.
    """
    guessed = next((key for key in _PAGE_KEYS if query_number(url, key) is not None), "")
    key = listing.page_key or guessed
    if not key:
        return _next_records(url, total)
    number = query_number(url, key)
    current = (1 if listing.page_step == 1 else 0) if number is None else number
    return (with_query(url, {key: str(current + listing.page_step)}),)


def _next_records(url: str, total: int) -> tuple[str, ...]:
    """``start=0&rows=20`` of 300 → ``start=20&rows=20``."""
    start = next((key for key in _START_KEYS if query_number(url, key) is not None), "")
    size = _size(url)
    begin = (query_number(url, start) or 0) + size if start else 0
    return (with_query(url, {start: str(begin)}),) if start and size and begin < total else ()


def _is_last(url: str, items: int, total: int) -> bool:
    """Whether a page is not full, and an answer counts no more records than the pages up to it hold.

    Some count the records of the page, so that a full one may be followed by others.
    """
    numbers = (query_number(url, key) for key in _PAGE_KEYS)
    number, size = next((number for number in numbers if number is not None), 0), _size(url)
    return number >= 1 and items < size and items <= total <= number * size


def _size(url: str) -> int:
    """How many records a page has, by its address; 0 where that does not say."""
    return next(filter(None, (query_number(url, key) for key in _SIZE_KEYS)), 0)
