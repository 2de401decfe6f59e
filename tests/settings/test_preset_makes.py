"""Every shipped source, on a page of the make that its site has, in words of our own."""

from __future__ import annotations

import json
from datetime import date
from html import escape

import pytest

from assessment.lists import read_list
from assessment.reading import Answer
from crawling.listing.model import ListPage
from settings.shipped import preset_sources, shipped_presets
from settings.sources import Source

TODAY = date(2026, 11, 28)
TITLES = [f"示例单位关于第{number}批公开招聘工作人员的公告" for number in range(1, 6)]


def rows(template: str) -> str:
    return "".join(
        template.replace("{title}", title).replace("{cut}", f"{title[:12]}…").replace("{n}", str(number))
        for number, title in enumerate(TITLES, 1)
    )


TRS_ROW = (
    "<li><a href='./202611/t2026110{n}_88{n}.html' title='{title}'>{cut}</a><span>2026-11-0{n}</span></li>"
)
TRS = f"<ul>{rows(TRS_ROW)}</ul><script>createPageHTML(9, 0, 'index', 'html');</script>"
PAGES: dict[str, str] = {
    "ccgp": f"<ul>{rows(TRS_ROW)}</ul>"
    "<script>Pager({size:25, current:0, prefix:'index',suffix:'htm'});</script>",
    "cpta": "<ul class=list_14>"
    + rows("<li><a href='/notice/21{n}.html' title='{title}'>{cut}</a><i class=red>[2026-11-0{n}]</i></li>")
    + "</ul><a href='/notice_2.html'>2</a><a href='/notice_3.html'>3</a>",
    "fujian-rst": f'<ul>{rows(TRS_ROW)}</ul><script>createPageHTML(20, 0, "index", "htm");</script>',
    "fuzhou-rsj": TRS,
    "jilin-gov": TRS,
    "jilin-hrss": TRS,
    "mohrss": "<div>"
    + rows(
        "<div><div><span><a href='./202611/t2026110{n}_88{n}.html'>{title}</a></span></div>"
        "<div><span>2026-11-0{n}</span></div></div>"
    )
    + "</div><script>createPageHTML(20, 0, 'index', 'html');</script>",
    "govcn-policy": TRS,
    "job-mohrss": '<p>共5条</p><input type=hidden id=findjoblist value="'
    + escape(
        json.dumps(
            [
                {"aca112": title, "acb200": f"a{number}", "aae397": f"2026-11-0{number}", "aab004": "某公司"}
                for number, title in enumerate(TITLES, 1)
            ]
        )
    )
    + '"><form method=post><input name=pageNo value=1></form>下一页',
}
FILLED_BY_SCRIPT = {"gjzwfw": "<div id=app>正在加载</div><script src='/static/app.js'></script>"}


def test_every_shipped_source_has_a_page() -> None:
    assert {*PAGES, *FILLED_BY_SCRIPT} == set(shipped_presets())


def read(source: Source, body: str) -> ListPage:
    page = f"<html><head><title>{source.title}</title></head><body>{body}</body></html>"
    return read_list(
        Answer(page.encode(), "text/html"), str(source.url), source.selectors, source.listing, TODAY
    )


@pytest.mark.parametrize("name", PAGES)
def test_the_list_of_a_shipped_source_is_read_whole(name: str) -> None:
    page = read(preset_sources([name])[0], PAGES[name])
    assert [item.title for item in page.items] == TITLES
    assert [item.published_on for item in page.items] == [date(2026, 11, day) for day in range(1, 6)]
    assert page.next_pages
    assert page.notes == ()


@pytest.mark.parametrize("name", FILLED_BY_SCRIPT)
def test_a_shipped_source_that_a_script_fills_shows_nothing(name: str) -> None:
    assert read(preset_sources([name])[0], FILLED_BY_SCRIPT[name]).items == ()
