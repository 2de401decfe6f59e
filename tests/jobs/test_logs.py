"""The log as JSON, with the visit that each line belongs to, and without secrets."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest
import structlog

from jobs.logs import set_up_logging
from jobs.terminal import VisitLog
from settings.model import Logs, Settings
from settings.people import Chat
from settings.retention import Storage
from tests.parts.house import House, listing, posting
from tests.parts.loopback import Site

SECRET = "https://example.cn/hook/geheim"  # noqa: S105 - nobody's


@pytest.fixture
def lines() -> Iterator[list[str]]:
    written: list[str] = []
    settings = Settings(
        logs=Logs(format="json"),
        chats=(Chat.model_validate({"name": "office", "channel": "webhook", "secret_url": SECRET}),),
        storage=Storage(database="postgresql://q:p%40ssword@db/q"),
    )
    set_up_logging(written.append, quiet=False, settings=settings)
    yield written
    structlog.reset_defaults()


def test_every_line_of_a_visit_is_an_object_with_its_number(
    house: House, site: Site, lines: list[str]
) -> None:
    paths = [f"/zp/2026110{each}_1.html" for each in (1, 2, 3)]
    site["/list/"] = listing(*paths)
    site[paths[0]] = posting()
    house.context = replace(house.context, observers=(VisitLog(),))
    visits = [house.visit().visit_id for _ in range(2)]
    said = [json.loads(line) for line in lines]
    assert [line["event"] for line in said].count("visit_ended") == 2
    assert {line["visit"] for line in said} == set(visits)
    failed = [line for line in said if line["event"] == "page_not_read"]
    assert len(failed) >= 2
    assert all(line["at"].endswith("Z") and line["level"] and line["source"] == "test" for line in said)
    structlog.get_logger().info("after")
    assert "visit" not in json.loads(lines[-1])


def test_no_line_holds_a_secret_whoever_says_it(lines: list[str]) -> None:
    logging.getLogger("urllib3").warning("POST %s failed", SECRET)
    try:
        int(f"{SECRET} with p@ssword or p%40ssword")
    except ValueError:
        structlog.get_logger().exception("failed")
    assert len(lines) == 2
    for line in lines:
        assert json.loads(line)
        assert "geheim" not in line
        assert "ssword" not in line


def test_words_from_outside_end_no_line(lines: list[str]) -> None:
    structlog.get_logger().info("found", title='招聘\n{"event": "forged"}\x1b[2J\u2028')
    (line,) = lines
    assert "\n" not in line
    assert "\x1b" not in line
    assert json.loads(line)["title"].startswith("招聘")
