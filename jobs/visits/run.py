"""The life of a visit, whatever it is for: begun, its pages read and noted one by one, ended.

The drivers beside this file say which pages a visit reads: ``watch`` a list as far as it is new, ``backfill``
a list as far as it goes back, ``look_back`` pages with cases, ``intake`` what messages hold. Whatever a page
is and however it ends, it becomes one record of the database and is told to the observers once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog
from sqlmodel import Session

from assessment.lists import read_list
from assessment.reading import Answer
from assessment.turns import READING_FOR
from assessment.workers import WorkError
from crawling.fetching.model import Access, Fetched, FetchError, FetchingStoppedError
from crawling.fetching.patience import Patience
from crawling.listing.addresses import same_site
from crawling.listing.model import Item, ListPage, Note, told
from crawling.listing.years import continued
from jobs.context import Context, PageDone, VisitSummary
from jobs.lacks import lack_behind
from jobs.visits.hands import Hands
from settings.sources import Source
from storage.database import begun_again, for_reading, one_transaction
from storage.resuming import asked_already, take_up
from storage.visits import (
    Ended,
    VisitCounts,
    counted,
    ended_in,
    finish_visit,
    first_detail,
    record_fetch,
    start_visit,
)
from vocabulary.codes import Outcome, PageKind, VisitPurpose
from vocabulary.page_errors import PageError, StoppedError

_READ_BESIDE = 64
"""Pages that are read and stored at most while others are asked for."""
log = structlog.get_logger()
Plan = Callable[[Session, datetime, VisitCounts], datetime]
"""When the source is due next; asked in the transaction that ends a visit, at that time, with what it did."""
Afterwards = Callable[[Session, datetime], None]
"""What else belongs to the end of a visit, in the same transaction."""


def _now(_session: Session, now: datetime, _counts: VisitCounts) -> datetime:
    """Only a visit that watches makes its source due."""
    return now


def _nothing(_session: Session, _now: datetime) -> None:
    """Nothing else."""


@dataclass(slots=True)
class VisitRun:
    """One visit under way; its threads share it. What it did stands in its records, for every process."""

    context: Context
    source: Source
    visit_id: int
    started_at: datetime
    purpose: VisitPurpose = VisitPurpose.WATCH
    asked_before: frozenset[str] = frozenset()
    """Addresses that another process has read of this visit, with all that hangs on them."""
    list_pages: int = 0
    items: int = 0
    """What the list came to; whoever takes a visit up reads its list anew."""
    other_errors: int = 0
    """What went wrong that was no page: mailboxes that could not be opened."""
    list_notes: tuple[Note, ...] = ()
    """What of the list could not be followed."""
    list_failure: PageError | None = None
    """Why the list could not be read, or not to its end."""
    left: int = 0
    """Addresses that were not asked for, because the visit had lasted long enough."""
    _list_page: ListPage | None = None
    """The list page read last."""
    patience: Patience = field(init=False)
    """With hosts that do not answer."""
    asking: threading.Semaphore = field(init=False)
    """Held while an item or file is asked for."""
    hands: Hands = field(init=False)
    """Held by who has a large body."""
    _began: float = field(default_factory=time.monotonic)
    _leaving: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        fetching = self.context.settings.fetching
        self.patience = Patience(fetching.unanswered_requests)
        self.asking = threading.Semaphore(fetching.threads)
        self.hands = Hands(fetching.threads * 2)

    @classmethod
    def begin(cls, context: Context, source: Source, purpose: VisitPurpose) -> VisitRun:
        """A visit with its row in the database, so that it is known of even if the program dies.

        One that watches is the visit in which an earlier program ended, where that is not long ago.
        """
        run, so_far = cls._begin(context, source, purpose)
        structlog.contextvars.bind_contextvars(visit=run.visit_id)
        READING_FOR.set(source.name)
        for observer in context.observers:
            observer.visit_began(source, so_far)
        return run

    @staticmethod
    @one_transaction
    def _begin(context: Context, source: Source, purpose: VisitPurpose) -> tuple[VisitRun, VisitCounts]:
        now, before = context.now(), None
        with context.transaction() as session:
            if purpose is VisitPurpose.WATCH:
                before = take_up(session, source.name, now, timedelta(minutes=source.every_minutes))
            if before is None:
                return VisitRun(
                    context, source, start_visit(session, source.name, now, purpose), now, purpose
                ), VisitCounts()
            visit_id = before.id or 0
            asked = asked_already(session, visit_id)
            run = VisitRun(context, source, visit_id, before.started_at, purpose, asked)
            return run, counted(ended_in(session, visit_id))

    def leaves(self) -> bool:
        """Whether the visit has lasted long enough; what is about to be asked for is then left and counted.

        Only a visit that watches comes again by itself.
        """
        minutes = self.context.settings.fetching.visit_minutes
        is_over = self.purpose is VisitPurpose.WATCH and time.monotonic() - self._began > minutes * 60
        if is_over:
            with self._leaving:
                self.left += 1
        return is_over

    def note(self, page: PageDone) -> PageDone:
        """Tell the observers of ``page``, whose record is written."""
        for observer in self.context.observers:
            observer.page_done(self.source, page)
        return page

    def record(self, page: PageDone, status: int | None = None) -> PageDone:
        """Write how an address ended of which nothing is kept, and :meth:`note` it."""
        now = self.context.now()
        self.context.write(
            lambda session: record_fetch(
                session,
                self.visit_id,
                page.url,
                page.outcome,
                now,
                http_status=status,
                bytes_read=page.bytes_read,
                detail=page.detail,
                kind=page.kind,
            )
        )
        return self.note(page)

    def fail(self, page: PageDone, error: Exception, fetched: Fetched | None = None) -> PageDone:
        """What an error says of ``page``, recorded and noted.

        Raises StoppedError where the program ends, and ``error`` where it is no page's fault.
        """
        if isinstance(error, StoppedError):
            raise FetchingStoppedError from None
        if lack_behind(error) is not None:
            raise error
        ended = failed_page(page, error, fetched, self.source.name)
        if self.context.stopping.is_set():
            raise FetchingStoppedError
        status = error.status if isinstance(error, FetchError) else fetched.status if fetched else None
        return self.record(ended, status)

    def read_list_page(self, url: str) -> ListPage | None:
        """The list page at ``url``; None where it could not be read, which :attr:`list_failure` explains."""
        asked, fetched = PageDone(url, PageKind.LIST, Outcome.OK), None
        try:
            self.context.room.require()
            fetched = self.context.fetcher.fetch(
                url, kind=PageKind.LIST, access=Access.to(self.source), patience=self.patience
            )
            _refuse_another_site(fetched)
            answer = Answer(fetched.body, fetched.media_type, fetched.charset)
            page = self.context.workers.run(
                read_list,
                answer,
                fetched.final_url,
                self.source.selectors,
                self.source.listing,
                self.context.today(),
            )
        except (PageError, StoppedError) as error:
            self.fail(asked, error, fetched)
            self.list_failure = error if isinstance(error, PageError) else None
            return None
        self.list_pages += 1
        page = self._list_page = continued(page, self._list_page)
        self.list_notes += tuple(note for note in page.notes if note not in self.list_notes)
        read = PageDone(
            url,
            PageKind.LIST,
            Outcome.OK,
            told(page.notes),
            title=page.title,
            bytes_read=len(fetched.body),
        )
        self.record(read, fetched.status)
        return page

    def read_items(
        self, read: Callable[[Item], list[PageDone]], items: Iterable[Item]
    ) -> Iterator[tuple[Item, list[PageDone]]]:
        """What became of ``items``, each with the pages that it led to, in the order in which they end.

        They are read in threads as they come. Raises FetchingStoppedError where the program ends.
        """
        at_once = self.context.settings.fetching.threads
        # While some are asked for, others are read and stored, many by one batch and transaction: the more,
        # the less often a server is asked. SQLite is asked without a way and gains nothing by more.
        beside = 3 if self.context.engine.dialect.name == "postgresql" else 1
        in_hand = at_once + min(at_once * beside, _READ_BESIDE) if at_once > 1 else 1
        threads = ThreadPoolExecutor(in_hand, f"{self.purpose.value}-{self.source.name}")
        try:
            # Every line of the log that a page leads to names its visit, in whatever thread it is read.
            reading = {threads.submit(copy_context().run, read, item): item for item in items}
            for finished in as_completed(reading):
                yield reading[finished], finished.result()
        finally:
            threads.shutdown(cancel_futures=True)

    def end(
        self,
        outcome: Outcome,
        detail: str = "",
        plan: Plan = _now,
        afterwards: Afterwards = _nothing,
        *,
        says_of_source: bool = True,
    ) -> VisitSummary:
        """The visit's row and its source's state, brought to their end; the observers are told.

        ``says_of_source`` False: it ended for a reason of this machine's.
        """
        now = self.context.now()

        def finish() -> tuple[VisitCounts, datetime]:
            with self.context.transaction() as session:
                counts = self._counts(ended_in(session, self.visit_id))
                due_at = plan(session, now, counts)
                finish_visit(
                    session,
                    self.visit_id,
                    outcome,
                    counts,
                    now,
                    next_due_at=due_at,
                    detail=detail,
                    says_of_source=says_of_source,
                )
                afterwards(session, now)
            return counts, due_at

        counts, next_due_at = begun_again(finish)
        return self.tell_end(self.summary(outcome, detail, counts, now, next_due_at))

    def interrupt(self, detail: str) -> VisitSummary:
        """Leave the visit without an end, for the next start to take it up; the observers are told."""
        return self.tell_end(self.summary(None, detail, self._counts(self.ended())))

    def tell_end(self, summary: VisitSummary) -> VisitSummary:
        """Tell the observers that the visit ended, in the database or not."""
        for observer in self.context.observers:
            observer.visit_ended(self.source, summary)
        structlog.contextvars.unbind_contextvars("visit")
        READING_FOR.set("")
        return summary

    def ended(self) -> list[Ended]:
        """How the addresses of the visit ended so far, those that another process asked for among them."""
        with Session(for_reading(self.context.engine)) as session:
            return ended_in(session, self.visit_id)

    def first_detail(self, outcome: Outcome) -> str:
        """Why the first page ended so that did."""
        with Session(for_reading(self.context.engine)) as session:
            return first_detail(session, self.visit_id, outcome)

    def _counts(self, ended: list[Ended]) -> VisitCounts:
        return counted(ended, list_pages=self.list_pages, items=self.items, other_errors=self.other_errors)

    def summary(
        self,
        outcome: Outcome | None,
        detail: str,
        counts: VisitCounts,
        ended_at: datetime | None = None,
        next_due_at: datetime | None = None,
    ) -> VisitSummary:
        """What the visit came to; ``outcome`` None where the program ends before it."""
        return VisitSummary(
            source=self.source.name,
            visit_id=self.visit_id,
            purpose=self.purpose,
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


def failed_page(page: PageDone, error: Exception, fetched: Fetched | None, source: str) -> PageDone:
    """How ``page`` ended with ``error``, and how many bytes it cost."""
    bytes_read = page.bytes_read or (len(fetched.body) if fetched else 0)
    if not isinstance(error, PageError):
        log.error("page failed", url=page.url, source=source, exc_info=error)
        error = PageError(Outcome.ERROR, f"{type(error).__name__}: {error}"[:500])
    outcome = error.outcome
    if isinstance(error, FetchError):
        bytes_read = error.bytes_read
    elif isinstance(error, WorkError) and page.kind is PageKind.ATTACHMENT:
        outcome = Outcome.UNREADABLE_ATTACHMENT
    return replace(page, outcome=outcome, detail=error.detail, bytes_read=bytes_read)


def _refuse_another_site(fetched: Fetched) -> None:
    if not same_site(fetched.url, fetched.final_url):
        raise FetchError(Outcome.MOVED, f"leads to another site: {fetched.final_url}", status=fetched.status)
