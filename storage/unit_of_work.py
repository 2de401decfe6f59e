"""Changes of many threads, committed together: one transaction and one sync of the disk for all that wait.

A transaction costs the same for one page as for twenty, and SQLite has one writer at a time. Whoever comes
while another commits therefore joins the next transaction. Nobody goes on before his own change is committed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, TypeVar

from sqlalchemy import Engine
from sqlmodel import Session

from storage.database import begun_again
from storage.evidence import EvidenceRef, EvidenceStore

A = TypeVar("A")
T = TypeVar("T")
Change = Callable[[Session], T]
"""Changes rows; run again in a transaction of its own where one that it shared could not be committed."""
_TOGETHER = 32
"""Changes for which the next transaction does not wait any longer."""
_MOMENT_SECONDS = 0.02
ChangeOfMany = Callable[[Session, Sequence[A]], Sequence[T]]
"""Changes rows for several arguments at once and gives a result for each; run again likewise."""


class _Waiting:
    """An argument that waits for its change and transaction, and what came of it."""

    def __init__(
        self, change: ChangeOfMany[Any, Any], argument: object, evidence: EvidenceRef | None
    ) -> None:
        self.change = change
        self.argument = argument
        self.evidence = evidence
        self.is_done = False
        self.result: Any = None
        self.error: Exception | None = None
        self.woken = threading.Event()
        """Set once it is done, or is to lead the next transaction."""

    def end(self) -> None:
        """Tell who waits that nothing was committed, where whoever wrote was interrupted."""
        if not self.is_done:
            self.error, self.is_done = RuntimeError("the transaction was interrupted"), True
        self.woken.set()


class Writer:
    """The one way in which a process with many threads writes; shared by them."""

    def __init__(self, engine: Engine, evidence: EvidenceStore) -> None:
        """What changes refer to in ``evidence`` is brought to the disk before they are committed."""
        self._engine = engine
        self._evidence = evidence
        self._writing = threading.Lock()
        self._queueing = threading.Lock()
        self._queue: list[_Waiting] = []
        self._is_led = False
        """Whether somebody writes what waits, or is about to."""
        self._had_company = False
        """Whether several were committed together the last time."""
        self._enough = threading.Event()

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session whose changes are committed at the end of the block, or not at all."""
        queue = self._writing if self._engine.dialect.name == "sqlite" else nullcontext()
        with queue, Session(self._engine) as session, session.begin():
            yield session

    def write(self, change: Change[T], evidence: EvidenceRef | None = None) -> T:
        """What ``change`` returns, once it is committed; its exception, and nothing changed, where it fails.

        ``evidence`` is what the rows refer to.
        """

        def change_alone(session: Session, _arguments: Sequence[None]) -> list[T]:
            return [change(session)]

        return self.write_beside(change_alone, None, evidence)

    def write_beside(self, change: ChangeOfMany[A, T], argument: A, evidence: EvidenceRef | None = None) -> T:
        """:meth:`write`, in one call with all that waits for the very same ``change``."""
        mine = _Waiting(change, argument, evidence)
        with self._queueing:
            self._queue.append(mine)
            leads, self._is_led = not self._is_led, True
            if len(self._queue) >= _TOGETHER:
                self._enough.set()
        if not leads:
            mine.woken.wait()  # and for nobody else: what is committed goes on at once
        if not mine.is_done:
            self._lead(mine)
        if mine.error is not None:
            raise mine.error
        result: T = mine.result
        return result

    def _lead(self, mine: _Waiting) -> None:
        """Write all that waits, ``mine`` among it, and hand the lead to who came meanwhile."""
        batch: list[_Waiting] = []
        try:
            self._await_company()
            with self._writing:
                with self._queueing:
                    batch, self._queue = self._queue, []
                self._write_all(batch)
        finally:
            with self._queueing:
                if not batch:  # interrupted while another transaction ran
                    self._queue.remove(mine)
                self._had_company = len(batch) > 1
                following = self._queue[0] if self._queue else None
                self._is_led = following is not None
            if following is not None:
                following.woken.set()
            for each in batch:
                each.end()

    def _await_company(self) -> None:
        """Give others a moment to come, where several came together last time; who is alone never waits."""
        with self._queueing:
            if not self._had_company or len(self._queue) >= _TOGETHER:
                return
            self._enough.clear()
        self._enough.wait(_MOMENT_SECONDS)

    def _commit(self, batch: Sequence[_Waiting]) -> None:
        self._evidence.sync(each.evidence for each in batch if each.evidence is not None)
        of_one_kind: dict[ChangeOfMany[Any, Any], list[_Waiting]] = {}
        for each in batch:
            of_one_kind.setdefault(each.change, []).append(each)
        with Session(self._engine) as session, session.begin():
            for change, waiting in of_one_kind.items():
                results = change(session, [each.argument for each in waiting])
                for each, result in zip(waiting, results, strict=True):
                    each.result = result

    def _write_all(self, batch: Sequence[_Waiting]) -> None:
        """One transaction for all; where it fails, one for each, so that only the guilty one fails."""
        try:
            begun_again(lambda: self._commit(batch))
        except Exception as error:  # noqa: BLE001 - raised to whom it belongs
            if len(batch) == 1:
                batch[0].error, batch[0].is_done = error, True
                return
            for each in batch:
                self._write_all([each])
            return
        for each in batch:
            each.is_done = True
