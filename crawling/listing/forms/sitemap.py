"""Sitemaps (sitemaps.org, with the news extension) and sitemap indexes."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from crawling.listing.addresses import absolute_url, same_site
from crawling.listing.dates import first_date, item_of
from crawling.listing.model import ListError, ListPage
from crawling.listing.unpacking import children, local_name, parse_xml, text_of
from settings.sources import Listing

if TYPE_CHECKING:
    from lxml.etree import _Element

_ROOT = re.compile(r"<(?:\w+:)?(?:urlset|sitemapindex)[\s>]")
_MOST_PARTS = 1_000
_MOST_PLACES = 50_000
"""As many as the standard allows in one file."""


def recognises(head: str) -> bool:
    return _ROOT.search(head) is not None


def read(text: str, url: str, listing: Listing, _today: date | None = None) -> ListPage:
    """Addresses with the newest first, because a visit reads only so many; an index gives its parts so.

    ``lastmod`` says when a page changed, not when it was published: it orders, and dates nothing.
    """
    root = parse_xml(text)
    if local_name(root) == "sitemapindex":
        parts = [place for place, _, _ in _places(root, "sitemap", url)][:_MOST_PARTS]
        return ListPage(url, "", (), (), 1.0 if parts else 0.0, "sitemap", parts=tuple(parts))
    if local_name(root) != "urlset":
        raise ListError(f"<{local_name(root)}> is no sitemap: leave listing.form at 'auto'")
    items = tuple(
        item_of(place, title, published)
        for place, title, published in _places(root, "url", url)
        if listing.contains in place
    )
    # It names every page of the site, columns and notes on copyright among them.
    sureness = 0.8 if items and listing.contains else 0.4 if items else 0.0
    return ListPage(url, "", items, (), sureness, "sitemap" if items else "nothing")


def _places(root: _Element, name: str, page_url: str) -> list[tuple[str, str, date | None]]:
    """Address, title and day of publication of each place on this site, those changed last first."""
    found: dict[str, tuple[str, str, date | None]] = {}
    changed: dict[str, str] = {}
    for element in children(root, name)[:_MOST_PLACES]:
        location = text_of(element, "loc")
        place = absolute_url(location, page_url)
        if not location or not place or not same_site(place, page_url) or place in found:
            continue
        news = next(iter(children(element, "news")), element)
        found[place] = (place, text_of(news, "title"), first_date(text_of(news, "publication_date")))
        changed[place] = text_of(element, "lastmod")
    return sorted(found.values(), key=lambda entry: changed[entry[0]], reverse=True)
