"""What a visit keeps of what it read: evidence, version, findings and cases, all or nothing.

However a document came (a page, a file, a member of an archive, a part of a message), it is stored here.
Every function is one transaction, or a look that changes nothing; none of them asks for an address.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from importlib.metadata import version

from sqlmodel import Session, col, select

from alerts.notifications.alert import notify_recipients
from assessment.archives import ArchiveReading, Member
from assessment.reading import Assessment, Known
from cases.opening import open_cases
from crawling.fetching.model import Fetched, PageKind
from jobs.context import Context, PageDone
from jobs.visits.run import VisitRun
from storage.database import for_reading
from storage.documents import (
    ConditionalHeaders,
    PageRecord,
    Remembered,
    keep_unchanged,
    keep_version,
    remember_conditions,
    remembered,
)
from storage.evidence import EvidenceRef, Exchange
from storage.tables import Document, DocumentVersion, storable
from storage.visits import record_fetch
from vocabulary.addresses import MEMBER, canonical_url
from vocabulary.codes import Outcome

NO_CONDITIONS = ConditionalHeaders()
_READ_WHOLE = "qualwatch:"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the bytes of a document came from."""

    evidence: EvidenceRef
    parent_url: str = ""
    """The page, archive or message that holds it; stored before it."""
    status: int | None = None
    """What the server answered; None where no server was asked."""
    bytes_read: int = 0
    conditions: ConditionalHeaders = NO_CONDITIONS
    """What to ask the server with next time, once everything that hangs on the document is read too."""


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """What was written of a document that was read."""

    document_id: int
    is_new: bool
    is_changed: bool
    findings: int


@dataclass(frozen=True, slots=True)
class Below:
    """What is known to hang on a document: files that it links, and members of it, if it is an archive."""

    files: tuple[Known, ...]
    members: tuple[Known, ...]


def store_document(
    run: VisitRun, known: Known, reading: Assessment, origin: Origin, *, is_complete: bool
) -> StoredDocument:
    """Version, findings, cases, letters, and the record that the address was asked for.

    A page is asked conditionally next time only once its attachments are read too (``is_complete``): else a
    crash between the two would leave them unread for as long as the page does not change.
    """
    context, conditions = run.context, origin.conditions if is_complete else NO_CONDITIONS
    record = _page_record(run, known, reading, origin, conditions)
    now = context.now()

    def store(session: Session) -> StoredDocument:
        kept = keep_version(session, record, run.visit_id, now)
        if is_complete and not kept.new_document:
            remember_conditions(session, kept.document_id, conditions, ())
        findings = 0
        if reading.result.findings:
            opened = open_cases(session, kept, reading.result, now)
            findings = opened.findings
            notify_recipients(session, opened.news, context.settings, now)
        record_fetch(
            session,
            run.visit_id,
            known.url,
            Outcome.UNCHANGED if kept.unchanged else Outcome.OK,
            now,
            http_status=origin.status,
            bytes_read=origin.bytes_read,
            detail=reading.unread,
        )
        return StoredDocument(kept.document_id, kept.new_document, kept.changed, findings)

    return context.write(store, origin.evidence)


def store_page(
    run: VisitRun, known: Known, reading: Assessment, origin: Origin, *, is_complete: bool
) -> tuple[PageDone, StoredDocument]:
    """:func:`store_document`, noted."""
    stored = store_document(run, known, reading, origin, is_complete=is_complete)
    quotes = [alert.quote for alert in reading.result.findings if alert.severity.is_alert]
    page = PageDone(
        known.url,
        _kind(known),
        Outcome.OK if stored.is_new or stored.is_changed else Outcome.UNCHANGED,
        title=reading.title,
        bytes_read=origin.bytes_read,
        is_new=stored.is_new,
        is_changed=stored.is_changed,
        findings=stored.findings,
        alerts=tuple(dict.fromkeys(quotes)) if stored.findings else (),
        detection_seconds=reading.detection_seconds,
    )
    return run.note(page), stored


def store_archive(run: VisitRun, known: Known, reading: ArchiveReading, origin: Origin) -> list[PageDone]:
    """The archive by its table of contents, then each member with the archive as its evidence."""
    page, stored = store_page(run, known, reading.contents, origin, is_complete=False)
    inside = Origin(origin.evidence, parent_url=known.url, status=origin.status)
    below = [_store_member(run, member, inside) for member in reading.members]
    if not any(member.failed for member in below):
        ask_conditionally(run.context, stored, origin.conditions, [each.url for each in below])
    return [page, *below]


def _store_member(run: VisitRun, member: Member, origin: Origin) -> PageDone:
    known = member.known
    if member.reading is None:
        failure = PageDone(known.url, _kind(known), member.outcome, member.detail, title=known.title)
        return run.record(failure, origin.status)
    return store_page(run, known, member.reading, origin, is_complete=False)[0]


def _kind(known: Known) -> PageKind:
    return PageKind.ATTACHMENT if known.is_attachment else PageKind.PAGE


def _page_record(
    run: VisitRun, known: Known, reading: Assessment, origin: Origin, conditions: ConditionalHeaders
) -> PageRecord:
    facts = reading.result.facts
    return PageRecord(
        url=known.url,
        source=run.source.name,
        text=reading.text,
        media_type=reading.media_type,
        document_kind=facts.document_kind.value,
        publisher_kind=facts.publisher_kind.value,
        evidence=origin.evidence,
        parent_url=origin.parent_url,
        title=reading.title,
        publisher=reading.publisher,
        region=run.source.region,
        published_on=reading.published_on,
        charset=reading.charset,
        facts=reading.facts,
        judged_by=reading.catalogue,
        etag=conditions.etag,
        last_modified=conditions.last_modified,
    )


def recall(context: Context, urls: Iterable[str]) -> dict[str, Remembered]:
    """What is remembered of those of ``urls`` that are known."""
    with Session(for_reading(context.engine)) as session:
        return remembered(session, urls)


def conditions_after(fetched: Fetched, reading: Assessment) -> ConditionalHeaders:
    """What to ask with next time, or the mark that these bytes were read to their end by this program."""
    conditions = ConditionalHeaders(fetched.etag, fetched.last_modified)
    if any(conditions) or reading.unread or reading.needs_recognition:
        return conditions
    return ConditionalHeaders(etag=read_whole())


@cache
def read_whole() -> str:
    """Stands in place of an ETag where the server gives none; another release may read more."""
    return f"{_READ_WHOLE}{version('qualwatch')}"


def to_ask_with(known: Remembered | None) -> ConditionalHeaders:
    """What the server understands of what is remembered."""
    if known is None or known.conditions.etag.startswith(_READ_WHOLE):
        return NO_CONDITIONS
    return known.conditions


def is_same(known: Remembered | None, body: bytes) -> bool:
    """Whether these very bytes were read with all that hangs on them: again they would give the same."""
    if known is None or not any(known.conditions):
        return False
    etag = known.conditions.etag
    if etag.startswith(_READ_WHOLE) and etag != read_whole():
        return False
    return known.body_sha256 == sha256(body).hexdigest()


def write_evidence(context: Context, fetched: Fetched, text: str) -> EvidenceRef:
    """The record of this exchange; for a text that is kept already, the record that it was kept with.

    It is on the disk before anything that refers to it is committed.
    """
    kept = _evidence_of_text(context, fetched.url, text)
    if kept is not None:
        return kept
    return context.evidence.append(
        Exchange(
            url=fetched.final_url,
            method="GET",
            request_headers=fetched.request_headers,
            status=fetched.status,
            reason=fetched.reason,
            response_headers=fetched.headers,
            body=fetched.sent if fetched.drawn_by else fetched.body,
            started_at=fetched.started_at,
            drawn=fetched.body if fetched.drawn_by else None,
            drawn_by=fetched.drawn_by,
            certificate_verified=fetched.certificate_verified,
        )
    )


def _evidence_of_text(context: Context, url: str, text: str) -> EvidenceRef | None:
    digest = sha256(storable(text).encode("utf-8")).hexdigest()
    with Session(for_reading(context.engine)) as session:
        kept = session.exec(
            select(DocumentVersion)
            .join(Document, col(Document.id) == col(DocumentVersion.document_id))
            .where(Document.url == canonical_url(url), DocumentVersion.text_sha256 == digest)
        ).first()
    if kept is None:
        return None
    return EvidenceRef(kept.evidence_file, kept.evidence_record, kept.body_sha256, kept.evidence_offset)


def pass_over(run: VisitRun, known: Known, *, status: int, bytes_read: int) -> tuple[list[PageDone], Below]:
    """Note that nothing changed, as the server or the bytes say; members of an archive are like it.

    Gives the pages that were noted, and what is known to hang on the document.
    """
    now = run.context.now()

    def note_unchanged(session: Session) -> Below:
        kept = keep_unchanged(session, known.url, run.visit_id, now)
        _record_unchanged(run, session, known.url, status, bytes_read)
        below = Below((), ())
        if kept is not None:
            found = session.exec(select(Document).where(Document.parent_id == kept.document_id))
            below = _below(known, found.all())
        for member in below.members:
            keep_unchanged(session, member.url, run.visit_id, now)
            _record_unchanged(run, session, member.url, 304, 0)
        return below

    below = run.context.write(note_unchanged)
    done = [PageDone(known.url, _kind(known), Outcome.UNCHANGED, title=known.title, bytes_read=bytes_read)]
    done += (
        PageDone(member.url, PageKind.ATTACHMENT, Outcome.UNCHANGED, title=member.title)
        for member in below.members
    )
    return [run.note(page) for page in done], below


def _record_unchanged(run: VisitRun, session: Session, url: str, status: int, bytes_read: int) -> None:
    record_fetch(
        session,
        run.visit_id,
        url,
        Outcome.UNCHANGED,
        run.context.now(),
        http_status=status,
        bytes_read=bytes_read,
    )


def ask_conditionally(
    context: Context, stored: StoredDocument, conditions: ConditionalHeaders, linked: Iterable[str]
) -> None:
    """Ask conditionally from now on: all that the document links, ``linked``, was read."""
    if any(conditions):
        linked = tuple(linked)
        context.write(lambda session: remember_conditions(session, stored.document_id, conditions, linked))


def _below(known: Known, children: Iterable[Document]) -> Below:
    files: list[Known] = []
    members: list[Known] = []
    for child in children:
        below = replace(
            known,
            url=child.url,
            title=child.title,
            publisher=child.publisher,
            published_on=child.published_on,
            is_attachment=True,
        )
        (members if MEMBER in child.url else files).append(below)
    return Below(tuple(files), tuple(members))
