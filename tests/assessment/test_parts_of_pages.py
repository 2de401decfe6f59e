"""Files, frames and stubs of a page, by the makes in which sites write them; in pages of our own."""

from __future__ import annotations

from datetime import date

import pytest

from assessment.reading import Answer, Assessment, Known, assess
from crawling.fetching.redirects import refresh_target

SITE = "http://rsj.example.gov.cn"
URL = f"{SITE}/tzgg/202611/88.html"
TITLE = "示例县公开招聘会计公告"
BODY = f"<h1>{TITLE}</h1>" + "<p>招聘会计一名，须持有会计从业资格证书；身体健康。</p>" * 3


def read(markup: str) -> Assessment:
    page = f"<html><head><title>{TITLE}</title></head><body>{BODY}{markup}</body></html>"
    return assess(Answer(page.encode(), "text/html", "utf-8"), Known(URL, title=TITLE), date(2026, 11, 28))


@pytest.mark.parametrize(
    ("markup", "address"),
    [
        ("<a href='/o/78'>【岗位表.doc】已下载33次</a>", "/o/78"),
        ("<a href='/o/78'>《岗位表.doc》</a>", "/o/78"),
        ("<p>附件：<a href='/o/13'>示例县招聘岗位</a></p>", "/o/13"),
        ("<p>附件下载：</p><ul><li><a href='/o/13'>示例县招聘岗位一览</a></li></ul>", "/o/13"),
        ("<p>附件：<a href='/o/13'>岗位</a><br>2.<a href='/o/14'>推荐人选</a></p>", "/o/14"),
        ("<a href='/pdfjs/web/viewer.html?file=/f/a.pdf'>岗位表</a>", "/f/a.pdf"),
        ("<embed src='/o/99' type='application/pdf'>", "/o/99"),
        ("<object data='/o/99' type='application/pdf'></object>", "/o/99"),
        ("<p file='/f/a.docx'>岗位表</p>", "/f/a.docx"),
        ("<input type='hidden' value='/f/a.docx'>", "/f/a.docx"),
        ("<script>var f=[{'name':'岗位表.docx','url':'\\/f\\/a.docx'}];</script>", "/f/a.docx"),
        ("<textarea style='display:none'>&lt;a href='/f/a.docx'&gt;岗位表&lt;/a&gt;</textarea>", "/f/a.docx"),
        ("<a href='/f/a.docx'><img src='/icon/doc.gif'></a>", "/f/a.docx"),
        ("<map><area href='/f/a.docx'></map>", "/f/a.docx"),
        ("<a href='/f/a.xlsm'>岗位</a>", "/f/a.xlsm"),
    ],
)
def test_a_file_is_found_however_the_page_offers_it(markup: str, address: str) -> None:
    assert [file.url for file in read(markup).attachments][-1:] == [f"{SITE}{address}"]


def test_links_below_the_text_that_are_no_files_are_none() -> None:
    assert read("<p>附件：略</p><p>相关链接 <a href='/n/1'>示例县概况</a></p>").attachments == ()
    assert read("<p><a href='/n/1'>上一篇</a><a href='/n/2'>下一篇</a></p>").attachments == ()


@pytest.mark.parametrize(
    "markup",
    [
        "<iframe data-src='/c/main.html'></iframe>",
        "<iframe id=c></iframe><script>document.getElementById('c').src='/c/main.html'</script>",
        "<div id=c></div><script>$('#c').load('/c/main.html')</script>",
    ],
)
def test_a_frame_that_a_script_fills_is_part_of_the_page(markup: str) -> None:
    assert read(markup).frames == (f"{SITE}/c/main.html",)


def test_a_frame_whose_query_names_a_file_is_asked_for() -> None:
    assert read("<iframe src='/office/show?id=3&name=a.docx'></iframe>").frames


@pytest.mark.parametrize(
    "body",
    [
        "<meta http-equiv='refresh' content='0;/n/a.html'>",
        "<script>window['location']='/n/a.html'</script>",
        "<script>window.location['href']='/n/a.html'</script>",
        "<script>window.open('/n/a.html','_self')</script>",
        "<script>var u = '/n/a.html'; window.location.replace(u);</script>",
        "<script>//<!--\nlocation.href='/n/a.html';\n//--></script>",
        "<script>location.href='\\/n\\/a.html'</script>",
        "<script>location.href='/n/'+'a.html'</script>",
    ],
)
def test_a_stub_sends_its_readers_on_however_it_is_written(body: str) -> None:
    assert refresh_target(URL, body.encode()) == f"{SITE}/n/a.html"


@pytest.mark.parametrize(
    "body",
    [
        "<script>window.open('/n/a.html','_blank')</script>",
        "<script>var u='/n/'; location.href=u+id</script>",
        "<!-- <script>location.href='/n/a.html'</script> -->",
    ],
)
def test_what_only_a_script_knows_sends_nobody_on(body: str) -> None:
    assert refresh_target(URL, body.encode()) == ""
