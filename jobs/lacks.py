"""What this machine lacks: space, descriptors, memory, a database or evidence to write to, names.

A lack is one state, however many pages meet it: it is told once when it begins and once when it ends. While
it lasts no visit begins, and a visit under way ends: what it would read now it could not keep.
"""

from __future__ import annotations

import errno
import re
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from storage.errors import EvidenceUnwritableError

FORGOTTEN_SECONDS = 30.0
"""A lack that nobody has met for so long is over, where nobody looks for it either."""
_SERVER_STATES = frozenset({"08", "25", "53", "57", "58"})
"""SQLSTATE classes: connection, read-only transaction, resources, operator intervention, system error."""
_SQLITE_STATES = re.compile(
    r"disk is full|readonly database|disk i/o error|unable to open|is locked|malformed|not a database",
    re.IGNORECASE,
)

log = structlog.get_logger()


class Kind(StrEnum):
    """What may be lacking."""

    DATABASE = "database"
    EVIDENCE = "evidence"
    DISK = "disk"
    DESCRIPTORS = "descriptors"
    MEMORY = "memory"
    NAMES = "names"


PASSING = frozenset({Kind.DESCRIPTORS, Kind.MEMORY})
"""What a program that starts anew may have again."""
_ERRNO = {
    errno.EMFILE: Kind.DESCRIPTORS,
    errno.ENFILE: Kind.DESCRIPTORS,
    errno.ENOSPC: Kind.DISK,
    errno.EDQUOT: Kind.DISK,
    errno.EROFS: Kind.DISK,
    errno.ENOMEM: Kind.MEMORY,
}


@dataclass(frozen=True, slots=True)
class Lack:
    """One of them, in a sentence."""

    kind: Kind
    why: str


def lack_behind(error: BaseException) -> Lack | None:
    """The lack that ``error`` comes from; None where it is no lack of this machine."""
    for cause in _causes(error):
        if isinstance(cause, EvidenceUnwritableError):
            return Lack(Kind.EVIDENCE, str(cause))
        if isinstance(cause, SQLAlchemyError) and _is_lack(cause):
            return Lack(Kind.DATABASE, f"the database cannot be used: {first_line(cause)}")
        if isinstance(cause, MemoryError):
            return Lack(Kind.MEMORY, "this program has no memory left")
        if isinstance(cause, OSError) and cause.errno in _ERRNO:
            return Lack(_ERRNO[cause.errno], f"this program met: {cause.strerror}")
    return None


def first_line(error: BaseException) -> str:
    """What ``error`` says, without a statement and its values."""
    said = str(getattr(error, "orig", None) or error).strip() or type(error).__name__
    return said.splitlines()[0][:300]


def _is_lack(error: SQLAlchemyError) -> bool:
    cause = getattr(error, "orig", None)
    if isinstance(cause, sqlite3.Error):
        return bool(_SQLITE_STATES.search(str(cause)))
    state = getattr(cause, "sqlstate", None) or ""
    no_answer = isinstance(error, OperationalError | InterfaceError | PoolTimeoutError) and not state
    return no_answer or state[:2] in _SERVER_STATES


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        if isinstance(error, BaseExceptionGroup):
            for each in error.exceptions:
                yield from _causes(each)
        error = error.__cause__ or error.__context__


@dataclass(slots=True)
class _State:
    why: str
    began: float
    met: float
    times: int = 1


class Lacks:
    """What is lacking at the moment; shared by all threads."""

    def __init__(self) -> None:
        self._states: dict[Kind, _State] = {}
        self._lock = threading.Lock()

    def note(self, lack: Lack) -> None:
        """Somebody met ``lack``; a new one is told in the log."""
        now = time.monotonic()
        with self._lock:
            state = self._states.get(lack.kind)
            if state is not None:
                state.met, state.why = now, lack.why
                state.times += 1
                return
            self._states[lack.kind] = _State(lack.why, now, now)
        log.error("lacking", what=lack.kind.value, why=lack.why, advice="no visit begins until it is mended")

    def over(self, *kinds: Kind) -> None:
        """What was lacking is there again."""
        for kind in kinds:
            with self._lock:
                state = self._states.pop(kind, None)
            if state is not None:
                lasted = round(time.monotonic() - state.began)
                log.info("no_longer_lacking", what=kind.value, seconds=lasted, met=state.times)

    def has(self, kind: Kind) -> bool:
        """Whether it is lacking."""
        with self._lock:
            return kind in self._states

    def now(self) -> Sequence[Lack]:
        """What is lacking."""
        with self._lock:
            old = [kind for kind, state in self._states.items() if _is_forgotten(state)]
        self.over(*old)
        with self._lock:
            return [Lack(kind, state.why) for kind, state in self._states.items()]


def _is_forgotten(state: _State) -> bool:
    return time.monotonic() - state.met > FORGOTTEN_SECONDS
