"""The job that keeps the disk within bounds; see ``storage.retention``."""

from __future__ import annotations

import structlog

from jobs.context import Context
from storage.retention.tidying import Tidying

TIDYING_SECONDS = 6 * 3600
_PAUSE_SECONDS = 0.01
"""Between two steps: whoever waits to write goes first."""

log = structlog.get_logger()


def tidy(context: Context) -> int:
    """Remove what has had its time, give its room back, and measure what is left; how many rows went.

    Killed at any moment, it goes on at the next start. Raises ``LockedError`` where another program does it.
    """
    settings = context.settings
    tidying = Tidying(
        context.engine, settings.storage, settings.retention, context.transaction, context.now()
    )
    tidied = tidying.run(goes_on=lambda: not context.stopping.wait(_PAUSE_SECONDS))
    rows, evidence = tidied.removed.rows.total(), tidied.evidence
    if rows or evidence.files or evidence.compacted:
        log.info(
            "tidied",
            rows=rows,
            evidence_files=evidence.files,
            compacted=evidence.compacted,
            bytes=evidence.size + tidied.database_bytes,
        )
    return rows
