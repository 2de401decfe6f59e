"""Lists of HTML that travel inside data: in a field of a JSON answer, or in a string of a page's script."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from datetime import date
from itertools import islice

from crawling.listing.links import Found, find_items
from crawling.listing.model import ListPage, Note, NoteKind
from extraction import ExtractionError, extract
from settings.sources import Listing

_MARKUP = re.compile(r"<(?:li|a|tr|div|dd)\b[^>]{0,400}>", re.IGNORECASE)
_MOST_LOOKED_AT = 20_000
_MOST = 2 * 2**20
"""Characters of HTML that are read in one answer."""


def read(content: object, url: str, listing: Listing, today: date | None = None) -> ListPage | None:
    """The items that HTML inside ``content`` links; None where it holds none."""
    markup = "\n".join(_markup(content))[:_MOST]
    if not markup:
        return None
    found = items_of(markup, url, listing, today)
    notes: tuple[Note, ...] = ()
    if found.rows_without_address > len(found.items):
        detail = (
            f"{found.rows_without_address} rows are opened by a script: open one in a browser, and set "
            "listing.link to its address with the call's arguments, as '/show?id={1}'"
        )
        notes = (Note(NoteKind.ROWS_WITHOUT_ADDRESS, detail),)
    if not found.items and not notes:
        return None
    return ListPage(
        url, "", found.items, (), found.sureness, "json" if found.items else "nothing", notes=notes
    )


def items_of(markup: str, url: str, listing: Listing, today: date | None) -> Found:
    """The items of a piece of HTML, as if it were the page at ``url``."""
    page = f"<html><body>{markup}</body></html>".encode("utf-8", "replace")
    try:
        links = extract(page, url=url, media_type="text/html", charset="utf-8").links
    except ExtractionError:
        return Found((), 0.0)  # nothing but markup
    return find_items(links, url, markup=markup, pattern=listing.link, today=today)


def _markup(content: object) -> Iterator[str]:
    waiting: deque[object] = deque([content])
    for _ in range(_MOST_LOOKED_AT):
        if not waiting:
            break
        value = waiting.popleft()
        if isinstance(value, str) and _MARKUP.search(value):
            yield value
        elif isinstance(value, list) and (row := _row(value)):
            yield row
        elif isinstance(value, dict | list):
            inner = value.values() if isinstance(value, dict) else value
            waiting.extend(islice(inner, _MOST_LOOKED_AT))


def _row(cells: list[object]) -> str:
    """A row of a table whose cells are sent one by one, links among them; empty where it is none."""
    words = [cell for cell in cells if isinstance(cell, str | int)]
    if not 1 < len(words) == len(cells) or not any(isinstance(word, str) and "<a" in word for word in words):
        return ""
    return f"<table><tr>{''.join(f'<td>{word}</td>' for word in words)}</tr></table>"
