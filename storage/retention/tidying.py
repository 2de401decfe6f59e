"""Everything that keeps the disk within bounds, in its order: rows, then evidence, then the room itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session

from settings.retention import Retention, Storage
from storage.database import for_reading
from storage.leases import Leases
from storage.retention.amounts import measure
from storage.retention.archive import Archive, Reclaimed, emptied_by
from storage.retention.documents import documents, intake_messages
from storage.retention.room import give_back
from storage.retention.rows import RETENTION, RULES, Begin, Due, Removed, Rule, run_rules

ALL_RULES: tuple[Rule, ...] = (
    *(rule for rules in RULES.values() for rule in rules),
    intake_messages,
    documents,
)
Tell = Callable[[Removed], object]


@dataclass(frozen=True, slots=True)
class Tidied:
    """What was removed and given back."""

    removed: Removed
    evidence: Reclaimed
    database_bytes: int


@dataclass(frozen=True, slots=True)
class Tidying:
    """What retention works on."""

    engine: Engine
    storage: Storage
    rules: Retention
    begin: Begin
    """Transactions that write."""
    now: datetime

    def run(
        self,
        *,
        by_hand: bool = False,
        goes_on: Callable[[], bool] = lambda: True,
        tell: Tell = lambda _: None,
    ) -> Tidied:
        """Remove what has had its time and measure what is left; raises ``LockedError`` where others do."""
        due = Due(self.rules, self.now)
        with Leases(self.engine).hold(RETENTION):
            removed = run_rules(ALL_RULES, self.begin, due, removes=True, goes_on=goes_on, tell=tell)
            archive = Archive(self.storage.evidence_directory, self.begin, self.now, goes_on)
            evidence = archive.reclaim(self.rules.emptied_hours)
            given = give_back(self.engine, by_hand=by_hand, goes_on=goes_on)
            measure(self.engine, self.begin, self.storage, self.now)
        return Tidied(removed, evidence, given)

    def preview(self, tell: Tell = lambda _: None) -> tuple[Removed, int, int]:
        """What :meth:`run` would remove: rows, and evidence files with their bytes. Changes nothing."""
        due = Due(self.rules, self.now)
        removed = run_rules(ALL_RULES, self._looking, due, removes=False, goes_on=lambda: True, tell=tell)
        with self._looking() as session:
            files, size = emptied_by(session, self.storage.evidence_directory, removed.freed)
        return removed, files, size

    def _looking(self) -> AbstractContextManager[Session]:
        return Session(for_reading(self.engine))
