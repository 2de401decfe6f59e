"""A list page, read: bytes in, items and next pages out."""

from __future__ import annotations

from bs4 import BeautifulSoup, Tag

from extraction.model import Extracted, Link
from jobs.listing.addresses import absolute_url
from jobs.listing.dates import date_beside
from jobs.listing.links import find_items
from jobs.listing.model import Item, ListPage
from jobs.listing.paging import next_pages
from settings.model import Selectors

_ROWS = ("li", "tr", "dd", "dt", "article", "p", "div")


class SelectorError(ValueError):
    """A CSS selector of the configuration cannot be understood; the message names it."""


def read_list_page(
    body: bytes, url: str, extracted: Extracted, selectors: Selectors | None = None
) -> ListPage:
    """Items and next pages of a list page at ``url``, by ``selectors`` where given, else by its links.

    ``extracted`` is what extraction made of the same ``body``. Raises :class:`SelectorError`.
    """
    selectors = selectors or Selectors()
    soup = None
    if selectors.items or selectors.next_page:
        soup = BeautifulSoup(body, "lxml", from_encoding=extracted.charset or None)
    if soup is not None and selectors.items:
        items, sureness = _selected_items(soup, selectors.items, url), 1.0
        found_by = "selectors"
    else:
        items, sureness = find_items(extracted.links, url)
        found_by = "links"
    if soup is not None and selectors.next_page:
        targets = [
            absolute_url(str(tag.get("href", "")), url)
            for tag in _select(soup, selectors.next_page, "next_page")
        ]
        following = tuple(dict.fromkeys(target for target in targets if target))
    else:
        markup = body.decode(extracted.charset or "utf-8", "replace")
        following = next_pages(extracted.links, markup, url)
    if not items:
        sureness, found_by = 0.0, "nothing"
    return ListPage(url, extracted.title, items, following, sureness, found_by)


def _select(soup: BeautifulSoup, selector: str, key: str) -> list[Tag]:
    from soupsieve import SelectorSyntaxError  # noqa: PLC0415 - only sources with selectors need it

    try:
        return list(soup.select(selector))
    except SelectorSyntaxError as error:
        raise SelectorError(f"selectors.{key} = {selector!r} is no CSS selector: {error}") from error


def _selected_items(soup: BeautifulSoup, selector: str, page_url: str) -> tuple[Item, ...]:
    items: dict[str, Item] = {}
    for tag in _select(soup, selector, "items"):
        anchor = tag if tag.name == "a" else tag.find("a", href=True)
        if anchor is None:
            continue
        link = _as_link(anchor)
        url = absolute_url(link.url, page_url)
        if url and url not in items:
            title = max((link.text, link.title), key=len)
            items[url] = Item(url, title, date_beside(link.context, link.text, url))
    return tuple(items.values())


def _as_link(anchor: Tag) -> Link:
    row = anchor.find_parent(_ROWS)
    return Link(
        url=str(anchor.get("href", "")),
        text=anchor.get_text(" ", strip=True),
        title=str(anchor.get("title", "")).strip(),
        context=row.get_text(" ", strip=True)[:500] if row is not None else "",
    )
