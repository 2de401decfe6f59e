"""What the console works with: the part of a program's context that pages and forms ask for."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Protocol, TypeVar

from sqlalchemy import Engine
from sqlmodel import Session

from assessment.recognising import Recogniser
from assessment.workers import Workers
from catalogue.imported import ImportedLists
from settings.model import Settings
from settings.sources import Source
from storage.evidence import EvidenceStore

T = TypeVar("T")


class Context(Protocol):
    """Whoever serves the console has one; ``jobs.context.Context`` is one, and pages know no more of it."""

    @property
    def settings(self) -> Settings:
        """What the file says, and beside it what is kept at the desk."""

    @property
    def file(self) -> Settings:
        """What the file alone says."""

    @property
    def engine(self) -> Engine:
        """The database."""

    @property
    def evidence(self) -> EvidenceStore: ...

    @property
    def workers(self) -> Workers:
        """Processes that read what visitors upload."""

    @property
    def recogniser(self) -> Recogniser | None:
        """Reads pictures of words; None where nobody does."""

    @property
    def sources(self) -> tuple[Source, ...]:
        """The places that are watched, those that the program serves itself too."""

    @property
    def provisioned(self) -> frozenset[str]:
        """Names of the sources that the configuration's file says, and nobody changes at the desk."""

    @property
    def now(self) -> Callable[[], datetime]: ...

    def today(self) -> date:
        """The day in the configured time zone."""

    def imported(self) -> ImportedLists:
        """The official lists that are imported now."""

    def transaction(self) -> AbstractContextManager[Session]:
        """A session whose changes are committed together at the end of the block, or not at all."""

    def write(self, work: Callable[[Session], T]) -> T:
        """What ``work`` returns, committed; begun again where its transaction met another one in a circle."""
