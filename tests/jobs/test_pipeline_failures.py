"""What fails on the way of a page: told with its outcome, and alone."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from http.server import BaseHTTPRequestHandler

import pytest
from sqlmodel import Session

from assessment.workers import Workers
from crawling.fetching.fetcher import Fetcher
from settings.model import Fetching, Settings
from storage.tables import Document, FetchRecord, Finding, SourceState
from tests.parts.house import House, furnished, listing, posting
from tests.parts.loopback import Answer, Site, answer, redirect
from vocabulary.codes import Outcome


@pytest.fixture
def house(settings: Settings, site: Site, workers: Workers) -> Iterator[House]:
    quick = {"max_bytes": 1 << 20, "total_seconds": 2, "timeout_seconds": 1}
    fetching = settings.fetching.model_copy(update=quick)
    with furnished(settings.model_copy(update={"fetching": fetching}), site, workers=workers) as open_house:
        yield open_house


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
        (answer("<html><body><p>本栏目信息整理中</p></body></html>"), Outcome.EMPTY),
        (answer("<html><body><p>网站维护中</p></body></html>"), Outcome.BLOCKED),
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
    summary = House(replace(house.context, fetcher=fetcher), site).visit()
    fetcher.close()
    assert (summary.outcome, summary.pages) == (Outcome.MOVED, 0)


def test_evidence_that_cannot_be_written_keeps_nothing_and_says_so(house: House, site: Site) -> None:
    """Without evidence no finding: the page is on the list of what was not read, and read the next time."""
    site["/list/"] = listing("/a/20261101_101.html")
    site["/a/20261101_101.html"] = posting()
    place = house.context.settings.storage.evidence_directory
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
