"""How many of something strangers may have within a minute, counted in a row that every process asks.

A desk that several processes serve, on one machine or many, is one desk to whoever tries its doors.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from storage.rows import insert_once
from storage.tables import TakenTurns

SECONDS = 60
"""For which a turn counts."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How many of something may be had within :data:`SECONDS`."""

    name: str
    each: int
    """By one machine."""
    together: int
    """By all of them, so that the row stays short."""


def take_turn(session: Session, limit: Limit, origin: str, now: datetime) -> bool:
    """Whether one is left for the machine ``origin``, which then has taken it; in the caller's transaction.

    Turns of one limit are taken one after the other, whichever processes ask: its row is locked until the
    transaction ends.
    """
    insert_once(session, TakenTurns(name=limit.name, turns=[]))
    wanted = select(TakenTurns).where(col(TakenTurns.name) == limit.name).with_for_update()
    row = session.exec(wanted.execution_options(populate_existing=True)).one()
    at = now.timestamp()
    # A clock that was set back would else keep everybody out until it is there again.
    lasting = [(taken, whose) for taken, whose in row.turns if at - SECONDS < taken <= at + SECONDS]
    own = Counter(whose for _, whose in lasting)[origin]
    if own >= limit.each or len(lasting) >= limit.together:
        return False
    row.turns = [*lasting, (at, origin)]
    session.add(row)
    return True
