"""Feeds by the makes in which programs of Chinese sites write them."""

from __future__ import annotations

from datetime import date

import pytest

from crawling.listing.forms.feed import read
from crawling.listing.model import Item
from settings.sources import Listing

SITE = "http://rsj.example.gov.cn"
RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"'
DAY = date(2026, 11, 20)


def only(feed: str) -> Item:
    (item,) = read(feed, f"{SITE}/rss.xml", Listing()).items
    assert item.url == f"{SITE}/n/1.html"
    return item


@pytest.mark.parametrize(
    "moment",
    [
        "Thu, 19 Nov 2026 16:00:00 GMT",
        "星期五, 20 十一月 2026 08:00:00 +0800",
        "2026年11月20日",
        "2026-11-19T16:00:00.000Z",
        "1795104000",
    ],
)
def test_a_day_is_the_one_in_china(moment: str) -> None:
    feed = (
        "<rss><channel><item><title>公告</title><link>{}</link><pubDate>{}</pubDate></item></channel></rss>"
    )
    assert only(feed.format(f"{SITE}/n/1.html", moment)).published_on == DAY


@pytest.mark.parametrize(
    "feed",
    [
        "<feed><entry><title>公告</title><link href='1.html' xml:base='/n/'/></entry></feed>",
        f"<rdf:RDF {RDF}><item rdf:about='{SITE}/n/1.html'><title>公告</title></item></rdf:RDF>",
        "<rss><channel><item><title>公告</title><link>http://counter.example.com/r</link>"
        f"<f:origLink xmlns:f='http://f'>{SITE}/n/1.html</f:origLink></item></channel></rss>",
        f"<rss><channel><item><title>公告</title><guid>{SITE}/n/1.html</guid></item></channel></rss>",
    ],
)
def test_an_entry_leads_to_its_page_on_this_site(feed: str) -> None:
    assert only(feed).title == "公告"
