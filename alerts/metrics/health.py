"""What Prometheus and ``/healthz`` are told of the program itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from alerts.metrics.series import gauge

KINDS = ("database", "evidence", "disk", "descriptors", "memory", "names")
"""What may be lacking."""


@dataclass(frozen=True, slots=True)
class Condition:
    """How the program is."""

    problems: tuple[str, ...] = ()
    """What is wrong, a sentence each; empty where nothing is."""
    since_write: Mapping[str, float] = field(default_factory=dict)
    """Seconds since something was written, by what it was written to."""
    lacking: tuple[str, ...] = ()
    """Of KINDS."""
    failing: Mapping[str, bool] = field(default_factory=dict)
    """Whether the last run of a job failed, by its name."""
    free_bytes: Mapping[str, int] = field(default_factory=dict)
    """By volume."""

    def facts(self) -> dict[str, object]:
        """What ``/healthz`` says beside the problems."""
        return {
            "seconds_since_write": {name: round(seconds, 1) for name, seconds in self.since_write.items()},
            "lacking": list(self.lacking),
            "failing_jobs": [name for name, fails in self.failing.items() if fails],
            "free_bytes": dict(self.free_bytes),
        }


AskCondition = Callable[[], Condition]
"""Asked at each scrape; must not wait for anything."""


class HealthCollector(Collector):
    """The condition as series."""

    def __init__(self, ask: AskCondition) -> None:
        self._ask = ask

    def collect(self) -> Iterator[Metric]:
        """Every series has its samples from the first scrape on."""
        condition = self._ask()
        yield gauge(
            "qualwatch_since_write_seconds",
            "Time since something could be written to the database, or to the evidence.",
            ("what",),
            {(name,): seconds for name, seconds in condition.since_write.items()},
        )
        yield gauge(
            "qualwatch_lacking",
            "1 where this is lacking at the moment, so that no visit begins.",
            ("what",),
            {(kind,): float(kind in condition.lacking) for kind in KINDS},
        )
        yield gauge(
            "qualwatch_task_failing",
            "1 where the last run of a repeating job failed.",
            ("task",),
            {(name,): float(fails) for name, fails in condition.failing.items()},
        )
        yield gauge(
            "qualwatch_free_bytes",
            "Bytes that are free on the volume of what is kept.",
            ("volume",),
            {(name,): float(free) for name, free in condition.free_bytes.items()},
        )
