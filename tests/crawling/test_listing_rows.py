"""Which links of a list's rows are its items: posts, guides, calls upon the reader, other lists beside it."""

from __future__ import annotations

from datetime import date

import pytest

from crawling.listing.model import ListPage, NoteKind
from crawling.listing.rows import employer_of
from extraction.model import Link
from tests.crawling.test_listing_makes import SITE, TITLES, URL, read

POSTS = ("会计", "出纳", "物业经理", "保育员", "电工", "行政专员")
GUIDES = (
    "物业服务企业资质核定",
    "导游证核发",
    "人力资源服务许可",
    "劳务派遣经营许可",
    "民办职业培训学校设立审批",
)


def listed(row: str, words: tuple[str, ...], around: str = "{}") -> ListPage:
    return read(
        around.format("".join(row.format(n=n, word=word, day=20 - n) for n, word in enumerate(words)))
    )


@pytest.mark.parametrize(
    "row",
    [
        "<div><a href='/job/7321{n}4.html'>{word}</a><a href='/company/81{n}2.html'>样例{n}有限公司</a>"
        "<span>6-8千/月</span><span>{n}天前</span><a href='/apply?id=7321{n}4'>投递简历</a></div>",
        "<li><h3><a href='/job/show-30{n}.htm'>{word}</a></h3><p>福州 | 大专 | 3年经验</p>"
        "<p><a href='/com/show-5{n}.htm'>样例{n}家政</a></p></li>",
        "<li><a href='/job/{n}.html'>{word}</a><i>2026-11-{day}</i></li>",
        "<li><a href='/job/9{n}71'>{word}</a><em>面议</em><a href='/job/9{n}71'>立即投递</a></li>",
    ],
)
def test_posts_with_short_names_are_items(row: str) -> None:
    page = listed(row, POSTS)
    assert [item.title for item in page.items] == list(POSTS)
    assert all("/job/" in item.url for item in page.items)


@pytest.mark.parametrize(
    "row",
    [
        "<li><a href='/bszn/400{n}.html'>{word}</a></li>",
        "<div><span>{word}</span><a href='/guide?code=3501{n}'>办事指南</a>"
        "<a href='/bl?code=3501{n}'>在线办理</a></div>",
        "<tr><td>{n}</td><td>{word}</td><td>2026-11-{day}</td>"
        "<td><a href='/guide?code=3501{n}'>查看详情&gt;&gt;</a></td></tr>",
        "<li>2026-11-{day} {word} <a href='/guide?code=3501{n}' title='点击查看'>[详细]</a></li>",
    ],
)
def test_guides_are_items_by_their_names_whatever_their_links_say(row: str) -> None:
    page = listed(row, GUIDES, "<table>{}</table>" if row.startswith("<tr") else "<div>{}</div>")
    assert [item.title for item in page.items] == list(GUIDES)
    assert len({item.url.rpartition("=")[0] for item in page.items}) == 1


def test_an_employer_is_no_title_of_the_row_that_calls_to_a_post() -> None:
    row = (
        "<tr><td>{word}（急聘两名）</td><td><a href='/co/8{n}1'>样例{n}有限公司</a></td>"
        "<td>2026-11-{day}</td><td><a href='/zw/77{n}0'>查看</a></td></tr>"
    )
    page = listed(row, POSTS, "<table>{}</table>")
    assert [item.title for item in page.items] == [f"{post}（急聘两名）" for post in POSTS]
    assert all("/zw/" in item.url for item in page.items)


@pytest.mark.parametrize("mark", ["[置顶]", "【推荐】", "（热）", "置顶 ", "[New][顶]"])
def test_a_mark_before_a_title_is_no_part_of_it(mark: str) -> None:
    page = listed(f"<li><a href='/n/70{{n}}.html'>{mark}{{word}}</a>2026-11-{{day}}</li>", tuple(TITLES))
    assert [item.title for item in page.items] == TITLES


def test_what_is_read_most_is_not_the_list() -> None:
    row = "<li><a href='/n/70{n}.html'>{word}</a><i>2026-11-{day}</i></li>"
    beside = "".join(f"<li><a href='/n/9{n}7.html'>往年第{n}次工作会议在本市召开</a></li>" for n in range(6))
    page = listed(row, tuple(TITLES), "<ul>{}</ul><h3>热门阅读</h3><ul>" + beside + "</ul>")
    assert [item.title for item in page.items] == TITLES


def test_notices_of_today_that_show_the_hour_stay() -> None:
    hours = "".join(
        f"<li><a href='/n/9{n}7.html'>今日第{n}号招聘公告发布</a><i>0{n}:30</i></li>" for n in range(5)
    )
    row = "<li><a href='/n/70{n}.html'>{word}</a><i>2026-11-{day}</i></li>"
    assert len(listed(row, tuple(TITLES), f"<ul>{hours}{{}}</ul>").items) == 5 + len(TITLES)


def paged(below: str) -> ListPage:
    return listed(
        "<li><a href='/n/70{n}.html'>{word}</a>2026-11-{day}</li>", tuple(TITLES), f"<ul>{{}}</ul>{below}"
    )


def test_a_pager_that_is_a_choice_of_addresses_is_followed() -> None:
    page = paged(
        "<select onchange='location.href=this.value'><option value='list.html' selected>第1页</option>"
        "<option value='list_b2.html'>第2页</option><option value='list_b3.html'>第3页</option></select>"
    )
    assert page.next_pages == (URL.replace("list.html", "list_b2.html"),)


def test_a_count_of_pages_leaves_a_note_and_the_last_one_none() -> None:
    assert [note.kind for note in paged("<p>第1/20页</p>").notes] == [NoteKind.PAGING_NOT_FOLLOWED]
    assert not paged("<p>第1/1页</p>").notes


def test_a_row_is_dated_as_before() -> None:
    page = listed("<li>{word}<i>2026-11-{day}</i><a href='/n/70{n}.html'>查看全文</a></li>", tuple(TITLES))
    assert [item.published_on for item in page.items] == [date(2026, 11, 20 - n) for n in range(len(TITLES))]


def test_the_employer_of_a_posting_is_the_one_whose_page_it_links() -> None:
    def employer(*linked: tuple[str, str]) -> str:
        return employer_of(Link(url=f"{SITE}{path}", text=name) for path, name in linked)

    assert employer(("/co/77.html", "示例科技有限公司"), ("/job/1.html", "会计")) == "示例科技有限公司"
    assert employer(("/co/77.html", "示例科技有限公司"), ("/co/78.html", "示例化工有限公司")) == ""
    assert employer(("/job/77.html", "示例科技有限公司")) == ""
