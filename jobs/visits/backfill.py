"""A back-fill: the past of a source, read page by page beyond what one visit reads.

Its progress stands in the database after each list page, so that an interrupted one goes on where it was. The
page done last is read once more then: what was published meanwhile moves items from page to page. Doing it
twice changes nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

import structlog
from sqlmodel import Session, col, select

from crawling.listing.addresses import absolute_url
from crawling.listing.model import Item, ListPage, NoteKind, told
from jobs.context import Context, PageDone
from jobs.visits.documents import DocumentReader
from jobs.visits.run import VisitRun
from settings.sources import Source
from storage.database import for_reading, one_transaction
from storage.rows import insert_once
from storage.tables import Backfill, Document
from storage.under_way import backfill_lock
from storage.visits import abandon_visits
from vocabulary.addresses import AddressError, canonical_url
from vocabulary.codes import Outcome, VisitPurpose
from vocabulary.page_errors import StoppedError

PAGES_AT_ONCE = 2_000
"""List pages read by one call; a list that is longer goes on with the next call."""
_PAGES_OLDER = 2
"""So many pages in a row must be older than the period: items are pinned, inserted late and re-dated."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a back-fill has come."""

    since: date
    until: date
    reached: date | None
    """The earliest day of publication met; None while none is known."""
    list_pages: int
    documents: int
    """Pages and attachments read, known ones too."""
    new_documents: int
    errors: int
    finished: bool
    why: str = ""
    """Why it is not finished."""


def back_fill(
    context: Context,
    source_name: str,
    *,
    since: date,
    until: date | None = None,
    again: bool = False,
    watch: Callable[[Progress], object] = lambda _: None,
) -> Progress:
    """Read everything that a source lists from ``since`` to ``until`` (both inclusive; None: today).

    Goes on where an earlier call was interrupted; one that is finished is left alone, unless ``again``.
    Items without a date are read where the list comes to them. ``watch`` is told of every document. A page
    that fails is recorded with its outcome and does not end the back-fill; a list page that fails does, for
    the next call to go on there. Raises ``LockedError`` where another program fills this source, and
    ``UnknownSourceError``.
    """
    source = context.source(source_name)
    with context.locks.hold(backfill_lock(source.name)):
        order = _take_up(source, context, since, until, again=again)
        if order.finished_at is not None:
            return _progress(order)
        return _Filling(source, context, order, watch).fill()


@one_transaction
def _take_up(source: Source, context: Context, since: date, until: date | None, *, again: bool) -> Backfill:
    """The row of this order: the unfinished one, the finished one, or a new one."""
    with context.transaction() as session:
        session.expire_on_commit = False
        # Nobody else fills this source now: a back-fill of it without an end was killed.
        abandon_visits(
            session,
            context.now(),
            unless=lambda visit: (visit.source, visit.purpose) != (source.name, VisitPurpose.BACKFILL),
        )
        same = select(Backfill).where(Backfill.source == source.name, Backfill.since == since)
        order: Backfill | None = None
        if until is None:
            unfinished = same.where(col(Backfill.finished_at).is_(None)).order_by(col(Backfill.id).desc())
            order = session.exec(unfinished).first()
            until = order.until if order is not None else context.today()
        new = Backfill(
            source=source.name,
            since=since,
            until=until,
            next_page=absolute_url(str(source.url)),
            begun_at=context.now(),
        )
        insert_once(session, new)
        order = session.exec(same.where(Backfill.until == until)).one()
        if again and order.finished_at is not None:
            for name in ("next_page", "begun_at", "finished_at", "reached"):
                setattr(order, name, getattr(new, name))
            order.list_pages = order.documents = order.new_documents = order.errors = 0
        session.add(order)
        session.flush()
        return order


@dataclass(slots=True)
class _Filling:
    source: Source
    context: Context
    order: Backfill
    watch: Callable[[Progress], object]
    met_items: set[str] = field(default_factory=set)
    met_pages: set[str] = field(default_factory=set)
    older_in_a_row: int = 0

    def fill(self) -> Progress:
        run = VisitRun.begin(self.context, self.source, VisitPurpose.BACKFILL)
        outcome, why = Outcome.ERROR, "interrupted: run it again to go on"
        try:
            outcome, why = self._read_pages(run)
        except StoppedError:
            log.info("backfill_interrupted", source=self.source.name, next_page=self.order.next_page)
        finally:
            run.end(outcome, why)
        return _progress(self.order, why)

    def _read_pages(self, run: VisitRun) -> tuple[Outcome, str]:
        """Until the list ends or the period does; what the visit came to, and why it is not finished."""
        reader = DocumentReader(run, holds_back=True)
        pending = deque([self.order.next_page])
        while pending:
            if len(self.met_pages) >= PAGES_AT_ONCE:
                return Outcome.OK, f"{PAGES_AT_ONCE} list pages were read: run it again to go on"
            url = pending.popleft()
            if url in self.met_pages:
                continue
            self.met_pages.add(url)
            page = run.read_list_page(url)
            if page is None:
                failure = run.list_failure
                # A guess at the next page may be wrong: a page that does not exist is the end of the list.
                if failure is not None and failure.outcome is Outcome.GONE and self.order.list_pages:
                    continue
                outcome = failure.outcome if failure is not None else Outcome.ERROR
                return outcome, f"{url} could not be read: {failure}; run it again to go on"
            pending.extend(self._read_page(run, reader, page, is_last=not pending))
        unfollowed = [note for note in run.list_notes if note.kind is NoteKind.PAGING_NOT_FOLLOWED]
        if unfollowed and (self.order.reached is None or self.order.reached > self.order.since):
            return Outcome.OK, told(unfollowed)
        self._keep(finished=True)
        return Outcome.OK, ""

    def _read_page(
        self, run: VisitRun, reader: DocumentReader, page: ListPage, *, is_last: bool
    ) -> Sequence[str]:
        """Read the items of ``page`` and return where the list goes on; () at its end."""
        fresh = [item for item in page.items if item.url not in self.met_items]
        self.met_items.update(item.url for item in fresh)
        run.items += len(fresh)
        wanted = [item for item in fresh if self._is_wanted(item)]
        for _, done in run.read_items(reader.read_item, reader.recall(wanted)):
            for each in done:
                self._note(each)
        for each in reader.read_held():
            self._note(each)
        days = self._days(page.items)
        self.order.list_pages += 1
        self.order.reached = min([*days, *([self.order.reached] if self.order.reached else [])], default=None)
        if is_last and not page.parts:
            self.order.next_page = page.url
        self._keep()
        if page.parts:
            return page.parts
        # A page without items may be a month without notices: passed over, but not for ever.
        if not page.items or (days and max(days) < self.order.since):
            self.older_in_a_row += 1
        elif days:
            self.older_in_a_row = 0
        if (page.items and not fresh) or self.older_in_a_row >= _PAGES_OLDER:
            return ()
        return [url for url in page.next_pages if url not in self.met_pages][:1]

    def _is_wanted(self, item: Item) -> bool:
        day = item.published_on
        return day is None or self.order.since <= day <= self.order.until

    def _note(self, page: PageDone) -> None:
        self.order.documents += not page.failed
        self.order.new_documents += page.is_new
        self.order.errors += page.failed
        self.watch(_progress(self.order))

    def _days(self, items: Sequence[Item]) -> list[date]:
        """Days of publication as the list says, else as the documents themselves said when they were read."""
        days = [item.published_on for item in items if item.published_on is not None]
        undated = [_canonical(item.url) for item in items if item.published_on is None]
        if undated:
            with Session(for_reading(self.context.engine)) as session:
                known = session.exec(select(col(Document.published_on)).where(col(Document.url).in_(undated)))
                days += [day for day in known if day is not None]
        return days

    def _keep(self, *, finished: bool = False) -> None:
        if finished:
            self.order.finished_at = self.context.now()
        self.context.write(lambda session: session.merge(self.order))
        self.watch(_progress(self.order))


def _canonical(url: str) -> str:
    try:
        return canonical_url(url)
    except AddressError:
        return ""


def _progress(order: Backfill, why: str = "") -> Progress:
    return Progress(
        since=order.since,
        until=order.until,
        reached=order.reached,
        list_pages=order.list_pages,
        documents=order.documents,
        new_documents=order.new_documents,
        errors=order.errors,
        finished=order.finished_at is not None,
        why=why,
    )
