"""The yardstick of visits: Scrapy over the same lists, following their links, text and a regular expression.

``python -m eval.bench_spider URL…`` prints how many pages it read. It keeps nothing and judges nothing.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Any

import scrapy
from scrapy.crawler import CrawlerProcess

_CERTIFICATE = re.compile(r"(?:资格|上岗|从业|技能)[\u4e00-\u9fff]{0,6}证书?")


class Postings(scrapy.Spider):
    """Reads a list, page by page, and every page that it links."""

    name = "postings"
    read = 0
    found = 0

    def parse(self, response: Any) -> Iterator[Any]:
        yield from response.follow_all(css="li a", callback=self.parse_page)
        for link in response.css("a"):
            if link.css("::text").get() == "下一页":
                yield response.follow(link)

    def parse_page(self, response: Any) -> None:
        text = "\n".join(response.css("body ::text").getall())
        Postings.found += _CERTIFICATE.search(text) is not None
        Postings.read += 1


def main() -> int:
    settings = {
        "CONCURRENT_REQUESTS": 16,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
        "DOWNLOAD_DELAY": 0,
        "LOG_ENABLED": False,
        "ROBOTSTXT_OBEY": False,
        "TELNETCONSOLE_ENABLED": False,
    }
    process = CrawlerProcess(settings)
    process.crawl(Postings, start_urls=sys.argv[1:])
    process.start()
    print(Postings.read)
    return 0


if __name__ == "__main__":
    sys.exit(main())
