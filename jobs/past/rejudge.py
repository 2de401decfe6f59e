"""Judges stored documents again after the catalogue has changed, both ways, and says what that changed.

What each document said when it was last met is judged as of the same day as then. A verdict that is new opens
its case like any other; one that no longer stands dismisses its case, unless a person has gone further with
it. Doing it twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, select

from detection import scan
from detection.model import PublisherKind, ScanResult
from jobs.past.judgements import Change, Judgement
from jobs.visits.services import Services
from jobs.visits.workers import WorkError
from storage.database import for_reading
from storage.tables import Document, DocumentVersion, Sighting

_BATCH = 50


@dataclass(slots=True)
class RejudgeReport:
    documents: int = 0
    changes: list[Change] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    """Addresses of documents that could not be judged, with the reason."""


def rejudge(
    services: Services,
    *,
    since: date | None = None,
    dry_run: bool = False,
    watch: Callable[[int, int], object] = lambda _done, _of: None,
) -> RejudgeReport:
    """Judge again what every document said when it was last met.

    ``since`` leaves out documents that were last met before that day. ``dry_run`` only reports. ``watch`` is
    told how many of how many documents are done.
    """
    report = RejudgeReport()
    total = _count(services, since)
    for document, version in _documents(services, since):
        if services.stopping.is_set():
            break
        report.documents += 1
        try:
            result = _judge(services, document, version)
        except WorkError as error:
            report.failed.append(f"{document.url}: {error}")
        else:
            with services.transaction() as session:
                judgement = Judgement(session, services.settings, services.now(), document, version, result)
                report.changes += judgement.compare() if dry_run else judgement.apply()
        watch(report.documents, total)
    return report


def _count(services: Services, since: date | None) -> int:
    with Session(for_reading(services.engine)) as session:
        return session.exec(
            select(func.count()).select_from(Document).where(*_met_since(services, since))
        ).one()


def _met_since(services: Services, since: date | None) -> Sequence[ColumnElement[bool]]:
    if since is None:
        return ()
    zone = ZoneInfo(services.settings.time_zone)
    return (col(Document.last_seen_at) >= datetime(since.year, since.month, since.day, tzinfo=zone),)


def _documents(services: Services, since: date | None) -> Iterator[tuple[Document, DocumentVersion]]:
    """Each document with the version that was met last, in batches that are never held open."""
    after = 0
    while True:
        with Session(for_reading(services.engine), expire_on_commit=False) as session:
            batch = session.exec(
                select(Document)
                .where(col(Document.id) > after, *_met_since(services, since))
                .order_by(col(Document.id))
                .limit(_BATCH)
            ).all()
            versions = [_last_met(session, document) for document in batch]
            session.expunge_all()
        for document, version in zip(batch, versions, strict=True):
            after = document.id or after
            if version is not None:
                yield document, version
        if len(batch) < _BATCH:
            return


def _last_met(session: Session, document: Document) -> DocumentVersion | None:
    return session.exec(
        select(DocumentVersion)
        .join(Sighting, col(Sighting.version_id) == col(DocumentVersion.id))
        .where(Sighting.document_id == document.id)
        .order_by(col(Sighting.visit_id).desc())
        .limit(1)
    ).first()


def _judge(services: Services, document: Document, version: DocumentVersion) -> ScanResult:
    """The verdicts of today's catalogue, everything else as it was when the document was read."""
    return services.workers.run(
        scan,
        version.text,
        as_of=_day(services, document, version),
        title=document.title,
        publisher=document.publisher,
        url=document.url,
        publisher_kind=PublisherKind(version.publisher_kind),
        region=document.region,
    )


def _day(services: Services, document: Document, version: DocumentVersion) -> date:
    """The day of publication, else the date that the text gives itself, else when it was last met."""
    met = document.last_seen_at.astimezone(ZoneInfo(services.settings.time_zone)).date()
    if document.published_on is not None:
        return document.published_on
    said = version.facts.get("date")
    own = date.fromisoformat(said) if said else None
    return own if own is not None and own <= met else met
