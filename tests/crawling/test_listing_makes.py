"""Makes of list pages as sites have them: where addresses, days and next pages stand, in pages of our own."""

from __future__ import annotations

import json
from datetime import date

import pytest

from crawling.listing.dates import Printed, printed_day, with_years
from crawling.listing.forms import read_data_list, recognise
from crawling.listing.model import Item, ListPage, NoteKind
from crawling.listing.reading import read_list_page
from crawling.listing.years import continued
from extraction import extract
from settings.sources import Listing, Selectors
from vocabulary.codes import DaySource

SITE = "http://rsj.example.gov.cn"
URL = f"{SITE}/zwgk/tzgg/list.html"
TODAY = date(2026, 11, 28)
TITLES = [
    "示例县卫生系统公开招聘工作人员公告",
    "示例县第一中学招聘教师面试成绩公示",
    "关于示例县会计资格证书清理情况的通报",
    "示例县图书馆招聘讲解员补充公告",
    "示例县供水公司招聘出纳拟聘名单",
    "关于延长示例县护士招聘报名时间的通知",
]


def read(markup: str, url: str = URL, listing: Listing | None = None, *, today: date = TODAY) -> ListPage:
    body = f"<html><head><title>通知公告</title></head><body>{markup}</body></html>".encode()
    return read_list_page(body, url, extract(body, url=url), listing=listing, today=today)


def read_data(
    content: object, url: str = f"{SITE}/api/list?pageNo=1", listing: Listing | None = None
) -> ListPage:
    body = (content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)).encode()
    return read_data_list(body, url, recognise(body, listing), listing, today=TODAY)


def rows(template: str) -> str:
    """One row per title; ``{n}`` is its number, ``{d}`` its day, which falls by one from row to row."""
    return "".join(
        template.replace("{title}", title)
        .replace("{n}", str(701 + number))
        .replace("{d}", f"{20 - number:02d}")
        for number, title in enumerate(TITLES)
    )


def addresses(page: ListPage) -> list[str]:
    return [item.url.removeprefix(SITE) for item in page.items]


NUMBERED = [f"/zwgk/tzgg/t{701 + number}.html" for number in range(6)]
DAYS = [date(2026, 11, 20 - number) for number in range(6)]


@pytest.mark.parametrize(
    "row",
    [
        "<li><a onclick=\"isDownLoad(this,'/zwgk/tzgg/t{n}.html')\">{title}</a><i>2026-11-{d}</i></li>",
        "<li onclick=\"window.location.href='t{n}.html'\"><b>{title}</b><i>2026-11-{d}</i></li>",
        "<tr onclick=\"window.open('./t{n}.html')\"><td>{n}</td><td>{title}</td><td>2026-11-{d}</td></tr>",
        "<li><a href='javascript:void(0)' data-href='t{n}.html'>{title}</a> 2026-11-{d}</li>",
        "<li><a href=\"javascript:openArticle('t{n}.html')\">{title}</a> 2026-11-{d}</li>",
        "<li><a href='#' onclick='go(\"/zwgk/tzgg/\" + \"t{n}.html\")'>{title}</a> 2026-11-{d}</li>",
        "<div class=row><span onclick=\"open('t{n}.html')\">{title}</span><em>2026-11-{d}</em></div>",
    ],
)
def test_literal_addresses_in_what_a_click_runs_are_links(row: str) -> None:
    page = read(f"<table>{rows(row)}</table>" if row.startswith("<tr") else rows(row))
    assert addresses(page) == NUMBERED
    assert [item.title for item in page.items] == TITLES
    assert [item.published_on for item in page.items] == DAYS


CALLED = "<li><a href='javascript:;' onclick='view({n})'>{title}</a><i>2026-11-{d}</i></li>"


@pytest.mark.parametrize(
    "script",
    [
        "function view(i) { window.open('/zwgk/tzgg/t' + i + '.html'); }",
        'var view = function(id){ location.href = "/zwgk/tzgg/t"+id+".html" }',
        "const view = (id) => { window.location = `/zwgk/tzgg/t${id}.html` }",
    ],
)
def test_rows_with_an_id_are_opened_as_the_page_s_own_function_does(script: str) -> None:
    assert addresses(read(f"{rows(CALLED)}<script>{script}</script>")) == NUMBERED


def test_rows_with_an_id_are_opened_by_the_configured_pattern() -> None:
    page = read(rows(CALLED), listing=Listing(link="/zwgk/tzgg/t{1}.html"))
    assert addresses(page) == NUMBERED


def test_rows_of_a_known_make_are_opened_as_it_opens_them() -> None:
    page = read(
        rows("<tr><td><a onclick=\"linkToNew('{n}-ab','002');\">{title}</a></td><td>2026-11-{d}</td></tr>")
    )
    assert addresses(page)[0] == "/openDetailDynamic.html?infoid=701-ab"


def test_rows_that_nothing_explains_are_noted() -> None:
    page = read(rows(CALLED))
    assert page.items == ()
    (note,) = page.notes
    assert note.kind is NoteKind.ROWS_WITHOUT_ADDRESS
    assert "view(701)" in note.detail
    assert "listing.link" in note.detail


@pytest.mark.parametrize(
    "row",
    [
        "<li>[<a href='/sichuan/'>四川</a>] <a href='t{n}.html'>{title}</a> 2026-11-{d}</li>",
        "<div class=el><p><a href='t{n}.html'>{title}</a></p><span><a href='/co/co{n}.html'>某某公司</a>"
        "</span><span>2026-11-{d}</span></div>",
        "<tr><td><a href='/5.html'>通知</a></td><td><a href='t{n}.html'>{title}</a></td><td>2026-11-{d}</td>"
        "<td><a href='/down/{n}.doc'>下载</a></td></tr>",
    ],
)
def test_of_a_row_only_the_title_is_an_item(row: str) -> None:
    page = read(f"<table>{rows(row)}</table>" if row.startswith("<tr") else rows(row))
    assert addresses(page) == NUMBERED
    assert [item.published_on for item in page.items] == DAYS


def test_title_and_company_that_take_turns_without_rows_are_one_item() -> None:
    row = "<h3><a href='/zhiwei/{n}.html'>{title}</a></h3><p><a href='/gongsi/g{n}.html'>某某有限公司</a></p>"
    assert addresses(read(rows(row))) == [f"/zhiwei/{701 + number}.html" for number in range(6)]


def test_two_items_in_one_row_of_a_table_have_days_of_their_own() -> None:
    cells = [
        f"<td><a href='t{701 + n}.html'>{title}</a> 2026-11-{20 - n}</td>" for n, title in enumerate(TITLES)
    ]
    lines = "".join(f"<tr>{a}{b}</tr>" for a, b in zip(cells[::2], cells[1::2], strict=True))
    assert addresses(read(f"<table>{lines}</table>")) == NUMBERED


@pytest.mark.parametrize(
    "row",
    [
        "<li><a href='t{n}.html'><p>{title}</p><span>[ 2026-11-{d} ]</span></a></li>",
        "<li><a href='t{n}.html'>2026-11-{d} {title}</a></li>",
        "<li><a href='t{n}.html'><span>{d}</span><span>2026-11</span><h3>{title}</h3><p>摘要</p></a></li>",
        "<li><b>{d}</b><i>2026-11</i><a href='t{n}.html'>{title}</a></li>",
        "<li><div><i>2026/11</i><b>{d}</b></div><a href='t{n}.html'>{title}</a></li>",
        "<li><b>11-{d}</b><i>2026</i><a href='t{n}.html'>{title}</a></li>",
        "<li><a href='t{n}.html'>{title}</a><time datetime='2026-11-{d}T09:00:00+08:00'>近日</time></li>",
        "<li><a href='t{n}.html'>{title}</a><span title='2026-11-{d} 10:00'>11-{d}</span></li>",
        "<li><a href='t{n}.html'>{title}</a><span>11-{d}</span></li>",
        "<li><span>[11/{d}]</span><a href='t{n}.html'>{title}</a></li>",
        "<li><a href='t{n}.html'>{title}</a><span>{d} Nov, 2026</span></li>",
        "<li><a href='t{n}.html'>{title}</a><span>截止时间：2026-12-31 发布时间：2026-11-{d}</span></li>",
    ],
)
def test_the_day_is_read_wherever_a_row_puts_it(row: str) -> None:
    page = read(rows(row))
    assert addresses(page) == NUMBERED
    assert [item.title for item in page.items] == TITLES
    assert [item.published_on for item in page.items] == DAYS


def test_a_day_of_an_inferred_year_is_marked() -> None:
    page = read(rows("<li><a href='t{n}.html'>{title}</a><span>11-{d}</span></li>"))
    assert all(item.is_year_inferred for item in page.items)


def days(*months_and_days: str) -> list[Printed | None]:
    return [Printed(0, int(each[:2]), int(each[3:])) if each else None for each in months_and_days]


@pytest.mark.parametrize(
    ("printed", "titles", "years"),
    [
        (["11-20", "11-01", "01-02", "12-30", "03-01"], "", [2026, 2026, 2026, 2025, 2025]),
        (["12-30", "12-01", "11-01"], "", [2025, 2025, 2025]),  # not in the future
        (
            ["03-01", "12-30", "01-02", "11-01", "11-20"],
            "",
            [2025, 2025, 2026, 2026, 2026],
        ),  # the oldest first
        (["11-05", "11-20", "11-19"], "", [2026, 2026, 2026]),  # one is pinned
        (["06-18", "06-17"], "2025年公开招聘公告", [2025, 2025]),  # an old page
        (["11-18", "11-17"], "2025年公开招聘公告", [2026, 2026]),  # a new page about an old year
    ],
)
def test_the_year_comes_from_the_order_and_from_today(
    printed: list[str], titles: str, years: list[int]
) -> None:
    found = with_years(days(*printed), [titles] * len(printed), TODAY)
    assert [day.year if day else 0 for day in found] == years


def test_a_second_page_goes_on_in_the_year_where_the_first_ended() -> None:
    def page(*shown: date) -> ListPage:
        items = tuple(Item(f"{URL}/{day}", "公告", day, DaySource.LIST_WITHOUT_YEAR) for day in shown)
        return ListPage(URL, "", items, (), 1.0, "links")

    first = page(date(2026, 2, 1), date(2026, 1, 3))
    second = continued(page(date(2026, 10, 5), date(2026, 9, 1)), first)
    assert [item.published_on for item in second.items] == [date(2025, 10, 5), date(2025, 9, 1)]
    assert continued(first, None) == first


def test_days_told_from_today_are_reckoned() -> None:
    assert printed_day("", "3天前 发布", URL, TODAY) == Printed(2026, 11, 25)
    assert printed_day("", "昨天 18:20", URL, TODAY) == Printed(2026, 11, 27)
    assert printed_day("", "3天前 发布", URL) is None


LIST = rows("<li><a href='/a/t{n}.html'>{title}</a><i>2026-11-{d}</i></li>")


@pytest.mark.parametrize(
    ("url", "below", "following"),
    [
        ("/list.html", "<b>1</b><a href='/list-2.html'>2</a><a href='/list-3.html'>3</a>", "/list-2.html"),
        ("/list-2.html", "<a href='/list.html'>1</a>2<a href='/list-3.html'>3</a>", "/list-3.html"),
        ("/c/5/2.html", "<a href='1.html'>1</a><b>2</b><a href='3.html'>3</a>", "/c/5/3.html"),
        ("/list/", "<a href='/list/other/9'>下 一 页</a>", "/list/other/9"),
        ("/list/", "<a href='/list/9' aria-label='下一页'><i></i></a>", "/list/9"),
        ("/list/", "<a class='page-next' href='/list/9'><img src='r.png'></a>", "/list/9"),
        ("/list/", "<a href='?Paging=2'>2</a>", "/list/?Paging=2"),
        ("/list?id=3", "<a href='/list?id=3&amp;currentPageNo=2'>2</a>", "/list?id=3&currentPageNo=2"),
        (
            "/list/",
            "<script>Pager({size:9, current:0, prefix:'index', suffix:'htm'});</script>",
            "/list/index_1.htm",
        ),
        ("/list/", "<a onclick=\"queryByCondition(this,'/list/88-2.html')\">下一页</a>", "/list/88-2.html"),
        (
            "/list/",
            "<a href='javascript:to(2)'>下页</a><script>function to(n){open('/list/p'+n+'.html')}</script>",
            "/list/p2.html",
        ),
    ],
)
def test_pagers_are_followed(url: str, below: str, following: str) -> None:
    page = read(LIST + below, SITE + url)
    assert page.next_pages[:1] == (SITE + following,)
    assert page.notes == ()


@pytest.mark.parametrize(
    ("url", "script"),
    [
        ("/zwgk/tzgg/index_2.html", "createPageHTML(3, 2, 'index', 'html');"),
        ("/zwgk/tzgg/list.html", "createPageHTML(1, 0, 'list', 'html');"),
        ("/zwgk/tzgg/xlist_9.shtml", "createPageHTML('page_div', 9, 9, 'xlist', 'shtml', 189);"),
        (
            "/zwgk/tzgg/index_4.htm",
            "var countPage = 5; var currentPage = 4; createPage('index_' + nextPage + '.htm');",
        ),
    ],
)
def test_the_last_page_of_a_script_that_is_understood_leaves_no_note(url: str, script: str) -> None:
    page = read(f"{LIST}<script>{script}</script>", SITE + url)
    assert (page.next_pages, page.notes) == ((), ())


@pytest.mark.parametrize(
    "below",
    [
        "<a href='javascript:toPage(2)'>下一页</a>",
        "<span>共 12 页</span><a onclick='goto2()'>下 页</a>",
        "<a onclick=\"executePage(2,15,'/servlet/news?catalog=5','divs')\">下一页</a> 第1/436页",
        "<div id=p></div><script>laypage.render({elem:'p',count:70})</script>",
        "<button>加载更多</button>",
    ],
)
def test_words_of_paging_without_an_address_leave_a_note(below: str) -> None:
    page = read(LIST + below)
    assert page.next_pages == ()
    assert [note.kind for note in page.notes] == [NoteKind.PAGING_NOT_FOLLOWED]


@pytest.mark.parametrize(
    "below",
    [
        "首页 上一页 下一页 尾页 共1页",
        "<a href='/list.html'>上一页</a> 第9页/共9页",
        "第 1 / 1 页 下一页",
        "共9页 1 2 9",
        "<a href='7.html'>7</a><a href='8.html'>8</a> 9 下一页",
    ],
)
def test_the_last_page_leaves_none(below: str) -> None:
    assert read(LIST + below, f"{SITE}/list-9.html").notes == ()


def test_a_calendar_is_no_pager() -> None:
    days_of_month = "".join(f"<a href='/cal/{day}.html'>{day}</a>" for day in range(2, 31))
    assert read(LIST + days_of_month).next_pages == ()


def records(**fields: str) -> list[dict[str, str]]:
    return [
        {
            key: value.replace("{title}", title)
            .replace("{n}", str(701 + number))
            .replace("{d}", f"{20 - number:02d}")
            for key, value in fields.items()
        }
        for number, title in enumerate(TITLES)
    ]


@pytest.mark.parametrize(
    "content",
    [
        {
            "return": json.dumps(
                {"Table": records(title="{title}", href="/zwgk/tzgg/t{n}.html", infodate="2026-11-{d}")}
            )
        },
        {
            "data": {
                "list": records(
                    noticeTitle="{title}",
                    staticPath="/zwgk/tzgg/t{n}.html",
                    noticeSendTime="2026-11-{d} 9:00",
                )
            }
        },
        {"rows": records(BT="{title}", URL="/zwgk/tzgg/t{n}.html", FBSJ="202611{d}", endTime="2027-01-01")},
        {
            "html": f"<ul>{rows('<li><a href=/zwgk/tzgg/t{n}.html>{title}</a><i>2026-11-{d}</i></li>')}</ul>",
            "total": 90,
        },
    ],
)
def test_interfaces_are_read_however_they_wrap_their_list(content: object) -> None:
    page = read_data(content)
    assert addresses(page) == NUMBERED
    assert [item.title for item in page.items] == TITLES
    assert [item.published_on for item in page.items] == DAYS
    assert page.next_pages == (f"{SITE}/api/list?pageNo=2",)


def test_an_interface_that_counts_more_than_it_gives_is_noted() -> None:
    content = {"total": 90, "rows": records(title="{title}", url="/t{n}.html")}
    page = read_data(content, f"{SITE}/api/list")
    assert [note.kind for note in page.notes] == [NoteKind.PAGING_NOT_FOLLOWED]
    assert "page_key" in page.notes[0].detail


@pytest.mark.parametrize(
    "script",
    [
        "var list = {json};",
        'window.__STATE__ = {"page": 1, "items": {json}};',
        "layui.use(function(){ draw({rows: [{literal}], more: true,}) })",
        "document.write(\"<ul>\");{writes}document.write('</ul>');",
    ],
)
def test_a_list_in_the_page_s_own_script_is_read(script: str) -> None:
    written = records(title="{title}", link="/zwgk/tzgg/t{n}.html", pubDate="2026-11-{d}")
    literal = ",".join(
        f"{{title:'{r['title']}', link:'{r['link']}', pubDate:'{r['pubDate']}',}}" for r in written
    )
    writes = "".join(
        f"document.write('<li><a href=\"{r['link']}\">{r['title']}<\\/a><i>{r['pubDate']}<\\/i><\\/li>');"
        for r in written
    )
    filled = (
        script.replace("{json}", json.dumps(written))
        .replace("{literal}", literal)
        .replace("{writes}", writes)
    )
    page = read(f"<p>通知公告</p><script>{filled}</script>")
    assert addresses(page) == NUMBERED
    assert [item.published_on for item in page.items] == DAYS
    assert page.found_by == "script"


def test_a_page_made_of_frames_consists_of_them() -> None:
    markup = (
        "<frameset><frame src='menu.html'><frame src='/zwgk/right.html'></frameset><noframes>旧</noframes>"
    )
    assert read(markup).parts == (f"{SITE}/zwgk/tzgg/menu.html", f"{SITE}/zwgk/right.html")
    assert read(f"{LIST}<iframe src='/counter.html'></iframe>").parts == ()


def test_a_list_in_gbk_sends_its_query_in_gbk() -> None:
    markup = rows("<li><a href='show.asp?lb=招聘&id={n}'>{title}</a><i>2026-11-{d}</i></li>")
    body = f"<html><meta charset=gbk><title>公告</title><body>{markup}</body></html>".encode("gbk")
    page = read_list_page(body, URL, extract(body, url=URL))
    assert page.items[0].url == f"{SITE}/zwgk/tzgg/show.asp?lb=%D5%D0%C6%B8&id=701"


def test_blanks_and_backslashes_in_addresses_are_read_as_browsers_do() -> None:
    page = read(rows("<li><a href='\\zwgk\\tzgg\\岗位 表{n}.html'>{title}</a><i>2026-11-{d}</i></li>"))
    assert addresses(page)[0] == "/zwgk/tzgg/%E5%B2%97%E4%BD%8D%20%E8%A1%A8701.html"


def test_a_tooltip_that_says_more_than_the_title_is_no_title() -> None:
    row = (
        "<li><a href='t{n}.html' title='标题：{title} 点击：5 发布：2026-11-{d}'>{title}</a>2026-11-{d}</li>"
    )
    assert [item.title for item in read(rows(row)).items] == TITLES


def test_menus_among_the_addresses_of_a_dated_list_are_left_out() -> None:
    menu = "".join(f"<li><a href='/zwgk/tzgg/t90{n}.html'>机构设置</a></li>" for n in range(5))
    assert addresses(read(menu + rows("<li><a href='t{n}.html'>{title}</a>2026-11-{d}</li>"))) == NUMBERED


def feed(entries: str, attributes: str = "") -> ListPage:
    channel = f"<channel><title>公告</title>{entries}</channel>"
    body = f"<?xml version='1.0'?><rss {attributes}>{channel}</rss>".encode()
    return read_data_list(body, f"{SITE}/rss.xml", recognise(body), today=TODAY)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("Thu, 19 Nov 2026 16:00:00 GMT", 20),  # midnight in China
        ("Thu, 19 Nov 2026 15:59:59 +0000", 19),
        ("Fri, 20 Nov 2026 00:00:00 +0800", 20),
        ("2026-11-19T16:00:00Z", 20),
        ("2026-11-19T16:00:00.000+0000", 20),
        ("2026-11-19T16:00:00", 19),
        ("2026-11-19 16:00:00", 19),
        ("19 Nov 2026", 19),
    ],
)
def test_a_moment_in_utc_names_a_day_in_china(moment: str, day: int) -> None:
    page = feed(f"<item><title>公告</title><link>/a/1.html</link><pubDate>{moment}</pubDate></item>")
    assert page.items[0].published_on == date(2026, 11, day)
    assert read_data([{"title": "公告", "url": "/a/1.html", "time": moment}]).items[0].published_on == date(
        2026, 11, day
    )


def test_addresses_of_a_feed_follow_its_base_and_a_guid_is_none() -> None:
    page = feed("<item><title>公告</title><link>1.html</link></item>", f"xml:base='{SITE}/zwgk/tzgg/'")
    assert addresses(page) == ["/zwgk/tzgg/1.html"]
    page = feed("<item><title>公告</title><guid isPermaLink='false'>88123</guid></item>")
    assert page.items == ()
    assert [note.kind for note in page.notes] == [NoteKind.ROWS_WITHOUT_ADDRESS]
    assert addresses(feed(f"<item><title>公告</title><guid>{SITE}/a/1.html</guid></item>")) == ["/a/1.html"]


@pytest.mark.parametrize("tag", ["td", "p", "div"])
def test_rows_that_only_line_breaks_tell_apart_have_days_of_their_own(tag: str) -> None:
    markup = f"<{tag}>{rows('·<a href=t{n}.html>{title}</a>（2026-11-{d}）<br>')}</{tag}>"
    page = read(markup)
    assert addresses(page) == NUMBERED
    assert [item.published_on for item in page.items] == DAYS


@pytest.mark.parametrize(
    ("url", "around", "following"),
    [
        ("/list.html", "<select><option value='list2.html'>第2页</option></select>", "/list2.html"),
        ("/list/", "<link rel=next href='/list/p/2'>", "/list/p/2"),
        (
            "/list/",
            "<script>var n = 12, c = 0; createPageHTML(n, c, 'index', 'htm');</script>",
            "/list/index_1.htm",
        ),
    ],
)
def test_next_pages_are_known_by_options_heads_and_variables(url: str, around: str, following: str) -> None:
    assert read(LIST + around, SITE + url).next_pages[:1] == (SITE + following,)


def test_a_page_of_another_site_s_frame_is_noted() -> None:
    page = read("<p>通知公告</p><iframe src='http://list.other.example.com/'></iframe>")
    assert [note.kind for note in page.notes] == [NoteKind.FRAMES_NOT_FOLLOWED]


def test_selected_rows_may_be_opened_by_a_click() -> None:
    markup = rows("<p class=row onclick=\"open('t{n}.html')\">{title}</p>")
    body = f"<html><body>{markup}</body></html>".encode()
    page = read_list_page(body, URL, extract(body, url=URL), Selectors(items="p.row"))
    assert addresses(page) == NUMBERED
