"""Every page that the application has, by its own list of routes: a new one is looked at without being named.

One desk, one account of each role and one Chromium for all of it. Every free text in the database is hostile,
so that what any page shows of it is.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from sqlmodel import Session
from starlette.routing import Route

import console.desk
from accounts import people, sessions
from accounts.people import Person
from alerts.delivery.links import answer_code, invitation_link
from alerts.metrics.collected import Metrics
from assessment.workers import Workers
from console.application import build_application
from console.serving import serve_console
from console.viewer import SESSION_COOKIE
from crawling.fetching.fetcher import Fetcher
from jobs.context import Context
from settings.model import Settings
from storage.evidence import EvidenceStore
from tests.alerts.stored import NOW
from tests.console.furnished import RECEIPT, furnish, grow
from tests.console.hostile import PAYLOADS
from tests.console.test_desk_browser import BLOCKED, CHROMIUM
from tests.console.visitor import Clock, Room, Seat
from tests.parts.databases import open_migrated
from vocabulary.people import Role

BOSS = "admin@example.com"
KNOWN = {"source": "hr", "purpose": "open"}
"""What stands for a parameter of a path, where that is not the number 1."""
LONGEST = "/cases, all"
FILES = ("/register.", "/evidence.zip")
"""Addresses of files, which take their time."""
QUERIES = 40
"""Statements of any page."""
AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
WCAG = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],
    "iframes": False,
}
"""What axe-core looks for; the frame of an archived page is not ours, and runs no script."""
NARROW = {
    **WCAG,
    "runOnly": {"type": "rule", "values": ["color-contrast", "target-size", "scrollable-region-focusable"]},
}
"""What a narrow screen may change of it: a name stays a name."""
ALIKE = "tbody tr:nth-child(n+4), li:nth-child(n+4), option:nth-child(n+3), .place:nth-child(n+4)"
"""Rows of which the first ones are looked at."""
_DRAWN = re.compile(r'<(\w+)|class="([^"]*)"')
"""What a page is drawn of: one that has nothing new for another role is looked at once."""


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    folder = tmp_path_factory.mktemp("desk")
    source = {"name": "hr", "url": "https://hr.example.com/list/", "title": PAYLOADS[3], "region": "350100"}
    said = {"storage": {"directory": str(folder)}, "administrator": BOSS}
    said |= {"console": {"port": 0, "public_check": True, "public_reports": True}}
    settings = Settings.model_validate({**said, "sources": [source]})
    engine, fetcher = open_migrated(settings.storage.database_url), Fetcher(settings.fetching)
    with (
        EvidenceStore(settings.storage.evidence_directory) as evidence,
        pytest.MonkeyPatch.context() as patch,
    ):
        # Every page is asked for many times within a minute.
        patch.setattr(console.desk, "CODES_PER_MINUTE", 1000)
        patch.setattr(console.desk, "REPORTS_PER_MINUTE", 1000)
        context = Context(
            settings, engine, evidence, fetcher, Workers(0, 10), sources=settings.watched(), now=Clock()
        )
        metrics = Metrics(engine, (), context.now)
        with serve_console(lambda: context, metrics) as (url, _):
            found = Room(url, context, metrics)
            furnish(found, BOSS)
            yield found
    fetcher.close()
    engine.dispose()


@pytest.fixture(scope="module")
def seats(room: Room) -> Mapping[Role | None, Seat]:
    """Somebody of each role who is signed in, and somebody of the public."""
    seats: dict[Role | None, Seat] = {None: Seat(room.url)}
    with Session(room.engine) as session, session.begin():
        for role in Role:
            email = BOSS if role is Role.ADMINISTRATOR else f"{role.value}@example.com"
            account = people.add(session, Person(email, PAYLOADS[4], role), actor=BOSS, now=NOW)
            session.flush()
            token = sessions.begin(session, account, room.context.settings.accounts, NOW, "", PAYLOADS[5])
            seats[role] = Seat(room.url)
            seats[role].session.cookies.set(SESSION_COOKIE, token)
    return seats


@pytest.fixture(scope="module")
def seat(seats: Mapping[Role | None, Seat]) -> Seat:
    """An administrator who is signed in."""
    return seats[Role.ADMINISTRATOR]


@pytest.fixture(scope="module")
def pages(room: Room, seat: Seat) -> Mapping[str, str]:
    """What answers the administrator with a page, by its route."""
    return _pages(room, seat)


def _pages(room: Room, seat: Seat) -> dict[str, str]:
    found = {}
    for route, path in _addresses(room):
        answer = seat.get(path)
        assert answer.status_code not in {500, 503}, path
        if answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html"):
            found[route] = path
    assert len(found) > 5
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
    settings = room.context.settings
    with room.context.transaction() as session:
        invited = people.find(session, "invited@example.com") or people.add(
            session, Person("invited@example.com", PAYLOADS[6], Role.VIEWER), actor=BOSS, now=NOW
        )
        token = people.invite(session, invited, settings.accounts, now=NOW)
    for route, link in (
        ("/cases/{case}/{purpose}", room.link(1, to=BOSS)),
        ("/welcome, invited", invitation_link(settings, token)),
    ):
        yield route, urlsplit(link)._replace(scheme="", netloc="").geturl()
    yield "/cases/{case:int}, found", "/cases/2"
    yield "/answer, of a case", f"/answer?code={answer_code(settings, 1)}"
    yield "/receipt, of a report", f"/receipt?number={RECEIPT}"
    yield "/cases, open filter", "/cases?state=all&size=200&q=alert&publisher=a"
    yield LONGEST, "/cases?state=all&size=200"


@pytest.mark.timeout(600)  # much work, of which a loaded machine makes a lot of time
def test_everybody_can_use_every_page(
    browser: Browser, room: Room, seats: Mapping[Role | None, Seat]
) -> None:
    page = _tab(browser, room, seats[None], [])
    page.set_content("<img src='x'><p style='color: #999'>words</p>")
    assert {fault for _, fault, _ in _faults(page)} >= {"image-alt", "html-has-lang", "color-contrast"}
    page.context.close()
    seen: defaultdict[str, set[object]] = defaultdict(set)
    found: list[object] = []
    for role in (Role.ADMINISTRATOR, Role.REVIEWER, Role.VIEWER, None):
        page = _tab(browser, room, seats[role], [])
        for route, path in _pages(room, seats[role]).items():
            drawn = set(_DRAWN.findall(seats[role].get(path).text))
            if route != LONGEST and not drawn <= seen[route]:
                seen[route] |= drawn
                page.goto(room.url + path)
                found += [(role, route, *each) for each in _faults(page)]
        page.context.close()
    assert found == []


def _faults(page: Page) -> Iterator[tuple[int, str, str]]:
    """What axe-core finds wide and narrow, with all that can be unfolded open."""
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    page.evaluate("alike => document.querySelectorAll(alike).forEach(each => each.remove())", ALIKE)
    page.evaluate(AXE)
    for width, wanted in ((1400, WCAG), (390, NARROW)):
        page.set_viewport_size({"width": width, "height": 900})
        for each in page.evaluate("what => axe.run(what)", wanted)["violations"]:
            yield width, each["id"], each["nodes"][0]["html"] + each["nodes"][0]["failureSummary"]


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
            grow(room)
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
    page.goto(f"{room.url}/reports")
    page.get_by_role("button", name="查看联系方式").first.click()
    assert PAYLOADS[9] in page.locator("main").inner_text()
    assert said[begun:] == []
    page.context.close()


def _tab(browser: Browser, room: Room, seat: Seat, said: list[str]) -> Page:
    """A browser in which the seat's owner is signed in; what it complains of is ``said``."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, locale="zh-CN")
    for cookie in seat.session.cookies:
        context.add_cookies([{"name": cookie.name, "value": cookie.value or "", "url": room.url}])
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(f"dialog {dialog.message}"))
    page.on("response", lambda got: said.append(got.url) if not got.url.startswith(room.url) else None)
    return page
