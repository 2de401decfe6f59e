"""The seam: every unit of work by its name, with plain arguments, for any process that has a context.

What is to be done travels as a :class:`Task`: a name and values that any queue can carry. The process that
does it opens what it needs itself (``jobs/runtime.py``), here or on another machine. Doing a task twice
changes nothing; one that may not run twice at once raises ``LockedError``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from alerts.delivery.outbox import deliver_due
from alerts.notifications.alert import send_due_alerts
from alerts.notifications.due import take_due_steps
from jobs.catalogue_sync import sync_catalogue
from jobs.context import Context
from jobs.people import channels_now
from jobs.pictures import take_pictures
from jobs.reassess import rejudge
from jobs.tidying import tidy
from jobs.visits.backfill import back_fill
from jobs.visits.due import visit_if_due
from jobs.visits.intake import take_in
from jobs.visits.look_back import look_back
from jobs.visits.watch import visit_source

SENDER = "daemon"
"""Owner of the outbox's leases; the daemon's own lease makes sure that there is only one."""

Plain = str | int | bool | date | None
"""What a task's arguments may be."""


def deliver(context: Context, *, owner: str = SENDER) -> int:
    """Deliver until nothing is due, or the program ends; how many messages were tried."""
    sent = 0
    while not context.stopping.is_set():
        step = deliver_due(context.engine, channels_now(context), context.now(), owner=owner)
        if not step:
            break
        sent += step
    return sent


def take_steps(context: Context) -> int:
    """Digests, reminders and deadlines that are due."""
    return take_due_steps(context.engine, context.settings, context.now())


def tell_urgent(context: Context) -> int:
    """Letters about what is urgent, once what found it has ended."""
    return send_due_alerts(context.engine, context.settings, context.now())


TASKS: Mapping[str, Callable[..., object]] = MappingProxyType(
    {
        "visit_source": visit_source,
        "visit_if_due": visit_if_due,
        "back_fill": back_fill,
        "look_back": look_back,
        "take_in": take_in,
        "rejudge": rejudge,
        "sync_catalogue": sync_catalogue,
        "take_steps": take_steps,
        "tell_urgent": tell_urgent,
        "deliver": deliver,
        "take_pictures": take_pictures,
        "tidy": tidy,
    }
)


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do, by the name of its function in :data:`TASKS`."""

    name: str
    arguments: Mapping[str, Plain] = field(default_factory=dict)

    def run(self, context: Context) -> object:
        """What the function returns; raises what it raises, and KeyError for an unknown name."""
        return TASKS[self.name](context, **self.arguments)
