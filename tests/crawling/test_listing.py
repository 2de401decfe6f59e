from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from crawling.listing.addresses import absolute_url, is_attachment, registered_site, same_site
from crawling.listing.dates import date_in_url
from crawling.listing.model import ListPage
from crawling.listing.reading import SelectorError, read_list_page
from extraction import extract
from settings.sources import Selectors

SITE = "http://rsj.example.gov.cn"
CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus" / "raw"

NAVIGATION = """
<div class="nav"><ul>
<li><a href="/">网站首页</a></li><li><a href="/zwgk/">政务公开</a></li><li><a href="/zwfw/">政务服务</a></li>
<li><a href="/hdjl/">互动交流</a></li><li><a href="/sjkf/">数据开放平台</a></li>
</ul></div>"""
FOOTER = """
<div class="foot"><a href="/wzdt/">网站地图</a><a href="/lxwm/index.html">联系我们</a>
<a href="http://www.other.example.com/a/20261101/12345.html">友情链接：某某人民政府门户网站</a>
<a href="https://beian.example.com/icp/12345">京ICP备12345678号</a></div>"""


def list_page(rows: str, below: str = "", url: str = f"{SITE}/zwgk/tzgg/") -> ListPage:
    head = "<html><head><title>通知公告</title></head>"
    body = f"{head}<body>{NAVIGATION}<div class='main'>{rows}</div>{below}{FOOTER}</body></html>"
    return read(body.encode("gb18030"), url)


def read(body: bytes, url: str, selectors: Selectors | None = None) -> ListPage:
    return read_list_page(body, url, extract(body, url=url), selectors)


def rows(count: int = 8, first: int = 100) -> str:
    lines = [
        f"<li><a href='./202611/t202611{day:02d}_{first + day}.html'>"
        f"关于第{day}批事业单位公开招聘工作人员的公告</a>"
        f"<span>2026-11-{day:02d}</span></li>"
        for day in range(1, count + 1)
    ]
    return f"<ul>{''.join(lines)}</ul>"


def test_items_are_found_and_navigation_is_left_out() -> None:
    page = list_page(rows())
    assert [item.url for item in page.items] == [
        f"{SITE}/zwgk/tzgg/202611/t202611{day:02d}_{100 + day}.html" for day in range(1, 9)
    ]
    assert page.items[2].published_on == date(2026, 11, 3)
    assert page.items[2].title == "关于第3批事业单位公开招聘工作人员的公告"
    assert page.sureness >= 0.8
    assert page.found_by == "links"


def test_a_shortened_title_is_replaced_by_the_whole_one() -> None:
    page = list_page(
        "".join(
            f"<li><a href='/art/2026/11/{day}/art_5_{day}00.html' title='第{day}中学招聘教师公告（全称）'>"
            f"第{day}中…</a><em>[11-{day:02d}]</em></li>"
            for day in range(1, 7)
        )
    )
    assert page.items[0].title == "第1中学招聘教师公告（全称）"
    assert page.items[0].published_on == date(2026, 11, 1)


def test_rows_of_a_table_with_query_addresses_are_items() -> None:
    page = list_page(
        "<table>"
        + "".join(
            f"<tr><td>{n}</td><td><a href='/show.jsp?id=88{n}'>采购项目第{n}号公开招标公告</a></td>"
            f"<td>2026年10月{n}日</td></tr>"
            for n in range(1, 7)
        )
        + "</table>"
    )
    assert [item.url for item in page.items] == [f"{SITE}/show.jsp?id=88{n}" for n in range(1, 7)]
    assert page.items[0].published_on == date(2026, 10, 1)


def test_links_to_other_sites_are_no_items() -> None:
    page = list_page(
        rows(),
        "<li><a href='http://evil.example.net/202611/t20261101_1.html'>又一份招聘公告全文</a>2026-11-01</li>",
    )
    assert all("evil" not in item.url for item in page.items)


def test_a_page_without_links_has_no_items() -> None:
    page = read("<html><body><p>网站正在维护，请稍后访问。</p></body></html>".encode(), f"{SITE}/")
    assert (page.items, page.next_pages, page.found_by) == ((), (), "nothing")


def test_a_page_of_navigation_only_has_no_items() -> None:
    assert list_page("").items == ()


def test_an_attachment_in_a_list_is_an_item() -> None:
    page = list_page(
        rows(6) + "<ul><li><a href='/files/2026/zwb01.pdf'>2026年职位表</a><em>2026-11-09</em></li></ul>"
    )
    assert f"{SITE}/files/2026/zwb01.pdf" in [item.url for item in page.items]


def test_selectors_decide_where_they_are_given() -> None:
    text = f"""<html><meta charset="gbk"><body>{rows(3)}
    <table class="jobs"><tr><td><a href="/a/1">出纳</a></td><td>2026-11-02</td></tr>
    <tr><td><a href="/a/2">会计</a></td></tr></table><a class="more" href="?p=2">翻</a></body></html>"""
    page = read(text.encode("gbk"), f"{SITE}/jobs/", Selectors(items="table.jobs a", next_page="a.more"))
    assert [(item.url, item.title) for item in page.items] == [
        (f"{SITE}/a/1", "出纳"),
        (f"{SITE}/a/2", "会计"),
    ]
    assert page.items[0].published_on == date(2026, 11, 2)
    assert page.next_pages == (f"{SITE}/jobs/?p=2",)
    assert (page.found_by, page.sureness) == ("selectors", 1.0)


def test_a_selector_may_name_the_row_instead_of_the_link() -> None:
    page = read(rows(2).encode(), f"{SITE}/l/", Selectors(items="li"))
    assert len(page.items) == 2


def test_a_broken_selector_names_itself() -> None:
    with pytest.raises(SelectorError, match=r"selectors\.items"):
        read(rows(2).encode(), f"{SITE}/l/", Selectors(items="li[["))


@pytest.mark.parametrize("words", ["下一页", "下页", "[下一页]", "下一页 >", "后一页", "Next", "»", ">"])
def test_a_link_that_says_next_is_followed(words: str) -> None:
    page = list_page(rows(), f"<a href='list_2.html'>{words}</a>".replace(" >", " &gt;"))
    assert page.next_pages[0] == f"{SITE}/zwgk/tzgg/list_2.html"


@pytest.mark.parametrize(
    ("url", "script", "following"),
    [
        ("/tz/", 'createPageHTML(10, 0, "index", "htm");', "/tz/index_1.htm"),
        ("/tz/index_8.htm", 'createPageHTML(10, 8, "index", "htm");', "/tz/index_9.htm"),
        ("/tz/xlist.shtml", "createPageHTML('page_div',10, 1,'xlist','shtml',189);", "/tz/xlist_2.shtml"),
        ("/tz/xlist_9.shtml", "createPageHTML('page_div',10,9,'xlist','shtml',189)", "/tz/xlist_10.shtml"),
    ],
)
def test_pages_numbered_by_script_are_followed(url: str, script: str, following: str) -> None:
    page = list_page(rows(), f"<script>{script}</script>", SITE + url)
    assert page.next_pages[0] == SITE + following


COUNTED = """var currentPage = {current}; // 所在页从0开始
var prevPage = currentPage-1; var nextPage = currentPage+1; var countPage = {count};
document.write("<a href=\\"{name}"+nextPage+"{suffix}\\">下一页</a>");"""


@pytest.mark.parametrize(
    ("current", "count", "name", "suffix", "following"),
    [
        (0, 9, "index_", ".htm", ("/tz/index_1.htm",)),
        (3, 9, "list_", ".html", ("/tz/list_4.html",)),
        (0, 9, 'index"+"_', '."+"shtml', ("/tz/index_1.shtml",)),
        (8, 9, "index_", ".htm", ()),
        (0, 1, "index_", ".htm", ()),
        (0, 9, "", ".htm", ()),
    ],
)
def test_pages_counted_by_an_older_script_are_followed(
    current: int, count: int, name: str, suffix: str, following: tuple[str, ...]
) -> None:
    script = COUNTED.format(current=current, count=count, name=name, suffix=suffix)
    page = list_page(rows(), f"<script>{script}</script>", f"{SITE}/tz/")
    assert page.next_pages == tuple(SITE + path for path in following)


@pytest.mark.parametrize(
    ("url", "script"),
    [
        ("/tz/index_9.htm", 'createPageHTML(10, 9, "index", "htm");'),
        ("/tz/xlist_10.shtml", "createPageHTML('page_div',10,10,'xlist','shtml',189)"),
        ("/tz/", 'createPageHTML(1, 0, "index", "htm");'),
    ],
)
def test_the_last_page_of_a_script_has_no_next(url: str, script: str) -> None:
    assert list_page(rows(), f"<script>{script}</script>", SITE + url).next_pages == ()


@pytest.mark.parametrize(
    ("url", "links", "following"),
    [
        ("/tz/index.html", "<a href='index_1.html'>2</a><a href='index_2.html'>3</a>", "/tz/index_1.html"),
        ("/tz/index_1.html", "<a href='index_1.html'>2</a><a href='index_2.html'>3</a>", "/tz/index_2.html"),
        ("/tz/list_26_1.html", "<a href='list_26_2.html'>2</a>", "/tz/list_26_2.html"),
        ("/tz/?page=3", "<a href='?page=4'>4</a>", "/tz/?page=4"),
        ("/tz/?type=2&page=1", "<a href='/tz/?type=2&amp;page=2'>2</a>", "/tz/?type=2&page=2"),
        ("/tz/", "<a href='?page=2'>2</a>", "/tz/?page=2"),
        ("/tz/", "<select><option value='index_1.html'>第2页</option></select>", "/tz/index_1.html"),
    ],
)
def test_a_series_is_followed_where_the_page_speaks_of_it(url: str, links: str, following: str) -> None:
    assert list_page(rows(), links, SITE + url).next_pages[0] == SITE + following


def test_a_list_of_one_page_has_no_next() -> None:
    assert list_page(rows()).next_pages == ()


@pytest.mark.parametrize(
    ("url", "day"),
    [
        ("http://a.cn/tz/202611/t20261105_77.html", date(2026, 11, 5)),
        ("http://a.cn/art/2026/11/5/art_1_2.html", date(2026, 11, 5)),
        ("http://a.cn/caigou/2013/1218/737.html", date(2013, 12, 18)),
        ("http://a.cn/2026-11/05/content_1.htm", date(2026, 11, 5)),
        ("http://a.cn/c/20261399/1.html", None),
        ("http://a.cn/id/88123456", None),
    ],
)
def test_days_in_addresses_are_read(url: str, day: date | None) -> None:
    assert date_in_url(url) == day


def test_a_date_inside_the_title_is_not_the_day_of_publication() -> None:
    row = "<li><a href='/tz/{}.html'>关于2026年10月1日放假的通知第{}号</a>{}</li>"
    dated = "".join(row.format(number, number, "<i>2026-09-28</i>") for number in range(401, 407))
    assert {item.published_on for item in list_page(dated).items} == {date(2026, 9, 28)}
    bare = "".join(row.format(number, number, "") for number in range(401, 407))
    assert {item.published_on for item in list_page(bare).items} == {None}


@pytest.mark.parametrize(
    ("host", "site"),
    [
        ("rsj.fuzhou.gov.cn", "fuzhou.gov.cn"),
        ("www.gov.cn", "www.gov.cn"),
        ("www.example.com.cn", "example.com.cn"),
        ("jobs.example.com", "example.com"),
        ("127.0.0.1", "127.0.0.1"),
        ("localhost", "localhost"),
    ],
)
def test_the_registered_part_of_a_host(host: str, site: str) -> None:
    assert registered_site(host) == site


def test_two_cities_are_two_sites() -> None:
    assert same_site("http://rsj.fuzhou.gov.cn/a", "https://www.fuzhou.gov.cn/b")
    assert not same_site("http://rsj.fuzhou.gov.cn/a", "http://rsj.xiamen.gov.cn/b")


@pytest.mark.parametrize("url", ["javascript:void(0)", "mailto:a@b.cn", "http://[::1", "tel:123"])
def test_links_that_lead_nowhere_have_no_address(url: str) -> None:
    assert absolute_url(url, f"{SITE}/a/") == ""


def test_a_session_in_an_address_is_dropped() -> None:
    assert absolute_url("b.jsp;jsessionid=77AB?id=1#top", f"{SITE}/a/") == f"{SITE}/a/b.jsp?id=1"


def test_attachments_are_known_by_their_suffix() -> None:
    assert is_attachment("http://a.cn/f/P020.DOCX")
    assert is_attachment("http://a.cn/download?file=zwb.xls&x=1")
    assert not is_attachment("http://a.cn/f/1.html")


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the real pages lie beside the project, not in it")
@pytest.mark.parametrize(
    ("name", "url", "at_least", "pattern"),
    [
        (
            "html-gbk/tgch__zhiwei__caigou__list_52_4.html",
            "http://hefei.1jobs.com/tgch/zhiwei/caigou/list_52_4.html",
            10,
            "/2013/",
        ),
        ("html-gbk/zhichang__mianshi__index.html", "http://a.example.com/zhichang/mianshi/", 20, "2015."),
    ],
)
def test_real_list_pages_give_their_items(name: str, url: str, at_least: int, pattern: str) -> None:
    page = read((CORPUS / name).read_bytes(), url)
    assert len(page.items) >= at_least
    assert sum(pattern in item.url for item in page.items) >= at_least
    assert all("\ufffd" not in item.title for item in page.items)
