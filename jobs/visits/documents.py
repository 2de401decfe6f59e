"""One document of a visit: fetched, read and judged in a worker, and kept with all that hangs on it."""

from __future__ import annotations

import threading
from dataclasses import replace

import structlog

from assessment.archives import ArchiveReading, Member
from assessment.reading import Answer, Assessment, Known, ReadingError
from assessment.recognising import read_in_workers
from assessment.workers import WorkError, WorkersEndedError, WorkTimeoutError
from crawling.fetching.model import Access, Fetched, FetchError, FetchingStoppedError, PageKind
from crawling.listing.addresses import is_attachment
from crawling.listing.model import Item
from extraction.recognition import how_to_recognise
from jobs.context import Context, PageDone
from jobs.visits.answers import file_name, refuse_elsewhere
from jobs.visits.storing import DocumentKeeper, Kept
from settings.model import Source
from storage.evidence import EvidenceRef
from vocabulary.addresses import MEMBER
from vocabulary.codes import Outcome, PublisherKind

ATTACHMENTS_PER_PAGE = 40

log = structlog.get_logger()


class DocumentReader:
    """Reads the documents of one visit; its methods may be called from several threads."""

    def __init__(self, source: Source, visit_id: int, context: Context) -> None:
        self._source = source
        self._visit_id = visit_id
        self._services = context
        self._keeper = DocumentKeeper(source, visit_id, context)
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
        fetched: Fetched | None = None
        try:
            fetched = self._fetch(known, kind)
            return self._read_fetched(known, kind, fetched, parent_url)
        except (FetchingStoppedError, WorkersEndedError):
            raise FetchingStoppedError from None
        except Exception as error:  # noqa: BLE001 - one page fails alone
            failure = self._failure(known, kind, error, fetched)
            status = error.status if isinstance(error, FetchError) else fetched.status if fetched else None
        if self._services.stopping.is_set():
            raise FetchingStoppedError
        self._keeper.record(failure, status)
        return [failure]

    def _fetch(self, known: Known, kind: PageKind) -> Fetched:
        conditions = self._keeper.conditions(known.url)
        return self._services.fetcher.fetch(
            known.url,
            kind=kind,
            etag=conditions.etag,
            last_modified=conditions.last_modified,
            access=Access.to(self._source),
        )

    def _read_fetched(
        self, known: Known, kind: PageKind, fetched: Fetched, parent_url: str
    ) -> list[PageDone]:
        if fetched.unchanged:
            return self._pass_over(known, kind, status=304, bytes_read=0)
        refuse_elsewhere(fetched)
        may_be_recognised = known.is_attachment and self._services.recogniser is not None
        if may_be_recognised and self._keeper.was_recognised(known.url, fetched.body):
            return self._pass_over(known, kind, status=fetched.status, bytes_read=len(fetched.body))
        return self._read_answer(known, kind, fetched, parent_url)

    def _failure(self, known: Known, kind: PageKind, error: Exception, fetched: Fetched | None) -> PageDone:
        """What a failure is called, and how many bytes it cost."""
        bytes_read = len(fetched.body) if fetched else 0
        if isinstance(error, FetchError):
            outcome, detail, bytes_read = error.outcome, error.detail, error.bytes_read
        elif isinstance(error, ReadingError):
            # A photograph beside a line of text is no failure.
            is_wordless = known.is_picture and error.outcome is Outcome.EMPTY
            outcome, detail = Outcome.OK if is_wordless else error.outcome, error.detail
        elif isinstance(error, WorkTimeoutError):
            outcome, detail = _unread(kind, Outcome.TIMEOUT), str(error)
        elif isinstance(error, WorkError):
            outcome, detail = _unread(kind, Outcome.ERROR), str(error)
        else:
            log.error("page failed", url=known.url, source=self._source.name, exc_info=error)
            outcome, detail = Outcome.ERROR, f"{type(error).__name__}: {error}"[:500]
        return PageDone(known.url, kind, outcome, detail, bytes_read=bytes_read, title=known.title)

    def _read_answer(self, known: Known, kind: PageKind, fetched: Fetched, parent_url: str) -> list[PageDone]:
        answer = Answer(fetched.body, fetched.media_type, fetched.charset, file_name(fetched))
        context = self._services
        reading = read_in_workers(context.workers, context.recogniser, answer, known, context.today())
        if isinstance(reading, ArchiveReading):
            return self._keep_archive(known, kind, fetched, reading, parent_url)
        attachments = self._attached(known, reading)
        if reading.pictures and context.recogniser is None and self._source.attachments:
            why = f"the page shows {len(reading.pictures)} pictures in place of text: {how_to_recognise()}"
            reading = replace(reading, unread=why)
        # What is left aside today may be read tomorrow: by another setting, or with OCR.
        is_all = not (reading.attachments or reading.pictures)
        kept = self._keeper.keep(known, fetched, reading, parent_url, is_complete=is_all)
        page = _page_done(known, kind, reading, kept, len(fetched.body))
        if not attachments:
            return [page]
        below = self._read_attachments(known, attachments)
        if not any(attachment.failed for attachment in below):
            self._keeper.remember_conditions(kept.document_id, fetched, [each.url for each in attachments])
        return [page, *below]

    def _attached(self, known: Known, reading: Assessment) -> tuple[Known, ...]:
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
        evidence = self._keeper.evidence(fetched, reading.contents.text)
        kept = self._keeper.keep(
            known, fetched, reading.contents, parent_url, is_complete=False, evidence=evidence
        )
        below = [self._keep_member(member, fetched, known.url, evidence) for member in reading.members]
        if not any(member.failed for member in below):
            self._keeper.remember_conditions(kept.document_id, fetched, [each.url for each in below])
        return [_page_done(known, kind, reading.contents, kept, len(fetched.body)), *below]

    def _keep_member(
        self, member: Member, fetched: Fetched, archive_url: str, evidence: EvidenceRef
    ) -> PageDone:
        known, kind = member.known, PageKind.ATTACHMENT
        if member.reading is None:
            failure = PageDone(known.url, kind, member.outcome, member.detail, title=known.title)
            self._keeper.record(failure, fetched.status)
            return failure
        kept = self._keeper.keep(
            known, fetched, member.reading, archive_url, is_complete=False, evidence=evidence
        )
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
            self._keeper.record(skipped, None)
            done.append(skipped)
        return done

    def _pass_over(self, known: Known, kind: PageKind, *, status: int, bytes_read: int) -> list[PageDone]:
        """Nothing changed; attachments that are known are asked for all the same."""
        below = self._keeper.keep_unchanged(known, status=status, bytes_read=bytes_read)
        done = [PageDone(known.url, kind, Outcome.UNCHANGED, title=known.title, bytes_read=bytes_read)]
        done += (
            PageDone(member.url, PageKind.ATTACHMENT, Outcome.UNCHANGED, title=member.title)
            for member in below.members
        )
        if self._source.attachments:
            for attachment in below.files:
                done += self._read(attachment, parent_url=known.url)
        return done


def _page_done(known: Known, kind: PageKind, reading: Assessment, kept: Kept, bytes_read: int) -> PageDone:
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
