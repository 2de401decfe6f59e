"""The same on PostgreSQL: the page is read, a step is taken once."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests

from alerts.delivery.links import answer_code
from alerts.metrics.collected import Metrics
from console.serving import serve_console
from jobs.context import Context
from storage.database import open_database
from tests.alerts.stored import Posting
from tests.console.visitor import TEXT, Page, Room
from tests.parts.databases import PostgresqlServer


@pytest.fixture
def room(context: Context, postgresql_server: PostgresqlServer) -> Iterator[Room]:
    engine = open_database(postgresql_server.migrated())
    there = dataclasses.replace(context, engine=engine)
    metrics = Metrics(engine, (), context.now)
    with serve_console(lambda: there, metrics) as (url, _):
        yield Room(url, there, metrics)
    engine.dispose()


def test_a_case_is_shown_and_decided_once(room: Room) -> None:
    case = room.report(Posting(f"{TEXT}\x00尾"))
    page = Page(room.get(room.link(case)).text)
    assert page.marked == ["会计从业资格证"]
    assert "138******78" in page.words
    action, hidden = next(form for form in page.forms if form[1]["step"] == "dismiss")
    statuses = []

    def click() -> None:
        statuses.append(room.post(action, {**hidden, "note": "误判\x00"}).status_code)

    threads = [threading.Thread(target=click) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [303] * 5
    assert [event.kind for event in room.events(case)] == ["found", "dismissed"]


def test_an_expired_link_is_renewed(room: Room) -> None:
    link = room.link(room.report())
    room.wait(days=14)
    ((action, hidden),) = Page(room.get(link).text).forms
    assert [room.post(action, hidden).status_code for _ in range(2)] == [200, 200]


def test_what_stands_beside_cases_is_kept_and_shown(room: Room) -> None:
    console = room.context.settings.console
    console.__dict__["public_reports"] = True
    first, second = room.report(), room.report(Posting(TEXT, "另一公告", url="https://hr.example.com/2"))
    seat = room.enter("wang@example.com")
    until = str(room.context.now().date() + timedelta(days=60))
    fields = {"step": "dismiss", "note": "合法\x00", "except_until": until}
    assert seat.send(f"/cases/{second}", f"/cases/{second}/step", **fields).status_code == 303
    for step in ({"step": "confirm"}, {"step": "ask", "deadline": until}):
        assert seat.send(f"/cases/{first}", f"/cases/{first}/step", **step).status_code == 303
    code = answer_code(room.context.settings, first)
    no_file = {"file": ("", b"", "text/plain")}
    said = {"code": code, "name": "张某", "words": "已改\x00正", "once": "1"}
    assert _upload(room, "/answer", said, no_file) == 303
    assert seat.post(f"/cases/{first}/answers/1", {**seat.key, "accepted": "yes"}).status_code == 303
    assert _upload(room, "/report", {"words": TEXT, "contact": "赵"}, no_file) == 200
    assert seat.post("/reports/1/contact", seat.key).status_code == 200
    assert seat.post(f"/cases/{first}/publication", {**seat.key, "public": "yes"}).status_code == 303
    for path, words in (
        ("/today", "今日"),
        (f"/cases/{first}", "已通过"),
        ("/exceptions", "福安市某某医院"),
        ("/reports", "举报 1"),
        ("/trends", "100%"),
        ("/published", "已整改"),
        ("/catalogue", "待核实的行"),
    ):
        assert words in seat.page(path).words, path


def _upload(room: Room, path: str, fields: dict[str, str], files: dict[str, tuple[str, bytes, str]]) -> int:
    answer = requests.post(f"{room.url}{path}", data=fields, files=files, timeout=30, allow_redirects=False)
    return answer.status_code
