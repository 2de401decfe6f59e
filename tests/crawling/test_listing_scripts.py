"""Lists that scripts open, number and draw: what their calls, callbacks and data say, in pages of our own."""

from __future__ import annotations

import json
from datetime import date

import pytest

from crawling.listing.model import NoteKind
from tests.crawling.test_listing_makes import DAYS, NUMBERED, SITE, TITLES, addresses, read, read_data, rows

PLAIN = rows("<li><a href='t{n}.html'>{title}</a><span>2026-11-{d}</span></li>")
OPENED = [f"/show?id={701 + number}" for number in range(6)]


@pytest.mark.parametrize(
    "script",
    [
        "$('.row').click(function(){ location.href='/show?id='+$(this).data('id'); });",
        "$(row).on('click',function(){ var id=$(this).attr('data-id'); window.open('/show?id='+id); });",
        "list.onclick = e => { location.href = `/show?id=${e.target.dataset.id}` };",
    ],
)
def test_rows_that_bear_a_number_lead_where_the_script_sends_it(script: str) -> None:
    listed = rows("<li class=row data-id={n}><b>{title}</b><i>2026-11-{d}</i></li>")
    page = read(f"<ul>{listed}</ul><script>{script}</script>")
    assert addresses(page) == OPENED
    assert [item.published_on for item in page.items] == DAYS


def test_rows_whose_script_lies_elsewhere_are_noted() -> None:
    page = read(
        f"<ul>{rows('<li data-id={n}><b>{title}</b><i>2026-11-{d}</i></li>')}</ul><script src=a.js></script>"
    )
    assert not page.items
    assert [note.kind for note in page.notes] == [NoteKind.ROWS_WITHOUT_ADDRESS]


def test_a_row_may_bear_its_address_and_a_list_of_links_stays_one() -> None:
    bare = read(f"<ul>{rows('<li data-url=/show?id={n}><b>{title}</b><i>2026-11-{d}</i></li>')}</ul>")
    assert addresses(bare) == OPENED
    wrapped = read(f"<div data-url='/module/list.jsp'><ul>{PLAIN}</ul></div>")
    assert addresses(wrapped) == NUMBERED


def test_a_name_that_the_page_defines_once_is_part_of_an_address() -> None:
    listed = rows("<li><a href='javascript:view({n})'>{title}</a><i>2026-11-{d}</i></li>")
    script = "<script>var ctx = '/oa'; function view(id){ window.open(ctx + '/show?id=' + id); }</script>"
    assert addresses(read(f"<ul>{listed}</ul>{script}")) == [f"/oa{each}" for each in OPENED]


@pytest.mark.parametrize(
    ("pager", "following"),
    [
        (
            "var m_nRecordCount=300; var m_nCurrPage=0; var m_nPageSize=20;"
            "var m_sPageName='index'; var m_sPageExt='html';",
            "index_1.html",
        ),
        (
            "laypage.render({elem:'p',count:245,limit:15,curr:1,jump:function(o,f){if(!f){location.href='list_'+o.curr+'.html';}}});",
            "list_2.html",
        ),
        (
            "new Page({pageTotal:12,curPage:3,getPage:function(n){ window.location='index_'+n+'.html' }})",
            "index_4.html",
        ),
        ("$('#p').pagination(240,{current_page:0,link_to:'list_p__id__.html'});", "list_p1.html"),
        ("$('#p').twbsPagination({totalPages: 35, href: 'list.html?page={{number}}'});", "list.html?page=2"),
        (
            "kkpager.generPageHtml({pno:1,total:12,hrefFormer:'list',hrefLatter:'.html'});",
            "list_2.html",
        ),
    ],
)
def test_pagers_are_followed_by_what_they_are_told(pager: str, following: str) -> None:
    page = read(f"<ul>{PLAIN}</ul><script>{pager}</script>")
    assert page.next_pages[0] == f"{SITE}/zwgk/tzgg/{following}"


@pytest.mark.parametrize(
    "pager",
    [
        "<script>var totalPage = 14;</script>",
        "<script>laypage.render({elem:'p',count:245,limit:15,jump:function(o){ load(o.curr); }});</script>",
        "<ul class='pagination'><li class=on>1</li><li data-page=2>2</li><li data-page=3>3</li></ul>",
        "<div class=more>点击加载</div>",
        "<el-pagination :total='300'></el-pagination>",
    ],
)
def test_no_pager_is_passed_over_in_silence(pager: str) -> None:
    page = read(f"<ul>{PLAIN}</ul>{pager}")
    assert (page.next_pages, [note.kind for note in page.notes]) == ((), [NoteKind.PAGING_NOT_FOLLOWED])


def test_a_pager_of_one_page_or_at_its_end_leaves_no_note() -> None:
    last = "<script>laypage({pages:3,curr:3,jump:function(e){location.href='?page='+e.curr;}});</script>"
    for pager in (last, "<script>var totalPage = 1;</script>"):
        page = read(f"<ul>{PLAIN}</ul>{pager}")
        assert (page.next_pages, page.notes) == ((), ())


def test_the_column_of_publication_is_told_by_its_heading() -> None:
    head = "<tr><th>名称</th><th>文号</th><th>成文日期</th><th>发布日期</th></tr>"
    title = "<tr><td><a href='t{n}.html'>{title}</a></td>"
    row = title + "<td>{n}号</td><td>2026-09-01</td><td>2026-11-{d}</td></tr>"
    page = read(f"<table>{head}{rows(row)}</table>")
    assert [item.published_on for item in page.items] == DAYS


@pytest.mark.parametrize(
    "row",
    [
        "<li><div><b>{d}</b><i>2026.11</i></div>"
        "<div><a href='t{n}.html'>{title}</a><p>自2025年6月3日起施行</p></div></li>",
        "<li><a href='t{n}.html'>{title}</a><span>[26-11-{d}]</span></li>",
        "<li><a href='t{n}.html'>{title}</a><b>报名截止：2026-12-31</b><b>发布：2026-11-{d}</b></li>",
    ],
)
def test_the_day_beside_a_title_beats_days_in_sentences_and_deadlines(row: str) -> None:
    page = read(f"<ul>{rows(row)}</ul>")
    assert [item.published_on for item in page.items] == DAYS
    assert addresses(page) == NUMBERED


def test_a_forum_lists_its_threads_without_their_writers() -> None:
    row = (
        "<tr><th><a href='thread-{n}-1-1.html'>{title}</a></th><td><a href='space-uid-{n}.html'>网友{n}</a>"
        "<em>2026-11-{d}</em></td><td><a href='thread-{n}-1-1.html'>7</a></td>"
        "<td><a href='space-name.html'>某人</a>"
        "<em><a href='forum.php?goto=lastpost&tid={n}'>2026-11-26 10:22</a></em></td></tr>"
    )
    page = read(f"<table>{rows(row)}</table>")
    assert [item.title for item in page.items] == TITLES
    assert [item.published_on for item in page.items] == DAYS


def test_rows_of_another_site_are_noted() -> None:
    listed = rows("<li><a href='https://mp.weixin.qq.com/s/{n}'>{title}</a><span>2026-11-{d}</span></li>")
    in_page = read(f"<ul>{listed}</ul>")
    in_data = read_data(
        {"data": [{"title": each, "url": f"https://mp.weixin.qq.com/s/{each}"} for each in TITLES]}
    )
    for page in (in_page, in_data):
        assert not page.items
        assert [note.kind for note in page.notes] == [NoteKind.ROWS_OF_ANOTHER_SITE]


def test_a_frame_that_a_script_writes_is_a_part_of_the_list() -> None:
    page = read(
        "<p>通知公告</p><script>document.write('<iframe src=\"/app/list.html?cid=3\"></iframe>');</script>"
    )
    assert page.parts == (f"{SITE}/app/list.html?cid=3",)


def test_a_jpage_list_goes_on_where_its_pager_asks() -> None:
    records = "".join(
        f"<record><![CDATA[<li><a href='/art/{number}.html'>{title}</a><b>2026-11-20</b></li>]]></record>"
        for number, title in enumerate(TITLES)
    )
    data = f"<datastore><totalrecord>345</totalrecord><recordset>{records}</recordset></datastore>"
    pager = "jpage({perPage:15,totalRecord:345,proxyUrl:'/module/dataproxy.jsp',unitid:'330'});"
    page = read(f'<p>通知公告</p><script type="text/xml">{data}</script><script>$("#330").{pager}</script>')
    assert len(page.items) == 6
    assert page.next_pages == (
        f"{SITE}/module/dataproxy.jsp?startrecord=7&endrecord=51&perpage=15&unitid=330",
    )


RECORDS = [(f"/c/{number}.html", title, str(DAYS[number])) for number, title in enumerate(TITLES)]


@pytest.mark.parametrize(
    "content",
    [
        {
            "hits": {
                "hits": [
                    {"_id": u, "_source": {"title": t, "url": u, "publishDate": d}} for u, t, d in RECORDS
                ]
            }
        },
        {"list": {str(n): {"title": t, "url": u, "time": d} for n, (u, t, d) in enumerate(RECORDS)}},
        {"data": [{"title": {"cn": t}, "link": {"href": u}, "date": d} for u, t, d in RECORDS]},
        {"数据": [{"标题": t, "链接": u, "发布时间": d} for u, t, d in RECORDS]},
        {"list": [{"title": t, "url": u, "createTime": "2026-11-27", "showTime": d} for u, t, d in RECORDS]},
        {"list": [{"title": t, "href": u, "fbsj": d[5:]} for u, t, d in RECORDS]},
    ],
)
def test_fields_are_found_however_deep_and_whatever_they_are_called(content: object) -> None:
    page = read_data(content)
    assert addresses(page) == [url for url, _, _ in RECORDS]
    assert [item.title for item in page.items] == TITLES
    assert [item.published_on for item in page.items] == DAYS


def test_records_are_counted_on_by_the_address() -> None:
    content = {"total": 300, "data": [{"title": t, "url": u, "date": d} for u, t, d in RECORDS]}
    assert read_data(content, f"{SITE}/api?start=0&rows=6").next_pages == (f"{SITE}/api?start=6&rows=6",)
    assert read_data(content | {"total": 6}, f"{SITE}/api?page=1&size=20").next_pages == ()


@pytest.mark.parametrize(
    "script",
    [
        "var a=[];" + "".join(f"a.push({{title:'{t}',url:'{u}',date:'{d}'}});" for u, t, d in RECORDS),
        "".join(f"row('{u}','{t}','{d}');" for u, t, d in RECORDS),
        f"window.s={json.dumps({'rows': [{'title': t, 'url': u, 'pubDate': d} for u, t, d in RECORDS]})};",
    ],
)
def test_rows_that_a_script_draws_one_by_one_are_a_list(script: str) -> None:
    page = read(f"<p>载入中</p><script>{script}</script>")
    assert addresses(page) == [url for url, _, _ in RECORDS]
    assert page.items[0].published_on == date(2026, 11, 20)


def test_the_page_of_a_number_is_known_for_some_interfaces_and_asked_for_with_all_others() -> None:
    records = {"rows": [{"id": f"A{number}", "title": title} for number, title in enumerate(TITLES)]}
    known = read_data(records, f"{SITE}/zyjyPortal/portal/noticelist?category=CIVIL&page=1&rows=6")
    assert addresses(known) == [f"/zyjyPortal/portal/tradeEdit?id=A{number}" for number in range(6)]
    other = read_data(records, f"{SITE}/other/list?page=1")
    assert [note.kind for note in other.notes] == [NoteKind.ROWS_WITHOUT_ADDRESS]


@pytest.mark.parametrize(
    "day", ["11-{d}发布", "<time data-time='2026-11-{d} 08:00'>最近</time>", "2026/11/{d}"]
)
def test_a_job_board_lists_posts_and_not_their_companies(day: str) -> None:
    row = "<li><a href='/job/{n}.html'>{title}</a><a href='/co/{n}.html'>示例{n}有限公司</a><i>5-8千/月</i>"
    page = read(f"<ul>{rows(f'{row}<b>{day}</b></li>')}</ul>")
    assert addresses(page) == [f"/job/{701 + number}.html" for number in range(6)]
    assert [item.published_on for item in page.items] == DAYS


def test_rows_of_pages_that_a_script_draws_are_noted() -> None:
    page = read(f"<ul>{rows('<li><a href=#/detail/{n}>{title}</a><b>2026-11-{d}</b></li>')}</ul>")
    assert [note.kind for note in page.notes] == [NoteKind.ROWS_WITHOUT_ADDRESS]


def test_a_link_of_the_relation_next_leads_on_whatever_it_is_called() -> None:
    assert read(f"<ul>{PLAIN}</ul><a rel=next href='/p/2/'>往期</a>").next_pages == (f"{SITE}/p/2/",)
