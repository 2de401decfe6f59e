"""How much of each kind is kept, measured once in a while and remembered by the day.

Whoever shows it, Prometheus too, reads a dozen rows, whatever is kept. By how much it grew says what a year
will need, and when the disk will be full.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlalchemy import Engine, delete, func, select, text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, SQLModel, col

from settings.retention import Storage
from storage import tables
from storage.database import for_reading
from storage.retention.room import Room, files_in
from storage.retention.rows import Begin
from storage.rows import OnConflict, insert_or_update
from storage.tables import KeptAmount
from vocabulary.codes import KeptKind

TABLES: Mapping[KeptKind, tuple[type[SQLModel], ...]] = MappingProxyType(
    {
        KeptKind.VISITS: (tables.Visit,),
        KeptKind.FETCH_RECORDS: (tables.FetchRecord,),
        KeptKind.SIGHTINGS: (tables.Sighting,),
        KeptKind.DOCUMENTS: (tables.Document, tables.JudgedDocument),
        KeptKind.VERSIONS: (tables.DocumentVersion,),
        KeptKind.CASES: (
            tables.Case,
            tables.CaseEvent,
            tables.Finding,
            tables.LookBack,
            tables.TextSketch,
            tables.SketchBand,
            tables.CaseWords,
        ),
        KeptKind.MESSAGES: (tables.OutboxMessage, tables.DigestItem),
        KeptKind.REJUDGEMENTS: (tables.Rejudgement, tables.RejudgedChange),
    }
)
"""The first table of each is what is counted; tables that are not named here are ``OTHER_ROWS``."""
_FILES: Mapping[str, KeptKind] = MappingProxyType({"evidence": KeptKind.EVIDENCE, "mail": KeptKind.MAILS})
_MET_AGAIN = frozenset({KeptKind.DOCUMENTS, KeptKind.VERSIONS})
"""PostgreSQL takes a number for each that is met, new or not: there they are reckoned by what they take."""
_REMEMBERED = timedelta(days=800)
_WINDOW = timedelta(days=30)
_LEAST = timedelta(days=1)
"""A rate of less would show what a first visit reads at once."""
_AGAIN = OnConflict(key=("day", "kind"), replace=("entries", "newest", "size", "measured_at"))


@dataclass(frozen=True, slots=True)
class Amount:
    """What one kind takes."""

    kind: KeptKind
    entries: int
    """Rows or files."""
    size: int
    """Bytes."""
    yearly: int | None
    """Bytes that a year will write at the present rate; None where it was not watched for a day."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """What was measured last."""

    measured_at: datetime
    kinds: Sequence[Amount]
    daily: float | None
    """Bytes by which all of it grows in a day, less what is removed; None where that is not known yet."""
    room: int
    """Bytes that could still be written then before visits stop."""

    @property
    def size(self) -> int:
        return sum(each.size for each in self.kinds)

    @property
    def days_left(self) -> float | None:
        """Days until visits stop for want of room; infinite where nothing grows, None where not known yet."""
        if self.daily is None:
            return None
        return max(0, self.room) / self.daily if self.daily > 0 else math.inf


def measure(engine: Engine, begin: Begin, storage: Storage, now: datetime) -> None:
    """Measure everything and remember it as today's; raises ``OSError`` where the disk cannot be read."""
    room = (KeptKind.ROOM, 0, 0, Room(storage, engine).left())
    found = [*_rows(engine), *_files(engine, storage.directory), room]
    with begin() as session:
        for kind, entries, newest, size in sorted(found):
            row = KeptAmount(
                day=now.astimezone(UTC).date(),
                kind=kind,
                entries=entries,
                newest=newest,
                size=size,
                measured_at=now,
            )
            insert_or_update(session, row, _AGAIN)
        session.execute(delete(KeptAmount).where(col(KeptAmount.day) < (now - _REMEMBERED).date()))


def last_measured(session: Session) -> Amounts | None:
    """What was measured last; None where nothing ever was. As quick as a dozen rows are read."""
    day = session.scalars(select(func.max(col(KeptAmount.day)))).first()
    if day is None:
        return None
    last = _of_day(session, day)
    measured_at = max(row.measured_at for row in last.values())
    earlier = session.scalars(
        select(func.min(col(KeptAmount.day))).where(col(KeptAmount.day) >= day - _WINDOW)
    ).one()
    first = _of_day(session, earlier)
    passed = measured_at - min(row.measured_at for row in first.values())
    days = passed / timedelta(days=1) if passed >= _LEAST else None
    kinds = [
        Amount(kind, last[kind].entries, last[kind].size, _yearly(last[kind], first.get(kind), days))
        for kind in KeptKind
        if kind in last and kind is not KeptKind.ROOM
    ]
    daily = None if days is None else (_taken(last) - _taken(first)) / days
    return Amounts(measured_at, kinds, daily, last[KeptKind.ROOM].size)


def _taken(of_day: Mapping[KeptKind, KeptAmount]) -> int:
    return sum(row.size for kind, row in of_day.items() if kind is not KeptKind.ROOM)


def _of_day(session: Session, day: date) -> dict[KeptKind, KeptAmount]:
    return {row.kind: row for row in session.scalars(select(KeptAmount).where(col(KeptAmount.day) == day))}


def _yearly(last: KeptAmount, first: KeptAmount | None, days: float | None) -> int | None:
    """Of rows, by their numbers, so that removing them does not hide how many are written."""
    if days is None or first is None:
        return None
    if last.newest:
        written = (last.newest - first.newest) * (last.size / last.entries if last.entries else 0)
    else:
        written = last.size - first.size
    return max(0, round(written / days * 365))


def _rows(engine: Engine) -> list[tuple[KeptKind, int, int, int]]:
    """Each kind of rows with its count, its newest number and its bytes, indexes included."""
    found = []
    with for_reading(engine).connect() as connection:
        sizes = _sizes(connection)
        for kind, of_kind in TABLES.items():
            counted: Any = of_kind[0].__table__  # type: ignore[attr-defined]
            number = func.coalesce(func.max(counted.c.id), 0)
            entries, newest = connection.execute(select(func.count(), number).select_from(counted)).one()
            size = sum(sizes.pop(str(table.__tablename__), 0) for table in of_kind)
            if kind in _MET_AGAIN and connection.dialect.name == "postgresql":
                newest = 0
            found.append((kind, entries, newest, size))
    return [*found, (KeptKind.OTHER_ROWS, len(sizes), 0, sum(sizes.values()))]


def _sizes(connection: Any) -> dict[str, int]:
    """Bytes by table, with its indexes."""
    if connection.dialect.name == "postgresql":
        rows = connection.execute(
            text(
                "SELECT relname, pg_total_relation_size(oid) FROM pg_class "
                "WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
            )
        )
        return dict(rows.all())
    sizes: dict[str, int] = defaultdict(int)
    try:
        rows = connection.execute(
            text(
                "SELECT s.tbl_name, d.pgsize FROM dbstat d JOIN sqlite_schema s ON s.name = d.name "
                "WHERE d.aggregate = TRUE"
            )
        ).all()
    except OperationalError:  # this SQLite was built without it
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        return {"": pages * connection.exec_driver_sql("PRAGMA page_size").scalar_one()}
    for table, size in rows:
        sizes[table] += size
    return sizes


def _files(engine: Engine, directory: Path) -> list[tuple[KeptKind, int, int, int]]:
    """Files by kind; of a SQLite database what its tables do not use."""
    entries: dict[KeptKind, int] = defaultdict(int)
    sizes: dict[KeptKind, int] = defaultdict(int)
    database = Path(str(engine.url.database)).name if engine.dialect.name == "sqlite" else ""
    for path, size in files_in(directory):
        if database and path.name.startswith(database) and len(path.parts) == 1:
            continue
        kind = _FILES.get(path.parts[0], KeptKind.OTHER_FILES)
        entries[kind] += 1
        sizes[kind] += size
    found = [(kind, entries[kind], 0, sizes[kind]) for kind in (*_FILES.values(), KeptKind.OTHER_FILES)]
    if database:
        found.append((KeptKind.UNUSED, 0, 0, _unused(engine)))
    return found


def _unused(engine: Engine) -> int:
    """Free pages, and the write-ahead log."""
    file = Path(str(engine.url.database))
    with for_reading(engine).connect() as connection:
        free = connection.exec_driver_sql("PRAGMA freelist_count").scalar_one()
        size = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
    log = file.with_name(f"{file.name}-wal")
    return int(free * size) + (log.stat().st_size if log.exists() else 0)
