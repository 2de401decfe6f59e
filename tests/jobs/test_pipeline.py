"""The way of a page, with every part real: site, database, evidence, workers, cases."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from http.server import BaseHTTPRequestHandler

import pytest
from sqlmodel import Session

from assessment.workers import Workers
from jobs.context import PageDone, VisitSummary
from jobs.tasks import take_steps
from jobs.visits.watch import visit_source
from settings.model import Settings
from settings.sources import Source
from storage.evidence import EvidenceRef
from storage.tables import (
    Case,
    Document,
    DocumentVersion,
    FetchRecord,
    Finding,
    OutboxMessage,
    Sighting,
    SourceState,
    Visit,
)
from storage.visits import VisitCounts, abandon_visits, due_sources
from tests.parts.house import POSTING, House, furnished, listing, posting
from tests.parts.loopback import Answer, Site, answer
from vocabulary.codes import Outcome, PageKind


@pytest.fixture
def house(settings: Settings, site: Site, workers: Workers) -> Iterator[House]:
    with furnished(settings, site, workers=workers) as open_house:
        yield open_house


def test_a_page_goes_the_whole_way(house: House, site: Site) -> None:
    site["/list/"] = listing("/a/20261101_101.html", "/a/20261102_102.html")
    site["/a/20261101_101.html"] = posting()
    site["/a/20261102_102.html"] = posting("示例市某局招聘文员，学历不限。")
    summary = house.visit()
    assert (summary.outcome, summary.pages, summary.errors) == (Outcome.OK, 2, 0)
    assert (summary.new_documents, summary.findings, summary.list_pages) == (2, 1, 1)
    [finding] = house.rows(Finding)
    assert (finding.quote, finding.as_of) == ("会计从业资格证书", date(2026, 11, 1))
    [case] = house.rows(Case)
    assert (case.region, case.title) == ("350100", "示例市某局招聘公告")
    take_steps(house.context)
    [letter] = [each for each in house.rows(OutboxMessage) if each.template != "summary"]  # that is Monday's
    assert letter.recipient == "qualwatch@example.com"
    [visit] = house.rows(Visit)
    assert (visit.outcome, visit.pages, visit.findings) == (Outcome.OK, 2, 1)
    [state] = house.rows(SourceState)
    assert state.last_success_at is not None
    assert state.next_due_at is not None
    assert (state.next_due_at - visit.started_at).total_seconds() == 360 * 60


def test_the_evidence_of_a_finding_is_the_body_that_was_served(house: House, site: Site) -> None:
    body = f"<html><meta charset=gbk><title>招聘</title><p>{POSTING}</p></html>".encode("gbk")
    site["/list/"] = listing("/a/20261101_101.html")
    site["/a/20261101_101.html"] = answer(body, media_type="text/html")
    house.visit()
    [version] = house.rows(DocumentVersion)
    assert version.text.endswith(POSTING)
    ref = EvidenceRef(
        version.evidence_file, version.evidence_record, version.body_sha256, version.evidence_offset
    )
    assert house.context.evidence.read(ref).body == body


def test_visiting_twice_changes_nothing(house: House, site: Site) -> None:
    site["/list/"] = listing("/a/20261101_101.html")
    site["/a/20261101_101.html"] = posting(below="<a href='/f/1.txt'>附件1</a>")
    site["/f/1.txt"] = answer(POSTING, media_type="text/plain")
    house.visit()
    take_steps(house.context)
    tables = (Document, DocumentVersion, Finding, Case, OutboxMessage)
    before = [len(house.rows(table)) for table in tables]
    evidence = sorted(file.stat().st_size for file in house.context.settings.storage.directory.rglob("*.gz"))
    second = house.visit()
    assert (second.outcome, second.new_documents, second.findings) == (Outcome.UNCHANGED, 0, 0)
    assert (second.pages, second.attachments) == (1, 1)
    take_steps(house.context)
    assert [len(house.rows(table)) for table in tables] == before
    assert len(house.rows(Sighting)) == 4
    after = sorted(file.stat().st_size for file in house.context.settings.storage.directory.rglob("*.gz"))
    assert after == evidence


def test_a_known_page_is_asked_conditionally(house: House, site: Site) -> None:
    def send(handler: BaseHTTPRequestHandler) -> None:
        if handler.headers["If-None-Match"] == '"1"':
            answer(status=304, ETag='"1"')(handler)
        else:
            posting(below="<a href='/f/1.txt'>附件1</a>", etag='"1"')(handler)

    site["/list/"] = listing("/a/20261101_101.html")
    site["/a/20261101_101.html"] = send
    site["/f/1.txt"] = answer("岗位表", media_type="text/plain")
    house.visit()
    second = house.visit()
    assert house.outcomes()["/a/20261101_101.html"] is Outcome.UNCHANGED
    statuses = {record.http_status for record in house.rows(FetchRecord) if record.url.endswith("101.html")}
    assert statuses == {200, 304}
    assert (second.pages, second.attachments, second.errors) == (1, 1, 0)
    assert len(house.rows(Sighting)) == 4


def posting_known_by_its_etag(below: str) -> Answer:
    def send(handler: BaseHTTPRequestHandler) -> None:
        known = handler.headers["If-None-Match"] == '"1"'
        (answer(status=304) if known else posting(below=below, etag='"1"'))(handler)

    return send


def test_an_attachment_that_failed_is_asked_again_although_its_page_did_not_change(
    house: House, site: Site
) -> None:
    site["/list/"] = listing("/a/20261101_101.html")
    site["/a/20261101_101.html"] = posting_known_by_its_etag("<a href='/f/1.txt'>附件1</a>")
    site["/f/1.txt"] = answer("gone for now", status=404)
    assert house.visit().errors == 1
    site["/f/1.txt"] = answer(POSTING, media_type="text/plain")
    second = house.visit()
    assert (second.attachments, second.errors, second.new_documents) == (1, 0, 1)


def test_a_changed_page_is_kept_beside_its_older_version(house: House, site: Site) -> None:
    site["/list/"] = listing("/a/20261101_101.html")
    site["/a/20261101_101.html"] = posting()
    house.visit()
    site["/a/20261101_101.html"] = posting("示例市某局招聘出纳1名，证书不作要求。")
    second = house.visit()
    assert (second.outcome, second.changed_documents) == (Outcome.OK, 1)
    assert len(house.rows(DocumentVersion)) == 2


def test_the_list_is_followed_until_nothing_new_comes(house: House, site: Site) -> None:
    """The last page links to itself as its next, as many sites do."""
    pages = {1: ("/a/20261101_101.html",), 2: ("/a/20261102_102.html",), 3: ("/a/20261103_103.html",)}
    for number, paths in pages.items():
        following = f"<a href='?page={min(number + 1, 3)}'>下一页</a>"
        site[f"/list/?page={number}"] = listing(*paths, below=following)
        for path in paths:
            site[path] = posting(f"第{number}页的公告，招聘文员。")
    site["/list/"] = site.answers["/list/?page=1"]
    summary = house.visit()
    assert (summary.list_pages, summary.pages, summary.outcome) == (3, 3, Outcome.OK)


def test_an_endless_list_ends(house: House, site: Site) -> None:
    """Every page has a next one with the same items, like the calendar of some sites."""

    def send(handler: BaseHTTPRequestHandler) -> None:
        number = int(handler.path.partition("=")[2] or 1)
        listing("/a/20261101_101.html", below=f"<a href='?page={number + 1}'>下一页</a>")(handler)

    site["/list/"] = send
    site["/a/20261101_101.html"] = posting()
    assert house.visit(page_limit=500).list_pages == 2


def test_an_endless_list_with_new_items_ends_at_its_limits(house: House, site: Site) -> None:
    def send(handler: BaseHTTPRequestHandler) -> None:
        number = int(handler.path.partition("=")[2] or 1)
        paths = [f"/a/20261101_{number}0{index}.html" for index in range(1, 9)]
        listing(*paths, below=f"<a href='?page={number + 1}'>下一页</a>")(handler)

    site["/list/"] = send
    assert house.visit(page_limit=3).list_pages == 3
    house.visit(page_limit=500, item_limit=20)
    assert len([path for path in house.outcomes() if path.startswith("/a/")]) == 20


def test_attachments_are_left_alone_where_the_source_says_so(house: House, site: Site) -> None:
    site["/list/"] = listing("/a/20261101_101.html")
    site["/a/20261101_101.html"] = posting(below="<a href='/f/1.txt'>附件1</a>")
    assert house.visit(attachments=False).attachments == 0
    assert "/f/1.txt" not in site.paths()


def test_attachments_left_alone_are_read_once_the_source_wants_them(house: House, site: Site) -> None:
    site["/list/"] = listing("/a/20261101_101.html")
    site["/a/20261101_101.html"] = posting_known_by_its_etag("<a href='/f/1.txt'>附件1</a>")
    site["/f/1.txt"] = answer(POSTING, media_type="text/plain")
    house.visit(attachments=False)
    assert house.visit().attachments == 1


def test_a_file_that_many_pages_link_is_asked_once(house: House, site: Site) -> None:
    paths = [f"/a/20261101_1{number:02d}.html" for number in range(1, 6)]
    site["/list/"] = listing(*paths)
    for number, path in enumerate(paths):
        site[path] = posting(f"第{number}号公告，招聘文员。", below="<a href='/f/form.txt'>报名表.doc</a>")
    site["/f/form.txt"] = answer("报名表", media_type="text/plain")
    assert house.visit().attachments == 1
    assert site.paths().count("/f/form.txt") == 1


def test_a_daemon_that_ends_leaves_the_visit_to_be_taken_up(house: House, site: Site) -> None:
    asked = threading.Event()

    def send(handler: BaseHTTPRequestHandler) -> None:
        asked.set()
        house.context.stopping.set()
        house.context.fetcher.stop()
        posting()(handler)

    paths = [f"/a/20261101_1{number:02d}.html" for number in range(1, 9)]
    site["/list/"] = listing(*paths)
    for path in paths:
        site[path] = send
    summary = house.visit()
    assert asked.is_set()
    assert summary.outcome is None
    [visit] = house.rows(Visit)
    assert visit.finished_at is None
    with Session(house.engine) as session, session.begin():
        assert abandon_visits(session, house.context.now()) == ["test"]
    with Session(house.engine) as session:
        assert due_sources(session, ["test"], house.context.now()) == ["test"]


def test_the_observer_hears_of_every_page(house: House, site: Site) -> None:
    heard: list[str] = []

    class Listening:
        def visit_began(self, *_: object) -> None:
            heard.append("began")

        def page_done(self, *_: object) -> None:
            heard.append("page")

        def visit_ended(self, *_: object) -> None:
            heard.append("ended")

    site["/list/"] = listing("/a/20261101_101.html")
    site["/a/20261101_101.html"] = posting()
    House(replace(house.context, observers=(Listening(),)), site).visit()
    assert heard == ["began", "page", "page", "ended"]


def test_the_same_bytes_are_neither_extracted_nor_judged_again(house: House) -> None:
    """A server without ETag sends pages whole; what hangs on a page is asked for all the same."""
    house.site["/list/"] = listing("/a.html", "/b.html")
    house.site["/a.html"] = posting()
    house.site["/b.html"] = posting("附件见下。", below="<a href='/f/b.txt'>岗位表.txt</a>")
    house.site["/f/b.txt"] = answer("岗位要求：具有会计从业资格证书。", media_type="text/plain")
    house.visit()
    again = Pages()
    context = replace(house.watching(house.source()), observers=(again,))
    assert visit_source(context, "test").outcome is Outcome.UNCHANGED
    assert [page.detection_seconds for page in again.done if page.kind is not PageKind.LIST] == [None] * 3
    house.site["/a.html"] = posting("示例市某局招聘出纳1名。")
    again.done.clear()
    assert visit_source(context, "test").changed_documents == 1
    assert sum(page.detection_seconds is not None for page in again.done) == 1


def test_a_page_whose_file_failed_is_read_again_although_its_bytes_are_the_same(house: House) -> None:
    house.site["/list/"] = listing("/b.html")
    house.site["/b.html"] = posting("附件见下。", below="<a href='/f/b.txt'>岗位表.txt</a>")
    house.site["/f/b.txt"] = answer("busy", status=500)
    assert house.visit().errors == 1
    house.site["/f/b.txt"] = answer("岗位要求：具有会计从业资格证书。", media_type="text/plain")
    assert house.visit().attachments == 1


class Pages:
    """An observer that keeps what it is told."""

    def __init__(self) -> None:
        self.done: list[PageDone] = []

    def visit_began(self, source: Source, so_far: VisitCounts) -> None:
        """Nothing to keep."""

    def page_done(self, source: Source, page: PageDone) -> None:  # noqa: ARG002 - the observer's signature
        self.done.append(page)

    def visit_ended(self, source: Source, summary: VisitSummary) -> None:
        """Nothing to keep."""
