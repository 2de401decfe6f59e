"""One failing page through every kind of visit: one record, one log line, one count, one move of a table."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from email.message import EmailMessage
from io import BytesIO
from mailbox import Maildir
from pathlib import Path

import pytest
import structlog
from sqlmodel import Session, delete

from alerts.metrics.collected import Metrics
from jobs.context import Context, PageDone
from jobs.daemon import DetectionTimes
from jobs.status import SourceRow, StatusBoard
from jobs.terminal import VisitLog
from jobs.visits.backfill import back_fill
from jobs.visits.intake import take_in
from jobs.visits.look_back import look_back
from jobs.visits.watch import visit_source
from settings.model import Intake, Settings
from settings.sources import Source
from storage.tables import Document, DocumentVersion, FetchRecord, Finding, LookBack, Visit
from storage.visits import VisitCounts
from tests.parts.house import POSTING, House, furnished, listing, posting
from tests.parts.loopback import Site, answer
from vocabulary.codes import Outcome, VisitPurpose

PAGE = "/n/20261101_1.html"


@dataclass
class Watched:
    """A context whose visits are looked at from all sides."""

    house: House
    lines: list[structlog.typing.EventDict] = field(default_factory=list)
    pages: list[PageDone] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.source = self.house.source()
        self.board = StatusBoard([SourceRow.of(self.source)])
        self.metrics = Metrics(self.house.engine, [self.source], self.house.context.now)
        observers = (DetectionTimes(self.metrics), self.board, VisitLog(), self)
        self.context = replace(self.house.context, sources=(self.source,), observers=observers)

    def visit_began(self, source: Source, so_far: VisitCounts) -> None:
        """Counted by the board."""

    def page_done(self, source: Source, page: PageDone) -> None:  # noqa: ARG002 - the observer's signature
        self.pages.append(page)

    def visit_ended(self, source: Source, summary: object) -> None:
        """Counted by the board."""

    def row(self, name: str) -> SourceRow:
        return next(row for row in self.board.rows() if row.name == name)

    def detections(self) -> float:
        return self.metrics.registry.get_sample_value("qualwatch_detection_seconds_count") or 0.0

    def look(self, visit: Callable[[Context], object]) -> None:
        """Do ``visit`` and keep what the log says of it."""
        with structlog.testing.capture_logs() as lines:
            visit(self.context)
        self.lines = list(lines)


@pytest.fixture
def watched(settings: Settings, site: Site, tmp_path: Path) -> Iterator[Watched]:
    intake = Intake(directory=str(tmp_path / "intake"), link_limit=3)
    with furnished(settings.model_copy(update={"intake": intake}), site) as house:
        yield Watched(house)


def _watch(context: Context) -> None:
    visit_source(context, "test")


def _back_fill(context: Context) -> None:
    assert back_fill(context, "test", since=date(2026, 10, 1)).finished


def _look_back(context: Context) -> None:
    assert look_back(context).failed == 1


def _take_in(context: Context) -> None:
    assert take_in(context).errors == 1


VISITS = {
    VisitPurpose.WATCH: _watch,
    VisitPurpose.BACKFILL: _back_fill,
    VisitPurpose.LOOK_BACK: _look_back,
    VisitPurpose.INTAKE: _take_in,
}


@pytest.mark.parametrize("purpose", VISITS)
def test_a_failing_page_is_told_once_whatever_the_visit(watched: Watched, purpose: VisitPurpose) -> None:
    house, url = watched.house, f"{watched.house.site.address}{PAGE}"
    house.site["/list/"] = listing(PAGE)
    house.site[PAGE] = posting()
    if purpose is VisitPurpose.LOOK_BACK:
        _watch(house.watching(watched.source))
        with Session(house.engine) as session, session.begin():
            session.execute(delete(LookBack))
        watched.context = replace(watched.context, now=lambda: house.context.now().replace(year=2027))
    if purpose is VisitPurpose.INTAKE:
        _post(house, f"请看 {url}")
    house.site[PAGE] = answer("busy", status=500)
    watched.look(VISITS[purpose])

    newest = max(house.rows(Visit), key=lambda visit: visit.id or 0)
    assert newest.purpose is purpose
    assert newest.errors == 1
    records = [record for record in house.rows(FetchRecord) if record.visit_id == newest.id]
    assert [record.outcome for record in records if record.url == url] == [Outcome.ERROR]
    assert len([page for page in watched.pages if page.url == url and page.failed]) == 1
    told = [line for line in watched.lines if line["event"] == "page_not_read"]
    assert [(line["url"], line["log_level"]) for line in told] == [(url, "warning")]
    events = [line["event"] for line in watched.lines]
    assert (events.count("visit_began"), events.count("visit_ended")) == (1, 1)
    row = watched.row(newest.source)
    assert (row.errors, row.is_visiting) == (1, False)
    judged = 1 if purpose is VisitPurpose.INTAKE else 0  # the message's own text
    assert watched.detections() == judged


@pytest.mark.parametrize("purpose", [VisitPurpose.WATCH, VisitPurpose.BACKFILL, VisitPurpose.INTAKE])
def test_a_page_that_is_read_is_counted_once_whatever_the_visit(
    watched: Watched, purpose: VisitPurpose
) -> None:
    house = watched.house
    house.site["/list/"] = listing(PAGE)
    house.site[PAGE] = posting()
    if purpose is VisitPurpose.INTAKE:
        _post(house, POSTING)
        watched.look(take_in)
    else:
        watched.look(VISITS[purpose])
    assert watched.detections() == 1
    newest = max(house.rows(Visit), key=lambda visit: visit.id or 0)
    assert (newest.pages, newest.findings, newest.errors) == (1, 1, 0)
    row = watched.row(newest.source)
    assert (row.pages, row.findings) == (1, 1)
    assert [line["event"] for line in watched.lines].count("found") == 1


def test_an_archive_by_mail_is_read_like_one_on_a_page(watched: Watched) -> None:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("岗位表.txt", POSTING)
        archive.writestr("说明.txt", "报名时间另行通知。")
    house, body = watched.house, packed.getvalue()
    house.site["/list/"] = listing(PAGE)
    house.site[PAGE] = posting("附件见下。", below="<a href='/f/a.zip'>附件.zip</a>")
    house.site["/f/a.zip"] = answer(body, media_type="application/zip")
    message = _letter("请看附件。")
    message.add_attachment(body, maintype="application", subtype="zip", filename="附件.zip")
    _post(house, message)
    assert visit_source(watched.context, "test").errors == 0
    assert take_in(watched.context).errors == 0

    by_source: dict[str, list[tuple[str, str]]] = {"test": [], "intake": []}
    with Session(house.engine) as session:
        for finding in house.rows(Finding):
            version = session.get_one(DocumentVersion, finding.version_id)
            document = session.get_one(Document, version.document_id)
            by_source[document.source].append((finding.quote, document.url.partition("#")[2]))
            assert document.parent_id
    assert by_source["test"] == by_source["intake"]
    assert len(by_source["intake"]) == 1


def _letter(text: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["Subject"], message["Message-ID"] = "r@example.org", "举报", "<1@example.org>"
    message.set_content(text)
    return message


def _post(house: House, message: EmailMessage | str) -> None:
    letter = _letter(message) if isinstance(message, str) else message
    Maildir(house.context.settings.intake.directory, create=True).add(bytes(letter))
