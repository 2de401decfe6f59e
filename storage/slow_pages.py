"""Pages that took too long, remembered so that no visit waits for each of them again.

Whatever was slow once is tried at the next visit: a machine may have been busy, a server away for a moment.
After that it is tried more and more seldom, and at once where its content changes.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlmodel import Session, col, select

from storage.rows import OnConflict, insert_or_update
from storage.tables import SlowPage
from vocabulary.addresses import recordable_url

_UNANSWERED = (timedelta(hours=1), timedelta(days=1))
"""The first pause after a page that a server did not answer, and the longest."""
_UNREAD = (timedelta(days=1), timedelta(days=30))
"""The same after one that was not read in time."""
_FORGOTTEN = timedelta(days=60)
"""A page that no list has named for so long after its pause is forgotten."""
_AGAIN = OnConflict(
    key=("source", "url"), replace=("body_sha256", "outcome", "detail", "times", "next_try_at")
)


def slow_pages(session: Session, source: str) -> dict[str, SlowPage]:
    """Those of ``source`` by address."""
    found = session.exec(select(SlowPage).where(SlowPage.source == source)).all()
    session.expunge_all()
    return {page.url: page for page in found}


def remember_slow(session: Session, page: SlowPage, now: datetime) -> None:
    """``page`` was too slow, once more where it was so before with the same bytes or without any."""
    page.url = recordable_url(page.url)
    counted = select(SlowPage.times).where(
        SlowPage.source == page.source,
        SlowPage.url == page.url,
        SlowPage.body_sha256 == page.body_sha256,
    )
    page.times = (session.exec(counted).one_or_none() or 0) + 1
    page.next_try_at = now + pause_after(page.times, is_read=bool(page.body_sha256))
    insert_or_update(session, page, _AGAIN)
    outdated = col(SlowPage.next_try_at) < now - _FORGOTTEN
    session.execute(delete(SlowPage).where(col(SlowPage.source) == page.source, outdated))


def forget_slow(session: Session, source: str, url: str) -> None:
    """The page came in time."""
    session.execute(
        delete(SlowPage).where(col(SlowPage.source) == source, col(SlowPage.url) == recordable_url(url))
    )


def pause_after(times: int, *, is_read: bool) -> timedelta:
    """None after the first time, then doubling."""
    first, longest = _UNREAD if is_read else _UNANSWERED
    return timedelta() if times < 2 else min(first * 2 ** min(times - 2, 20), longest)
