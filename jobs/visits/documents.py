"""One document of a visit: fetched, read and judged in a worker, kept with its evidence, all or nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import sha256

import structlog
from sqlmodel import Session, col, select

from alerts.cases import open_cases
from detection.model import PublisherKind
from extraction.recognition import how_to_recognise
from jobs.fetching.model import Access, Fetched, FetchError, FetchingStoppedError, PageKind
from jobs.listing.addresses import is_attachment
from jobs.listing.model import Item
from jobs.visits.answers import file_name, refuse_elsewhere
from jobs.visits.archives import ArchiveReading, Member
from jobs.visits.reading import RECOGNISED, WHOLE, Answer, DocumentReading, Known, ReadingError
from jobs.visits.recognising import read_in_workers
from jobs.visits.services import PageDone, Services
from jobs.visits.workers import WorkError, WorkersEndedError, WorkTimeoutError
from settings.model import Source
from storage.addresses import MEMBER, canonical_url
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
from storage.tables import Document, DocumentVersion, Outcome, storable
from storage.visits import record_fetch

ATTACHMENTS_PER_PAGE = 40

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was written of a document that was read."""

    document_id: int
    is_new: bool
    is_changed: bool
    findings: int


class DocumentReader:
    """Reads the documents of one visit; its methods may be called from several threads."""

    def __init__(self, source: Source, visit_id: int, services: Services) -> None:
        self._source = source
        self._visit_id = visit_id
        self._services = services
        self._reading = for_reading(services.engine)
        self._asked: set[str] = set()
        self._asking = threading.Lock()

    def read_item(self, item: Item) -> list[PageDone]:
        """The page behind a list's item and its attachments, each with its outcome.

        Raises :class:`FetchingStoppedError` where the daemon is ending; everything else becomes an outcome.
        """
        known = Known(
            item.url,
            title=item.title,
            published_on=item.published_on,
            publisher_kind=PublisherKind(self._source.publisher_kind)
            if self._source.publisher_kind
            else None,
            region=self._source.region,
            is_attachment=is_attachment(item.url),
        )
        return self._read(known, parent_url="")

    def _is_first_to_ask(self, url: str) -> bool:
        """Whether this visit did not ask for ``url`` yet: pages of one site often link the same files."""
        with self._asking:
            known = url in self._asked
            self._asked.add(url)
        return not known

    def _read(self, known: Known, parent_url: str) -> list[PageDone]:
        known = replace(known, url=known.url.partition(MEMBER)[0])
        if not self._is_first_to_ask(known.url):
            return []
        kind = PageKind.ATTACHMENT if known.is_attachment else PageKind.PAGE
        status, size = None, 0
        try:
            with Session(self._reading) as session:
                conditions = conditional_headers(session, known.url)
            fetched = self._services.fetcher.fetch(
                known.url,
                kind=kind,
                etag=conditions.etag,
                last_modified=conditions.last_modified,
                access=Access.to(self._source),
            )
            status, size = fetched.status, len(fetched.body)
            if fetched.unchanged:
                return self._note_unchanged(known, kind)
            refuse_elsewhere(fetched)
            if known.is_attachment and self._was_recognised(known.url, fetched.body):
                return self._note_unchanged(known, kind, status=status, size=size)
            return self._read_answer(known, kind, fetched, parent_url)
        except FetchError as error:
            failure = PageDone(known.url, kind, error.outcome, error.detail, bytes_read=error.bytes_read)
            status = error.status
        except ReadingError as error:
            # A photograph beside a line of text is no failure.
            is_wordless = known.is_picture and error.outcome is Outcome.EMPTY
            outcome = Outcome.OK if is_wordless else error.outcome
            failure = PageDone(known.url, kind, outcome, error.detail, bytes_read=size)
        except WorkTimeoutError as error:
            failure = PageDone(known.url, kind, _unread(kind, Outcome.TIMEOUT), str(error), bytes_read=size)
        except WorkError as error:
            failure = PageDone(known.url, kind, _unread(kind, Outcome.ERROR), str(error), bytes_read=size)
        except (FetchingStoppedError, WorkersEndedError):
            raise FetchingStoppedError from None
        except Exception as error:
            log.exception("page failed", url=known.url, source=self._source.name)
            failure = PageDone(known.url, kind, Outcome.ERROR, f"{type(error).__name__}: {error}"[:500])
        if self._services.stopping.is_set():
            raise FetchingStoppedError
        failure = replace(failure, title=known.title)
        self._record(failure, status)
        return [failure]

    def _read_answer(self, known: Known, kind: PageKind, fetched: Fetched, parent_url: str) -> list[PageDone]:
        answer = Answer(fetched.body, fetched.media_type, fetched.charset, file_name(fetched))
        services = self._services
        reading = read_in_workers(services.workers, services.recogniser, answer, known, services.today())
        if isinstance(reading, ArchiveReading):
            return self._keep_archive(known, kind, fetched, reading, parent_url)
        attachments = self._attached(known, reading)
        if reading.pictures and services.recogniser is None and self._source.attachments:
            why = f"the page shows {len(reading.pictures)} pictures in place of text: {how_to_recognise()}"
            reading = replace(reading, unread=why)
        # What is left aside today may be read tomorrow: by another setting, or with OCR.
        is_all = not (reading.attachments or reading.pictures)
        kept = self._keep(known, fetched, reading, parent_url, is_complete=is_all)
        page = _page_done(known, kind, reading, kept, len(fetched.body))
        if not attachments:
            return [page]
        below = self._read_attachments(known, attachments)
        if not any(attachment.failed for attachment in below):
            self._remember_conditions(kept.document_id, fetched, [each.url for each in attachments])
        return [page, *below]

    def _attached(self, known: Known, reading: DocumentReading) -> tuple[Known, ...]:
        """The files that a page links, then the pictures that it shows in place of text."""
        if not self._source.attachments:
            return ()
        below = replace(
            known,
            publisher=reading.publisher,
            published_on=reading.published_on,
            is_attachment=True,
            parent_title=reading.title,
        )
        files = [replace(below, url=link.url, title=link.text or link.title) for link in reading.attachments]
        if self._services.recogniser is not None:
            files += (
                replace(below, url=link.url, title=link.text or f"公告图片{number}", is_picture=True)
                for number, link in enumerate(reading.pictures, 1)
            )
        return tuple(files)

    def _keep_archive(
        self, known: Known, kind: PageKind, fetched: Fetched, reading: ArchiveReading, parent_url: str
    ) -> list[PageDone]:
        """The archive by its table of contents, then each member with the archive as its evidence."""
        evidence = self._evidence(fetched, reading.contents.text)
        kept = self._keep(known, fetched, reading.contents, parent_url, is_complete=False, evidence=evidence)
        below = [self._keep_member(member, fetched, known.url, evidence) for member in reading.members]
        if not any(member.failed for member in below):
            self._remember_conditions(kept.document_id, fetched, [each.url for each in below])
        return [_page_done(known, kind, reading.contents, kept, len(fetched.body)), *below]

    def _keep_member(
        self, member: Member, fetched: Fetched, archive_url: str, evidence: EvidenceRef
    ) -> PageDone:
        known, kind = member.known, PageKind.ATTACHMENT
        if member.reading is None:
            failure = PageDone(known.url, kind, member.outcome, member.detail, title=known.title)
            self._record(failure, fetched.status)
            return failure
        kept = self._keep(known, fetched, member.reading, archive_url, is_complete=False, evidence=evidence)
        return _page_done(known, kind, member.reading, kept, 0)

    def _read_attachments(self, known: Known, attachments: tuple[Known, ...]) -> list[PageDone]:
        done: list[PageDone] = []
        for attachment in attachments[:ATTACHMENTS_PER_PAGE]:
            done += self._read(attachment, parent_url=known.url)
        for attachment in attachments[ATTACHMENTS_PER_PAGE:]:
            detail = f"not asked for: the page links more than {ATTACHMENTS_PER_PAGE} files"
            skipped = PageDone(
                attachment.url, PageKind.ATTACHMENT, Outcome.TOO_LARGE, detail, title=attachment.title
            )
            self._record(skipped, None)
            done.append(skipped)
        return done

    def _keep(
        self,
        known: Known,
        fetched: Fetched,
        reading: DocumentReading,
        parent_url: str,
        *,
        is_complete: bool,
        evidence: EvidenceRef | None = None,
    ) -> _Kept:
        """One transaction: version, findings, cases, letters, and the note that the address was asked for.

        A page is asked conditionally next time only once its attachments are read too: else a crash between
        the two would leave them unread for as long as the page does not change.
        """
        size = 0 if evidence else len(fetched.body)
        evidence = evidence or self._evidence(fetched, reading.text)
        now = self._services.now()
        result = reading.result
        record = PageRecord(
            url=known.url,
            source=self._source.name,
            text=reading.text,
            media_type=reading.media_type,
            document_kind=result.facts.document_kind.value,
            publisher_kind=result.facts.publisher_kind.value,
            evidence=evidence,
            parent_url=parent_url,
            title=reading.title,
            publisher=reading.publisher,
            region=self._source.region,
            published_on=reading.published_on,
            charset=reading.charset,
            facts=reading.facts,
            judged_by=reading.catalogue,
            etag=fetched.etag if is_complete else "",
            last_modified=fetched.last_modified if is_complete else "",
        )
        with self._services.transaction() as session:
            kept = keep_version(session, record, self._visit_id, now)
            if is_complete and not kept.new_document:
                conditions = ConditionalHeaders(record.etag, record.last_modified)
                remember_conditions(session, kept.document_id, conditions, ())
            findings = 0
            if result.findings:
                findings = open_cases(session, kept, result, self._services.settings, now).findings
            record_fetch(
                session,
                self._visit_id,
                known.url,
                Outcome.UNCHANGED if kept.unchanged else Outcome.OK,
                now,
                http_status=fetched.status,
                bytes_read=size,
                detail=reading.unread,
            )
        return _Kept(kept.document_id, kept.new_document, kept.changed, findings)

    def _evidence(self, fetched: Fetched, text: str) -> EvidenceRef:
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

    def _was_recognised(self, url: str, body: bytes) -> bool:
        """Whether these very bytes were read from pictures last time: again they would give the same."""
        if self._services.recogniser is None:
            return False
        with Session(self._reading) as session:
            met = version_met_last(session, url)
        return (
            met is not None
            and met.facts.get(RECOGNISED) == WHOLE
            and met.body_sha256 == sha256(body).hexdigest()
        )

    def _note_unchanged(
        self, known: Known, kind: PageKind, *, status: int | None = 304, size: int = 0
    ) -> list[PageDone]:
        """Nothing changed, as server or bytes say; attachments that are known are asked all the same."""
        page = PageDone(known.url, kind, Outcome.UNCHANGED, title=known.title, bytes_read=size)
        now = self._services.now()
        with self._services.transaction() as session:
            kept = keep_unchanged(session, known.url, self._visit_id, now)
            record_fetch(
                session,
                self._visit_id,
                known.url,
                Outcome.UNCHANGED,
                now,
                http_status=status,
                bytes_read=size,
            )
            children = (
                []
                if kept is None
                else session.exec(select(Document).where(Document.parent_id == kept.document_id)).all()
            )
            below = [
                replace(
                    known,
                    url=child.url,
                    title=child.title,
                    publisher=child.publisher,
                    published_on=child.published_on,
                    is_attachment=True,
                )
                for child in children
                if MEMBER not in child.url
            ]
            members = [child for child in children if MEMBER in child.url]
            for member in members:
                keep_unchanged(session, member.url, self._visit_id, now)
                record_fetch(session, self._visit_id, member.url, Outcome.UNCHANGED, now, http_status=304)
            done = [page] + [
                PageDone(member.url, PageKind.ATTACHMENT, Outcome.UNCHANGED, title=member.title)
                for member in members
            ]
        if self._source.attachments:
            for attachment in below:
                done += self._read(attachment, parent_url=known.url)
        return done

    def _remember_conditions(self, document_id: int, fetched: Fetched, linked: Iterable[str]) -> None:
        conditions = ConditionalHeaders(fetched.etag, fetched.last_modified)
        with self._services.transaction() as session:
            remember_conditions(session, document_id, conditions, linked)

    def _record(self, page: PageDone, status: int | None) -> None:
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


def _page_done(
    known: Known, kind: PageKind, reading: DocumentReading, kept: _Kept, bytes_read: int
) -> PageDone:
    quotes = [alert.quote for alert in reading.result.findings if alert.severity.is_alert]
    return PageDone(
        known.url,
        kind,
        Outcome.OK if kept.is_new or kept.is_changed else Outcome.UNCHANGED,
        title=reading.title,
        bytes_read=bytes_read,
        is_new=kept.is_new,
        is_changed=kept.is_changed,
        findings=kept.findings,
        alerts=tuple(dict.fromkeys(quotes)) if kept.findings else (),
        detection_seconds=reading.detection_seconds,
    )


def _unread(kind: PageKind, otherwise: Outcome) -> Outcome:
    return Outcome.UNREADABLE_ATTACHMENT if kind is PageKind.ATTACHMENT else otherwise
