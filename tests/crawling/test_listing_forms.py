"""Lists that are data: jpage datastores, JSON interfaces, feeds and sitemaps, hostile ones among them."""

from __future__ import annotations

import contextlib
import gzip
import json
import time
from datetime import date

import pytest

from assessment.lists import read_list
from assessment.reading import Answer, ReadingError
from crawling.listing.forms import FORMS, MAX_BYTES, PAGE, read_data_list, recognise
from crawling.listing.forms.fields import json_date
from crawling.listing.model import ListError, ListPage, NoteKind
from settings.sources import Listing, Selectors
from vocabulary.codes import Outcome

SITE = "http://rsj.example.gov.cn"


def read(body: bytes | str, url: str = f"{SITE}/list", listing: Listing | None = None) -> ListPage:
    raw = body.encode() if isinstance(body, str) else body
    return read_data_list(raw, url, recognise(raw, listing), listing)


# 大汉 jpage


def datastore(records: str, group: str = "", total: int = 240) -> str:
    return (
        f"<datastore>{group}<totalrecord>{total}</totalrecord><totalpage>16</totalpage>"
        f"<recordset>{records}</recordset></datastore>"
    )


def record(number: int) -> str:
    return (
        "<record><![CDATA[<tr><td><a href='/col/col8/'>[通知]</a>"
        f"<a href='/art/2026/11/{number}/art_8_{number}.html' title='第{number}批公开招聘拟聘用人员公示'>"
        f"第{number}批…"
        f"</a></td><td>2026-11-{number:02d}</td></tr>]]></record>"
    )


GROUP = (
    '<nextgroup><![CDATA[<a href="/module/web/jpage/dataproxy.jsp?page=2&amp;appid=1&amp;columnid=8"></a>]]>'
    "</nextgroup>"
)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_datastore_gives_its_records_and_the_next_group(encoding: str) -> None:
    head = f'<?xml version="1.0" encoding="{encoding}"?>\n'
    page = read((head + datastore("".join(map(record, range(1, 16))), GROUP)).encode(encoding))
    assert len(page.items) == 15
    assert page.items[2].url == f"{SITE}/art/2026/11/3/art_8_3.html"
    assert page.items[2].title == "第3批公开招聘拟聘用人员公示"
    assert page.items[2].published_on == date(2026, 11, 3)
    assert page.next_pages == (f"{SITE}/module/web/jpage/dataproxy.jsp?page=2&appid=1&columnid=8",)
    assert (page.found_by, page.sureness) == ("datastore", 1.0)


@pytest.mark.parametrize(
    ("query", "following"),
    [
        ("startrecord=1&endrecord=45&perpage=15", "startrecord=46&endrecord=90&perpage=15"),
        ("startrecord=226&endrecord=239&perpage=15", "startrecord=240&endrecord=240&perpage=15"),
        ("startrecord=226&endrecord=240&perpage=15", None),
        ("startrecord=x&endrecord=45", None),
    ],
)
def test_a_datastore_without_groups_is_counted_on_by_its_records(query: str, following: str | None) -> None:
    address = f"{SITE}/dataproxy.jsp?"
    page = read(datastore(record(1)), address + query)
    assert page.next_pages == (() if following is None else (address + following,))


def test_a_datastore_in_a_page_s_script_is_read_instead_of_its_links() -> None:
    island = datastore("".join(map(record, range(1, 9))), GROUP)
    markup = (
        "<html><head><title>公示公告</title></head><body><ul>"
        "<li><a href='/art/2020/1/1/art_1_1.html'>去年的一条热点新闻标题</a>2020-01-01</li></ul>"
        f"<script type='text/xml'>{island}</script></body></html>"
    )
    page = read_list(Answer(markup.encode("gb18030"), "text/html"), f"{SITE}/col/col8/", Selectors())
    assert [item.published_on for item in page.items] == [date(2026, 11, day) for day in range(1, 9)]
    assert page.next_pages[0].endswith("page=2&appid=1&columnid=8")
    assert (page.title, page.found_by) == ("公示公告", "datastore")


def test_an_empty_or_broken_record_is_left_out_and_lowers_the_sureness() -> None:
    page = read(datastore(record(1) + "<record><![CDATA[]]></record><record><![CDATA[<a href=']]></record>"))
    assert len(page.items) == 1
    assert page.sureness < 0.5


# JSON


def interface(count: int = 10) -> dict[str, object]:
    rows = [
        {
            "id": f"a{n}",
            "docTitle": f"<em>第{n}号</em>会计岗位招聘公告",
            "url": f"/art/{n}.html",
            "pubDate": f"2026-10-{n:02d} 08:30:00",
        }
        for n in range(1, count + 1)
    ]
    return {"code": 0, "menu": [{"title": "首页", "url": "/"}], "data": {"total": 99, "rows": rows}}


def test_an_interface_is_read_by_its_shape() -> None:
    page = read(json.dumps(interface(), ensure_ascii=False), f"{SITE}/api/list?columnId=7&pageNo=3")
    assert len(page.items) == 10
    assert page.items[0].title == "第1号会计岗位招聘公告"
    assert page.items[0].url == f"{SITE}/art/1.html"
    assert page.items[0].published_on == date(2026, 10, 1)
    assert page.next_pages == (f"{SITE}/api/list?columnId=7&pageNo=4",)
    assert page.sureness < 1


def test_an_interface_is_read_as_its_source_says() -> None:
    listing = Listing(
        records="data.rows",
        title="docTitle",
        link="/detail?id={id}&type=1",
        date="pubDate",
        page_key="start",
        page_step=10,
    )
    page = read(json.dumps(interface()), f"{SITE}/api/list?size=10", listing)
    assert page.items[1].url == f"{SITE}/detail?id=a2&type=1"
    assert page.next_pages == (f"{SITE}/api/list?size=10&start=10",)
    assert page.sureness == 1


def test_an_answer_wrapped_in_a_callback_is_read() -> None:
    assert len(read(f"jQuery123_45({json.dumps(interface())});").items) == 10


def test_the_last_page_of_an_interface_has_no_next() -> None:
    page = read(json.dumps(interface(0)), f"{SITE}/api?pageNo=9", Listing(records="data.rows"))
    assert (page.items, page.next_pages) == ((), ())


def test_a_path_that_leads_nowhere_names_what_is_there() -> None:
    with pytest.raises(ListError, match=r"listing\.records = 'data\.list'.*code, data, menu"):
        read(json.dumps(interface()), listing=Listing(records="data.list"))


def test_records_without_an_address_name_their_fields() -> None:
    page = read(json.dumps([{"title": "会计", "jobId": 7}]))
    assert page.items == ()
    assert [note.kind for note in page.notes] == [NoteKind.ROWS_WITHOUT_ADDRESS]
    assert "listing.link" in page.notes[0].detail
    assert "jobId, title" in page.notes[0].detail


def test_records_with_values_of_other_kinds_are_left_out() -> None:
    rows = [
        {"title": ["x"], "url": {"a": 1}},
        {"title": None, "url": None},
        {"title": 5, "url": "/5.html"},
        7,
        None,
    ]
    page = read(json.dumps([{"title": "一", "url": "/1.html"}, *rows]))
    assert [item.url for item in page.items] == [f"{SITE}/1.html", f"{SITE}/5.html"]


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2026-11-05T23:59:00+08:00", date(2026, 11, 5)),
        (20261105, date(2026, 11, 5)),
        (1793894400, date(2026, 11, 6)),  # 16:00 UTC: the next day in China
        (1793894400000, date(2026, 11, 6)),
        ("1793894400000", date(2026, 11, 6)),
        (17, None),
        (1e300, None),
        (float("nan"), None),
        (True, None),
        (None, None),
        ("昨天", None),
    ],
)
def test_days_of_interfaces(value: object, day: date | None) -> None:
    assert json_date(value) == day


@pytest.mark.parametrize(
    "body",
    ["[" * 100_000, '{"a":' * 100_000, "[" + "9" * 10_000 + "]", '{"rows": [', "{'rows': 1}", "callback([1,"],
)
def test_hostile_json_ends_in_a_clear_error(body: str) -> None:
    with pytest.raises(ListError, match="JSON"):
        read(body, listing=Listing(form="json"))


def test_a_wide_answer_is_looked_through_in_bounded_time() -> None:
    wide: dict[str, object] = {"data": {f"k{n}": [[[{}]]] for n in range(200_000)}}
    began = time.process_time()
    assert read(json.dumps(wide)).items == ()
    assert time.process_time() - began < 10


# Feeds

RSS = """<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>通知公告</title>
<item><title><![CDATA[关于招聘会计&amp;出纳的公告]]></title><link>http://rsj.example.gov.cn/a/1.html</link>
<pubDate>Thu, 05 Nov 2026 09:00:00 +0800</pubDate></item>
<item><title>第二条 & 公告</title><link>/a/?a=1&b=2</link><pubDate>2026-11-04 10:00</pubDate></item>
<item><title>没有日期</title><guid>http://rsj.example.gov.cn/a/3.html</guid></item>
<item><title>别处</title><link>http://evil.example.net/4.html</link></item>
<item><title>无链接</title></item></channel></rss>"""

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>招聘</title><link rel="self" href="/feed"/>
<link rel="next" href="/feed?page=2"/>
<entry><title type="html">&lt;b&gt;出纳&lt;/b&gt;一名</title><link rel="enclosure" href="/x.pdf"/>
<link href="/job/1"/><updated>2026-11-05T01:00:00Z</updated></entry></feed>"""

RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>t</title></channel>
<item><title>旧式的公告</title><link>/r/1</link><dc:date>2026-11-03T00:00:00+08:00</dc:date></item></rdf:RDF>"""


def test_a_feed_of_rss_is_read() -> None:
    page = read(RSS)
    assert [(item.url[-7:], item.published_on) for item in page.items] == [
        ("/1.html", date(2026, 11, 5)),
        ("a=1&b=2", date(2026, 11, 4)),
        ("/3.html", None),
    ]
    assert [item.title for item in page.items[:2]] == ["关于招聘会计&出纳的公告", "第二条 & 公告"]
    assert (page.title, page.found_by, page.sureness) == ("通知公告", "feed", 1.0)


def test_a_feed_of_atom_is_read_and_followed() -> None:
    page = read(ATOM)
    assert [(item.url, item.title) for item in page.items] == [(f"{SITE}/job/1", "出纳一名")]
    assert page.items[0].published_on == date(2026, 11, 5)
    assert page.next_pages == (f"{SITE}/feed?page=2",)


def test_a_feed_of_the_first_rss_is_read() -> None:
    page = read(RDF)
    assert [(item.title, item.published_on) for item in page.items] == [("旧式的公告", date(2026, 11, 3))]


def test_a_cut_off_feed_gives_what_arrived() -> None:
    assert len(read(RSS[: RSS.index("<item><title>没有")]).items) == 2


# Sitemaps


def sitemap(count: int = 5) -> str:
    places = "".join(
        f"<url><loc>{SITE}/art/{n}.html</loc><lastmod>2026-11-{n:02d}</lastmod></url>"
        for n in range(1, count + 1)
    )
    return (
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
        f"{places}<url><loc>{SITE}/about/</loc></url><url><loc>http://b.example.com/x</loc></url></urlset>"
    )


def test_a_sitemap_gives_what_changed_last_first() -> None:
    page = read(sitemap(), listing=Listing(contains="/art/"))
    assert [item.url[-6:] for item in page.items] == ["5.html", "4.html", "3.html", "2.html", "1.html"]
    assert page.items[0].published_on is None  # lastmod is no day of publication


def test_a_sitemap_without_a_pattern_is_unsure() -> None:
    assert read(sitemap()).sureness < read(sitemap(), listing=Listing(contains="/art/")).sureness


def test_an_index_gives_its_parts_and_no_items() -> None:
    index = (
        "<?xml version='1.0'?><sitemapindex xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>"
        f"<sitemap><loc>{SITE}/1.xml</loc><lastmod>2025-01-01</lastmod></sitemap>"
        f"<sitemap><loc>{SITE}/2.xml.gz</loc><lastmod>2026-01-01</lastmod></sitemap></sitemapindex>"
    )
    page = read(index)
    assert (page.items, page.parts) == ((), (f"{SITE}/2.xml.gz", f"{SITE}/1.xml"))


def test_a_packed_sitemap_is_read() -> None:
    assert len(read(gzip.compress(sitemap().encode())).items) == 6


def test_a_packed_bomb_is_refused() -> None:
    bomb = gzip.compress(b"<urlset>" + b" " * (MAX_BYTES + 10), compresslevel=9)
    with pytest.raises(ListError, match="more than 16 MB"):
        read(bomb, listing=Listing(form="sitemap"))


@pytest.mark.parametrize("body", [gzip.compress(sitemap().encode())[:-40], b"\x1f\x8bnonsense"])
def test_a_damaged_package_is_refused(body: bytes) -> None:
    with pytest.raises(ListError, match="packed"):
        read(body, listing=Listing(form="sitemap"))


# Hostile XML

BOMB = (
    "<!DOCTYPE rss [<!ENTITY a 'xxxxxxxxxx'>"
    + "".join(f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(9))
    + "]><rss><channel><item><title>&j;</title><link>/1?x=&j;</link></item></channel></rss>"
)
FILE = (
    '<!DOCTYPE rss [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    "<rss><channel><item><title>&f;</title><link>/1</link></item></channel></rss>"
)


@pytest.mark.parametrize("body", [BOMB.encode(), FILE.encode(), BOMB.encode("utf-16")])
def test_entities_are_refused(body: bytes) -> None:
    with pytest.raises(ListError, match="entities"):
        read(body)


def test_an_outer_definition_is_not_fetched() -> None:
    page = read(
        f'<!DOCTYPE rss SYSTEM "http://127.0.0.1:9/x.dtd">{RSS.partition("?>")[2]}',
        listing=Listing(form="feed"),
    )
    assert len(page.items) == 3


def test_deep_xml_ends_within_its_bounds() -> None:
    deep = "<rss>" + "<a>" * 200_000 + "</a>" * 200_000 + "</rss>"
    began = time.process_time()
    with contextlib.suppress(ListError):
        assert read(deep).items == ()
    assert time.process_time() - began < 10


@pytest.mark.parametrize("form", sorted(FORMS))
@pytest.mark.parametrize(
    "body", [b"", b"\x00" * 50, b"<", b"<html><body>x</body></html>", b"\xff\xfe<", b"{}"]
)
def test_other_bytes_give_an_error_or_nothing(form: str, body: bytes) -> None:
    with contextlib.suppress(ListError):
        page = read_data_list(body, f"{SITE}/", form)
        assert (page.items, page.sureness, page.found_by) == ((), 0.0, "nothing")


def test_too_large_a_list_is_refused() -> None:
    with pytest.raises(ListError, match="16 MB"):
        read_data_list(b"[" + b" " * MAX_BYTES, f"{SITE}/", "json")


# Which form


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (RSS, "feed"),
        (ATOM, "feed"),
        (RDF, "feed"),
        (sitemap(), "sitemap"),
        ('<?xml version="1.0"?>\n<datastore>', "datastore"),
        ('{"a": 1}', "json"),
        ("[1]", "json"),
        ("cb({})", "json"),
        ("<!DOCTYPE html><html><body><p>rss</p></body></html>", PAGE),
        ('<?xml version="1.0"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml">', PAGE),
        ("<html><head><script>var a = '<rss '</script>", PAGE),
        ("", PAGE),
    ],
)
def test_a_form_is_recognised_by_its_beginning(body: str, form: str) -> None:
    assert recognise(body.encode()) == form


def test_the_source_decides_over_the_bytes() -> None:
    assert recognise(b"{}", Listing(form="feed")) == "feed"


def test_a_list_that_cannot_be_read_ends_in_an_outcome() -> None:
    with pytest.raises(ReadingError, match="JSON") as caught:
        read_list(Answer(b"{broken", "application/json"), f"{SITE}/", Selectors(), Listing())
    assert caught.value.outcome is Outcome.ERROR


@pytest.mark.parametrize(
    "row",
    [
        "<row><title>{t}</title><url>/n/{n}.html</url><pubtime>2026-11-0{n}</pubtime></row>",
        "<row title='{t}' href='/n/{n}.html' date='2026-11-0{n}'/>",
        "<a:row xmlns:a='urn:x'><a:title>{t}</a:title><a:link>/n/{n}.html</a:link>"
        "<a:date>2026-11-0{n}</a:date></a:row>",
    ],
)
@pytest.mark.parametrize("charset", ["utf-8", "gb2312"])
def test_records_in_xml_of_a_make_of_its_own_are_a_list(row: str, charset: str) -> None:
    listed = "".join(row.format(t=f"关于公开招聘第{n}批人员的公告", n=n) for n in range(1, 5))
    declared = f"<?xml version='1.0' encoding='{charset}'?>\n"
    body = f"{declared}<data><total>4</total><list>{listed}</list></data>".encode(charset)
    assert recognise(body) == "xml"
    page = read_data_list(body, "http://rsj.example.gov.cn/list.xml", "xml")
    said = [f"关于公开招聘第{n}批人员的公告" for n in range(1, 5)]
    assert [item.title for item in page.items] == said
    assert [item.published_on for item in page.items] == [date(2026, 11, n) for n in range(1, 5)]
    assert page.found_by == "xml"


def test_a_page_that_declares_itself_as_xml_stays_a_page() -> None:
    assert recognise(b"<?xml version='1.0'?>\n<html><body><a href='/a.html'>a</a></body></html>") == PAGE
    assert recognise(b"<?xml version='1.0'?><!DOCTYPE html PUBLIC 'x'><html></html>") == PAGE
