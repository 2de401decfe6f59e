"""Several programs with one storage directory: which holds what, and which unfinished visits still go on.

The daemon holds ``DAEMON``, a back-fill its source's lock, look-backs share ``LOOK_BACK``. Whoever dies holds
nothing any more, so that an unfinished visit without its lock is one during which a program died.
"""

from __future__ import annotations

from settings.model import Settings
from storage.locks import Locks
from storage.tables import Visit
from vocabulary.codes import VisitPurpose

DAEMON = "daemon"
LOOK_BACK = "look_back"
LOOK_BACK_ROUND = "look_back_round"
"""Held beside the shared one by whoever looks back on everything that is due."""


def locks_of(settings: Settings) -> Locks:
    """The locks of the storage directory."""
    return Locks(settings.storage.directory / "locks")


def backfill_lock(source: str) -> str:
    """What a back-fill of ``source`` holds: two at once would only ask for everything twice."""
    return f"backfill-{source}"


def is_under_way(visit: Visit, locks: Locks) -> bool:
    """Whether some program still works at ``visit``, which has no end; only the daemon may ask."""
    match visit.purpose:
        case VisitPurpose.BACKFILL:
            return locks.is_held(backfill_lock(visit.source))
        case VisitPurpose.LOOK_BACK:
            return locks.is_held(LOOK_BACK)
        case VisitPurpose.WATCH | VisitPurpose.INTAKE:
            return False
