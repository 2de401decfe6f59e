"""Whether a way out of the house answers: one row for each that does not, and one probe at a time for it.

What a way does to all messages alike is no message's fault: while it is down its messages keep their tries
and their turn, and one of them asks, after pauses that double up to five minutes. Once one gets through, the
row is gone and all leave. A failure that may be the message's or the way's (a lost connection, a busy server)
is charged to the message at first; the third such failure in a row, of whichever messages, is the way's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, or_
from sqlmodel import Session, col, delete, func, select, update

from alerts.delivery.channels import ChannelDown
from storage.rows import insert_once
from storage.tables import ChannelState, OutboxMessage

FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=5)
"""What a way that answers again is left alone for at most."""
DOUBTS = 3
"""Failures in a row that may be the messages', after which they are the way's."""

log = structlog.get_logger()


def may_leave(now: datetime) -> ColumnElement[bool]:
    """Messages whose way is not known to be down, or is to be probed."""
    way = _way(col(OutboxMessage.channel), col(OutboxMessage.recipient))
    kept = select(ChannelState.channel).where(*way, col(ChannelState.probe_at) > now)
    return ~kept.correlate(OutboxMessage).exists()


def claim_probe(session: Session, row: OutboxMessage, now: datetime, until: datetime) -> bool:
    """Whether ``row`` may be sent: its way is not down, or nobody else probes it now, nor will ``until``."""
    way = _way(row.channel, row.recipient)
    down = session.scalar(select(func.count()).select_from(ChannelState).where(*way))
    if not down:
        return True
    claimed = session.execute(
        update(ChannelState).where(*way, col(ChannelState.probe_at) <= now).values(probe_at=until)
    )
    return bool(claimed.rowcount == down)  # type: ignore[attr-defined]


def note_failure(
    session: Session, row: OutboxMessage, failure: ChannelDown, at: datetime
) -> timedelta | None:
    """Note that a way failed; the pause until it is probed, or None where it is taken for the message's."""
    state = _state(session, row.channel, failure.only_for, at)
    state.failures += 1
    state.last_error = str(failure)[:500]
    if state.down_since is None:
        if failure.saw_message and state.failures < DOUBTS:
            state.probe_at = at
            return None
        state.down_since, state.failures = at, 1
        log.warning(
            "channel_down", channel=row.channel, way=failure.only_for or row.channel, why=str(failure)
        )
    pause = pause_after(state.failures)
    state.probe_at = at + pause
    return pause


def note_answer(session: Session, row: OutboxMessage) -> None:
    """Note that the way of ``row`` answers."""
    ended = session.execute(
        delete(ChannelState)
        .where(*_way(row.channel, row.recipient))
        .returning(col(ChannelState.down_since), col(ChannelState.recipient))
    )
    for since, recipient in ended.all():
        if since is not None:
            log.info("channel_answers_again", channel=row.channel, way=recipient or row.channel)


def pause_after(failures: int) -> timedelta:
    """The wait before the next probe of a way that failed so many times in a row."""
    doubled: timedelta = min(FIRST_PAUSE * 2 ** min(failures - 1, 10), LONGEST_PAUSE)
    return doubled


def probe_at_once(session: Session) -> None:
    """Let every way that is down be probed now: somebody asks for it, or the program begins."""
    session.execute(
        update(ChannelState)
        .where(col(ChannelState.down_since).is_not(None))
        .values(probe_at=col(ChannelState.down_since))
    )


def ways_down(session: Session) -> Sequence[ChannelState]:
    """The ways that are down, the longest first."""
    return session.exec(
        select(ChannelState)
        .where(col(ChannelState.down_since).is_not(None))
        .order_by(col(ChannelState.down_since), col(ChannelState.channel), col(ChannelState.recipient))
    ).all()


def _state(session: Session, channel: str, recipient: str, at: datetime) -> ChannelState:
    insert_once(session, ChannelState(channel=channel, recipient=recipient, probe_at=at))
    return session.get_one(ChannelState, (channel, recipient), with_for_update=True)


def _way(channel: Any, recipient: Any) -> tuple[ColumnElement[bool], ...]:
    """What is known of a whole channel, and of the one chat that the message is for."""
    return (
        col(ChannelState.channel) == channel,
        or_(col(ChannelState.recipient) == "", col(ChannelState.recipient) == recipient),
    )
