"""监督举报: messages of the public become documents to judge; who wrote them is kept apart.

A message is evidence as it came. Its texts, files and linked pages are documents of the source ``intake``,
each read and written on its own: what is hostile or broken fails alone and is counted. Reading a message
twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import structlog
from sqlmodel import Session, select

from assessment.archives import ArchiveReading
from assessment.message_parts import Part
from assessment.message_writers import is_person, masked
from assessment.messages import OpenedMessage, message_key, open_message
from assessment.reading import Answer, Assessment, Known, ReadingError
from assessment.recognising import read_in_workers
from assessment.workers import WorkError, WorkersEndedError, WorkTimeoutError
from cases.opening import open_cases
from crawling.fetching.model import FetchingStoppedError, PageKind
from crawling.listing.model import Item
from crawling.mailboxes import Mailbox, MailboxError, MaildirBox, Waiting, open_imap
from detection.model import Mention
from jobs.context import Context, PageDone
from jobs.visits.documents import DocumentReader
from settings.model import Source
from storage.database import for_reading
from storage.documents import PageRecord, keep_version
from storage.errors import StorageError
from storage.evidence import EvidenceRef, Resource
from storage.rows import insert_once
from storage.tables import IntakeMessage, IntakeReporter
from storage.visits import VisitCounts, finish_visit, record_fetch, start_visit
from vocabulary.addresses import MESSAGE
from vocabulary.codes import Outcome, VisitPurpose

SOURCE = "intake"
_NO_SITE = "https://intake.invalid/"
"""Messages come from no list; nobody ever answers under ``.invalid`` (RFC 2606)."""
_MEDIA_TYPE = "message/rfc822"

log = structlog.get_logger()


@dataclass(slots=True)
class IntakeSummary:
    """What one look at the mailboxes came to."""

    messages: int = 0
    """Read now; those of earlier looks do not count."""
    again: int = 0
    """Delivered once more, and known."""
    documents: int = 0
    findings: int = 0
    errors: int = 0
    problems: list[str] = field(default_factory=list)
    """Mailboxes that could not be read, each with the reason."""


def take_in(context: Context) -> IntakeSummary:
    """Read and judge every message that waits in the configured mailboxes.

    A mailbox that cannot be read is a problem of the summary, and an ended visit of ``intake`` says why.
    """
    summary, intake = IntakeSummary(), context.settings.intake
    visit = _IntakeVisit(context, summary)
    try:
        if intake.directory:
            with _noting(visit):
                visit.read_box(MaildirBox(Path(intake.directory)))
        if intake.imap.host:
            with _noting(visit), open_imap(intake.imap) as box:
                visit.read_box(box)
    except (FetchingStoppedError, WorkersEndedError):
        log.info("intake_interrupted")
    finally:
        visit.end()
    return summary


@contextmanager
def _noting(visit: _IntakeVisit) -> Iterator[None]:
    try:
        yield
    except MailboxError as error:
        log.warning("mailbox_unread", why=str(error))
        visit.summary.problems.append(str(error))


def _source(context: Context) -> Source:
    return Source.model_validate(
        {
            "name": SOURCE,
            "title": "监督举报",
            "url": _NO_SITE,
            "region": context.settings.intake.region or None,
        }
    )


class _IntakeVisit:
    """One look: its row in the database begins with the first message or problem."""

    def __init__(self, context: Context, summary: IntakeSummary) -> None:
        self.summary = summary
        self._services = context
        self._visit_id = 0

    def read_box(self, box: Mailbox) -> None:
        for waiting in box.waiting():
            if self._services.stopping.is_set():
                return
            try:
                complete = self._read_waiting(box, waiting)
                box.mark(waiting, flagged=not complete)
            except (MailboxError, StorageError) as error:
                log.warning("message_unread", message=waiting.name[:80], why=str(error))
                self.summary.problems.append(str(error))

    def _read_waiting(self, box: Mailbox, waiting: Waiting) -> bool:
        """Whether everything in the message could be read."""
        limit = self._services.settings.intake.max_bytes
        if waiting.size > limit:
            detail = f"the message has {waiting.size} bytes, more than intake.max_bytes: open it by hand"
            with self._services.transaction() as session:
                url = f"{MESSAGE}{waiting.name}"
                record_fetch(
                    session, self.visit_id, url, Outcome.TOO_LARGE, self._services.now(), detail=detail
                )
            self.summary.errors += 1
            return False
        raw = box.read(waiting)
        key = message_key(raw)
        with Session(for_reading(self._services.engine)) as session:
            if session.exec(select(IntakeMessage.id).where(IntakeMessage.key == key)).first():
                self.summary.again += 1
                return True
        return _Taking(self._services, self.visit_id, key, raw).take(self.summary)

    @property
    def visit_id(self) -> int:
        if not self._visit_id:
            with self._services.transaction() as session:
                now = self._services.now()
                self._visit_id = start_visit(session, SOURCE, now, VisitPurpose.INTAKE)
        return self._visit_id

    def end(self) -> None:
        if not self._visit_id and not self.summary.problems:
            return
        visit_id, now, summary = self.visit_id, self._services.now(), self.summary
        outcome = Outcome.ERROR if summary.problems else Outcome.OK
        counts = VisitCounts(
            items=summary.messages,
            pages=summary.documents,
            findings=summary.findings,
            errors=summary.errors + len(summary.problems),
        )
        with self._services.transaction() as session:
            detail = "; ".join(summary.problems)[:500]
            finish_visit(session, visit_id, outcome, counts, now, next_due_at=now, detail=detail)


class _Taking:
    """One message on its way to documents and cases."""

    def __init__(self, context: Context, visit_id: int, key: str, raw: bytes) -> None:
        self._services = context
        self._visit_id = visit_id
        self._url = f"{MESSAGE}{key}"
        self._key = key
        self._raw = raw
        self._done: list[PageDone] = []

    def take(self, summary: IntakeSummary) -> bool:
        """Everything of the message, then the note that it was taken in; whether all could be read."""
        evidence = self._services.evidence.write_resource(
            Resource(self._url, _MEDIA_TYPE, self._raw, self._services.now())
        )
        opened: OpenedMessage | None = None
        outcome, detail = Outcome.OK, ""
        try:
            opened = self._services.workers.run(open_message, self._raw)
            self._read_parts(opened, evidence)
            self._follow(opened)
        except ReadingError as error:
            outcome, detail = error.outcome, error.detail
        except WorkTimeoutError as error:
            outcome, detail = Outcome.TIMEOUT, str(error)
        except WorkError as error:
            outcome, detail = Outcome.ERROR, str(error)
        if outcome is Outcome.OK and not self._done:
            outcome, detail = Outcome.EMPTY, "the message has neither text nor files nor links"
        errors = sum(page.failed for page in self._done) + (outcome is not Outcome.OK)
        message = self._message(opened, outcome, detail, evidence, errors)
        self._keep_message(message, opened)
        summary.messages += 1
        summary.documents += message.documents
        summary.findings += message.findings
        summary.errors += errors
        return not errors

    def _message(
        self, opened: OpenedMessage | None, outcome: Outcome, detail: str, evidence: EvidenceRef, errors: int
    ) -> IntakeMessage:
        return IntakeMessage(
            key=self._key,
            visit_id=self._visit_id,
            subject=masked(opened.subject, opened.private) if opened else "",
            outcome=outcome,
            detail=detail,
            documents=sum(not page.failed for page in self._done),
            findings=sum(page.findings for page in self._done),
            errors=errors,
            evidence_file=evidence.file,
            evidence_record=evidence.record_id,
            taken_in_at=self._services.now(),
        )

    def _keep_message(self, message: IntakeMessage, opened: OpenedMessage | None) -> None:
        with self._services.transaction() as session:
            if message.outcome is not Outcome.OK:
                record_fetch(
                    session,
                    self._visit_id,
                    self._url,
                    message.outcome,
                    message.taken_in_at,
                    detail=message.detail,
                )
            message_id = insert_once(session, message)
            if message_id is not None and opened and (opened.address or opened.name):
                reporter = IntakeReporter(message_id=message_id, address=opened.address, name=opened.name)
                insert_once(session, reporter)

    def _read_parts(self, opened: OpenedMessage, evidence: EvidenceRef) -> None:
        subject = masked(opened.subject, opened.private)
        for number, part in enumerate(opened.parts, 1):
            self._done.append(self._read_part(f"{self._url}:{number}", part, subject, opened, evidence))
        if opened.is_cut:
            self._fail(f"{self._url}:0", PageKind.ATTACHMENT, Outcome.TOO_LARGE, "it has too many parts")

    def _read_part(
        self, url: str, part: Part, subject: str, opened: OpenedMessage, evidence: EvidenceRef
    ) -> PageDone:
        kind = PageKind.ATTACHMENT if part.is_file else PageKind.PAGE
        known = Known(
            url,
            title=masked(part.name, opened.private) if part.is_file else subject,
            region=self._services.settings.intake.region or None,
            is_attachment=part.is_file,
            parent_title=subject if part.is_file else "",
        )
        answer = Answer(part.body, part.media_type, part.charset, part.name)
        try:
            reading = self._read_document(answer, known)
            return self._keep(url, kind, without(reading, opened.private), evidence)
        except ReadingError as error:
            return self._failed(url, kind, error.outcome, masked(error.detail, opened.private))
        except WorkTimeoutError as error:
            return self._failed(url, kind, Outcome.TIMEOUT, str(error))
        except WorkersEndedError:
            raise
        except WorkError as error:
            return self._failed(url, kind, Outcome.ERROR, str(error))

    def _read_document(self, answer: Answer, known: Known) -> Assessment:
        context = self._services
        reading = read_in_workers(context.workers, context.recogniser, answer, known, context.today())
        if isinstance(reading, ArchiveReading):
            raise ReadingError(
                Outcome.UNREADABLE_ATTACHMENT, "it is an archive: ask for its files one by one"
            )
        return reading

    def _keep(self, url: str, kind: PageKind, reading: Assessment, evidence: EvidenceRef) -> PageDone:
        context, result = self._services, reading.result
        now = context.now()
        record = PageRecord(
            url=url,
            source=SOURCE,
            text=reading.text,
            media_type=reading.media_type,
            document_kind=result.facts.document_kind.value,
            publisher_kind=result.facts.publisher_kind.value,
            evidence=evidence,
            title=reading.title,
            publisher=reading.publisher,
            region=context.settings.intake.region or None,
            published_on=reading.published_on,
            charset=reading.charset,
            facts=reading.facts,
            judged_by=reading.catalogue,
        )
        findings = 0
        with context.transaction() as session:
            kept = keep_version(session, record, self._visit_id, now)
            if result.findings:
                findings = open_cases(session, kept, result, context.settings, now).findings
            record_fetch(session, self._visit_id, url, Outcome.OK, now, detail=reading.unread)
        return PageDone(url, kind, Outcome.OK, title=reading.title, is_new=True, findings=findings)

    def _follow(self, opened: OpenedMessage) -> None:
        """Read the pages that the message links, as a visit would: with robots.txt and refused addresses."""
        limit = self._services.settings.intake.link_limit
        reader = DocumentReader(_source(self._services), self._visit_id, self._services)
        for link in opened.links[:limit]:
            if masked(shown := unquote(link), opened.private) != shown:
                detail = "not asked for: the address names who wrote the message"
                self._fail(masked(shown, opened.private), PageKind.PAGE, Outcome.REFUSED_ADDRESS, detail)
                continue
            self._done += reader.read_item(Item(link, ""))
        for link in opened.links[limit:]:
            self._fail(link, PageKind.PAGE, Outcome.TOO_LARGE, f"not asked for: more than {limit} links")

    def _fail(self, url: str, kind: PageKind, outcome: Outcome, detail: str) -> None:
        self._done.append(self._failed(url, kind, outcome, detail))

    def _failed(self, url: str, kind: PageKind, outcome: Outcome, detail: str) -> PageDone:
        with self._services.transaction() as session:
            record_fetch(session, self._visit_id, url, outcome, self._services.now(), detail=detail)
        return PageDone(url, kind, outcome, detail)


def without(reading: Assessment, private: tuple[str, ...]) -> Assessment:
    """``reading`` without who wrote the message; verdicts stay where they are in the text."""
    text, mentions = reading.text, reading.result.mentions
    for word in private:
        kept = [(mention.start, mention.end) for mention in mentions if _names(mention, word)]
        text = masked(text, (word,), kept)
    quoted = tuple(replace(each, quote=text[each.start : each.end]) for each in mentions)
    return replace(
        reading,
        text=text,
        title=masked(reading.title, private),
        publisher=masked(reading.publisher, private),
        facts=_masked_facts(reading.facts, private),
        result=replace(reading.result, mentions=quoted),
    )


def _names(mention: Mention, word: str) -> bool:
    """Whether a mention's words are the certificate's own, not those of somebody who stands beside it."""
    return word in mention.qualification or not is_person(word)


def _masked_facts(fact: Any, private: tuple[str, ...]) -> Any:
    if isinstance(fact, dict):
        return {key: _masked_facts(value, private) for key, value in fact.items()}
    if isinstance(fact, list):
        return [_masked_facts(value, private) for value in fact]
    return masked(fact, private) if isinstance(fact, str) else fact
