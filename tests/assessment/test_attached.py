"""Files of a page, wherever its source names them: viewers, calls, scripts and parts that a script shows."""

from __future__ import annotations

from datetime import date

import pytest

from assessment.reading import Answer, Assessment, Known, assess

SITE = "http://rsj.example.gov.cn"
TITLE = "示例县供水公司招聘出纳公告"


def page(below: str) -> Assessment:
    markup = f"<html><body><h1>{TITLE}</h1><p>现招聘出纳一名，要求见附件。</p>{below}</body></html>"
    known = Known(f"{SITE}/tzgg/88.html", title=TITLE)
    return assess(Answer(markup.encode(), "text/html", "utf-8"), known, date(2026, 11, 28))


@pytest.mark.parametrize(
    "below",
    [
        "<a href='javascript:;' onclick=\"down('7')\">附件：岗位表</a>"
        "<script>function down(i){open('/f/'+i+'.xls')}</script>",
        "<a href=\"javascript:down('7','岗位表.xls')\">岗位表.xls</a>"
        "<script>function down(id, name){location.href='/f/'+id+'.xls'}</script>",
        "<iframe src='/onlinePreview?url=aHR0cDovL3Jzai5leGFtcGxlLmdvdi5jbi9mLzcueGxz'></iframe>",
        "<script>PDFObject.embed('/f/7.xls', '#here');</script>",
        "<script>document.write('<a href=\"/f/7.xls\">附件：岗位表</a>');</script>",
        "<div style='display:none' id=files><a href='/f/7.xls'>岗位表</a></div>",
    ],
)
def test_files_are_found_where_no_link_shows_them(below: str) -> None:
    assert [each.url for each in page(below).attachments] == [f"{SITE}/f/7.xls"]


def test_a_file_that_an_unknown_call_opens_is_noted() -> None:
    reading = page(
        "<a href='javascript:;' onclick=\"down('8a7b')\">附件：岗位表.xls</a><script src=a.js></script>"
    )
    assert reading.attachments == ()
    assert "down('8a7b')" in reading.unread


def test_hidden_menus_stay_out() -> None:
    reading = page("<div style='display:none'><a href='/a.html'>首页</a><a href='/b.html'>下载中心</a></div>")
    assert (reading.attachments, reading.unread) == ((), "")
    assert "下载中心" not in reading.text
