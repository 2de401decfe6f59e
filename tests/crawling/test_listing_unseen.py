"""Forms of lists that sites nobody had tried turned out to have; in pages of our own."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import quote_plus

import pytest

from crawling.listing.model import NoteKind
from tests.crawling.test_listing_makes import (
    DAYS,
    NUMBERED,
    SITE,
    TITLES,
    URL,
    addresses,
    read,
    rows,
)

PLAIN = rows("<li><a href='t{n}.html'>{title}</a><span>2026-11-{d}</span></li>")
PACKED = b64encode(quote_plus("<b>1</b><a href='/zwgk/tzgg/p2.html'>下一页</a>").encode()).decode()


@pytest.mark.parametrize(
    ("pager", "following"),
    [
        (
            "<script>var page_options={currentPage:parseInt('0')+1, countPage:parseInt('3'),"
            " PAGE_NAME:'index', PAGE_EXT:'html'};</script>",
            "index_1.html",
        ),
        (
            "<script>Ls.pagination('#p', function(n){ location.href='list.html?pageIndex=' + n; },"
            " {currPage: (0+1), pageCount: 3});</script>",
            "list.html?pageIndex=2",
        ),
        ("<script>$('.p').pagination('setPage', 1, 31);</script>", "list_2.html"),
        (
            "<a onclick='go(2)'>下一页</a><script>function go(i){ i = i > 3 ? 3 : i;"
            " var path = `list_${i}.html`;"
            " if (i == 1) { path = 'list.html' } location.href = path; }</script>",
            "list_2.html",
        ),
        (f"<div id=p>{PACKED}</div><script>p.innerHTML = atob(p.innerHTML)</script>", "p2.html"),
    ],
)
def test_a_pager_is_followed_however_its_numbers_are_written(pager: str, following: str) -> None:
    page = read(f"<ul>{PLAIN}</ul>{pager}")
    assert f"{SITE}/zwgk/tzgg/{following}" in page.next_pages
    assert not page.notes


def test_the_last_pages_address_tells_the_next_ones() -> None:
    listing = f"<ul>{PLAIN}</ul><b>3</b><a href='/zwgk/list/9.html'>尾页</a>"
    assert read(listing, f"{SITE}/zwgk/list/3.html").next_pages == (f"{SITE}/zwgk/list/4.html",)
    assert not read(listing, f"{SITE}/zwgk/list/9.html").next_pages
    assert not read(listing, f"{SITE}/rsj/list/3.html").next_pages


def test_a_script_that_counts_more_records_than_the_page_has_links_leaves_a_note() -> None:
    counting = f"<ul>{PLAIN}</ul><script>var dataTotal = parseInt('%d'); draw(dataTotal);</script>"
    assert [note.kind for note in read(counting % 45).notes] == [NoteKind.PAGING_NOT_FOLLOWED]
    assert not read(counting % 6).notes


def test_the_way_to_the_last_page_is_no_item() -> None:
    page = read(f"<ul>{PLAIN}</ul><a href='{URL.replace('list', 'list_9')}'>最后一页</a>")
    assert addresses(page) == NUMBERED


@pytest.mark.parametrize(
    "row",
    [
        "<ul><li><a href='t{n}.html'>{title}</a></li><li>示例学院</li><li>2026-11-{d}</li></ul>",
        "<li><a href='t{n}.html' title='{title}'><div>2026-11-{d}</div></a></li>",
        "<li><a href='t{n}.html'>\n{title}</TRS_DOCUMENT><i>2026-11-{d}</i></a></li>",
    ],
)
def test_a_day_beside_a_title_is_its_own_wherever_the_row_has_it(row: str) -> None:
    page = read(f"<div>{rows(row)}</div>")
    assert [(item.title, item.published_on) for item in page.items] == list(zip(TITLES, DAYS, strict=True))


def test_a_tooltip_that_ends_with_the_text_says_the_whole_title() -> None:
    listed = f"{PLAIN}<li><a href='t1.html' title='示例县人社局工作动态'>工作动态</a><i>2026-11-02</i></li>"
    called = (
        f"{PLAIN}<li><a href='t1.html' title='点击查看：招聘工作动态'>招聘工作动态</a><i>2026-11-02</i></li>"
    )
    assert read(f"<ul>{listed}</ul>").items[-1].title == "示例县人社局工作动态"
    assert read(f"<ul>{called}</ul>").items[-1].title == "招聘工作动态"


@pytest.mark.parametrize(
    ("words", "is_noted"),
    [
        ("共 38 条记录 每页 6 条", True),
        ("总计：912条", True),
        ("共 6 条记录 每页 20 条", False),
        ("共 5 条", False),
        ("<div id=pager data-total='40' data-size='6'></div><script src=/js/pager.js></script>", True),
    ],
)
def test_more_records_than_a_page_shows_leave_a_note(words: str, is_noted: bool) -> None:
    noted = [note.kind for note in read(f"<ul>{PLAIN}</ul><div>{words}</div>").notes]
    assert noted == ([NoteKind.PAGING_NOT_FOLLOWED] if is_noted else [])
