"""A visit that its program did not end goes on in another: what it has asked for already is not asked again.

It goes on as long as the source would not be due anew. What is older is ended as an error, and the source is
visited from the beginning.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from storage.documents import remembered, what_hangs_on
from storage.tables import FetchRecord, SourceState, Visit
from storage.visits import SUCCESSES, abandon_visits
from vocabulary.addresses import AddressError, document_address
from vocabulary.codes import PageKind, VisitPurpose

_AT_ONCE = 1_000
"""Addresses in one statement."""


def resumable(session: Session, now: datetime) -> dict[int, str]:
    """The watched sources by the visits to them that may go on; the sources are due from now on."""
    unfinished = session.exec(
        select(Visit, SourceState)
        .join(SourceState, col(SourceState.name) == col(Visit.source))
        .where(col(Visit.finished_at).is_(None), Visit.purpose == VisitPurpose.WATCH)
        .where(col(SourceState.is_watched))
    ).all()
    young = [
        (visit, state)
        for visit, state in unfinished
        if visit.started_at > now - timedelta(minutes=state.every_minutes)
    ]
    for _, state in young:
        state.next_due_at = min(state.next_due_at or now, now)
    return {visit.id or 0: visit.source for visit, _ in young}


def take_up(session: Session, source: str, now: datetime, every: timedelta) -> Visit | None:
    """The unfinished visit that goes on now, for whoever alone visits ``source``; None where there is none.

    Unfinished ones that are older than ``every`` are ended.
    """
    unfinished = session.exec(
        select(Visit)
        .where(Visit.source == source, Visit.purpose == VisitPurpose.WATCH, col(Visit.finished_at).is_(None))
        .order_by(col(Visit.id).desc())
    ).all()
    visit = next((visit for visit in unfinished if visit.started_at > now - every), None)
    ended = {each.id for each in unfinished if each is not visit}
    if ended:
        abandon_visits(session, now, unless=lambda each: each.id not in ended)
    return visit


def asked_already(session: Session, visit_id: int) -> frozenset[str]:
    """Addresses that were read during a visit, with all that hangs on them.

    What failed is tried again, and a page whose files were not all asked for is asked once more.
    """
    asked = session.exec(
        select(FetchRecord.url)
        .where(FetchRecord.visit_id == visit_id, col(FetchRecord.outcome).in_(SUCCESSES))
        .where(FetchRecord.kind != PageKind.LIST)
    ).all()
    addresses, whole = set(_addresses(asked)), set[str]()
    for begin in range(0, len(asked), _AT_ONCE):
        known = remembered(session, asked[begin : begin + _AT_ONCE])
        known = {url: each for url, each in known.items() if any(each.conditions)}
        hanging = what_hangs_on(session, [each.document_id for each in known.values()])
        whole |= {
            url
            for url, each in known.items()
            if all(below.url in addresses for below in hanging[each.document_id])
        }
    return frozenset(whole)


def _addresses(urls: Iterable[str]) -> Iterable[str]:
    """As documents are called."""
    for url in urls:
        try:
            yield document_address(url)
        except AddressError:
            continue
