"""Long jobs of the daemon, left to a command that does the same at this moment, or until there is room."""

from __future__ import annotations

import structlog

from jobs.context import Context
from jobs.reassess import rejudge
from jobs.tidying import tidy
from jobs.visits.due import may_read
from jobs.visits.intake import take_in
from jobs.visits.look_back import look_back
from storage.leases import LockedError

log = structlog.get_logger()


def look_back_unless_held(context: Context) -> None:
    """Visit pages with cases that are due."""
    if not may_read(context):
        return
    try:
        look_back(context, in_quiet_hours=False)
    except LockedError:
        log.info("look_back_left_to_a_command")


def tidy_unless_held(context: Context) -> None:
    """Remove what has had its time."""
    try:
        tidy(context)
    except LockedError:
        log.info("tidying_left_to_a_command")


def take_in_with_room(context: Context) -> None:
    """Read the messages of the public."""
    if may_read(context):
        take_in(context)


def rejudge_unless_held(context: Context) -> None:
    """Judge stored documents again where the rules have changed."""
    try:
        rejudge(context)
    except LockedError:
        log.info("rejudgement_left_to_a_command")
