"""The way of a page, with every part real: site, database, evidence, workers, cases."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from sqlmodel import Session

from jobs.fetching.fetcher import Fetcher
from jobs.visits.services import Services
from jobs.visits.workers import Workers
from settings.model import Fetching, Settings
from settings.model import Storage as StorageSettings
from storage.database import open_database
from storage.evidence import EvidenceRef, EvidenceStore
from storage.migrate import upgrade
from storage.tables import (
    Case,
    Document,
    DocumentVersion,
    FetchRecord,
    Finding,
    OutboxMessage,
    Outcome,
    Sighting,
    SourceState,
    Visit,
)
from storage.visits import abandon_visits, due_sources
from tests.jobs.house import POSTING, House, listing, posting
from tests.jobs.loopback import Answer, Site, answer, redirect


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(1, timeout_seconds=20) as running:
        yield running


@pytest.fixture
def house(site: Site, fetching: Fetching, tmp_path: Path, workers: Workers) -> Iterator[House]:
    quick = {"max_bytes": 1 << 20, "total_seconds": 2, "timeout_seconds": 1}
    settings = Settings(
        fetching=fetching.model_copy(update=quick), storage=StorageSettings(directory=tmp_path / "var")
    )
    engine = open_database(settings.storage.database_url)
    upgrade(engine)
    fetcher = Fetcher(settings.fetching, sleep=lambda _: None)
    with EvidenceStore(settings.storage.evidence_directory) as evidence:
        yield House(Services(settings, engine, evidence, fetcher, workers), site)
    fetcher.close()
    engine.dispose()


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
    [letter] = house.rows(OutboxMessage)
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
    assert house.services.evidence.read(ref).body == body


def test_visiting_twice_changes_nothing(house: House, site: Site) -> None:
    site["/list/"] = listing("/a/20261101_101.html")
    site["/a/20261101_101.html"] = posting(below="<a href='/f/1.txt'>附件1</a>")
    site["/f/1.txt"] = answer(POSTING, media_type="text/plain")
    house.visit()
    tables = (Document, DocumentVersion, Finding, Case, OutboxMessage)
    before = [len(house.rows(table)) for table in tables]
    evidence = sorted(file.stat().st_size for file in house.services.settings.storage.directory.rglob("*.gz"))
    second = house.visit()
    assert (second.outcome, second.new_documents, second.findings) == (Outcome.UNCHANGED, 0, 0)
    assert (second.pages, second.attachments) == (1, 1)
    assert [len(house.rows(table)) for table in tables] == before
    assert len(house.rows(Sighting)) == 4
    after = sorted(file.stat().st_size for file in house.services.settings.storage.directory.rglob("*.gz"))
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


def test_an_attachment_that_failed_is_asked_again_although_its_page_did_not_change(
    house: House, site: Site
) -> None:
    def send(handler: BaseHTTPRequestHandler) -> None:
        known = handler.headers["If-None-Match"] == '"1"'
        (answer(status=304) if known else posting(below="<a href='/f/1.txt'>附件1</a>", etag='"1"'))(handler)

    site["/list/"] = listing("/a/20261101_101.html")
    site["/a/20261101_101.html"] = send
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


def test_every_failure_of_a_page_stays_alone(house: House, site: Site) -> None:
    slow_ends = threading.Event()

    def slow(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        while not slow_ends.wait(0.1):
            handler.wfile.write(b"x")

    def silent(handler: BaseHTTPRequestHandler) -> None:
        slow_ends.wait(10)

    traps: dict[str, tuple[Answer, Outcome]] = {
        "/a/1001.html": (answer("no", status=404), Outcome.GONE),
        "/a/1002.html": (answer("no", status=412), Outcome.BLOCKED),
        "/a/1003.html": (answer("no", status=500), Outcome.ERROR),
        "/a/1004.html": (answer(""), Outcome.EMPTY),
        "/a/1005.html": (answer("<html><body></body></html>"), Outcome.EMPTY),
        "/a/1006.html": (redirect("/a/1006.html"), Outcome.ERROR),
        "/a/1007.html": (answer(bytes(200 << 20)), Outcome.TOO_LARGE),
        "/a/1008.html": (
            answer(gzip.compress(bytes(200 << 20)), Content_Encoding="gzip"),
            Outcome.TOO_LARGE,
        ),
        "/a/1009.html": (slow, Outcome.TIMEOUT),
        "/a/1010.html": (silent, Outcome.TIMEOUT),
        "/a/1011.html": (redirect("http://169.254.169.254/latest/"), Outcome.REFUSED_ADDRESS),
        "/a/1012.html": (redirect("/"), Outcome.GONE),
        "/a/1013.html": (answer("<p>您的访问被拦截</p>"), Outcome.BLOCKED),
        "/a/1014.html": (answer("a" * 100, Content_Encoding="gzip"), Outcome.UNDECODABLE),
        "/a/1015.pdf": (
            answer(b"%PDF-1.4 broken", media_type="application/pdf"),
            Outcome.UNREADABLE_ATTACHMENT,
        ),
        "/a/1016.docx": (answer(b"PK\x03\x04" + bytes(100)), Outcome.UNREADABLE_ATTACHMENT),
        "/closed/1017.html": (answer("secret"), Outcome.FORBIDDEN_BY_ROBOTS),
        "/a/1018.html": (posting(), Outcome.OK),
    }
    site["/robots.txt"] = answer("User-agent: *\nDisallow: /closed/", media_type="text/plain")
    site["/"] = answer("<p>首页</p>")
    site["/list/"] = listing(*traps)
    for path, (send, _) in traps.items():
        site[path] = send
    summary = house.visit()
    slow_ends.set()
    outcomes = house.outcomes()
    assert {path: outcomes[path] for path in traps} == {path: outcome for path, (_, outcome) in traps.items()}
    assert (summary.pages, summary.errors, summary.findings) == (1, 17, 1)
    assert all(record.detail for record in house.rows(FetchRecord) if record.outcome is not Outcome.OK)


def test_a_broken_attachment_leaves_its_page_and_the_next_attachment(house: House, site: Site) -> None:
    site["/list/"] = listing("/a/20261101_101.html")
    site["/a/20261101_101.html"] = posting(
        below="<a href='/f/1.docx'>附件1</a><a href='/f/2.txt'>附件2：岗位表</a><a href='/f/3.pdf'>附件3</a>"
    )
    site["/f/1.docx"] = answer(b"PK\x03\x04 broken", media_type="application/msword")
    site["/f/2.txt"] = answer("岗位：心理辅导，要求：须持有二级心理咨询师证书", media_type="text/plain")
    summary = house.visit()
    assert (summary.pages, summary.attachments, summary.errors) == (1, 1, 2)
    documents = {document.url.removeprefix(site.address): document for document in house.rows(Document)}
    attachment = documents["/f/2.txt"]
    assert attachment.parent_id == documents["/a/20261101_101.html"].id
    assert attachment.title == "示例市某局招聘公告（附件2：岗位表）"
    assert attachment.published_on == date(2026, 11, 1)


@pytest.mark.parametrize(
    ("send", "outcome"),
    [
        (answer("no", status=404), Outcome.GONE),
        (answer("no", status=412), Outcome.BLOCKED),
        (answer("no", status=500), Outcome.ERROR),
        (answer(""), Outcome.EMPTY),
        (answer("<html><body><p>网站维护中</p></body></html>"), Outcome.EMPTY),
        (redirect("/list/"), Outcome.ERROR),
        (answer(bytes(4 << 20)), Outcome.TOO_LARGE),
        (redirect("http://10.0.0.1/"), Outcome.REFUSED_ADDRESS),
    ],
)
def test_a_list_that_cannot_be_read_ends_the_visit_with_its_outcome(
    house: House, site: Site, send: Answer, outcome: Outcome
) -> None:
    site["/list/"] = send
    summary = house.visit()
    assert (summary.outcome, summary.pages) == (outcome, 0)
    assert summary.detail
    [state] = house.rows(SourceState)
    assert (state.failures_in_a_row, state.last_success_at) == (1, None)


def test_a_source_that_does_not_answer_times_out(house: House, site: Site) -> None:
    over = threading.Event()

    def silent(_: BaseHTTPRequestHandler) -> None:
        over.wait(10)

    site["/list/"] = silent
    summary = house.visit()
    over.set()
    assert summary.outcome is Outcome.TIMEOUT


def test_a_list_that_leads_to_another_site_has_moved(house: House, site: Site, fetching: Fetching) -> None:
    site["/list/"] = redirect(f"http://localhost:{site.port}/new/")
    site["/new/"] = listing("/a/20261101_101.html")
    allowed = fetching.model_copy(update={"allow_private_hosts": (site.host, f"localhost:{site.port}")})
    fetcher = Fetcher(allowed)
    summary = House(replace(house.services, fetcher=fetcher), site).visit()
    fetcher.close()
    assert (summary.outcome, summary.pages) == (Outcome.MOVED, 0)


def test_evidence_that_cannot_be_written_keeps_nothing_and_says_so(house: House, site: Site) -> None:
    """Without evidence no finding: the page is on the list of what was not read, and read the next time."""
    site["/list/"] = listing("/a/20261101_101.html")
    site["/a/20261101_101.html"] = posting()
    place = house.services.settings.storage.evidence_directory
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("a file where the directory should be")
    assert house.visit().outcome is Outcome.ERROR
    assert not house.rows(Finding)
    assert not house.rows(Document)
    place.unlink()
    summary = house.visit()
    assert (summary.outcome, summary.findings) == (Outcome.OK, 1)


def test_a_database_that_fails_ends_the_visit_as_error(house: House, site: Site) -> None:
    def send(handler: BaseHTTPRequestHandler) -> None:
        with Session(house.engine) as session, session.begin():
            session.connection().exec_driver_sql("drop table sighting")
        posting()(handler)

    site["/list/"] = listing("/a/20261101_101.html")
    site["/a/20261101_101.html"] = send
    summary = house.visit()
    assert (summary.outcome, summary.errors) == (Outcome.ERROR, 1)
    assert "sighting" in summary.detail


def test_a_second_list_page_that_fails_is_said(house: House, site: Site) -> None:
    site["/list/"] = listing("/a/20261101_101.html", below="<a href='p2'>下一页</a>")
    site["/list/p2"] = answer("no", status=403)
    site["/a/20261101_101.html"] = posting()
    summary = house.visit()
    assert (summary.outcome, summary.pages) == (Outcome.FEWER_THAN_EXPECTED, 1)


def test_a_list_that_shrinks_is_said(house: House, site: Site) -> None:
    paths = [f"/a/20261101_1{number:02d}.html" for number in range(1, 11)]
    for number, path in enumerate(paths):
        site[path] = posting(f"第{number}号公告，招聘文员。")
    site["/list/"] = listing(*paths)
    house.visit()
    site["/list/"] = listing(*paths[:3])
    summary = house.visit()
    assert (summary.outcome, summary.detail) == (
        Outcome.FEWER_THAN_EXPECTED,
        "3 items where 10 are usual",
    )


def test_when_most_pages_are_blocked_the_visit_is(house: House, site: Site) -> None:
    paths = [f"/a/20261101_1{number:02d}.html" for number in range(1, 5)]
    site["/list/"] = listing(*paths)
    for path in paths:
        site[path] = answer("no", status=412)
    site[paths[0]] = posting()
    summary = house.visit()
    assert summary.outcome is Outcome.BLOCKED
    assert "3 of 4" in summary.detail


def test_attachments_are_left_alone_where_the_source_says_so(house: House, site: Site) -> None:
    site["/list/"] = listing("/a/20261101_101.html")
    site["/a/20261101_101.html"] = posting(below="<a href='/f/1.txt'>附件1</a>")
    assert house.visit(attachments=False).attachments == 0
    assert "/f/1.txt" not in site.paths()


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
        house.services.stopping.set()
        house.services.fetcher.stop()
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
        assert abandon_visits(session, house.services.now()) == ["test"]
    with Session(house.engine) as session:
        assert due_sources(session, ["test"], house.services.now()) == ["test"]


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
    House(replace(house.services, observers=(Listening(),)), site).visit()
    assert heard == ["began", "page", "page", "ended"]
