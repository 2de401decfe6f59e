"""Whether the daemon does what it is there for: what it writes arrives, its jobs run, its messages leave.

Health is measured by doing: every few seconds something is written to the database and to the evidence
directory. A thread of its own looks, so that nothing which hangs elsewhere hides behind it.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import update
from sqlmodel import Session, col

from alerts.delivery.ways import ways_down
from alerts.metrics.health import Condition
from jobs.context import Context
from jobs.lacks import Kind, Lack, first_line, lack_behind
from jobs.names import names_lack
from settings.model import Settings
from storage.database import for_reading
from storage.tables import Lease
from storage.under_way import DAEMON

LOOK_SECONDS = 10.0
LONG_SECONDS = 60.0
"""A write that takes longer has failed, whatever becomes of it."""
LOW_BYTES, FULL_BYTES = 64 << 20, 256 << 10
"""Free bytes of a volume below which somebody should look, and below which nothing more is begun."""
SPARE_DESCRIPTORS = 16

log = structlog.get_logger()


class HealthWatch:
    """Looks every few seconds; ``condition`` tells what it saw without waiting for anything."""

    def __init__(
        self,
        context: Callable[[], Context],
        tasks: Callable[[], Mapping[str, str]],
        problems: Sequence[Callable[[], Sequence[str]]],
    ) -> None:
        """``tasks`` gives every repeating job with what it failed with, empty where it did not.

        ``problems`` are those that others see.
        """
        self._context = context
        self._tasks = tasks
        self._problems = problems
        self._probes: dict[Kind, Callable[[Context], None]] = {
            Kind.DATABASE: _write_database,
            Kind.EVIDENCE: _write_evidence,
        }
        self._written = dict.fromkeys(self._probes, time.monotonic())
        self._channels: Sequence[str] = ()
        self._volumes = volumes_of(context().settings)
        """As the last look saw them: to ask a volume on another machine may hang as long as that is away."""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="health", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End it; a look that hangs is not waited for."""
        self._over.set()
        self._thread.join(1)

    def look(self) -> None:
        """Write, and note what cannot be written."""
        context, written = self._context(), list[Kind]()
        for kind, probe in self._probes.items():
            try:
                probe(context)
            except Exception as error:  # noqa: BLE001 - whatever it is, that cannot be written
                found = lack_behind(error)
                context.lacks.note(Lack(kind, found.why if found else first_line(error)))
            else:
                self._written[kind] = time.monotonic()
                written.append(kind)
        self._volumes = volumes_of(context.settings)
        if self._has_space(context):
            context.lacks.over(Kind.DISK, *written)
        context.lacks.over(Kind.MEMORY)
        self._look_for_names(context)
        if _has_descriptors():
            context.lacks.over(Kind.DESCRIPTORS)
        else:
            context.lacks.note(
                Lack(Kind.DESCRIPTORS, f"fewer than {SPARE_DESCRIPTORS} more files can be opened")
            )
        self._channels = _silent_channels(context)

    def _has_space(self, context: Context) -> bool:
        """A small write may still go where a page would not."""
        full = [name for name, volume in self._volumes.items() if volume.is_full]
        if full:
            context.lacks.note(Lack(Kind.DISK, f"no space is left for {', '.join(full)}"))
        return not full

    @staticmethod
    def _look_for_names(context: Context) -> None:
        lack = names_lack(context)
        if lack is not None:
            context.lacks.note(lack)
        else:
            context.lacks.over(Kind.NAMES)

    def condition(self) -> Condition:
        """What is known at the moment; waits for nothing."""
        context, now = self._context(), time.monotonic()
        since = {kind.value: now - at for kind, at in self._written.items()}
        volumes, tasks = self._volumes, self._tasks()
        lacks = {lack.kind: lack.why for lack in context.lacks.now()}
        problems = [f"{kind.value}: {why}" for kind, why in lacks.items()]
        problems += [
            f"{kind}: nothing could be written for {seconds:.0f} s"
            for kind, seconds in since.items()
            if seconds > LONG_SECONDS and kind not in lacks
        ]
        problems += [
            f"{name}: only {volume.free >> 20} MB are free"
            for name, volume in volumes.items()
            if volume.is_low
        ]
        problems += [f"the job {name} fails: {why}" for name, why in tasks.items() if why]
        problems += self._channels
        problems += [problem for others in self._problems for problem in others()]
        return Condition(
            problems=tuple(problems),
            since_write=since,
            lacking=tuple(kind.value for kind in lacks),
            failing={name: bool(why) for name, why in tasks.items()},
            free_bytes={name: volume.free for name, volume in volumes.items()},
        )

    def _run(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 - health is looked at again
                log.error("health_not_looked_at", why=first_line(error))  # noqa: TRY400 - one sentence


@dataclass(frozen=True, slots=True)
class Volume:
    """The space where something is kept, in bytes."""

    total: int
    free: int

    @property
    def is_low(self) -> bool:
        return self.free < min(LOW_BYTES, self.total // 20)

    @property
    def is_full(self) -> bool:
        return self.free < FULL_BYTES


def volumes_of(settings: Settings) -> dict[str, Volume]:
    """Where what is kept lies, by its kind; without what does not exist."""
    storage = settings.storage
    places = {
        "storage": storage.directory,
        "evidence": storage.evidence_directory,
        "mail": storage.mail_directory,
    }
    usages = {name: shutil.disk_usage(path) for name, path in places.items() if path.is_dir()}
    return {name: Volume(usage.total, usage.free) for name, usage in usages.items()}


def _write_database(context: Context) -> None:
    """A write that changes nothing, and has to reach the disk all the same."""
    with Session(context.engine) as session, session.begin():
        session.execute(update(Lease).where(col(Lease.name) == DAEMON).values(until=col(Lease.until)))


def _write_evidence(context: Context) -> None:
    context.evidence.probe()


def _silent_channels(context: Context) -> Sequence[str]:
    """A sentence for each channel that is down; empty too where the database cannot be asked."""
    try:
        with Session(for_reading(context.engine)) as session:
            return [
                f"the channel {way.recipient or way.channel} is down: {way.last_error}"
                for way in ways_down(session)
            ]
    except Exception as error:  # noqa: BLE001 - that the database fails is told of its own
        log.debug("channels_not_looked_at", why=first_line(error))
        return ()


def _has_descriptors() -> bool:
    """Whether this program can open a few more files."""
    opened: list[int] = []
    try:
        for _ in range(SPARE_DESCRIPTORS):
            opened.append(os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC))  # noqa: PERF401 - closed below
    except OSError:
        return False
    else:
        return True
    finally:
        for descriptor in opened:
            os.close(descriptor)
