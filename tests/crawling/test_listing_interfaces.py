"""Interfaces and pages whose lists are data, each with a quirk: records, tables, shells that only draw."""

from __future__ import annotations

import json
from datetime import date

import pytest

from assessment.lists import read_list
from assessment.reading import Answer, ReadingError
from crawling.listing.model import ListPage
from settings.sources import Selectors
from tests.crawling.test_listing_makes import SITE, TITLES, TODAY
from vocabulary.codes import Outcome

DAYS = [date(2026, 11, 20 - n) for n in range(len(TITLES))]
ROWS = list(enumerate(zip(TITLES, DAYS, strict=True)))
DRAWN = [{"title": title, "url": f"/a/{n}.html", "date": str(day)} for n, (title, day) in ROWS]


def read(body: str) -> ListPage:
    return read_list(Answer(body.encode(), charset="utf-8"), f"{SITE}/list", Selectors(), None, TODAY)


@pytest.mark.parametrize(
    "content",
    [
        {
            "list": [
                {
                    "title": title,
                    "url": f"/a/{n}.html",
                    "PublishDate": f"/Date({1795132800000 - n * 86400000})/",
                }
                for n, (title, _) in ROWS
            ]
        },
        [
            {"article": {"title": title, "path": f"/a/{n}.html"}, "publishAt": f"{day} 09:00"}
            for n, (title, day) in ROWS
        ],
        {
            "results": [
                {
                    "jobName": title,
                    "positionURL": f"{SITE}/a/{n}.html",
                    "updateDate": str(day),
                    "company": {"name": "样例公司", "url": f"{SITE}/c.htm"},
                }
                for n, (title, day) in ROWS
            ]
        },
        {"data": [[f"<a href='/a/{n}.html'>{title}</a>", str(day)] for n, (title, day) in ROWS]},
        {"columns": ["a", "b", "c"], "rows": [[str(day), title, f"/a/{n}.html"] for n, (title, day) in ROWS]},
    ],
    ids=["moments of .NET", "article inside", "company beside", "cells of HTML", "cells"],
)
def test_records_and_tables_are_read(content: object) -> None:
    page = read(json.dumps(content, ensure_ascii=False))
    assert [(item.title, item.url, item.published_on) for item in page.items] == [
        (title, f"{SITE}/a/{n}.html", day) for n, (title, day) in ROWS
    ]


def test_an_address_that_all_records_share_is_none() -> None:
    same = [{"title": title, "url": "/portal/"} for title in TITLES]
    assert not read(json.dumps(same)).items


@pytest.mark.parametrize(
    "inside",
    [
        f"<script>var rows = {json.dumps(DRAWN)};</script>",
        "<div id=app></div><script id=state type='application/json'>"
        + json.dumps({"props": {"posts": DRAWN}})
        + "</script>",
        "<script></script><textarea hidden>"
        + "".join(
            f"&lt;li&gt;&lt;a href='{row['url']}'&gt;{row['title']}&lt;/a&gt;{row['date']}" for row in DRAWN
        )
        + "</textarea>",
    ],
    ids=["array", "state", "markup in a field"],
)
def test_a_page_that_only_a_script_fills_is_read_from_it(inside: str) -> None:
    page = read(f"<html><body>{inside}</body></html>")
    assert [item.title for item in page.items] == TITLES
    assert [item.published_on for item in page.items] == DAYS


def test_a_shell_without_a_list_is_empty() -> None:
    with pytest.raises(ReadingError) as caught:
        read("<html><body><div id=app></div><script src='/app.js'></script></body></html>")
    assert caught.value.outcome is Outcome.EMPTY
