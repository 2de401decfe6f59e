"""What one visit keeps of the documents that it read: evidence, version, findings and cases, all or nothing.

Every method is one transaction, or a look that changes nothing; none of them asks for an address.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import sha256

from sqlmodel import Session, col, select

from assessment.reading import RECOGNISED, WHOLE, Assessment, Known
from cases.opening import open_cases
from crawling.fetching.model import Fetched
from jobs.context import Context, PageDone
from settings.model import Source
from storage.database import for_reading
from storage.documents import (
    ConditionalHeaders,
    PageRecord,
    conditional_headers,
    keep_unchanged,
    keep_version,
    remember_conditions,
    version_met_last,
)
from storage.evidence import EvidenceRef, Exchange
from storage.tables import Document, DocumentVersion, storable
from storage.visits import record_fetch
from vocabulary.addresses import MEMBER, canonical_url
from vocabulary.codes import Outcome


@dataclass(frozen=True, slots=True)
class Kept:
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


class DocumentKeeper:
    """Keeps the documents of one visit; its methods may be called from several threads."""

    def __init__(self, source: Source, visit_id: int, context: Context) -> None:
        self._source = source
        self._visit_id = visit_id
        self._services = context
        self._reading = for_reading(context.engine)

    def conditions(self, url: str) -> ConditionalHeaders:
        """What to ask the server with, so that it may answer that nothing changed."""
        with Session(self._reading) as session:
            return conditional_headers(session, url)

    def keep(
        self,
        known: Known,
        fetched: Fetched,
        reading: Assessment,
        parent_url: str,
        *,
        is_complete: bool,
        evidence: EvidenceRef | None = None,
    ) -> Kept:
        """Version, findings, cases, letters, and the note that the address was asked for.

        A page is asked conditionally next time only once its attachments are read too (``is_complete``): else
        a crash between the two would leave them unread for as long as the page does not change.
        """
        bytes_read = 0 if evidence else len(fetched.body)
        evidence = evidence or self.evidence(fetched, reading.text)
        conditions = ConditionalHeaders(fetched.etag, fetched.last_modified)
        if not is_complete:
            conditions = ConditionalHeaders("", "")
        record = self._page_record(known, reading, parent_url, evidence, conditions)
        now = self._services.now()
        with self._services.transaction() as session:
            kept = keep_version(session, record, self._visit_id, now)
            if is_complete and not kept.new_document:
                remember_conditions(session, kept.document_id, conditions, ())
            findings = 0
            if reading.result.findings:
                findings = open_cases(session, kept, reading.result, self._services.settings, now).findings
            record_fetch(
                session,
                self._visit_id,
                known.url,
                Outcome.UNCHANGED if kept.unchanged else Outcome.OK,
                now,
                http_status=fetched.status,
                bytes_read=bytes_read,
                detail=reading.unread,
            )
        return Kept(kept.document_id, kept.new_document, kept.changed, findings)

    def _page_record(
        self,
        known: Known,
        reading: Assessment,
        parent_url: str,
        evidence: EvidenceRef,
        conditions: ConditionalHeaders,
    ) -> PageRecord:
        facts = reading.result.facts
        return PageRecord(
            url=known.url,
            source=self._source.name,
            text=reading.text,
            media_type=reading.media_type,
            document_kind=facts.document_kind.value,
            publisher_kind=facts.publisher_kind.value,
            evidence=evidence,
            parent_url=parent_url,
            title=reading.title,
            publisher=reading.publisher,
            region=self._source.region,
            published_on=reading.published_on,
            charset=reading.charset,
            facts=reading.facts,
            judged_by=reading.catalogue,
            etag=conditions.etag,
            last_modified=conditions.last_modified,
        )

    def evidence(self, fetched: Fetched, text: str) -> EvidenceRef:
        """The record of this exchange; for a text that is kept already, the record that it was kept with."""
        digest = sha256(storable(text).encode("utf-8")).hexdigest()
        with Session(self._reading) as session:
            version = session.exec(
                select(DocumentVersion)
                .join(Document, col(Document.id) == col(DocumentVersion.document_id))
                .where(Document.url == canonical_url(fetched.url), DocumentVersion.text_sha256 == digest)
            ).first()
        if version is not None:
            return EvidenceRef(
                version.evidence_file, version.evidence_record, version.body_sha256, version.evidence_offset
            )
        return self._services.evidence.write(
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

    def was_recognised(self, url: str, body: bytes) -> bool:
        """Whether these very bytes were read from pictures last time: again they would give the same."""
        with Session(self._reading) as session:
            met = version_met_last(session, url)
        return (
            met is not None
            and met.facts.get(RECOGNISED) == WHOLE
            and met.body_sha256 == sha256(body).hexdigest()
        )

    def keep_unchanged(self, known: Known, *, status: int | None, bytes_read: int) -> Below:
        """Note that nothing changed, as the server or the bytes say; members of an archive are like it."""
        now = self._services.now()
        with self._services.transaction() as session:
            kept = keep_unchanged(session, known.url, self._visit_id, now)
            self._note_unchanged(session, known.url, status, bytes_read)
            below = Below((), ())
            if kept is not None:
                found = session.exec(select(Document).where(Document.parent_id == kept.document_id))
                below = _below(known, found.all())
            for member in below.members:
                keep_unchanged(session, member.url, self._visit_id, now)
                self._note_unchanged(session, member.url, 304, 0)
        return below

    def _note_unchanged(self, session: Session, url: str, status: int | None, bytes_read: int) -> None:
        record_fetch(
            session,
            self._visit_id,
            url,
            Outcome.UNCHANGED,
            self._services.now(),
            http_status=status,
            bytes_read=bytes_read,
        )

    def remember_conditions(self, document_id: int, fetched: Fetched, linked: Iterable[str]) -> None:
        """Ask conditionally from now on: all that the document links, ``linked``, was read."""
        conditions = ConditionalHeaders(fetched.etag, fetched.last_modified)
        with self._services.transaction() as session:
            remember_conditions(session, document_id, conditions, linked)

    def record(self, page: PageDone, status: int | None) -> None:
        """Note what came of an address of which nothing is kept."""
        with self._services.transaction() as session:
            record_fetch(
                session,
                self._visit_id,
                page.url,
                page.outcome,
                self._services.now(),
                http_status=status,
                bytes_read=page.bytes_read,
                detail=page.detail,
            )


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
