"""The same on PostgreSQL: the page is read, a step is taken once."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator

import pytest

from alerts.metrics.collected import Metrics
from console.serving import serve_console
from jobs.context import Context
from storage.database import open_database
from tests.alerts.stored import Posting
from tests.console.visitor import TEXT, Page, Room
from tests.databases import PostgresqlServer


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
