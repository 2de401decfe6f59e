"""Link finding, measured on the real list pages beside the project: items found, navigation kept out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from crawling.listing.addresses import absolute_url, same_site
from crawling.listing.model import ListPage
from crawling.listing.reading import read_list_page
from extraction import extract

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus" / "raw"
ARTICLE = re.compile(r"/20\d\d/\d{4}/\d+\.html$|/\d(?=\w*\d{3})[0-9A-Za-z]{8,13}\.html$")
"""How the two job sites call their articles; columns, pages of lists and searches are called otherwise."""
FRONT_PAGES = {"tgch__zhichang__index.html", "tgch__hubei__index.html"}
"""Of a site rather than of a list."""

pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the real pages lie beside the project, not in it"
)


@dataclass(frozen=True, slots=True)
class Measured:
    name: str
    page: ListPage
    articles: frozenset[str]
    others: frozenset[str]

    @property
    def found(self) -> frozenset[str]:
        return frozenset(item.url for item in self.page.items)


def measure(path: Path) -> Measured | None:
    """None for the stubs that a server sent in place of a page."""
    body = path.read_bytes()
    if len(body) < 100:
        return None
    url = f"http://www.jobs.example.com/{path.stem.replace('__', '/')}.html"
    extracted = extract(body, url=url)
    own = {absolute_url(link.url) for link in extracted.links if same_site(link.url, url)}
    articles = frozenset(each for each in own if ARTICLE.search(each))
    return Measured(path.name, read_list_page(body, url, extracted), articles, frozenset(own) - articles)


@pytest.fixture(scope="module")
def pages() -> list[Measured]:
    folder = CORPUS / "html-gbk"
    names = sorted({*folder.glob("*__list_*.html"), *folder.glob("*__index.html")})
    measured = [measure(path) for path in names if path.name not in FRONT_PAGES]
    return [page for page in measured if page is not None]


def test_items_are_found_and_navigation_is_kept_out(pages: list[Measured]) -> None:
    articles = sum(len(page.articles) for page in pages)
    others = sum(len(page.others) for page in pages)
    found = sum(len(page.articles & page.found) for page in pages)
    mistaken = {(page.name, url) for page in pages for url in page.found - page.articles}
    counts = f"{len(pages)} pages: {found} of {articles} items, {len(mistaken)} of {others} other links"
    assert len(pages) >= 25
    assert articles >= 200
    assert found / articles >= 0.99, counts
    assert others >= 800
    assert mistaken == set(), counts


def test_sureness_tells_lists_from_pages_without_any(pages: list[Measured]) -> None:
    assert all(page.page.sureness >= 0.75 for page in pages if page.name.count("__list_") and page.articles)
    assert all(page.page.sureness >= 0.3 for page in pages if page.articles)
    assert all(page.page.sureness == 0 for page in pages if not page.articles)


def test_numbered_lists_are_followed(pages: list[Measured]) -> None:
    numbered = [page for page in pages if page.articles and re.search(r"__list_\d+_\d+\.html$", page.name)]
    following = [page.page.next_pages for page in numbered]
    assert len(numbered) >= 8
    assert sum(bool(pages) for pages in following) >= len(numbered) - 1  # one of them is the last of its list
    assert all(re.search(r"/list_\d+_\d+\.html$", url) for pages in following for url in pages)


@pytest.mark.parametrize("name", ["wuan-index", "wuan-多栏目列表页", "wuan-走进武安_列表", "wuan-通栏列表页"])
def test_pages_that_a_script_fills_show_no_items(name: str) -> None:
    page = measure(CORPUS / "html-gov" / f"{name}.html")
    assert page is not None
    assert (page.page.items, page.page.sureness, page.page.found_by) == ((), 0.0, "nothing")
