"""What an operator does with messages that wait or that were given up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Update
from sqlmodel import Session, col, delete, func, select, update

from alerts.delivery.ways import probe_at_once
from storage.tables import OutboxMessage
from vocabulary.codes import OutboxState

_ON_HAND = (OutboxState.WAITING, OutboxState.DEAD)
"""What may be changed: a leased message is just being sent, a sent one has left."""


def count_messages(session: Session) -> dict[OutboxState, int]:
    """How many messages are in each state; every state is there."""
    counted = session.exec(select(OutboxMessage.state, func.count()).group_by(col(OutboxMessage.state)))
    found = dict(counted.all())
    return {state: found.get(state, 0) for state in OutboxState}


def list_messages(session: Session, states: Sequence[OutboxState], limit: int) -> Sequence[OutboxMessage]:
    """The first ``limit`` messages in one of ``states``, the longest waiting first."""
    return session.exec(
        select(OutboxMessage)
        .where(col(OutboxMessage.state).in_(states))
        .order_by(col(OutboxMessage.created_at), col(OutboxMessage.id))
        .limit(limit)
    ).all()


def retry_messages(session: Session, ids: Sequence[int], now: datetime) -> int:
    """Make the messages due at once, with all their tries before them; returns how many that were.

    Channels that are down are asked at once, too.
    """
    probe_at_once(session)
    return _changed(session, _afresh(now).where(col(OutboxMessage.id).in_(ids)), _ON_HAND)


def retry_dead_letters(session: Session, now: datetime) -> int:
    """The same for every dead letter."""
    probe_at_once(session)
    return _changed(session, _afresh(now), (OutboxState.DEAD,))


def drop_messages(session: Session, ids: Sequence[int]) -> int:
    """Remove messages that wait or are dead; their cases stay. Returns how many that were."""
    return _changed(session, delete(OutboxMessage).where(col(OutboxMessage.id).in_(ids)), _ON_HAND)


def _afresh(now: datetime) -> Update:
    return update(OutboxMessage).values(state=OutboxState.WAITING, attempts=0, next_attempt_at=now)


def _changed(session: Session, statement: Any, states: Sequence[OutboxState]) -> int:
    done = session.execute(statement.where(col(OutboxMessage.state).in_(states)))
    return int(done.rowcount)  # type: ignore[attr-defined]
