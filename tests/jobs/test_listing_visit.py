"""Lists of every form, visited end to end: real site, database, evidence and workers."""

from __future__ import annotations

import gzip
import json
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

import pytest

from cli.dry_visit import dry_visit
from settings.model import Detection
from storage.tables import Document, FetchRecord
from tests.jobs.trap_files import zipped
from tests.parts.house import POSTING, House, listing, posting, rows
from tests.parts.loopback import Site, answer
from vocabulary.codes import Outcome

XML = "application/xml"


def postings(site: Site, count: int) -> list[str]:
    paths = [f"/a/20261101_{100 + number}.html" for number in range(count)]
    for number, path in enumerate(paths):
        site[path] = posting(f"示例单位之{number}招聘出纳1名，须持有会计从业资格证书。")
    return paths


def documents(house: House) -> set[str]:
    return {urlsplit(document.url).path for document in house.rows(Document)}


def test_an_interface_is_walked_to_its_end(house: House, site: Site) -> None:
    paths = postings(site, 7)

    def send(handler: BaseHTTPRequestHandler) -> None:
        number = int(parse_qs(urlsplit(handler.path).query)["pageNo"][0])
        records = [
            {"name": "示例市某局招聘公告", "href": path} for path in paths[number * 3 - 3 : number * 3]
        ]
        answer(json.dumps({"result": {"rows": records}}), media_type="application/json")(handler)

    site["/api"] = send
    summary = house.visit("/api?pageNo=1")
    assert (summary.outcome, summary.pages) == (Outcome.OK, 7)
    assert documents(house) == set(paths)
    assert summary.list_pages == 4  # the fourth is empty


def test_the_parts_of_a_packed_sitemap_are_visited(house: House, site: Site) -> None:
    paths = postings(site, 4)

    def places(own: list[str]) -> bytes:
        urls = "".join(f"<url><loc>{site.address}{path}</loc></url>" for path in own)
        return f"<urlset>{urls}</urlset>".encode()

    parts = "".join(f"<sitemap><loc>{site.address}/{name}</loc></sitemap>" for name in ("1.xml", "2.xml.gz"))
    site["/sitemap.xml"] = answer(f"<sitemapindex>{parts}</sitemapindex>", media_type=XML)
    site["/1.xml"] = answer(places([*paths[:2], "/about.html"]), media_type=XML)
    site["/2.xml.gz"] = answer(gzip.compress(places(paths[2:])), media_type="application/gzip")
    summary = house.visit("/sitemap.xml", listing={"contains": "/a/"})
    assert (summary.outcome, summary.list_pages) == (Outcome.OK, 3)
    assert documents(house) == set(paths)


def test_the_groups_of_a_datastore_are_visited(house: House, site: Site) -> None:
    paths = postings(site, 4)

    def group(own: list[str], following: str) -> str:
        records = "".join(
            f"<record><![CDATA[<li><a href='{p}'>示例市某局招聘公告</a></li>]]></record>" for p in own
        )
        onward = f"<nextgroup><![CDATA[<a href='{following}'></a>]]></nextgroup>" if following else ""
        return f"<datastore>{onward}<recordset>{records}</recordset></datastore>"

    island = group(paths[:2], "/module/web/jpage/dataproxy.jsp?page=1")
    site["/col/"] = answer(
        f"<html><title>公告</title><p>列表</p><script type='text/xml'>{island}</script></html>"
    )
    site["/module/web/jpage/dataproxy.jsp"] = answer(group(paths[2:], ""), media_type="text/xml")
    assert house.visit("/col/").outcome is Outcome.OK
    assert documents(house) == set(paths)


@pytest.mark.parametrize(
    ("first", "name", "script"),
    [
        ("/tz/", "index_{}.htm", 'createPageHTML(3, {}, "index", "htm");'),
        ("/tz/xlist.shtml", "xlist_{}.shtml", "createPageHTML('page_div',3,{},'xlist','shtml',6);"),
    ],
)
def test_a_list_numbered_by_script_is_visited_to_its_end(
    house: House, site: Site, first: str, name: str, script: str
) -> None:
    paths = postings(site, 6)
    start = 0 if first == "/tz/" else 1
    addresses = [first, *(f"/tz/{name.format(start + number)}" for number in (1, 2))]
    for number, address in enumerate(addresses):
        below = f"<script>{script.format(start + number)}</script>"
        site[address] = listing(*paths[number * 2 : number * 2 + 2], below=below)
    assert house.visit(first).list_pages == 3
    assert documents(house) == set(paths)


def test_a_list_that_goes_on_by_post_says_so(house: House, site: Site) -> None:
    paths = postings(site, 6)
    pager = "<form method=post action=/next><input type=hidden name=pageNo value=1></form>共9页 下一页"
    site["/list/"] = answer(f"<html><ul>{rows(*paths)}</ul>{pager}</html>")
    summary = house.visit()
    assert (summary.outcome, summary.pages) == (Outcome.OK, 6)
    assert "POST" in summary.detail
    (record,) = [record for record in house.rows(FetchRecord) if record.url.endswith("/list/")]
    assert "POST" in record.detail


@pytest.mark.parametrize(
    "body",
    [
        "<!DOCTYPE rss [<!ENTITY a 'b'>]><rss><channel/></rss>",
        "[" * 50_000,
        gzip.compress(b"<urlset>" + b" " * 2**25),
        '{"rows": 7}',
    ],
)
def test_a_hostile_list_ends_in_an_outcome(house: House, site: Site, body: str | bytes) -> None:
    site["/list/"] = answer(body, media_type=XML)
    summary = house.visit()
    assert summary.outcome in {Outcome.ERROR, Outcome.EMPTY, Outcome.UNDECODABLE}
    assert summary.detail


def test_an_item_inserted_late_is_met_by_the_next_visit(house: House, site: Site) -> None:
    paths = postings(site, 9)

    def publish(shown: list[str]) -> None:
        site["/list/"] = listing(*shown[:4], below="<a href='?page=2'>下一页</a>")
        site["/list/?page=2"] = listing(*shown[4:])

    publish(paths[:8])
    assert house.visit().new_documents == 8
    publish([*paths[:6], paths[8], *paths[6:8]])
    assert house.visit().new_documents == 1
    assert documents(house) == set(paths)


def test_a_dry_visit_follows_an_index_to_its_first_part(house: House, site: Site) -> None:
    (path,) = postings(site, 1)
    part = f"<sitemap><loc>{site.address}/1.xml</loc></sitemap>"
    site["/sitemap.xml"] = answer(f"<sitemapindex>{part}</sitemapindex>", media_type=XML)
    site["/1.xml"] = answer(f"<urlset><url><loc>{site.address}{path}</loc></url></urlset>", media_type=XML)
    quick = Detection(processes=0)
    settings = house.context.settings.model_copy(update={"detection": quick})
    steps = list(dry_visit(house.source("/sitemap.xml"), settings))
    assert all(step.is_well for step in steps)
    said = "\n".join(step.text for step in steps)
    assert "索引，含 1 个列表" in said
    assert path in said


def test_a_dry_visit_looks_into_an_archive(house: House, site: Site) -> None:
    site["/list/"] = listing("/f/20261101.zip")
    site["/f/20261101.zip"] = answer(
        zipped({"岗位表.txt": POSTING.encode("gb18030"), "空.doc": b"?"}), media_type="application/zip"
    )
    steps = list(dry_visit(house.source(), house.context.settings))
    shown = "\n".join(step.text for step in steps)
    assert "压缩包，含 2 个文件" in shown
    assert "违规 1 处" in shown
    assert [step.text.partition("：")[2][:5] for step in steps if not step.is_well] == ["附件不可读"]
