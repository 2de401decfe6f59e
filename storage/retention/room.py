"""How much room there is, and what a database gives back of that which it does not use."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from settings.retention import Storage
from storage.database import for_reading
from vocabulary.codes import Outcome
from vocabulary.page_errors import PageError

MEGABYTE = 1024 * 1024
_LOOK_SECONDS = 30.0
"""How old an answer may be: a page is written in less, and a directory of many files takes time to read."""
_PAGES = 2_000
_REWRITTEN = 256 * MEGABYTE
"""A database of up to this size is written anew beside everything else; a larger one only by hand."""

log = structlog.get_logger()


@dataclass(slots=True)
class Room:
    """Says whether there is room for more pages; asked at every visit, by any thread."""

    settings: Storage
    engine: Engine
    clock: Callable[[], float] = time.monotonic
    _looked_at: float | None = None
    _problem: str = ""
    _looking: threading.Lock = field(default_factory=threading.Lock)

    @property
    def last_problem(self) -> str:
        """What :meth:`problem` said last, without looking again."""
        return self._problem

    def problem(self) -> str:
        """Why no page may be read now, in one sentence; empty while there is room."""
        with self._looking:
            now = self.clock()
            if self._looked_at is None or now - self._looked_at >= _LOOK_SECONDS:
                self._looked_at = now
                self._note(self._look())
            return self._problem

    def require(self) -> None:
        """Raise ``PageError`` where no page may be read now."""
        if problem := self.problem():
            raise PageError(Outcome.ERROR, problem)

    def left(self) -> int:
        """Bytes that may still be written before visits stop; raises ``OSError``."""
        settings = self.settings
        left = _free(settings.directory) - settings.least_free_megabytes * MEGABYTE
        if settings.quota_megabytes:
            taken = taken_bytes(settings.directory, self.engine)
            left = min(left, settings.quota_megabytes * MEGABYTE - taken)
        return left

    def _note(self, problem: str) -> None:
        if problem and not self._problem:
            log.error("visits_wait", why=problem)
        elif self._problem and not problem:
            log.info("visits_go_on")
        self._problem = problem

    def _look(self) -> str:
        directory, least = self.settings.directory, self.settings.least_free_megabytes
        quota = self.settings.quota_megabytes
        try:
            free = _free(directory)
            taken = taken_bytes(directory, self.engine) if quota else 0
        except OSError:  # what cannot be looked at is said by whoever writes to it
            return ""
        if free < least * MEGABYTE:
            return (
                f"the disk of {directory} has {free // MEGABYTE:,} MB left, less than "
                f"storage.least_free_megabytes = {least}: free some space, or shorten [retention]"
            )
        if quota and taken >= quota * MEGABYTE:
            return (
                f"{directory} and the database take {taken // MEGABYTE:,} MB, which reaches "
                f"storage.quota_megabytes = {quota}: raise it, or shorten [retention]"
            )
        return ""


def taken_bytes(directory: Path, engine: Engine) -> int:
    """Bytes of all files in ``directory`` and of a PostgreSQL database."""
    taken = sum(size for _, size in files_in(directory))
    if engine.dialect.name == "postgresql":
        with contextlib.suppress(SQLAlchemyError), for_reading(engine).connect() as connection:
            taken += connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
    return taken


def files_in(directory: Path) -> list[tuple[Path, int]]:
    """Files below ``directory``, relative to it, with the bytes that they take; links are not followed."""
    found = []
    for folder, _, names in os.walk(directory):
        for name in names:
            path = Path(folder, name)
            with contextlib.suppress(OSError):  # it went meanwhile
                status = path.stat(follow_symlinks=False)
                found.append((path.relative_to(directory), status.st_size))
    return found


def give_back(engine: Engine, *, by_hand: bool = False, goes_on: Callable[[], bool] = lambda: True) -> int:
    """Return free pages of SQLite to the disk and its log to the database; how many bytes that gave.

    PostgreSQL does so by itself: its autovacuum lets freed rows be written over. A database of before this
    was possible is written anew once, ``by_hand`` whatever its size, where the disk has room for it.
    """
    if engine.dialect.name != "sqlite":
        return 0
    file = Path(str(engine.url.database))
    before = _size(file)
    connection = engine.raw_connection()
    try:
        driver: Any = connection.driver_connection
        may_rewrite = by_hand or before <= _REWRITTEN
        if not _asked(driver, "auto_vacuum") and may_rewrite and _free(file.parent) > 2 * before:
            driver.execute("PRAGMA auto_vacuum=INCREMENTAL")
            driver.execute("VACUUM")
        while _asked(driver, "freelist_count") and _asked(driver, "auto_vacuum") and goes_on():
            driver.execute(f"PRAGMA incremental_vacuum({_PAGES})").fetchall()
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        connection.close()
    return before - _size(file)


def _free(directory: Path) -> int:
    """Bytes left on the disk of ``directory``, which need not be made yet."""
    there = directory.absolute()
    while not there.exists():
        there = there.parent
    return shutil.disk_usage(there).free


def _asked(driver: Any, pragma: str) -> int:
    value: int = driver.execute(f"PRAGMA {pragma}").fetchone()[0]
    return value


def _size(file: Path) -> int:
    with contextlib.suppress(OSError):
        return file.stat().st_size + _log_size(file)
    return 0


def _log_size(file: Path) -> int:
    with contextlib.suppress(OSError):
        return file.with_name(f"{file.name}-wal").stat().st_size
    return 0
