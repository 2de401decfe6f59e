"""Every page that the application has, by its own list of routes: a new one is looked at without being named.

One desk, one account and one Chromium for all of it. Every free text in the database is hostile, so that what
any page shows of it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import Column, Enum, Table, Text, select, update
from sqlmodel import Session, SQLModel
from starlette.routing import Route

from accounts import people, sessions
from accounts.people import Person
from alerts.metrics.collected import Metrics
from assessment.workers import Workers
from console.application import build_application
from console.serving import serve_console
from console.viewer import SESSION_COOKIE
from crawling.fetching.fetcher import Fetcher
from jobs.context import Context
from settings.model import Settings
from storage.evidence import EvidenceStore, Exchange
from storage.tables import Case, CaseEvent, DocumentVersion, SavedView, SourceState, SourceTrouble, Visit
from storage.tables.columns import StoredText
from tests.alerts.stored import NOW
from tests.console.hostile import PAYLOADS
from tests.console.test_desk_browser import BLOCKED, CHROMIUM
from tests.console.visitor import Clock, Room, Seat
from tests.parts.databases import open_migrated
from vocabulary.codes import Outcome, Role, TroubleKind

BOSS = "admin@example.com"
KNOWN = {"source": "hr", "purpose": "open"}
"""What stands for a parameter of a path, where that is not the number 1."""
FILES = ("/register.", "/evidence.zip")
"""Addresses of files, which take their time."""
QUERIES = 40
"""Statements of any page."""
GROWN = 120
"""Cases more than before."""
_KEPT = frozenset({"alembic_version", "account", "account_session", "host_pace", "lease", "case_words"})
"""Tables in which no words of people or pages stand, or on which the desk itself stands."""
_OWN = frozenset(
    {"key", "source", "owner", "query", "evidence_file", "evidence_record", "media_type", "charset", "actor"}
    | {"kind", "usage", "status", "violation", "severity", "recipient", "channel", "etag"}
)
"""Columns of text whose words are the program's own."""


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    folder = tmp_path_factory.mktemp("desk")
    source = {"name": "hr", "url": "https://hr.example.com/list/", "title": PAYLOADS[3], "region": "350100"}
    said = {"storage": {"directory": str(folder)}, "console": {"port": 0}, "administrator": BOSS}
    settings = Settings.model_validate({**said, "sources": [source]})
    engine, fetcher = open_migrated(settings.storage.database_url), Fetcher(settings.fetching)
    with EvidenceStore(settings.storage.evidence_directory) as evidence:
        context = Context(
            settings, engine, evidence, fetcher, Workers(0, 10), sources=settings.watched(), now=Clock()
        )
        metrics = Metrics(engine, (), context.now)
        with serve_console(lambda: context, metrics) as (url, _):
            found = Room(url, context, metrics)
            _furnish(found)
            yield found
    fetcher.close()
    engine.dispose()


@pytest.fixture(scope="module")
def seat(room: Room) -> Seat:
    """An administrator who is signed in."""
    with Session(room.engine) as session, session.begin():
        account = people.add(session, Person(BOSS, PAYLOADS[4], Role.ADMINISTRATOR), actor=BOSS, now=NOW)
        session.flush()
        token = sessions.begin(session, account, room.context.settings.accounts, NOW, "", PAYLOADS[5])
    seat = Seat(room.url)
    seat.session.cookies.set(SESSION_COOKIE, token)
    return seat


@pytest.fixture(scope="module")
def pages(room: Room, seat: Seat) -> Mapping[str, str]:
    """What answers with a page, by its route."""
    found = {}
    for route, path in _addresses(room):
        answer = seat.get(path)
        assert answer.status_code not in {500, 503}, path
        if answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html"):
            found[route] = path
    assert len(found) > 10
    return {route: path for route, path in found.items() if not route.startswith("/archive/")}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Debian's chromium is not installed: nothing to look with")
    with sync_playwright() as player:
        opened = player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-quic"])
        yield opened
        opened.close()


def _addresses(room: Room) -> Iterator[tuple[str, str]]:
    """Every route that is asked with GET, and the address to ask it with."""
    application: Any = build_application(lambda: room.context, room.metrics)
    for route in application._application.routes:
        is_page = isinstance(route, Route) and "GET" in (route.methods or ())
        if is_page and not any(file in route.path for file in FILES):
            path = route.path
            for name in route.param_convertors:
                value = KNOWN.get(name, "1")
                path = path.replace(f"{{{name}:int}}", value).replace(f"{{{name}}}", value)
            yield route.path, path
    yield "/cases/{case}/{purpose}", urlsplit(room.link(1, to=BOSS))._replace(scheme="", netloc="").geturl()
    yield "/cases, open filter", "/cases?state=all&size=200&q=alert&publisher=a"
    yield "/cases, all", "/cases?state=all&size=200"


def _furnish(room: Room) -> None:
    """Cases by the hundred, a case with its page in the archive, a source in trouble; all of it hostile."""
    body = "\n".join(PAYLOADS).encode()
    exchange = Exchange("https://hr.example.com/x", "GET", (), 200, "OK", (), body, NOW)
    ref = room.context.evidence.write(exchange)
    room.copies([{"title": words, "publisher": words, "qualification": words} for words in PAYLOADS])
    with Session(room.engine) as session, session.begin():
        session.add(SourceState(name="hr", last_visit_at=NOW, next_due_at=NOW, is_watched=True))
        session.add(SourceTrouble(source="hr", kind=TroubleKind.FAILING, began_at=NOW))
        session.add(Visit(source="hr", outcome=Outcome.TIMEOUT, started_at=NOW, finished_at=NOW))
        session.add(SavedView(owner=BOSS, name="x", query="state=all", saved_at=NOW))
        session.flush()
        for table in SQLModel.metadata.sorted_tables:
            if table.name not in _KEPT:
                _make_hostile(session, table)
        values = {"evidence_file": ref.file, "evidence_record": ref.record_id, "evidence_offset": ref.offset}
        said = {"text": "\n".join(PAYLOADS), "charset": "utf-8", "body_sha256": ref.body_sha256}
        session.execute(update(DocumentVersion).values(**values, **said))


def _grow(room: Room) -> None:
    """More cases like the first, each with an event of its own."""
    with Session(room.engine) as session, session.begin():
        values = session.get_one(Case, 1).model_dump(exclude={"id", "key"})
        for number in range(GROWN):
            case = Case(**{**values, "qualification": f"证书{number}"}, key=f"more{number}")
            session.add(case)
            session.flush()
            told = CaseEvent(case_id=case.id or 0, key="found", kind="found", actor="qualwatch", at=NOW)
            told.note = PAYLOADS[number]
            session.add(told)


def _make_hostile(session: Session, table: Table) -> None:
    """Put payloads into every free text of every row, another one into each."""
    columns = [column for column in table.columns if _is_free(column)]
    if not columns:
        return
    keys = list(table.primary_key.columns)
    for number, row in enumerate(session.execute(select(*keys)).all()):
        words = {
            column.name: PAYLOADS[(number * 7 + place) % len(PAYLOADS)]
            for place, column in enumerate(columns)
        }
        session.execute(
            update(table).where(*(key == value for key, value in zip(keys, row, strict=True))).values(words)
        )


def _is_free(column: Column[Any]) -> bool:
    is_text = isinstance(column.type, StoredText | Text) and not isinstance(column.type, Enum)
    return is_text and not column.primary_key and column.name not in _OWN


def test_no_page_asks_the_database_more_because_there_is_more(
    room: Room, seat: Seat, pages: Mapping[str, str]
) -> None:
    counted: dict[str, list[int]] = {}
    for turn in range(2):
        for route, path in pages.items():
            seat.get(path)
            with room.statements() as said:
                assert seat.get(path).status_code == 200, route
            counted.setdefault(route, []).append(len(said))
        if not turn:
            _grow(room)
    assert {route: found for route, found in counted.items() if max(found) > QUERIES} == {}
    assert {route: found for route, found in counted.items() if found[1] > found[0] + 2} == {}


def test_hostile_words_run_and_load_nothing_on_any_page(
    browser: Browser, room: Room, seat: Seat, pages: Mapping[str, str]
) -> None:
    said: list[str] = []
    page = _tab(browser, room, seat, said)
    for route, path in pages.items():
        begun = len(said)
        page.goto(room.url + path)
        assert urlsplit(page.url).path == urlsplit(path).path, route
        heard = [line for line in said[begun:] if not BLOCKED.search(line)]
        assert heard == [], route
        assert page.evaluate("document.querySelectorAll('script, object, embed, base').length") == 0, route
    page.context.close()


def _tab(browser: Browser, room: Room, seat: Seat, said: list[str]) -> Page:
    """A browser in which the seat's owner is signed in; what it complains of is ``said``."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, locale="zh-CN")
    context.add_cookies([{"name": SESSION_COOKIE, "value": seat.cookie.value or "", "url": room.url}])
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(f"dialog {dialog.message}"))
    page.on("response", lambda got: said.append(got.url) if not got.url.startswith(room.url) else None)
    return page
