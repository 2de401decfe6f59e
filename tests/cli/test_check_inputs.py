"""What ``qualwatch check`` makes of pages, lines and records before it judges them."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cli.checking import records
from cli.checking.files import read_page
from cli.checking.judging import judge_record, judge_records
from cli.checking.model import Document, Failure, Judgement, Lines, Rules
from cli.checking.records import read_lines, read_record
from settings.model import Fetching
from tests.cli.test_check import LAWFUL, UNLAWFUL, as_lines
from tests.parts.loopback import Site, answer, redirect

RULES = Rules(None, date(2026, 11, 1), every_mention=False, as_lines=False)


def test_a_page_is_read_with_its_own_address_and_charset(site: Site, fetching: Fetching) -> None:
    page = f"<html><head><title>保洁主管</title></head><body><p>{UNLAWFUL}</p></body></html>"
    site.answers["/old"] = redirect("/new.html")
    site.answers["/new.html"] = answer(page.encode("gb18030"), media_type="text/html; charset=gbk")
    judgement = read_page(f"http://{site.host}/old", RULES, fetching)
    assert isinstance(judgement, Judgement)
    document = judgement.document
    assert document.url == f"http://{site.host}/new.html"
    assert document.identity == f"http://{site.host}/old"
    assert document.title == "保洁主管"
    assert "物业管理师证书" in document.text


def test_a_page_that_is_gone_fails_with_its_reason(site: Site, fetching: Fetching) -> None:
    failure = read_page(f"http://{site.host}/missing", RULES, fetching)
    assert isinstance(failure, Failure)
    assert "404" in failure.reason


def test_an_address_that_is_none_fails_with_its_reason() -> None:
    failure = read_page("http://", RULES)
    assert isinstance(failure, Failure)
    assert failure.reason


def test_a_line_that_is_too_long_is_told_and_the_next_one_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(records, "MAX_LINE", 100)
    path = tmp_path / "a.jsonl"
    path.write_bytes(as_lines({"id": "a", "text": "长" * 500}, {"id": "b", "text": "短"}))
    with path.open("rb") as stream:
        batches = list(read_lines(stream, "a.jsonl", batched=False))
    assert [(batch.numbers, batch.lines[0] is None) for batch in batches] == [((1,), True), ((2,), False)]
    failure = read_record(None, "a.jsonl", 1)
    assert isinstance(failure, Failure)
    assert "line 1: longer than" in failure.reason


def test_a_record_that_cannot_be_judged_fails_alone_in_its_batch() -> None:
    texts = (UNLAWFUL, "\ud800会计证", LAWFUL, UNLAWFUL)
    records_ = [Document(str(place), f"#{place}", text) for place, text in enumerate(texts)]
    outcomes = list(judge_records([*records_, Failure(None, "#4", "no id")], RULES))
    failed = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
    assert [failure.name for failure in failed] == ["#1", "#4"]
    assert failed[0].reason.startswith("not judged: UnicodeEncodeError")
    judged = [outcome for outcome in outcomes if isinstance(outcome, Judgement)]
    assert [len(judgement.result.findings) for judgement in judged] == [1, 0, 1]
    assert judged == [judge_record(judgement.document, RULES) for judgement in judged]


def test_lines_are_batched_by_number_and_keep_their_count(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"{}\n\n" * 600)
    with path.open("rb") as stream:
        batches: list[Lines] = list(read_lines(stream, "a", batched=True))
    assert [len(batch.lines) for batch in batches] == [256, 256, 88]
    assert [batch.numbers[:2] for batch in batches] == [(1, 3), (513, 515), (1025, 1027)]


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2015-03-12", "2015-03-12"),
        ("2015-03-12T08:00:00+08:00", "2015-03-12"),
        ("2015/3/12", "2015-03-12"),
        ("2015年3月12日", "2015-03-12"),
        ("2015-03", "2015-03-01"),
        ("2015", "2015-01-01"),
        ("2015-02-30", None),
        ("soon", None),
        (20150312, None),
    ],
)
def test_a_records_date_is_read_or_refused(written: Any, day: str | None) -> None:
    document = read_record(json.dumps({"id": 1, "text": "", "date": written}).encode(), "a", 1)
    if day is None:
        assert isinstance(document, Failure)
        assert "date" in document.reason
    else:
        assert not isinstance(document, Failure)
        assert str(document.published_on) == day
