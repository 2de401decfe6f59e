"""What a process works with, opened once: settings, database, evidence, network, workers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlmodel import Session

from alerts.delivery.channels import Channel
from alerts.people.in_force import PeopleInForce
from alerts.people.kept import NOBODY, Mark
from assessment.recognising import Recogniser
from assessment.workers import Workers
from catalogue.imported import ImportedLists
from crawling.fetching.fetcher import Fetcher
from jobs.lacks import Lacks
from settings.model import Settings
from settings.sources import Source
from storage.evidence import EvidenceRef, EvidenceStore
from storage.imported_lists import ListsInForce
from storage.leases import Leases
from storage.retention.room import Room
from storage.unit_of_work import ChangeOfMany, Writer
from storage.visits import VisitCounts
from vocabulary.codes import Outcome, PageKind, VisitPurpose

A = TypeVar("A")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class VisitSummary:
    """What a visit to a source came to."""

    source: str
    visit_id: int
    outcome: Outcome | None
    """None where the daemon ended during the visit; it is taken up again at the next start."""
    detail: str = ""
    list_pages: int = 0
    pages: int = 0
    attachments: int = 0
    bytes_read: int = 0
    new_documents: int = 0
    changed_documents: int = 0
    findings: int = 0
    errors: int = 0
    ended_at: datetime | None = None
    next_due_at: datetime | None = None
    purpose: VisitPurpose = VisitPurpose.WATCH


@dataclass(frozen=True, slots=True)
class PageDone:
    """One address of a visit, done: how it ended and what it held."""

    url: str
    kind: PageKind
    outcome: Outcome
    detail: str = ""
    title: str = ""
    bytes_read: int = 0
    is_new: bool = False
    is_changed: bool = False
    findings: int = 0
    """Findings written because of it."""
    alerts: tuple[str, ...] = ()
    """Quotes of the findings that somebody is told of, where the text is new."""
    detection_seconds: float | None = None
    """None where nothing was judged."""

    @property
    def failed(self) -> bool:
        return self.outcome not in {Outcome.OK, Outcome.UNCHANGED}


class Observer(Protocol):
    """Is told what happens during visits, from any thread; must not take long."""

    def visit_began(self, source: Source, so_far: VisitCounts) -> None:
        """``so_far``: what another process has done of the visit before."""

    def page_done(self, source: Source, page: PageDone) -> None: ...

    def visit_ended(self, source: Source, summary: VisitSummary) -> None: ...


class UnknownSourceError(LookupError):
    """No source of that name is watched."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Context:
    """What a process works with; one for all its threads.

    Units of work take it and plain values (names, numbers, days), so that any process with a context of its
    own can do them.
    """

    settings: Settings
    """What the file says, and beside it the sources, supervisors and chats that are kept at the desk."""
    engine: Engine
    """The database."""
    evidence: EvidenceStore
    fetcher: Fetcher
    workers: Workers
    recogniser: Recogniser | None = None
    """Reads pictures of words; None where that is switched off or not installed."""
    sources: tuple[Source, ...] = ()
    """The places that are watched, those that the program serves itself too."""
    provisioned: frozenset[str] = frozenset()
    """Names of the sources that the configuration's file says, and nobody changes at the desk."""
    file: Settings = None  # type: ignore[assignment]  # made below
    """What the configuration's file says, without what is kept at the desk beside it."""
    people: Mark = NOBODY
    """Which of the people kept at the desk ``settings`` and ``channels`` know."""
    channels: Mapping[str, Channel] = field(default_factory=dict)
    """The ways in which messages leave, by name."""
    observers: tuple[Observer, ...] = ()
    now: Callable[[], datetime] = _utc_now
    stopping: threading.Event = field(default_factory=threading.Event)
    room: Room = None  # type: ignore[assignment]  # made below
    """Whether there is room on the disk for more pages."""
    lacks: Lacks = field(default_factory=Lacks, compare=False)
    """What this machine lacks at the moment."""
    _writer: Writer = field(init=False, repr=False, compare=False)
    _lists: ListsInForce = field(init=False, repr=False, compare=False)
    _people: PeopleInForce = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_writer", Writer(self.engine, self.evidence))
        object.__setattr__(self, "_lists", ListsInForce(self.engine))
        if self.file is None:
            object.__setattr__(self, "file", self.settings)
        in_force = PeopleInForce(self.engine, self.file, self.settings, self.people)
        object.__setattr__(self, "_people", in_force)
        if self.room is None:
            object.__setattr__(self, "room", Room(self.settings.storage, self.engine))

    def transaction(self) -> AbstractContextManager[Session]:
        """A session whose changes are committed together at the end of the block, or not at all.

        SQLite has one writer at a time and lets the others sleep and ask again; queueing for it here wakes
        the next thread at once. On PostgreSQL two that wait for each other's rows may be told by an error:
        ``write`` begins again then.
        """
        return self._writer.transaction()

    def write(self, work: Callable[[Session], T], evidence: EvidenceRef | None = None) -> T:
        """What ``work`` returns, committed together with what other threads write at this moment.

        It is begun again where its transaction met another one in a circle, or where another work of the
        same transaction failed. The ``evidence`` that it refers to is on the disk before the commit.
        """
        return self._writer.write(work, evidence)

    def write_beside(self, work: ChangeOfMany[A, T], argument: A, evidence: EvidenceRef | None = None) -> T:
        """:meth:`write`, in one call of ``work`` with what other threads have for it at this moment."""
        return self._writer.write_beside(work, argument, evidence)

    def imported(self) -> ImportedLists:
        """The official lists that are imported now; what is judged by them says so by their digest."""
        return self._lists.read()

    def told(self) -> Settings:
        """``settings`` with the supervisors and chats of this moment, for work that began a while ago."""
        return self._people.read()

    def source(self, name: str) -> Source:
        """The watched source of that name. Raises :class:`UnknownSourceError`."""
        found = next((source for source in self.sources if source.name == name), None)
        if found is None:
            raise UnknownSourceError(name)
        return found

    @property
    def locks(self) -> Leases:
        """What programs with this database keep from each other."""
        return Leases(self.engine)

    def today(self) -> date:
        """The day in the configured time zone."""
        return self.now().astimezone(ZoneInfo(self.settings.time_zone)).date()
