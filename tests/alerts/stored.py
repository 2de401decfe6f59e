"""Postings as the archive stores them, and findings in them, for the tests of the alerts room."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import Engine
from sqlmodel import Session

from alerts.notifications.alert import notify_recipients, send_due_alerts
from cases.opening import open_cases
from detection.model import DocumentFacts, Mention, OfficialDocument, ScanResult
from settings.model import Settings
from storage.documents import KeptVersion, PageRecord
from storage.evidence import EvidenceRef
from storage.keeping import keep_version
from storage.tables import Visit
from storage.visits import start_visit
from vocabulary.codes import DocumentKind, PublisherKind, Severity, Status, Usage, Violation

NOW = datetime(2026, 11, 2, 1, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Posting:
    """A text as some site carries it."""

    text: str
    title: str = "福安市某某医院2026年公开招聘财务人员公告"
    publisher: str = "福安市某某医院"
    url: str = "https://hr.example.com/notice/1.html"
    region: str | None = "350900"
    number: str | None = None
    parent: str = ""
    """Address of the page that links it."""


def mention(text: str, quote: str = "会计从业资格证", **changes: object) -> Mention:
    """A finding of ``quote`` in ``text``: a cancelled certificate, required, of severity high."""
    start = text.index(quote)
    values: dict[str, object] = {
        "start": start,
        "end": start + len(quote),
        "quote": quote,
        "qualification": "会计从业资格",
        "status": Status.CANCELLED,
        "since": date(2017, 11, 5),
        "status_document": "中华人民共和国会计法（2017年修正）",
        "usage": Usage.REQUIRED,
        "cue": "须持有",
        "violation": Violation.CANCELLED_HIRING_REQUIREMENT,
        "severity": Severity.HIGH,
        "legal_basis": ("人社部发〔2017〕68号", "吉政办发〔2017〕54号第二条"),
        "explanation": "会计从业资格自2017年11月5日起取消，用人单位不得将其作为招聘条件。",
        "advice": "删除招聘条件中的会计从业资格证要求，并在原发布渠道更正。",
    }
    return Mention(**(values | changes))  # type: ignore[arg-type]


def scanned(*mentions: Mention, number: str | None = None) -> ScanResult:
    facts = DocumentFacts(
        document_kind=DocumentKind.RECRUITMENT,
        publisher_kind=PublisherKind.PUBLIC_BODY,
        document=OfficialDocument(number=number),
    )
    return ScanResult(as_of=date(2026, 11, 2), facts=facts, mentions=mentions)


def keep(session: Session, posting: Posting, now: datetime = NOW) -> KeptVersion:
    """Keep the posting as a visit of its own meets it."""
    visit = start_visit(session, "sample", now)
    session.get_one(Visit, visit).finished_at = now
    return keep_version(session, page_record(posting), visit, now)


def page_record(posting: Posting) -> PageRecord:
    """What a visit read of the posting."""
    digest = hashlib.sha256(posting.text.encode("utf-8", "replace")).hexdigest()
    return PageRecord(
        url=posting.url,
        source="sample",
        text=posting.text,
        media_type="text/html",
        document_kind="recruitment",
        publisher_kind="public_body",
        evidence=EvidenceRef(file="sample.warc.gz", record_id=f"<urn:uuid:{digest}>", body_sha256=digest),
        parent_url=posting.parent,
        title=posting.title,
        publisher=posting.publisher,
        region=posting.region,
    )


@dataclass(frozen=True)
class Reported:
    """What a posting came to: ``OpenedCases``, and the messages that were written at once."""

    findings: int
    opened: tuple[int, ...]
    seen: tuple[int, ...]
    reopened: tuple[int, ...]
    messages: int


def report(
    engine: Engine, settings: Settings, posting: Posting, *mentions: Mention, now: datetime = NOW
) -> Reported:
    """Store the posting and open its cases, committed; without mentions the usual one is in it."""
    found = mentions or (mention(posting.text),)
    return report_scan(engine, settings, posting, scanned(*found, number=posting.number), now)


def report_scan(
    engine: Engine, settings: Settings, posting: Posting, result: ScanResult, now: datetime = NOW
) -> Reported:
    """The same with whatever was found in the posting."""
    with Session(engine) as session, session.begin():
        opened = open_cases(session, keep(session, posting, now), result, now)
        notify_recipients(session, opened.news, settings, now)
    # Each posting is told at once, whatever was told of its publisher: the month's test holds back.
    eager = settings.mail.model_copy(update={"gather_publisher": False, "alerts_per_hour": 1000})
    messages = send_due_alerts(engine, settings.model_copy(update={"mail": eager}), now)
    return Reported(opened.findings, opened.opened, opened.seen, opened.reopened, messages)
