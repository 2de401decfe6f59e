"""Gives back the room of evidence that nothing refers to any more, and loses none that something does.

A file that is little needed is written anew with what is needed of it, byte for byte; it is on the disk and
was read back before one transaction lets the rows refer to it. What nothing refers to stays for
``retention.emptied_hours``: a backup, or whoever read its name a moment ago, may still want it. Killed at any
moment, either the old file or the new one is one that nothing refers to, and goes later.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import structlog
from sqlalchemy import delete, func, select, union, update
from sqlmodel import Session, col

from storage.database import one_transaction
from storage.errors import EvidenceError
from storage.evidence import EvidenceRef, EvidenceStore, sync_directory
from storage.retention.rows import Begin
from storage.rows import insert_once
from storage.tables import AnswerFile, DocumentVersion, EvidenceFile, IntakeMessage, PagePicture
from storage.warc import pack_heading
from storage.warc_members import Member, exchanges, read_members

_COPIED = 1 << 20
_REFERRING: tuple[Any, ...] = (DocumentVersion, AnswerFile, PagePicture, IntakeMessage)

log = structlog.get_logger()


@dataclass(slots=True)
class Reclaimed:
    """What was given back."""

    files: int = 0
    """Removed."""
    compacted: int = 0
    """Written anew with what is needed of them."""
    size: int = 0
    """Bytes given back, less those that were written anew."""
    waiting: int = 0
    """Empty, and still kept for a while."""
    waiting_size: int = 0
    problems: list[str] = field(default_factory=list)


class _Row(NamedTuple):
    """A row that refers to a record."""

    table: Any
    number: int
    record_id: str
    body_sha256: str
    """Empty where the row does not say."""


@dataclass(frozen=True, slots=True)
class Archive:
    """The evidence directory, and the database that refers to it."""

    directory: Path
    begin: Begin
    now: datetime
    goes_on: Callable[[], bool] = lambda: True

    def reclaim(self, emptied_hours: int) -> Reclaimed:
        """Compact what is less than half needed, and remove what nothing has referred to for so long."""
        reclaimed = Reclaimed()
        for name in self._little_needed():
            if not self.goes_on():
                return reclaimed
            try:
                reclaimed.size += self.compact(name)
                reclaimed.compacted += 1
            except (OSError, EvidenceError) as error:
                reclaimed.problems.append(f"{name}: {error}")
                log.warning("evidence_not_compacted", file=name, why=str(error))
        self._sweep(timedelta(hours=emptied_hours), reclaimed)
        return reclaimed

    def compact(self, name: str) -> int:
        """Write the file ``name`` anew with what is needed of it; by how many bytes it is smaller.

        Raises ``EvidenceError`` where something that is needed cannot be read, and ``OSError``: then nothing
        has changed.
        """
        with self.begin() as session:
            rows = list(_referring(session, name))
        path = self.directory / name
        needed = _needed(path, {row.record_id for row in rows})
        new = f"{name.rpartition('-')[0]}-{secrets.token_hex(6)}.warc.gz"
        try:
            offsets = _copy(path, self.directory / new, needed)
            self._read_back(new, rows, offsets)
            self._repoint(name, new, offsets)
        except BaseException:
            (self.directory / new).unlink(missing_ok=True)
            raise
        return path.stat().st_size - (self.directory / new).stat().st_size

    @one_transaction
    def _repoint(self, name: str, new: str, offsets: Mapping[str, int]) -> None:
        with self.begin() as session:
            _repoint(session, name, new, offsets)

    def _little_needed(self) -> list[str]:
        """Files of which as many versions were removed as are left, or more."""
        with self.begin() as session:
            freed = session.execute(
                select(col(EvidenceFile.name), col(EvidenceFile.freed))
                .where(col(EvidenceFile.freed) > 0, col(EvidenceFile.emptied_at).is_(None))
                .order_by(EvidenceFile.name)
            ).all()
            return [
                name
                for name, count in freed
                if self._is_settled(name)
                and (self.directory / name).is_file()
                and 0 < sum(1 for _ in _referring(session, name)) <= count
            ]

    def _read_back(self, new: str, rows: list[_Row], offsets: Mapping[str, int]) -> None:
        """Every record that a row refers to, as ``qualwatch evidence`` will read it."""
        with EvidenceStore(self.directory) as store:
            for record_id, body in {(row.record_id, row.body_sha256) for row in rows if row.body_sha256}:
                store.read(EvidenceRef(new, record_id, body, offsets[record_id]))

    def _sweep(self, stays: timedelta, reclaimed: Reclaimed) -> None:
        """Remove files that nothing has referred to for as long as they are to stay."""
        with self.begin() as session:
            referred = set(session.scalars(union(*(select(table.evidence_file) for table in _REFERRING))))
            known = dict(session.execute(select(col(EvidenceFile.name), col(EvidenceFile.emptied_at))).all())
        there = set()
        for name in self._settled_files():
            there.add(name)
            if not self.goes_on():
                return
            if name not in referred:
                self._let_go(name, known.get(name), stays, reclaimed)
            elif known.get(name) is not None:
                self._note(name, None)
        self._forget(name for name in known.keys() - there - referred if self._is_settled(name))

    def _let_go(self, name: str, emptied_at: Any, stays: timedelta, reclaimed: Reclaimed) -> None:
        path = self.directory / name
        size = path.stat().st_size
        if emptied_at is None:
            self._note(name, self.now)
            emptied_at = self.now
        if emptied_at + stays > self.now:
            reclaimed.waiting += 1
            reclaimed.waiting_size += size
            return
        with self.begin() as session:
            if next(_referring(session, name), None) is not None:
                return
            path.unlink(missing_ok=True)
            session.execute(delete(EvidenceFile).where(col(EvidenceFile.name) == name))
        with contextlib.suppress(OSError):
            path.parent.rmdir()  # a month of which nothing is left
        reclaimed.files += 1
        reclaimed.size += size

    def _note(self, name: str, emptied_at: datetime | None) -> None:
        with self.begin() as session:
            insert_once(session, EvidenceFile(name=name))
            session.execute(
                update(EvidenceFile).where(col(EvidenceFile.name) == name).values(emptied_at=emptied_at)
            )

    def _forget(self, names: Iterator[str]) -> None:
        with self.begin() as session:
            for name in names:
                session.execute(delete(EvidenceFile).where(col(EvidenceFile.name) == name))

    def _settled_files(self) -> Iterator[str]:
        for path in sorted(self.directory.glob("*/*.warc.gz")):
            name = path.relative_to(self.directory).as_posix()
            if self._is_settled(name):
                yield name

    def _is_settled(self, name: str) -> bool:
        """Whether no process appends to it any more: each begins another file every day."""
        day = (self.now.astimezone(UTC) - timedelta(days=1)).strftime("%Y%m%d")
        return name.rpartition("/")[2][:8] < day


def _referring(session: Session, name: str) -> Iterator[_Row]:
    for table in (DocumentVersion, AnswerFile, PagePicture):
        kept: Any = table
        rows = select(kept.id, kept.evidence_record, kept.body_sha256).where(kept.evidence_file == name)
        for number, record_id, body in session.execute(rows):
            yield _Row(table, number, record_id, body)
    messages = select(col(IntakeMessage.id), col(IntakeMessage.evidence_record))
    for number, record_id in session.execute(messages.where(col(IntakeMessage.evidence_file) == name)):
        yield _Row(IntakeMessage, number, record_id, "")


def _needed(path: Path, record_ids: set[str]) -> dict[str, list[Member]]:
    """The records asked for, each with what was written with it, in their order."""
    found = exchanges(list(read_members(path)))
    if missing := sorted(record_ids - found.keys()):
        raise EvidenceError(f"the evidence file {path.name} has no record {missing[0]}: it stays as it is")
    return {first: members for first, members in found.items() if first in record_ids}


def _copy(path: Path, new: Path, needed: Mapping[str, list[Member]]) -> dict[str, int]:
    """Write ``new`` with these records of ``path``, on the disk; where each begins."""
    offsets: dict[str, int] = {}
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
    with os.fdopen(descriptor, "wb") as written, path.open("rb") as original:
        written.write(pack_heading(new.name))
        for first, members in needed.items():
            offsets[first] = written.tell()
            for member in members:
                original.seek(member.begin)
                for begin in range(member.begin, member.end, _COPIED):
                    written.write(original.read(min(_COPIED, member.end - begin)))
        written.flush()
        os.fsync(written.fileno())
    sync_directory(new.parent)
    return offsets


def _repoint(session: Session, name: str, new: str, offsets: Mapping[str, int]) -> None:
    """Let all rows that refer to ``name`` refer to ``new``; one that came meanwhile ends the transaction."""
    for row in list(_referring(session, name)):
        if row.record_id not in offsets:
            raise EvidenceError(f"a new row refers to {row.record_id}: it is looked at again next time")
        values: dict[str, Any] = {"evidence_file": new}
        if row.table is not IntakeMessage:
            values["evidence_offset"] = offsets[row.record_id]
        session.execute(update(row.table).where(row.table.id == row.number).values(values))
    session.execute(update(EvidenceFile).where(col(EvidenceFile.name) == name).values(freed=0))


def emptied_by(session: Session, directory: Path, freed: Mapping[str, int]) -> tuple[int, int]:
    """Files that nothing would refer to after so many versions of each were removed, and their bytes."""
    files = size = 0
    for name, count in freed.items():
        referring = sum(
            session.execute(
                select(func.count()).select_from(table).where(table.evidence_file == name)
            ).scalar_one()
            for table in _REFERRING
        )
        path = directory / name
        if referring <= count and path.is_file():
            files += 1
            size += path.stat().st_size
    return files, size
