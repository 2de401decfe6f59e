"""Visits to sources: when one began, what it asked for, how it ended, and when the next is due."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from typing import NamedTuple, cast

from sqlalchemy import CursorResult, Executable, bindparam, func, update
from sqlalchemy import select as select_rows
from sqlmodel import Session, col, select

from storage.rows import (
    OnConflict,
    insert_once,
    insert_or_update,
    insert_or_update_all,
    rows,
    table_of,
)
from storage.tables import FetchRecord, SourceState, Visit, VisitTotal
from vocabulary.addresses import recordable_url
from vocabulary.codes import Outcome, PageKind, VisitPurpose

SUCCESSES = frozenset({Outcome.OK, Outcome.UNCHANGED})
"""A visit that ends otherwise saw less than it should have: it does not move ``last_success_at``."""
DIED = "the program ended during this visit"
_VISITED_AGAIN = OnConflict(key=("name",), replace=("last_visit_at",))
_ASKED_AGAIN = OnConflict(
    key=("visit_id", "url"),
    replace=("outcome", "http_status", "bytes_read", "detail", "fetched_at", "kind"),
    latest=("is_new", "is_changed", "findings"),
)
_ADDED = OnConflict(
    key=("source", "outcome"),
    add=("visits", "list_pages", "pages", "attachments", "bytes_read", "errors"),
)
_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class VisitCounts:
    """What a visit did, as its row keeps it."""

    list_pages: int = 0
    items: int = 0
    pages: int = 0
    attachments: int = 0
    bytes_read: int = 0
    new_documents: int = 0
    changed_documents: int = 0
    findings: int = 0
    errors: int = 0


class Ended(NamedTuple):
    """The addresses of one kind that ended in one way during a visit, and what they held."""

    kind: PageKind
    outcome: Outcome
    addresses: int
    bytes_read: int
    new_documents: int
    changed_documents: int
    findings: int

    @property
    def failed(self) -> bool:
        return self.outcome not in SUCCESSES


def ended_in(session: Session, visit_id: int) -> list[Ended]:
    """What a visit did so far, in one look at its records."""
    found = rows(session, _ended_in(), visit=visit_id)
    return [Ended(kind, outcome, *map(int, amounts)) for kind, outcome, *amounts in found]


@cache
def _ended_in() -> Executable:
    """Whatever ended first comes first."""
    record = table_of(FetchRecord).c
    return (
        select_rows(
            record.kind,
            record.outcome,
            func.count(),
            func.sum(record.bytes_read),
            func.count().filter(record.is_new),
            func.count().filter(record.is_changed),
            func.sum(record.findings),
        )
        .where(record.visit_id == bindparam("visit"))
        .group_by(record.kind, record.outcome)
        .order_by(func.min(record.id))
    )


def first_detail(session: Session, visit_id: int, outcome: Outcome) -> str:
    """Why the first page or file of a visit ended so that did; empty where none did."""
    detail = (
        select(FetchRecord.detail)
        .where(FetchRecord.visit_id == visit_id, FetchRecord.outcome == outcome)
        .where(FetchRecord.kind != PageKind.LIST)
        .order_by(col(FetchRecord.id))
        .limit(1)
    )
    return session.exec(detail).first() or ""


def counted(
    ended: Iterable[Ended], *, list_pages: int = 0, items: int = 0, other_errors: int = 0
) -> VisitCounts:
    """What a visit's records come to, with what its list came to and what went wrong that was no address."""
    ended = list(ended)
    read = [each for each in ended if not each.failed]
    return VisitCounts(
        list_pages=list_pages,
        items=items,
        pages=sum(each.addresses for each in read if each.kind is PageKind.PAGE),
        attachments=sum(each.addresses for each in read if each.kind is PageKind.ATTACHMENT),
        bytes_read=sum(each.bytes_read for each in ended),
        new_documents=sum(each.new_documents for each in read),
        changed_documents=sum(each.changed_documents for each in read),
        findings=sum(each.findings for each in read),
        errors=sum(each.addresses for each in ended if each.failed) + other_errors,
    )


def start_visit(
    session: Session, source: str, now: datetime, purpose: VisitPurpose = VisitPurpose.WATCH
) -> int:
    """Begin a visit and return its id; the caller commits, so that the row survives a crash."""
    visit = Visit(source=source, started_at=now, purpose=purpose)
    session.add(visit)
    if purpose is VisitPurpose.WATCH:
        insert_or_update(session, SourceState(name=source, last_visit_at=now), _VISITED_AGAIN)
    session.flush()
    return cast("int", visit.id)


def record_fetch(
    session: Session,
    visit_id: int,
    url: str,
    outcome: Outcome,
    now: datetime,
    *,
    http_status: int | None = None,
    bytes_read: int = 0,
    detail: str = "",
    kind: PageKind = PageKind.PAGE,
) -> None:
    """:func:`record_fetches` of one address."""
    record_fetches(session, [Asked(visit_id, url, outcome, now, http_status, bytes_read, detail, kind)])


class Asked(NamedTuple):
    """An address that a visit asked for, and how that ended at ``now``."""

    visit_id: int
    url: str
    outcome: Outcome
    now: datetime
    http_status: int | None = None
    bytes_read: int = 0
    detail: str = ""
    kind: PageKind = PageKind.PAGE
    is_new: bool = False
    is_changed: bool = False
    findings: int = 0


def record_fetches(session: Session, asked: Sequence[Asked]) -> None:
    """Note how asking ended; for an address asked again in the same visit, the last answer stands.

    That it was new or changed at first stands too.
    """
    records = [
        {
            "visit_id": each.visit_id,
            "url": recordable_url(each.url),
            "outcome": each.outcome,
            "http_status": each.http_status,
            "bytes_read": each.bytes_read,
            "detail": each.detail,
            "fetched_at": each.now,
            "kind": each.kind,
            "is_new": each.is_new,
            "is_changed": each.is_changed,
            "findings": each.findings,
        }
        for each in asked
    ]
    insert_or_update_all(session, FetchRecord, records, _ASKED_AGAIN)


def finish_visit(
    session: Session,
    visit_id: int,
    outcome: Outcome,
    counts: VisitCounts,
    now: datetime,
    *,
    next_due_at: datetime,
    detail: str = "",
    says_of_source: bool = True,
) -> bool:
    """End a visit and bring the state of its source up to date; False where it had ended before.

    Only a visit that watches changes that state: back-fills and look-backs say nothing of the list. Where it
    ended for a reason of this machine's, ``says_of_source`` False, only the plan changes.
    """
    ended = session.execute(
        update(Visit)
        .where(col(Visit.id) == visit_id, col(Visit.finished_at).is_(None))
        .values(finished_at=now, outcome=outcome, detail=detail, **asdict(counts))
    )
    if cast("CursorResult[object]", ended).rowcount == 0:
        return False
    source, purpose, started_at = session.exec(
        select(Visit.source, Visit.purpose, Visit.started_at).where(Visit.id == visit_id)
    ).one()
    _add_up(session, source, outcome, counts, started_at)
    if purpose is not VisitPurpose.WATCH:
        return True
    insert_once(session, SourceState(name=source))
    changes: dict[str, object] = {"next_due_at": next_due_at}
    if outcome in SUCCESSES:
        changes |= {"failures_in_a_row": 0, "last_success_at": now}
    elif says_of_source:
        changes["failures_in_a_row"] = SourceState.failures_in_a_row + 1
    session.execute(update(SourceState).where(col(SourceState.name) == source).values(**changes))
    return True


def _add_up(
    session: Session, source: str, outcome: Outcome, counts: VisitCounts, started_at: datetime
) -> None:
    """Figures of all visits ever, so that nobody has to read millions of rows for them."""
    own = {name: value for name, value in asdict(counts).items() if name in _ADDED.add}
    total = VisitTotal(source=source, outcome=outcome, visits=1, first_started_at=started_at, **own)
    insert_or_update(session, total, _ADDED)


def source_state(session: Session, source: str) -> SourceState | None:
    """What is remembered of ``source``; None where it was never visited."""
    return session.get(SourceState, source, populate_existing=True)


def due_sources(session: Session, names: Iterable[str], now: datetime) -> list[str]:
    """Those of the configured ``names`` that are due: never visited first, then the longest overdue."""
    configured = list(names)
    states = session.exec(select(SourceState).where(col(SourceState.name).in_(configured))).all()
    due_at = {state.name: state.next_due_at or _LONG_AGO for state in states}
    due = [name for name in configured if due_at.get(name, _LONG_AGO) <= now]
    return sorted(due, key=lambda name: due_at.get(name, _LONG_AGO))


def unfinished_visits(session: Session) -> list[Visit]:
    """Visits without an end, oldest first: running ones, and those during which the program died."""
    statement = select(Visit).where(col(Visit.finished_at).is_(None)).order_by(col(Visit.id))
    return list(session.exec(statement).all())


def abandon_visits(
    session: Session, now: datetime, *, unless: Callable[[Visit], bool] = lambda _: False
) -> list[str]:
    """End unfinished visits as ``error`` and make watched sources due at once; the names of these.

    For the start of the daemon, before its own first visit: what was not read then is read now. ``unless``
    says of which visits another program still takes care.
    """
    abandoned = [visit for visit in unfinished_visits(session) if not unless(visit)]
    for visit in abandoned:
        visit_id = cast("int", visit.id)
        counts = counted(ended_in(session, visit_id), other_errors=1)
        finish_visit(session, visit_id, Outcome.ERROR, counts, now, next_due_at=now, detail=DIED)
    return sorted({visit.source for visit in abandoned if visit.purpose is VisitPurpose.WATCH})
