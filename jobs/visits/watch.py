"""A visit to a source, end to end: list pages, their items, the attachments of these, and what it came to.

Every address is fetched, read and written on its own: a failure is recorded with its outcome and counted, and
the visit goes on. Running a visit twice changes nothing. What a crash interrupts is visited again at the next
start, because a visit without an end makes its source due at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import SQLAlchemyError

from assessment.lists import read_list
from assessment.reading import Answer, ReadingError
from assessment.workers import WorkError, WorkersEndedError
from crawling.fetching.model import Access, Fetched, FetchError, FetchingStoppedError, PageKind
from crawling.listing.addresses import same_site
from crawling.listing.model import Item, ListPage, Note, told
from crawling.listing.walk import ListWalk
from crawling.listing.years import continued
from jobs.context import Context, PageDone, VisitSummary
from jobs.visits.documents import DocumentReader
from jobs.visits.expectations import NOTHING_EXPECTED, Expected, expected_items, review_source
from jobs.visits.timing import plan_next_visit
from settings.model import Source
from storage.visits import VisitCounts, finish_visit, record_fetch, start_visit
from vocabulary.codes import Outcome

NO_ITEMS = "the list has no items: look at it in a browser, or set selectors.items"

log = structlog.get_logger()


def visit_source(source: Source, context: Context) -> VisitSummary:
    """Visit ``source`` once and say what it came to.

    Where the house itself fails (no database, no disk), the visit ends as ``error``; an exception comes only
    from a visit that could not even begin.
    """
    if context.stopping.is_set():
        return VisitSummary(source.name, 0, None, "the daemon was ending")
    visit = _begin(source, context)
    for observer in context.observers:
        observer.visit_began(source)
    try:
        visit.read()
        summary = visit.finish()
    except FetchingStoppedError:
        summary = visit.summary(
            None, "the daemon ended during the visit; it is taken up again at the next start"
        )
    except Exception as error:
        log.exception("visit_failed", source=source.name)
        summary = visit.fail(error)
    for observer in context.observers:
        observer.visit_ended(source, summary)
    return summary


def _begin(source: Source, context: Context) -> SourceVisit:
    now = context.now()
    with context.transaction() as session:
        visit_id = start_visit(session, source.name, now)
        expected = expected_items(session, source)
    return SourceVisit(source, context, visit_id, now, expected)


def _refuse_another_site(fetched: Fetched) -> None:
    if not same_site(fetched.url, fetched.final_url):
        raise FetchError(Outcome.MOVED, f"leads to another site: {fetched.final_url}", status=fetched.status)


@dataclass(slots=True)
class SourceVisit:
    """One visit under way: what was asked for and how each page ended."""

    source: Source
    context: Context
    visit_id: int
    started_at: datetime
    expected: Expected = NOTHING_EXPECTED
    list_pages: int = 0
    items: int = 0
    done: list[PageDone] = field(default_factory=list)
    list_notes: tuple[Note, ...] = ()
    """What of the list could not be followed."""
    _list_page: ListPage | None = None
    """The list page read last."""
    list_failure: FetchError | ReadingError | None = None
    """Why the list could not be read, or not to its end."""

    def read(self) -> None:
        """List pages one after the other; their items meanwhile, in threads."""
        reader = DocumentReader(self.source, self.visit_id, self.context)
        threads = ThreadPoolExecutor(self.context.settings.fetching.threads, f"visit-{self.source.name}")
        try:
            reading = [
                threads.submit(self.read_item, reader, item)
                for page in self._list_pages()
                for item in page.items
            ]
            for finished in as_completed(reading):
                finished.result()
        finally:
            threads.shutdown(cancel_futures=True)

    def read_item(self, reader: DocumentReader, item: Item) -> None:
        """Read the page behind ``item`` and its attachments; ``done`` has how they ended."""
        for page in reader.read_item(item):
            self._note(page)

    def _note(self, page: PageDone) -> None:
        self.done.append(page)
        for observer in self.context.observers:
            observer.page_done(self.source, page)

    def _list_pages(self) -> Iterator[ListPage]:
        """Pages of the list with the items that are new in this visit, as far as :class:`ListWalk` goes."""
        walk = ListWalk(
            str(self.source.url), page_limit=self.source.page_limit, item_limit=self.source.item_limit
        )
        while url := walk.next_url():
            page = self.read_list_page(url)
            if page is None:
                return
            fresh = walk.take(page)
            self.items += len(fresh.items)
            yield fresh

    def read_list_page(self, url: str) -> ListPage | None:
        """The page, or None with the failure noted."""
        context, size, status = self.context, 0, None
        try:
            fetched = context.fetcher.fetch(url, kind=PageKind.LIST, access=Access.to(self.source))
            size, status = len(fetched.body), fetched.status
            _refuse_another_site(fetched)
            answer = Answer(fetched.body, fetched.media_type, fetched.charset)
            page = context.workers.run(
                read_list,
                answer,
                fetched.final_url,
                self.source.selectors,
                self.source.listing,
                context.today(),
            )
        except WorkersEndedError:
            raise FetchingStoppedError from None
        except WorkError as error:
            self.list_failure = ReadingError(Outcome.TIMEOUT, str(error))
        except FetchError as error:
            self.list_failure, status = error, error.status
        except ReadingError as error:
            self.list_failure = error
        else:
            self.list_pages += 1
            page = self._list_page = continued(page, self._list_page)
            self.list_notes += tuple(note for note in page.notes if note not in self.list_notes)
            self._note_list_page(
                PageDone(url, PageKind.LIST, Outcome.OK, told(page.notes), title=page.title, bytes_read=size),
                status,
            )
            return page
        if context.stopping.is_set():
            raise FetchingStoppedError
        failure = self.list_failure
        self._note_list_page(
            PageDone(url, PageKind.LIST, failure.outcome, failure.detail, bytes_read=size), status
        )
        return None

    def _note_list_page(self, page: PageDone, status: int | None) -> None:
        with self.context.transaction() as session:
            record_fetch(
                session,
                self.visit_id,
                page.url,
                page.outcome,
                self.context.now(),
                http_status=status,
                bytes_read=page.bytes_read,
                detail=page.detail,
            )
        self._note(page)

    def finish(self) -> VisitSummary:
        return self._end(*self._outcome())

    def fail(self, error: Exception) -> VisitSummary:
        """End as ``error``; where even that cannot be written, the next start takes the visit up again."""
        detail = f"{type(error).__name__}: {error}"[:500]
        try:
            return self._end(Outcome.ERROR, detail)
        except SQLAlchemyError:
            log.exception("visit_not_ended", source=self.source.name)
            return self.summary(Outcome.ERROR, detail)

    def _end(self, outcome: Outcome, detail: str) -> VisitSummary:
        now = self.context.now()
        with self.context.transaction() as session:
            next_due_at = plan_next_visit(
                session,
                self.source,
                outcome=outcome,
                has_news=self.counts().new_documents > 0,
                started=self.started_at,
                now=now,
                zone=ZoneInfo(self.context.settings.time_zone),
            )
            finish_visit(
                session, self.visit_id, outcome, self.counts(), now, next_due_at=next_due_at, detail=detail
            )
            review_source(session, self.source, self.context.settings, now)
        return self.summary(outcome, detail, now, next_due_at)

    def _outcome(self) -> tuple[Outcome, str]:
        """How the visit ended as a whole, and why."""
        failure = self.list_failure
        if failure is not None and not self.list_pages:
            return failure.outcome, failure.detail
        if not self.items:
            return Outcome.EMPTY, told(self.list_notes) or NO_ITEMS
        # A guess at the next page may be wrong: a page that does not exist is the end of the list.
        if failure is not None and failure.outcome is not Outcome.GONE:
            return Outcome.FEWER_THAN_EXPECTED, f"the list could not be read to its end: {failure}"
        if self.items < self.expected.least:
            return Outcome.FEWER_THAN_EXPECTED, f"{self.items} items where {self.expected.usual} are usual"
        return self._outcome_of_pages()

    def _outcome_of_pages(self) -> tuple[Outcome, str]:
        pages = [page for page in self.done if page.kind is not PageKind.LIST]
        failures = Counter(page.outcome for page in pages if page.failed)
        if failures.total() * 2 > len(pages):
            worst = failures.most_common(1)[0][0]
            detail = next(page.detail for page in pages if page.outcome is worst)
            return worst, f"{failures.total()} of {len(pages)} pages could not be read: {detail}"
        changed = any(page.is_new or page.is_changed for page in pages)
        return (Outcome.OK if changed else Outcome.UNCHANGED), told(self.list_notes)

    def counts(self) -> VisitCounts:
        """What the visit did so far."""
        read = [page for page in self.done if not page.failed]
        return VisitCounts(
            list_pages=self.list_pages,
            items=self.items,
            pages=sum(page.kind is PageKind.PAGE for page in read),
            attachments=sum(page.kind is PageKind.ATTACHMENT for page in read),
            bytes_read=sum(page.bytes_read for page in self.done),
            new_documents=sum(page.is_new for page in read),
            changed_documents=sum(page.is_changed for page in read),
            findings=sum(page.findings for page in read),
            errors=sum(page.failed for page in self.done),
        )

    def summary(
        self,
        outcome: Outcome | None,
        detail: str,
        ended_at: datetime | None = None,
        next_due_at: datetime | None = None,
    ) -> VisitSummary:
        counts = self.counts()
        return VisitSummary(
            source=self.source.name,
            visit_id=self.visit_id,
            outcome=outcome,
            detail=detail,
            list_pages=counts.list_pages,
            pages=counts.pages,
            attachments=counts.attachments,
            bytes_read=counts.bytes_read,
            new_documents=counts.new_documents,
            changed_documents=counts.changed_documents,
            findings=counts.findings,
            errors=counts.errors,
            ended_at=ended_at,
            next_due_at=next_due_at,
        )
