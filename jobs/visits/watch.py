"""A visit to a source: its list as far as it is new, the items, their attachments, and what it came to.

Every address is fetched, read and written on its own: a failure is recorded with its outcome and counted, and
the visit goes on. Running a visit twice changes nothing. What a crash interrupts is visited again at the next
start, because a visit without an end makes its source due at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select

from crawling.listing.model import Item, told
from crawling.listing.sessions import under_known_addresses
from crawling.listing.walk import ListWalk
from jobs.context import Context, VisitSummary
from jobs.lacks import Lack, lack_behind
from jobs.names import names_lack
from jobs.visits.documents import DocumentReader
from jobs.visits.expectations import Expected, expected_items, review_source
from jobs.visits.run import VisitRun
from jobs.visits.timing import plan_next_visit
from storage.database import for_reading
from storage.tables import Document
from storage.visits import SUCCESSES, VisitCounts
from vocabulary.codes import Outcome, PageKind, VisitPurpose
from vocabulary.page_errors import StoppedError

NO_ITEMS = "the list has no items: look at it in a browser, or set selectors.items"
_KNOWN_COMPARED = 2_000
"""Documents met last with which the addresses of a list are compared."""
AFTER_LACK = timedelta(minutes=1)
"""How soon a visit is taken up again that this machine ended."""
_STOPPED = "the daemon ended during the visit; it is taken up again at the next start"

log = structlog.get_logger()


def visit_source(context: Context, source_name: str) -> VisitSummary:
    """Visit the source of that name once and say what it came to.

    Where the program itself fails (no database, no disk), the visit ends as ``error``; an exception comes
    only from a visit that could not even begin. Raises ``UnknownSourceError``.
    """
    source = context.source(source_name)
    if context.stopping.is_set():
        return VisitSummary(source.name, 0, None, "the daemon was ending")
    with Session(for_reading(context.engine)) as session:
        expected = expected_items(session, source)
    run = VisitRun.begin(context, source, VisitPurpose.WATCH)
    try:
        reader = DocumentReader(run, holds_back=True)
        for _ in run.read_items(reader.read_item, _listed_items(run, reader)):
            pass
        reader.read_held()
        outcome, detail = _outcome(run, expected)
        lack = names_lack(context) if outcome not in SUCCESSES else None
        return _interrupt(run, lack) if lack is not None else _end(run, outcome, detail)
    except StoppedError:
        return run.interrupt(_STOPPED)
    except Exception as error:
        lack = lack_behind(error)
        if lack is not None:
            return _interrupt(run, lack)
        log.exception("visit_failed", source=source.name)
        return _fail(run, error)


def _listed_items(run: VisitRun, reader: DocumentReader) -> Iterator[Item]:
    """Items that are new in this visit, list page after list page, as far as :class:`ListWalk` goes."""
    source = run.source
    walk = ListWalk(str(source.url), page_limit=source.page_limit, item_limit=source.item_limit)
    while (url := walk.next_url()) and not run.leaves():
        page = run.read_list_page(url)
        if page is None:
            return
        fresh = walk.take(page)
        run.items += len(fresh.items)
        yield from reader.recall(under_known_addresses(fresh.items, _known_addresses(run, fresh.items)))


def _known_addresses(run: VisitRun, items: Sequence[Item]) -> Sequence[str]:
    """Addresses of the source's documents that have a query, where those of the list have one."""
    if not any("?" in item.url for item in items):
        return ()
    with Session(for_reading(run.context.engine)) as session:
        return session.exec(
            select(Document.url)
            .where(Document.source == run.source.name, col(Document.parent_id).is_(None))
            .where(col(Document.url).contains("?"))
            .order_by(col(Document.id).desc())
            .limit(_KNOWN_COMPARED)
        ).all()


def _fail(run: VisitRun, error: Exception) -> VisitSummary:
    """End as ``error``; where even that cannot be written, the next start takes the visit up again."""
    detail = f"{type(error).__name__}: {error}"[:500]
    try:
        return _end(run, Outcome.ERROR, detail)
    except SQLAlchemyError:
        log.exception("visit_not_ended", source=run.source.name)
        return run.tell_end(run.summary(Outcome.ERROR, detail, VisitCounts()))


def _interrupt(run: VisitRun, lack: Lack) -> VisitSummary:
    """End without a word on the source, which is due again soon: this machine lacks something."""
    run.context.lacks.note(lack)
    try:
        return run.end(
            Outcome.ERROR, lack.why, lambda _session, now, _counts: now + AFTER_LACK, says_of_source=False
        )
    except SQLAlchemyError:  # the next start takes the visit up again, if none does before
        return run.tell_end(run.summary(Outcome.ERROR, lack.why, VisitCounts()))


def _end(run: VisitRun, outcome: Outcome, detail: str) -> VisitSummary:
    settings = run.context.settings

    def plan(session: Session, now: datetime, counts: VisitCounts) -> datetime:
        return plan_next_visit(
            session,
            run.source,
            outcome=outcome,
            has_news=counts.new_documents > 0,
            started=run.started_at,
            now=now,
            zone=ZoneInfo(settings.time_zone),
        )

    return run.end(
        outcome, detail, plan, lambda session, now: review_source(session, run.source, settings, now)
    )


def _outcome(run: VisitRun, expected: Expected) -> tuple[Outcome, str]:
    """How the visit ended as a whole, and why."""
    short = _shortfall(run, expected)
    if short is not None:
        return short
    ended = [each for each in run.ended() if each.kind is not PageKind.LIST]
    failures = Counter[Outcome]()
    for each in ended:
        if each.failed:
            failures[each.outcome] += each.addresses
    of = sum(each.addresses for each in ended)
    if failures.total() * 2 > of:
        worst = failures.most_common(1)[0][0]
        return worst, f"{failures.total()} of {of} pages could not be read: {run.first_detail(worst)}"
    changed = any(each.new_documents or each.changed_documents for each in ended)
    return (Outcome.OK if changed else Outcome.UNCHANGED), told(run.list_notes)


def _shortfall(run: VisitRun, expected: Expected) -> tuple[Outcome, str] | None:
    """What the list did not give; None where it gave what it usually does."""
    failure = run.list_failure
    if failure is not None and not run.list_pages:
        return failure.outcome, failure.detail
    if run.left:
        minutes = f"{run.context.settings.fetching.visit_minutes:g}"
        left = (
            f"{run.left} addresses were left to the next visit after {minutes} min (fetching.visit_minutes)"
        )
        return Outcome.FEWER_THAN_EXPECTED, left
    if not run.items:
        return Outcome.EMPTY, told(run.list_notes) or NO_ITEMS
    # A guess at the next page may be wrong: a page that does not exist is the end of the list.
    if failure is not None and failure.outcome is not Outcome.GONE:
        return Outcome.FEWER_THAN_EXPECTED, f"the list could not be read to its end: {failure}"
    if run.items < expected.least:
        return Outcome.FEWER_THAN_EXPECTED, f"{run.items} items where {expected.usual} are usual"
    return None
