"""What time alone brings about: overdue cases, reminders, digests, summaries and word of dead letters."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from alerts.notifications.alert import send_due_alerts
from alerts.notifications.digest import send_due_digests
from alerts.notifications.failures import report_undelivered
from alerts.notifications.reminder import mark_overdue, remind_due
from alerts.notifications.summary import send_due_summaries
from settings.model import Settings

STEPS = (mark_overdue, send_due_alerts, remind_due, send_due_digests, send_due_summaries, report_undelivered)
"""In this order, so that a case which is overdue since midnight is escalated in the same round."""


def take_due_steps(engine: Engine, settings: Settings, now: datetime) -> int:
    """Take every step that is due; how much was done, 0 when nothing was due.

    A step that the database refuses holds up no other one; it raises an ``ExceptionGroup`` after them, and is
    taken at the next call.
    """
    done, errors = 0, []
    for step in STEPS:
        try:
            while taken := step(engine, settings, now):
                done += taken
        except SQLAlchemyError as error:
            errors.append(error)
    if errors:
        raise ExceptionGroup("steps of the clock failed", errors)
    return done
