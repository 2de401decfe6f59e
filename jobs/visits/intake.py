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
from urllib.parse import quote, unquote

import structlog
from sqlmodel import Session, select

from assessment.archives import ArchiveReading, Member
from assessment.message_parts import Part
from assessment.message_writers import in_order, masked
from assessment.messages import OpenedMessage, message_key, open_message
from assessment.person_names import is_person
from assessment.reading import Answer, Assessment, Known
from assessment.recognising import read_in_workers
from crawling.listing.model import Item
from crawling.mailboxes import Mailbox, MailboxError, MaildirBox, Waiting, open_imap
from detection.model import Mention
from jobs.context import Context, PageDone
from jobs.visits.documents import DocumentReader
from jobs.visits.reports import ReportBox
from jobs.visits.run import VisitRun
from jobs.visits.storing import Origin, store_archive, store_page
from settings.sources import Source
from storage.database import for_reading, one_transaction
from storage.errors import StorageError
from storage.evidence import EvidenceRef, Resource
from storage.rows import insert_once
from storage.tables import IntakeMessage, IntakeReporter
from vocabulary.addresses import MEMBER, MESSAGE
from vocabulary.codes import Outcome, PageKind, VisitPurpose
from vocabulary.page_errors import PageError, StoppedError

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
        if context.settings.console.public_reports:
            with _noting(visit):
                visit.read_box(ReportBox(context))
    except StoppedError:
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
    """One look at the mailboxes: its visit begins with the first message or problem."""

    def __init__(self, context: Context, summary: IntakeSummary) -> None:
        self.summary = summary
        self._context = context
        self._run: VisitRun | None = None

    @property
    def run(self) -> VisitRun:
        if self._run is None:
            self._run = VisitRun.begin(self._context, _source(self._context), VisitPurpose.INTAKE)
        return self._run

    def read_box(self, box: Mailbox) -> None:
        for waiting in box.waiting():
            if self._context.stopping.is_set():
                return
            try:
                complete = self._read_waiting(box, waiting)
                box.mark(waiting, flagged=not complete)
            except (MailboxError, StorageError) as error:
                log.warning("message_unread", message=waiting.name[:80], why=str(error))
                self.summary.problems.append(str(error))

    def _read_waiting(self, box: Mailbox, waiting: Waiting) -> bool:
        """Whether everything in the message could be read."""
        if waiting.size > self._context.settings.intake.max_bytes:
            detail = f"the message has {waiting.size} bytes, more than intake.max_bytes: open it by hand"
            self.run.record(PageDone(f"{MESSAGE}{waiting.name}", PageKind.PAGE, Outcome.TOO_LARGE, detail))
            self.summary.errors += 1
            return False
        raw = box.read(waiting)
        key = message_key(raw)
        with Session(for_reading(self._context.engine)) as session:
            if session.exec(select(IntakeMessage.id).where(IntakeMessage.key == key)).first():
                self.summary.again += 1
                return True
        return process_message(self.run, key, raw, self.summary)

    def end(self) -> None:
        if self._run is None and not self.summary.problems:
            return
        self.run.items = self.summary.messages
        outcome = Outcome.ERROR if self.summary.problems else Outcome.OK
        self.run.other_errors = len(self.summary.problems)
        self.run.end(outcome, "; ".join(self.summary.problems)[:500])


def process_message(run: VisitRun, key: str, raw: bytes, summary: IntakeSummary) -> bool:
    """Everything of a message, then the note that it was taken in; whether all could be read."""
    url = f"{MESSAGE}{key}"
    evidence = run.context.evidence.write_resource(Resource(url, _MEDIA_TYPE, raw, run.context.now()))
    opened: OpenedMessage | None = None
    outcome, detail, done = Outcome.OK, "", list[PageDone]()
    try:
        opened = run.context.workers.run(open_message, raw)
        parts = _Parts(run, url, opened, evidence)
        for page in (*parts.read(), *parts.follow()):
            done.append(page)
    except PageError as error:
        outcome, detail = error.outcome, error.detail
    if outcome is Outcome.OK and not done:
        outcome, detail = Outcome.EMPTY, "the message has neither text nor files nor links"
    if outcome is not Outcome.OK:
        run.record(PageDone(url, PageKind.PAGE, outcome, detail))
    errors = sum(page.failed for page in done) + (outcome is not Outcome.OK)
    message = IntakeMessage(
        key=key,
        visit_id=run.visit_id,
        subject=masked(opened.subject, opened.private) if opened else "",
        outcome=outcome,
        detail=detail,
        documents=sum(not page.failed for page in done),
        findings=sum(page.findings for page in done),
        errors=errors,
        evidence_file=evidence.file,
        evidence_record=evidence.record_id,
        taken_in_at=run.context.now(),
    )
    _keep_message(run.context, message, opened)
    summary.messages += 1
    summary.documents += message.documents
    summary.findings += message.findings
    summary.errors += errors
    return not errors


@one_transaction
def _keep_message(context: Context, message: IntakeMessage, opened: OpenedMessage | None) -> None:
    with context.transaction() as session:
        message_id = insert_once(session, message)
        if message_id is not None and opened and (opened.address or opened.name):
            reporter = IntakeReporter(message_id=message_id, address=opened.address, name=opened.name)
            insert_once(session, reporter)


class _Parts:
    """The texts, files and links of one message on their way to documents and cases."""

    def __init__(self, run: VisitRun, url: str, opened: OpenedMessage, evidence: EvidenceRef) -> None:
        self._run = run
        self._url = url
        self._opened = opened
        self._origin = Origin(evidence)
        self._subject = masked(opened.subject, opened.private)

    def read(self) -> Iterator[PageDone]:
        """The texts and files that the message holds, archives with their members.

        Files are judged by what they say themselves: the subject is the reporter's word, not their page's.
        """
        for number, part in enumerate(self._opened.parts, 1):
            yield from self._read_part(f"{self._url}:{number}", part)
        if self._opened.is_cut:
            yield self._refuse(
                f"{self._url}:0", PageKind.ATTACHMENT, Outcome.TOO_LARGE, "it has too many parts"
            )

    def _read_part(self, url: str, part: Part) -> list[PageDone]:
        context, private = self._run.context, self._opened.private
        known = Known(
            url,
            title=masked(part.name, private) if part.is_file else self._subject,
            region=self._run.source.region,
            is_attachment=part.is_file,
        )
        answer = Answer(part.body, part.media_type, part.charset, part.name)
        try:
            reading = read_in_workers(
                context.workers,
                context.recogniser,
                answer,
                known,
                context.today(),
                imported=context.imported(),
            )
            if isinstance(reading, ArchiveReading):
                return store_archive(self._run, known, _archive_without(reading, private), self._origin)
            if part.is_file:
                private = in_order({*private, *_signed(reading.text, part.name)})
                known = replace(known, title=masked(known.title, private))
            shown = without(reading, private)
            return [store_page(self._run, known, shown, self._origin, is_complete=False)[0]]
        except Exception as error:  # noqa: BLE001 - one part fails alone
            if isinstance(error, PageError):
                error.detail = masked(error.detail, private)
            asked = PageDone(url, PageKind.ATTACHMENT if part.is_file else PageKind.PAGE, Outcome.OK)
            return [self._run.fail(asked, error)]

    def follow(self) -> Iterator[PageDone]:
        """The pages that the message links, as a visit reads them: with robots.txt and refused addresses."""
        private, limit = self._opened.private, self._run.context.settings.intake.link_limit
        reader = DocumentReader(self._run)
        for link in self._opened.links[:limit]:
            if masked(shown := unquote(link), private) != shown:
                why = "not asked for: the address names who wrote the message"
                yield self._refuse(masked(shown, private), PageKind.PAGE, Outcome.REFUSED_ADDRESS, why)
                continue
            yield from reader.read_item(Item(link, ""))
        for link in self._opened.links[limit:]:
            why = f"not asked for: more than {limit} links"
            yield self._refuse(link, PageKind.PAGE, Outcome.TOO_LARGE, why)

    def _refuse(self, url: str, kind: PageKind, outcome: Outcome, why: str) -> PageDone:
        return self._run.record(PageDone(url, kind, outcome, why))


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


def _archive_without(archive: ArchiveReading, private: tuple[str, ...]) -> ArchiveReading:
    """An archive and its members likewise; the names of members are part of their addresses."""
    members = tuple(
        replace(
            member,
            known=replace(
                member.known,
                url=_member_without(member.known.url, private),
                title=masked(member.known.title, private),
            ),
            reading=without(member.reading, private) if member.reading else None,
            detail=masked(member.detail, private),
        )
        for member in archive.members
    )
    return ArchiveReading(without(archive.contents, private), members)


def _signed(text: str, name: str) -> frozenset[str]:
    """Its many patterns are put together with the first letter, and not where none ever comes."""
    from assessment.message_signatures import signed_in_file  # noqa: PLC0415 - start-up

    return signed_in_file(text, name)


def _member_read(member: Member, private: tuple[str, ...]) -> Assessment | None:
    if member.reading is None:
        return None
    signed = _signed(member.reading.text, unquote(member.known.url))
    return without(member.reading, in_order({*private, *signed}))


def _member_without(url: str, private: tuple[str, ...]) -> str:
    message, _, name = url.partition(MEMBER)
    return f"{message}{MEMBER}{quote(masked(unquote(name), private))}"
