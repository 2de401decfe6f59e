"""What stands in the queue: tasks of the seam that are due now, each at most once.

The plan is what the database's rows say (``next_due_at`` and the like), never the queue: an order that is
lost is given again, one that nothing is due for any more does nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import urlsplit

from jobs.tasks import Plain, Task
from settings.sources import Source

VISIT = "visit_if_due"
LETTERS, INTAKE, VISITS, THE_PAST, HOUSEKEEPING = 50, 30, 20, 10, 0
PRIORITIES: Mapping[str, int] = MappingProxyType(
    {
        "deliver": LETTERS,
        "tell_urgent": LETTERS,
        "take_steps": LETTERS,
        "take_in": INTAKE,
        VISIT: VISITS,
        "visit_source": VISITS,
        "take_pictures": INTAKE,
        "sync_catalogue": THE_PAST,
        "rejudge": THE_PAST,
        "look_back": THE_PAST,
        "back_fill": THE_PAST,
        "tidy": HOUSEKEEPING,
    }
)
"""Letters before crawling, news before the past."""


@dataclass(frozen=True, slots=True)
class Order:
    """A task for the queue."""

    task: str
    arguments: Mapping[str, Plain] = field(default_factory=dict)
    about: str = ""
    """What it is about, where there may be several of its kind: a source's name."""
    lock: str = ""
    """Orders with the same one are done one after the other; empty: those of the same name."""

    @property
    def name(self) -> str:
        """Of which no two wait in the queue."""
        return f"{self.task}:{self.about}" if self.about else self.task

    @property
    def priority(self) -> int:
        return PRIORITIES[self.task]

    def as_task(self) -> Task:
        return Task(self.task, self.arguments)


def visit_order(source: Source) -> Order:
    """A visit to ``source``; its host is visited by one worker at a time."""
    return Order(VISIT, {"source_name": source.name}, source.name, host_lock(source))


def host_lock(source: Source) -> str:
    """What visits to one host share, whichever sources they are for."""
    return f"host:{(urlsplit(str(source.url)).hostname or '').lower()}"
