"""When each host may be asked again, by the database's clock: one pause for every program that asks."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, or_
from sqlmodel import Session, col

from storage.database import database_now
from storage.leases import has_died_here, new_holder
from storage.rows import insert_once
from storage.tables import HostPace

_FORGOTTEN_AFTER = timedelta(days=1)
_TOLERANCE_SECONDS = 1.0
_SWEPT_EVERY = 2_000
"""Turns between two looks for hosts that nobody asks any more; hostile pages name as many as they like."""


@dataclass(frozen=True, slots=True)
class Turn:
    """The turn to ask ``host``, taken by ``holder``."""

    host: str
    holder: str


class HostTurns:
    """Turns between the programs that work with one database; whose is next is left to chance."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def take(self, host: str, *, pause: float, at_most: float) -> Turn | float:
        """The turn to ask ``host``, or for how many seconds nobody may.

        The turn is ours for ``at_most`` seconds, or until this process ends. Should it never be given back,
        ``pause`` seconds count from now, because the host may have been asked.
        """
        holder = new_holder()
        with Session(self._engine) as session, session.begin():
            there = session.get(HostPace, host, with_for_update=True)
            now = database_now(session)  # once the row is ours: waiting for it takes time
            mine = HostPace(
                host=host,
                free_at=now + timedelta(seconds=pause),
                wait_seconds=pause,
                holder=holder,
                held_until=now + timedelta(seconds=at_most),
            )
            if there is None:
                if insert_once(session, mine) is None:  # somebody was faster
                    return 0.0
            elif (wait := _wait_for(there, now)) is not None:
                return wait
            else:
                for name in ("free_at", "wait_seconds", "holder", "held_until"):
                    setattr(there, name, getattr(mine, name))
            if random.random() < 1 / _SWEPT_EVERY:  # noqa: S311 - a broom, no secret
                _sweep(session, now)
            return Turn(host, holder)

    def give_back(self, turn: Turn, *, pause: float) -> None:
        """Let others ask, ``pause`` seconds from now on."""
        with Session(self._engine) as session, session.begin():
            there = session.get(HostPace, turn.host, with_for_update=True)
            if there is None or there.holder != turn.holder:
                return
            now = database_now(session)
            there.free_at, there.wait_seconds = now + timedelta(seconds=pause), pause
            there.holder, there.held_until = "", now


def _wait_for(there: HostPace, now: datetime) -> float | None:
    """Seconds until the host may be asked, 0 where somebody is asking it; None: it may be asked now."""
    remaining = (there.free_at - now).total_seconds()
    is_asked = bool(there.holder) and there.held_until > now and not has_died_here(there.holder)
    # What lies further ahead than its pause was written before the clock was put back.
    waits = 0 < remaining <= there.wait_seconds + _TOLERANCE_SECONDS
    if waits:
        return remaining
    return 0.0 if is_asked else None


def _sweep(session: Session, now: datetime) -> None:
    session.execute(
        delete(HostPace).where(
            col(HostPace.free_at) < now - _FORGOTTEN_AFTER,
            or_(col(HostPace.holder) == "", col(HostPace.held_until) < now),
        )
    )
