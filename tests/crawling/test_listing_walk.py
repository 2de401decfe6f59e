"""Which pages of a list are read, and when a walk ends: limits, repetitions, traps, pages by POST."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from crawling.listing.model import Item, ListPage, NoteKind
from crawling.listing.reading import read_list_page
from crawling.listing.submitted import submitted_pages
from crawling.listing.walk import ListWalk
from extraction import extract

SITE = "http://rsj.example.gov.cn"
START = f"{SITE}/list/"


def item(number: int, suffix: str = "") -> Item:
    return Item(f"{SITE}/a/{number}.html{suffix}", f"招聘公告第{number}号", date(2026, 11, 1))


def page(url: str, *items: Item, following: tuple[str, ...] = ()) -> ListPage:
    return ListPage(url, "", items, following, 1.0, "links")


def walked(
    read: Callable[[str], ListPage], *, page_limit: int = 50, item_limit: int = 500
) -> tuple[list[str], list[str], ListWalk]:
    """Addresses of the pages and of the items, in the order of the walk."""
    walk = ListWalk(START, page_limit=page_limit, item_limit=item_limit)
    pages, items = [], []
    while url := walk.next_url():
        pages.append(url)
        items += [each.url for each in walk.take(read(url)).items]
    return pages, items, walk


def numbered(url: str) -> int:
    return int(url.rpartition("=")[2]) if "=" in url else 1


def endless(url: str) -> ListPage:
    number = numbered(url)
    return page(url, *map(item, range(number * 10, number * 10 + 10)), following=(f"{START}?p={number + 1}",))


def test_pages_are_followed_to_the_last() -> None:
    def read(url: str) -> ListPage:
        number = numbered(url)
        following = (f"{START}?p={number + 1}",) if number < 4 else ()
        return page(url, item(number), following=following)

    pages, items, _ = walked(read)
    assert pages == [START, f"{START}?p=2", f"{START}?p=3", f"{START}?p=4"]
    assert len(items) == 4


def test_a_list_without_end_stops_at_the_limits() -> None:
    assert len(walked(endless, page_limit=7)[0]) == 7
    pages, items, walk = walked(endless, item_limit=25)
    assert (len(pages), len(items), walk.items_met) == (3, 25, 25)


def monthly(url: str, quiet: Callable[[int], bool]) -> ListPage:
    """A calendar: a month with its notices, if any, and the next month, for ever."""
    month = numbered(url)
    items = () if quiet(month) else tuple(item(month * 10 + day) for day in range(1, 5))
    return page(url, *items, following=(f"{START}?month={month + 1}",))


def test_months_without_notices_are_passed_over() -> None:
    pages, items, _ = walked(lambda url: monthly(url, lambda month: month % 3 != 0), page_limit=12)
    assert len(pages) == 12
    assert len(items) == 4 * 4


def test_a_calendar_that_stays_empty_is_left_after_three_months() -> None:
    pages, items, _ = walked(lambda url: monthly(url, lambda month: month > 2))
    assert [numbered(url) for url in pages] == [1, 2, 3, 4, 5]
    assert len(items) == 8


def test_a_server_that_gives_the_same_page_for_every_number_is_left() -> None:
    def read(url: str) -> ListPage:
        following = (f"{START}?p={numbered(url) + 1}",)
        return page(url, item(1), item(2), item(3), following=following)

    pages, items, _ = walked(read)
    assert len(pages) == 2
    assert len(items) == 3


def test_repeated_content_under_fresh_addresses_is_left() -> None:
    def read(url: str) -> ListPage:
        number = numbered(url)
        items = [item(n, f"?session={number}{n}") for n in range(1, 9)]
        return page(url, *items, following=(f"{START}?p={number + 1}",))

    pages, items, _ = walked(read)
    assert len(pages) == 2
    assert len(items) == 8


def test_the_same_titles_at_other_paths_are_other_items() -> None:
    def read(url: str) -> ListPage:
        number = numbered(url)
        items = [Item(f"{SITE}/job/{number}{n}.html", "会计") for n in range(8)]
        return page(url, *items, following=(f"{START}?p={number + 1}",) if number < 3 else ())

    assert len(walked(read)[1]) == 24


def test_a_calendar_without_items_is_left_after_three_pages() -> None:
    def read(url: str) -> ListPage:
        day = date.fromisoformat(url.rpartition("=")[2]) if "=" in url else date(2026, 11, 1)
        return page(url, following=(f"{START}?day={day + timedelta(days=1)}",))

    assert walked(read)[0] == [START, f"{START}?day=2026-11-02", f"{START}?day=2026-11-03"]


def test_pages_that_name_each_other_are_read_once() -> None:
    def read(url: str) -> ListPage:
        return page(url, item(numbered(url)), following=(START, f"{START}?p=2"))

    assert walked(read)[0] == [START, f"{START}?p=2"]


def test_a_wrong_guess_at_the_next_page_does_not_end_the_list() -> None:
    def read(url: str) -> ListPage:
        if url == START:
            return page(url, item(1), item(2), following=(f"{SITE}/help/", f"{START}?p=2"))
        return page(url) if url.endswith("/help/") else page(url, item(3))

    assert len(walked(read)[1]) == 3


def test_many_wrong_guesses_end_the_list() -> None:
    def read(url: str) -> ListPage:
        guesses = tuple(f"{SITE}/guess/{n}" for n in range(100))
        return page(url, item(1), following=guesses) if url == START else page(url)

    assert len(walked(read)[0]) < 6


def test_every_part_of_an_index_is_read() -> None:
    def read(url: str) -> ListPage:
        if url == START:
            return ListPage(url, "", (), (), 1.0, "sitemap", parts=(f"{SITE}/1.xml", f"{SITE}/2.xml"))
        return page(url, item(int(url[-5])))

    assert walked(read)[0] == [START, f"{SITE}/1.xml", f"{SITE}/2.xml"]


def test_an_index_of_itself_is_read_once() -> None:
    def read(url: str) -> ListPage:
        return ListPage(url, "", (), (), 1.0, "sitemap", parts=(START,) * 5_000)

    assert walked(read)[0] == [START]


def test_an_item_inserted_late_or_dated_back_is_met_by_the_next_visit() -> None:
    published = [item(number) for number in range(100, 70, -1)]

    def read(url: str) -> ListPage:
        number = numbered(url)
        shown = published[number * 10 - 10 : number * 10]
        return page(url, *shown, following=(f"{START}?p={number + 1}",) if number < 3 else ())

    before = set(walked(read)[1])
    published.insert(17, item(9))  # onto the second page, among items that are known
    published.insert(25, published.pop(0))
    after = set(walked(read, page_limit=4)[1])
    assert after - before == {item(9).url}
    assert item(100).url in after


# Forms

PAGER = "共 {count} 页 <a href='javascript:go({next})'>下一页</a>"


def form(method: str, *, page_number: str = "1", name: str = "pageNo", count: int = 9) -> str:
    return (
        f"<html><body><form action='/search.do' method='{method}'><input type=hidden name=columnId value='7'>"
        f"<input type=hidden name='{name}' value='{page_number}'><input name=word value='招聘 会计'>"
        f"<input type=submit name=go value=提交></form>{PAGER.format(count=count, next=2)}</body></html>"
    )


def test_a_get_form_is_an_address() -> None:
    (url,), note = submitted_pages(form("get", page_number="3"), START)
    assert url == f"{SITE}/search.do?columnId=7&pageNo=4&word=%E6%8B%9B%E8%81%98+%E4%BC%9A%E8%AE%A1"
    assert note == ""


@pytest.mark.parametrize(
    "name", ["page", "pageNo", "pageIndex", "curPage", "currentPage", "pager.pageNo", "p"]
)
def test_page_fields_go_by_many_names(name: str) -> None:
    assert f"{name}=2" in submitted_pages(form("get", name=name), START)[0][0]


def test_a_form_is_sent_in_the_encoding_of_its_page() -> None:
    (url,), _ = submitted_pages(form("get"), START, "gb18030")
    assert url.endswith("word=%D5%D0%C6%B8+%BB%E1%BC%C6")


def test_a_post_form_is_noted_instead_of_followed() -> None:
    following, note = submitted_pages(form("post"), START)
    assert following == ()
    assert "POST" in note
    assert "pageNo" in note


def test_a_post_back_is_noted() -> None:
    markup = "<form method=post><a href=\"javascript:__doPostBack('Pager1','2')\">下一页</a></form> 共5页"
    assert "__doPostBack" in submitted_pages(markup, START)[1]


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_last_page_of_a_form_has_no_next(method: str) -> None:
    assert submitted_pages(form(method, page_number="9"), START) == ((), "")


def test_a_search_form_is_no_paging() -> None:
    markup = "<form action=/s><input name=p value=''><input type=submit value=搜索></form>"
    assert submitted_pages(markup, START) == ((), "")


def test_a_form_of_another_site_is_not_submitted() -> None:
    markup = form("get").replace("/search.do", "http://evil.example.net/x")
    assert submitted_pages(markup, START) == ((), "")


@pytest.mark.parametrize("number", ["-1", "x", "9" * 400, "", "１２"])
def test_a_page_field_of_nonsense_counts_as_the_first(number: str) -> None:
    following, _ = submitted_pages(form("get", page_number=number), START)
    assert following
    assert len(following[0]) < 200


@pytest.mark.parametrize(
    "markup", ["", "<form name=page>", "<form><input name=page>" * 5_000, "<!-- name=page <form"]
)
def test_broken_forms_are_no_paging(markup: str) -> None:
    assert submitted_pages(markup, START) == ((), "")


def test_a_page_s_note_reaches_the_walk() -> None:
    rows = "".join(
        f"<li><a href='/a/2026110{n}_7{n}.html'>示例市招聘教师公告之{n}</a>2026-11-0{n}</li>"
        for n in range(1, 7)
    )
    body = form("post").replace("<body>", f"<body><ul>{rows}</ul>").encode()
    walk = ListWalk(START, page_limit=5, item_limit=50)
    walk.next_url()
    taken = walk.take(read_list_page(body, START, extract(body, url=START)))
    assert len(taken.items) == 6
    assert walk.next_url() is None
    assert [(note.kind, "POST" in note.detail) for note in walk.notes] == [
        (NoteKind.PAGING_NOT_FOLLOWED, True)
    ]


def test_a_link_that_counts_pages_of_its_own_query_is_followed() -> None:
    body = (
        b"<html><body><a href='?id=7&pageIndex=2'>2</a><a href='/other?page=2'>2</a><p>text</p></body></html>"
    )
    url = f"{SITE}/list?id=7"
    assert read_list_page(body, url, extract(body, url=url)).next_pages == (f"{SITE}/list?id=7&pageIndex=2",)
