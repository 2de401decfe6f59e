"""Who is at work: leases that every program with the same database sees, and that end with their holder.

A lease is a row that its holder renews while it works. On the holder's own machine a program that was killed
holds nothing from that moment on, because its process can be looked for; on another machine its leases end
when they were not renewed for :data:`LEASE`. Times are those of the database's clock, which is one for all.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import cast

import structlog
from sqlalchemy import CursorResult, Engine, delete, update
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select

from storage.database import database_now, for_reading
from storage.rows import insert_once
from storage.tables import Lease

LEASE = timedelta(seconds=60)
RENEWED_EVERY_SECONDS = 15.0
_SHARED = "#"
_ENDED = "ended"
"""Of a process that waits for its parent to take note."""

log = structlog.get_logger()


class LockedError(Exception):
    """Another program, or another part of this one, holds the lease."""


class LeaseLostError(Exception):
    """The lease could not be renewed in time, and somebody else has it now."""


class Leases:
    """The leases of one database; names say what is worked at."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextlib.contextmanager
    def hold(self, name: str, *, shared: bool = False, lease: timedelta = LEASE) -> Iterator[Renewal]:
        """Hold ``name`` while the block runs, alone or with others who want it ``shared``.

        ``lease`` is after how long somebody else may take it where nobody renews it any more. Raises
        :class:`LockedError` where it is taken.
        """
        holder = new_holder()
        own = f"{name}{_SHARED}{uuid.uuid4().hex}" if shared else name
        if not self._take(own, holder, lease):
            raise LockedError(name)
        with renewed(lambda: self._renew(own, holder, lease), name) as renewal:
            try:
                yield renewal
            finally:
                self._release(own, holder)

    def is_held(self, name: str) -> bool:
        """Whether somebody holds ``name``, alone or shared."""
        with Session(for_reading(self._engine)) as session:
            now = database_now(session)
            held = session.exec(
                select(Lease).where(
                    (col(Lease.name) == name)
                    | col(Lease.name).startswith(f"{name}{_SHARED}", autoescape=True)
                )
            ).all()
            return any(is_alive(each.holder, each.until, now) for each in held)

    def _take(self, name: str, holder: str, lease: timedelta) -> bool:
        with Session(self._engine) as session, session.begin():
            now = database_now(session)
            mine = Lease(name=name, holder=holder, until=now + lease)
            if insert_once(session, mine) is not None:
                return True
            there = session.exec(select(Lease).where(Lease.name == name).with_for_update()).one_or_none()
            if there is None:  # given back meanwhile
                return insert_once(session, mine) is not None
            if is_alive(there.holder, there.until, now):
                return False
            there.holder, there.until = holder, now + lease
            session.add(there)
            return True

    def _renew(self, name: str, holder: str, lease: timedelta) -> bool:
        """Whether it is still ours."""
        with Session(self._engine) as session, session.begin():
            renewed_rows = session.execute(
                update(Lease)
                .where(col(Lease.name) == name, col(Lease.holder) == holder)
                .values(until=database_now(session) + lease)
            )
            return cast("CursorResult[object]", renewed_rows).rowcount == 1

    def _release(self, name: str, holder: str) -> None:
        try:
            with Session(self._engine) as session, session.begin():
                session.execute(delete(Lease).where(col(Lease.name) == name, col(Lease.holder) == holder))
        except SQLAlchemyError as error:
            # Nobody renews it any more: it ends by itself.
            log.warning("lease_not_given_back", lease=name, why=str(error))


class Renewal:
    """A lease that is being renewed; ``lost`` is set where somebody else has taken it."""

    def __init__(self) -> None:
        self.lost = threading.Event()


@contextlib.contextmanager
def renewed(renew: Callable[[], bool], name: str) -> Iterator[Renewal]:
    """Call ``renew`` every :data:`RENEWED_EVERY_SECONDS` while the block runs, until it says False.

    A database that cannot be asked is asked again: as long as nobody else came, the lease is still ours.
    """
    renewal, over = Renewal(), threading.Event()

    def keep() -> None:
        fails = False
        while not over.wait(RENEWED_EVERY_SECONDS):
            try:
                if renew():
                    if fails:
                        log.info("lease_renewed_again", lease=name)
                    fails = False
                    continue
            except SQLAlchemyError as error:
                if not fails:  # one sentence per state, not per try
                    log.warning("lease_not_renewed", lease=name, why=_said(error))
                fails = True
                continue
            log.error("lease_lost", lease=name)
            renewal.lost.set()
            return

    keeper = threading.Thread(target=keep, name=f"lease {name}", daemon=True)
    keeper.start()
    try:
        yield renewal
    finally:
        over.set()
        keeper.join()


def _said(error: SQLAlchemyError) -> str:
    """What the database said, without the statement."""
    return str(getattr(error, "orig", None) or error).partition("\n")[0]


def new_holder() -> str:
    """A name for whoever takes a lease now, which says on which machine and in which process."""
    return f"{_machine()}/{os.getpid()}/{_started(os.getpid())}/{uuid.uuid4().hex[:12]}"


def is_alive(holder: str, until: datetime, now: datetime) -> bool:
    """Whether ``holder`` still works at what it has until then."""
    return until > now and not has_died_here(holder)


def has_died_here(holder: str) -> bool:
    """Whether ``holder`` was a process of this machine that is no more; False where that cannot be known."""
    machine, process, started, _ = (*holder.split("/"), "", "", "", "")[:4]
    if not process.isdecimal() or machine != _machine():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # another user's, and alive
        return False
    now = _started(int(process))
    return now == _ENDED or bool(started and now and now != started)


@cache
def _machine() -> str:
    """This machine, and which of its processes can be seen: a container sees only its own."""
    known = []
    with contextlib.suppress(OSError):
        known.append(Path("/etc/machine-id").read_text(encoding="ascii").strip())
    with contextlib.suppress(OSError):
        known.append(os.readlink("/proc/self/ns/pid").strip("pid:[]"))  # noqa: PTH115 - it links to no file
    return ":".join([socket.gethostname(), *known]).replace("/", "_")


def _started(process: int) -> str:
    """When ``process`` began, in ticks of the kernel; empty where nobody says so."""
    try:
        status = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    # The program's name stands in brackets and may hold anything.
    state, *fields = status.rpartition(")")[2].split()
    return _ENDED if state == "Z" else fields[18]
