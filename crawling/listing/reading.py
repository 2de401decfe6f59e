"""A list page, read: bytes in, items and next pages out."""

from __future__ import annotations

from bs4 import BeautifulSoup, Tag

from crawling.listing.addresses import absolute_url
from crawling.listing.dates import date_beside
from crawling.listing.forms import datastore
from crawling.listing.links import find_items
from crawling.listing.model import Item, ListError, ListPage
from crawling.listing.paging import next_pages
from crawling.listing.submitted import submitted_pages
from extraction.model import Extracted, Link
from settings.model import Listing, Selectors

_ROWS = ("li", "tr", "dd", "dt", "article", "p", "div")


class SelectorError(ListError):
    """A CSS selector of the configuration cannot be understood; the message names it."""


def read_list_page(
    body: bytes,
    url: str,
    extracted: Extracted,
    selectors: Selectors | None = None,
    listing: Listing | None = None,
) -> ListPage:
    """Items and next pages of an HTML list page at ``url``, by ``selectors`` where given, else by its links.

    ``extracted`` is what extraction made of the same ``body``. Raises :class:`ListError`. Lists that are no
    pages are read by :func:`crawling.listing.forms.read_data_list`.
    """
    selectors, listing = selectors or Selectors(), listing or Listing()
    soup = None
    if selectors.items or selectors.next_page:
        soup = BeautifulSoup(body, "lxml", from_encoding=extracted.charset or None)
    markup = body.decode(extracted.charset or "utf-8", "replace")
    island = None if soup is not None and selectors.items else _island(markup, url, listing)
    if soup is not None and selectors.items:
        items, sureness = _selected_items(soup, selectors.items, url), 1.0
        found_by = "selectors"
    elif island is not None:
        items, sureness, found_by = island.items, island.sureness, island.found_by
    else:
        items, sureness = find_items(extracted.links, url)
        found_by = "links"
    items = tuple(item for item in items if listing.contains in item.url)
    note = ""
    if soup is not None and selectors.next_page:
        following = _selected_pages(soup, selectors.next_page, url)
    else:
        following = next_pages(extracted.links, markup, url)
        if not following:
            following, note = submitted_pages(markup, url, extracted.charset or "utf-8")
        following = tuple(dict.fromkeys((*(island.next_pages if island else ()), *following)))
    if not items:
        sureness, found_by = 0.0, "nothing"
    return ListPage(url, extracted.title, items, following, sureness, found_by, note=note)


def _island(markup: str, url: str, listing: Listing) -> ListPage | None:
    """The list inside a page's script, where that has items; a broken one leaves the page's own links."""
    found = datastore.in_page(markup)
    if not found:
        return None
    try:
        page = datastore.read(found, url, listing)
    except ListError:
        return None
    return page if page.items else None


def _selected_pages(soup: BeautifulSoup, selector: str, url: str) -> tuple[str, ...]:
    targets = (absolute_url(str(tag.get("href", "")), url) for tag in _select(soup, selector, "next_page"))
    return tuple(dict.fromkeys(target for target in targets if target))


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
