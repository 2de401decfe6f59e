"""A visit that one program began and another ends: its rows say what was asked for and what it came to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler

import pytest
from sqlmodel import Session

from crawling.fetching.fetcher import Fetcher
from jobs.status import SourceRow, StatusBoard
from jobs.visits.due import plan
from jobs.visits.watch import visit_source
from settings.model import Settings
from settings.sources import Source
from storage.database import open_database
from storage.resuming import resumable
from storage.tables import FetchRecord, SourceState, Visit
from storage.visits import DIED, VisitCounts, abandon_visits, due_sources
from tests.parts.databases import PostgresqlServer
from tests.parts.house import Clock, House, furnished, listing, posting
from tests.parts.loopback import Answer, Site, answer
from vocabulary.codes import Outcome, PageKind

FILE = "岗位要求：具有会计从业资格证书。"


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, settings: Settings, site: Site, clock: Clock) -> Iterator[House]:
    """A house that reads one page after the other."""
    fetching = settings.fetching.model_copy(update={"threads": 1})
    with furnished(settings.model_copy(update={"fetching": fetching}), site, now=clock) as house:
        context = replace(house.context, sources=(house.source(),))
        if request.param == "postgresql":
            server: PostgresqlServer = request.getfixturevalue("postgresql_server")
            engine = open_database(server.migrated())
            yield House(replace(context, engine=engine), site)
            engine.dispose()
        else:
            yield House(context, site)


def elsewhere(house: House) -> House:
    """What another program opens over the same database and evidence."""
    fetcher = Fetcher(house.context.settings.fetching, sleep=lambda _: None)
    return replace(house, context=replace(house.context, stopping=threading.Event(), fetcher=fetcher))


def ending(house: House) -> Answer:
    """No answer, because the program is told to end."""

    def send(handler: BaseHTTPRequestHandler) -> None:
        house.context.stopping.set()
        house.context.fetcher.stop()
        handler.close_connection = True

    return send


def interrupted(house: House) -> None:
    """A visit of three pages with a file each that ends during the second file."""
    site = house.site
    site["/list/"] = listing(*(f"/a/20261101_{number}.html" for number in (1, 2, 3)))
    for number in (1, 2, 3):
        file = f"/f/{number}.txt"
        site[f"/a/20261101_{number}.html"] = posting(
            f"第{number}号公告，附件见下。", below=f"<a href='{file}'>岗位表{number}.txt</a>"
        )
        site[file] = answer(f"第{number}号。{FILE}", media_type="text/plain")
    whole = site.answers["/f/2.txt"]
    site["/f/2.txt"] = ending(house)
    plan(house.context)
    assert visit_source(house.context, "test").outcome is None
    assert site.paths() == ["/list/", "/a/20261101_1.html", "/f/1.txt", "/a/20261101_2.html", "/f/2.txt"]
    site["/f/2.txt"] = whole
    site.asked.clear()


def test_whoever_takes_a_visit_up_asks_for_the_rest(house: House) -> None:
    interrupted(house)
    other = elsewhere(house)
    at_first: list[int] = []

    class Looking(StatusBoard):
        def visit_began(self, source: Source, so_far: VisitCounts) -> None:
            super().visit_began(source, so_far)
            at_first.extend((self.rows()[0].pages, self.rows()[0].attachments))

    summary = visit_source(
        replace(other.context, observers=(Looking([SourceRow.of(house.source())]),)), "test"
    )
    # The page whose file is not there yet is read again, for what it says of the file.
    paths = house.site.paths()
    assert paths[0] == "/list/"
    assert sorted(paths[1:]) == [  # two threads ask, each for a page and then for its file
        "/a/20261101_2.html",
        "/a/20261101_3.html",
        "/f/2.txt",
        "/f/3.txt",
    ]
    assert at_first == [2, 1]
    assert (summary.outcome, summary.pages, summary.attachments) == (Outcome.OK, 3, 3)
    assert (summary.new_documents, summary.findings, summary.errors) == (6, 3, 0)
    [visit] = house.rows(Visit)
    assert (visit.pages, visit.attachments, visit.items, visit.list_pages) == (3, 3, 3, 1)
    assert (visit.new_documents, visit.findings, visit.errors) == (6, 3, 0)
    records = house.rows(FetchRecord)
    assert {record.kind for record in records} == set(PageKind)
    assert sum(record.is_new for record in records) == 6
    assert visit.bytes_read == sum(record.bytes_read for record in records)


def test_a_program_that_starts_has_it_go_on(house: House, clock: Clock) -> None:
    interrupted(house)
    clock.at += timedelta(minutes=5)
    with Session(house.engine) as session, session.begin():
        assert list(resumable(session, clock()).values()) == ["test"]
    with Session(house.engine) as session:
        assert due_sources(session, ["test"], clock()) == ["test"]


def test_a_visit_of_long_ago_is_ended_with_what_it_did_and_begun_anew(house: House, clock: Clock) -> None:
    interrupted(house)
    clock.at += timedelta(minutes=house.source().every_minutes)
    with Session(house.engine) as session, session.begin():
        assert resumable(session, clock()) == {}
    visit_source(elsewhere(house).context, "test")
    assert len(house.site.paths()) == 7
    died, anew = house.rows(Visit)
    assert (died.outcome, died.detail, died.pages, died.attachments) == (Outcome.ERROR, DIED, 2, 1)
    assert (anew.outcome, anew.pages, anew.attachments) == (Outcome.OK, 3, 3)


def test_a_source_that_is_no_longer_watched_has_nothing_that_goes_on(house: House, clock: Clock) -> None:
    interrupted(house)
    plan(replace(house.context, sources=()))
    with Session(house.engine) as session, session.begin():
        assert resumable(session, clock()) == {}
        assert abandon_visits(session, clock()) == ["test"]
    [state] = house.rows(SourceState)
    assert state.failures_in_a_row == 1


def test_what_failed_before_is_tried_again(house: House) -> None:
    site = house.site
    site["/list/"] = listing("/a/20261101_1.html", "/a/20261101_2.html")
    site["/a/20261101_1.html"] = answer("busy", status=500)
    site["/a/20261101_2.html"] = ending(house)
    assert visit_source(house.context, "test").outcome is None
    site["/a/20261101_1.html"] = posting()
    site["/a/20261101_2.html"] = posting()
    summary = visit_source(elsewhere(house).context, "test")
    assert (summary.pages, summary.errors) == (2, 0)
