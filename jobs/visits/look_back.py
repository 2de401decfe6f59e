"""回头看: pages with cases are visited again on their own schedule, on their lists or not.

A page with attachments is looked at as a whole, because an attachment is judged by what its page says of it.
"""

from __future__ import annotations

import contextlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlmodel import Session, col, func, or_, select
from sqlmodel.sql.expression import Select

from alerts.notifications.alert import notify_recipients
from cases.case_filter import OPEN
from cases.rectification import LOOKED_AT, Settled, settle_case
from crawling.listing.model import Item
from jobs.context import Context, PageDone
from jobs.visits.documents import DocumentReader
from jobs.visits.run import VisitRun
from jobs.visits.timing import is_quiet
from settings.model import LookBacks
from settings.sources import Source
from storage.database import for_reading, one_transaction
from storage.rows import OnConflict, insert_or_update
from storage.tables import Case, CaseEvent, Document, DocumentVersion, Finding, LookBack
from storage.under_way import LOOK_BACK, LOOK_BACK_ROUND
from vocabulary.addresses import MESSAGE, AddressError, canonical_url
from vocabulary.codes import CaseState, Outcome, VisitPurpose
from vocabulary.page_errors import StoppedError

PAGES_AT_ONCE = 500
"""Pages visited by one call: what is due beyond them waits for the next."""
_SOON = timedelta(days=1)
"""When a page that could not be read is tried again."""
_MONTH = timedelta(days=30)
_LOOKED_AGAIN = OnConflict(key=("document_id",), replace=("looked_at", "next_due_at", "outcome", "detail"))
_ENDED = (CaseState.RECTIFIED, CaseState.CLOSED)

log = structlog.get_logger()


@dataclass(slots=True)
class LookBackReport:
    """What a round of look-backs came to."""

    pages: int = 0
    """Pages and attachments with cases that were asked for."""
    failed: int = 0
    """Those of them that could not be read; a page that is gone was read as gone."""
    unwatched: int = 0
    """Pages whose source is not configured any more: nobody knows how to ask for them."""
    left_for_later: int = 0
    settled: Counter[Settled] = field(default_factory=Counter)
    """Cases by what was found."""
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class _Page:
    """A page to visit again, with those of its documents that have cases."""

    document: Document
    with_cases: tuple[Document, ...]
    every: timedelta


def look_back(
    context: Context,
    *,
    case_id: int | None = None,
    in_quiet_hours: bool = True,
    watch: Callable[[int, int], object] = lambda _done, _of: None,
) -> LookBackReport:
    """Visit the pages of open and rectified cases that are due, and settle every such case by what was seen.

    ``case_id`` visits the pages of one case, due or not. Without ``in_quiet_hours`` sources whose hours are
    quiet now are kept for later. ``watch`` is told how many of how many pages are done. A page that fails is
    recorded and tried again; nothing is concluded from it. Raises ``LockedError`` where another program looks
    back on everything already.
    """
    with contextlib.ExitStack() as stack:
        if case_id is None:
            stack.enter_context(context.locks.hold(LOOK_BACK_ROUND))
        stack.enter_context(context.locks.hold(LOOK_BACK, shared=True))
        return _look_back(context, case_id, watch, in_quiet_hours=in_quiet_hours)


def _look_back(
    context: Context, case_id: int | None, watch: Callable[[int, int], object], *, in_quiet_hours: bool
) -> LookBackReport:
    report = LookBackReport()
    by_name = {source.name: source for source in context.sources}
    now, zone = context.now(), ZoneInfo(context.settings.time_zone)
    pages = due_pages(context, case_id=case_id)
    by_source: Mapping[str, list[_Page]] = defaultdict(list)
    for page in pages:
        source = by_name.get(page.document.source)
        if source is None:
            report.unwatched += 1
        elif (in_quiet_hours or not is_quiet(source, now, zone)) and sum(
            map(len, by_source.values())
        ) < PAGES_AT_ONCE:
            by_source[source.name].append(page)
        else:
            report.left_for_later += 1
    total, done = sum(map(len, by_source.values())), 0
    for name, theirs in by_source.items():
        visiting = _LookBackVisit(by_name[name], context, report)
        for _ in visiting.visit(theirs):
            done += 1
            watch(done, total)
        if report.interrupted:
            break
    _settle(context, report, case_id)
    return report


def due_pages(context: Context, *, case_id: int | None = None) -> list[_Page]:
    """Pages that are due, the longest due first; with ``case_id`` all pages of that case."""
    settings, now = context.settings.look_backs, context.now()
    with Session(for_reading(context.engine)) as session:
        session.expire_on_commit = False
        every: dict[int, timedelta] = {}
        documents: dict[int, Document] = {}
        rows = session.execute(_documents_with_cases(settings, now, case_id))
        for document, state in rows:
            interval = timedelta(days=settings.open_days if state in OPEN else settings.rectified_days)
            key = document.id or 0
            documents[key] = document
            every[key] = min(interval, every.get(key, interval))
        roots: dict[int, list[Document]] = defaultdict(list)
        for document in documents.values():
            roots[document.parent_id or document.id or 0].append(document)
        pages = []
        for root, below in roots.items():
            interval = min(every[document.id or 0] for document in below)
            due_at = max(_due_at(session, document, interval) for document in below)
            if case_id is not None or due_at <= now:
                pages.append((due_at, _Page(session.get_one(Document, root), tuple(below), interval)))
        session.expunge_all()
    return [page for _, page in sorted(pages, key=lambda pair: pair[0])]


def _documents_with_cases(settings: LookBacks, now: datetime, case_id: int | None) -> Select[Document, str]:
    """Documents with the states of their cases: open ones, and those put right not too long ago."""
    statement = (
        select(Document, Case.state)
        .join(DocumentVersion, col(DocumentVersion.document_id) == col(Document.id))
        .join(Finding, col(Finding.version_id) == col(DocumentVersion.id))
        .join(Case, col(Case.id) == col(Finding.case_id))
        .where(col(Case.state).in_(LOOKED_AT))
        .where(col(Document.url).not_like(f"{MESSAGE}%"))  # No server has a message of the public.
        .distinct()
    )
    if case_id is not None:
        return statement.where(Case.id == case_id)
    recently = (
        select(CaseEvent.case_id)
        .where(CaseEvent.kind == "rectified")
        .group_by(col(CaseEvent.case_id))
        .having(func.max(CaseEvent.at) > now - settings.months * _MONTH)
    )
    return statement.where(or_(col(Case.state).not_in(_ENDED), col(Case.id).in_(recently)))


def _due_at(session: Session, document: Document, every: timedelta) -> datetime:
    """A page that an ordinary visit has met meanwhile need not be asked for again."""
    looked = session.get(LookBack, document.id)
    if looked is None:
        return document.last_seen_at + every
    # A case that was reopened since is looked at more often than was planned then.
    planned = looked.looked_at + min(every, looked.next_due_at - looked.looked_at)
    return max(document.last_seen_at + every, planned)


@dataclass(slots=True)
class _LookBackVisit:
    source: Source
    context: Context
    report: LookBackReport

    def visit(self, pages: Sequence[_Page]) -> Iterator[_Page]:
        """Visit ``pages``, each alone, yielding those that are done."""
        run = VisitRun.begin(self.context, self.source, VisitPurpose.LOOK_BACK)
        reader = DocumentReader(run)
        by_item = {_item(page): page for page in pages}
        outcome, detail = Outcome.ERROR, "interrupted"
        try:
            for item, done in run.read_items(reader.read_item, by_item):
                self._note(by_item[item], done)
                yield by_item[item]
            outcome, detail = Outcome.OK, ""
        except StoppedError:
            self.report.interrupted = True
        finally:
            run.end(outcome, detail)

    def _note(self, page: _Page, done: Sequence[PageDone]) -> None:
        """How each document with cases was met, and when it is due again."""
        ended = {_canonical(each.url): each for each in done}
        root = ended.get(page.document.url)
        now, rows = self.context.now(), []
        for document in page.with_cases:
            outcome, detail = _how_met(document, ended, root, self.source)
            failed = outcome not in {Outcome.OK, Outcome.UNCHANGED, Outcome.GONE}
            self.report.pages += 1
            self.report.failed += failed
            rows.append(
                LookBack(
                    document_id=document.id or 0,
                    looked_at=now,
                    next_due_at=now + (min(_SOON, page.every) if failed else page.every),
                    outcome=outcome,
                    detail=detail,
                )
            )
        self.context.write(lambda session: [insert_or_update(session, row, _LOOKED_AGAIN) for row in rows])


def _item(page: _Page) -> Item:
    return Item(page.document.url, page.document.title, page.document.published_on)


def _how_met(
    document: Document, ended: Mapping[str, PageDone], root: PageDone | None, source: Source
) -> tuple[Outcome, str]:
    own = ended.get(document.url)
    if own is not None:
        return own.outcome, own.detail
    if root is None:
        return Outcome.ERROR, "未读取：本次访问中该地址已由另一页面请求"
    if root.failed:
        return root.outcome, root.detail
    if not source.attachments:
        return Outcome.ERROR, "未读取：该来源设置为不读附件"
    return Outcome.GONE, f"页面已不再链接该附件：{root.url}"


def _canonical(url: str) -> str:
    try:
        return canonical_url(url)
    except AddressError:
        return url


def _settle(context: Context, report: LookBackReport, case_id: int | None) -> None:
    """Every case that is looked at, also by what ordinary visits have seen."""
    with Session(for_reading(context.engine)) as session:
        cases = select(Case.id).where(col(Case.state).in_(LOOKED_AT)).order_by(col(Case.id))
        wanted = session.exec(cases if case_id is None else cases.where(Case.id == case_id)).all()
    for each in wanted:
        if each is None or context.stopping.is_set():
            continue
        settled = _settle_one(context, each)
        report.settled[settled] += 1
        if settled in {Settled.RECTIFIED, Settled.REOPENED}:
            log.info("case_settled", case=each, settled=settled.value)


@one_transaction
def _settle_one(context: Context, case_id: int) -> Settled:
    with context.transaction() as session:
        settlement = settle_case(session, case_id, context.settings, context.now())
        if settlement.news is not None:
            notify_recipients(session, settlement.news, context.told(), context.now())
    return settlement.settled
