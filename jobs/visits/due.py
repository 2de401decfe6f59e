"""The visits of the daemon: what is due is claimed one by one, and visited a few at a time."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import SQLAlchemyError

from jobs.context import Context, UnknownSourceError, VisitSummary
from jobs.lacks import lack_behind
from jobs.visits.timing import after_quiet_hours
from jobs.visits.watch import visit_source
from storage.sources import Claim, claim_due, keeping, postpone, watch_sources

_AFTER_FAILURE = timedelta(minutes=5)
"""How soon a visit that could not even begin is tried again."""

log = structlog.get_logger()


def plan(context: Context) -> None:
    """Let the database know which sources are watched, and how often."""
    intervals = {source.name: source.every_minutes for source in context.sources}
    context.write(lambda session: watch_sources(session, intervals))


def visit_due(context: Context) -> Iterator[VisitSummary]:
    """Visit what is due at this moment, one source after the other; several threads may share the work.

    Nothing is visited while there is no room for what would be read.
    """
    now = context.now()
    while may_read(context) and (claim := claim_due(context.engine, now)) is not None:
        summary = visit_claimed(context, claim)
        if summary is not None:
            yield summary


def may_read(context: Context) -> bool:
    """Whether what is read now can be kept now."""
    return not (context.stopping.is_set() or context.lacks.now() or context.room.problem())


def visit_if_due(context: Context, source_name: str) -> VisitSummary | None:
    """Visit the source unless it is not due any more, somebody else visits it, or there is no room."""
    if not may_read(context):
        return None
    claim = claim_due(context.engine, context.now(), source_name)
    if claim is None:
        return None
    if all(source.name != source_name for source in context.sources):
        # Another machine's configuration knows it: it is left to a worker that does.
        log.warning("source_unknown_here", source=source_name)
        with keeping(context.engine, claim):
            postpone(context.engine, claim, context.now() + _AFTER_FAILURE)
        return None
    return visit_claimed(context, claim)


def visit_claimed(context: Context, claim: Claim) -> VisitSummary | None:
    """Visit a claimed source; None where its hours are quiet, or where it is no longer watched."""
    with keeping(context.engine, claim):
        try:
            source = context.source(claim.source)
        except UnknownSourceError:
            return None
        now = context.now()
        begins = after_quiet_hours(source, now, ZoneInfo(context.settings.time_zone))
        if begins > now:
            postpone(context.engine, claim, begins)
            return None
        try:
            return visit_source(context, source.name)
        except Exception:
            postpone(context.engine, claim, context.now() + _AFTER_FAILURE)
            raise


class Visitor:
    """Begins what is due, a few visits at a time."""

    def __init__(self, context: Callable[[], Context]) -> None:
        """``context`` is asked at each visit: its sources may have changed."""
        self._context = context
        at_once = context().settings.fetching.visits_at_once
        self._pool = ThreadPoolExecutor(at_once, "visits")
        self._free = threading.BoundedSemaphore(at_once)

    def begin_due(self) -> None:
        """Begin visits until nothing more is due or all threads are busy."""
        while self.begin_one():
            pass

    def begin_one(self) -> bool:
        """Begin the visit that is most overdue; whether there was one, a thread and room for it."""
        context = self._context()
        if not may_read(context) or not self._free.acquire(blocking=False):
            return False
        try:
            claim = claim_due(context.engine, context.now())
            if claim is None:
                self._free.release()
                return False
            self._pool.submit(self._visit, context, claim)
        except BaseException:
            self._free.release()
            raise
        return True

    def _visit(self, context: Context, claim: Claim) -> None:
        try:
            visit_claimed(context, claim)
        except Exception as error:  # noqa: BLE001 - the other sources are visited
            lack = lack_behind(error)
            if lack is not None:
                context.lacks.note(lack)
            else:
                log.error("visit_not_begun", source=claim.source, why=str(error))  # noqa: TRY400 - one sentence
        finally:
            self._free.release()
            self._go_on()

    def _go_on(self) -> None:
        """The thread that is free now need not wait until somebody looks again."""
        # A pool that begins nothing more, and what is lacking: whoever looks again meets it and tells it.
        with contextlib.suppress(RuntimeError, SQLAlchemyError, OSError):
            self.begin_one()

    def stop(self) -> None:
        """Wait for the visits under way."""
        self._pool.shutdown(wait=True)
