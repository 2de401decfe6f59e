"""Several programs with one database: which holds what, and which unfinished visits still go on.

The daemon holds ``DAEMON``, a back-fill its source's lease, look-backs share ``LOOK_BACK``. An unfinished
visit without its lease is one during which a program died.
"""

from __future__ import annotations

from collections.abc import Collection

from storage.leases import Leases
from storage.tables import Visit
from vocabulary.codes import VisitPurpose

DAEMON = "daemon"
LOOK_BACK = "look_back"
LOOK_BACK_ROUND = "look_back_round"
"""Held beside the shared one by whoever looks back on everything that is due."""


def backfill_lock(source: str) -> str:
    """What a back-fill of ``source`` holds: two at once would only ask for everything twice."""
    return f"backfill-{source}"


def work_lock(task: str) -> str:
    """What a worker of a queue holds while it does ``task``, so that nobody else does it meanwhile."""
    return f"work-{task}"


def is_somebodys(visit: Visit, leases: Leases, visited: Collection[str]) -> bool:
    """Whether some worker still works at ``visit``, where many may; ``visited`` are the claimed sources."""
    match visit.purpose:
        case VisitPurpose.WATCH:
            return visit.source in visited
        case VisitPurpose.INTAKE:
            return leases.is_held(work_lock("take_in"))
        case VisitPurpose.BACKFILL | VisitPurpose.LOOK_BACK:
            return is_under_way(visit, leases)


def is_under_way(visit: Visit, leases: Leases) -> bool:
    """Whether some program still works at ``visit``, which has no end; only the daemon may ask."""
    match visit.purpose:
        case VisitPurpose.BACKFILL:
            return leases.is_held(backfill_lock(visit.source))
        case VisitPurpose.LOOK_BACK:
            return leases.is_held(LOOK_BACK)
        case VisitPurpose.WATCH | VisitPurpose.INTAKE:
            return False
