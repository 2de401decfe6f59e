"""``qualwatch source show``: what a source gave, and everything of it that was not read, with advice."""

from __future__ import annotations

import json

from tests.parts.house import POSTING, listing, posting
from tests.parts.loopback import Site, answer
from tests.parts.operators import Operator

PATHS = [f"/news/2026110{number}_1.html" for number in range(1, 6)]


def test_everything_that_was_not_read_is_shown_with_reason_and_advice(operator: Operator, site: Site) -> None:
    operator.configure("news", site=site)
    assert "尚未访问" in operator.run("source", "show", "news").stdout
    for path in PATHS:
        site[path] = posting(POSTING)
    site[PATHS[0]] = posting(POSTING, below='<a href="/a.docx">附件.docx</a>')
    site["/a.docx"] = answer(b"PK\x03\x04 cut short", media_type="application/octet-stream")
    site[PATHS[1]] = answer("gone", status=500)
    site["/news/"] = listing(*PATHS)
    operator.run("run", "--once")
    shown = operator.run("source", "show", "news")
    assert shown.returncode == 1, shown.stderr
    assert "最近1次访问" in shown.stdout
    assert "须人工打开（1）" in shown.stdout
    assert f"{site.address}/a.docx" in shown.stdout
    assert "未能读取（1）" in shown.stdout
    assert "请人工打开核对" in shown.stdout
    record = json.loads(operator.run("source", "show", "news", "--format", "json").stdout)
    assert {each["url"].rpartition("/")[2]: each["by_hand"] for each in record["unread"]} == {
        "a.docx": True,
        PATHS[1].rpartition("/")[2]: False,
    }
    assert record["visits"][0]["items"] == len(PATHS)


def test_an_unknown_source_is_refused_with_those_that_are_known(operator: Operator, site: Site) -> None:
    operator.configure("news", site=site)
    refused = operator.run("source", "show", "nwes")
    assert refused.returncode == 2
    assert "news" in refused.stderr
