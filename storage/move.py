"""Moves all rows from SQLite to PostgreSQL: in batches, going on where it was interrupted, and checked.

The SQLite database is locked against writers meanwhile, and is not changed. A table of the target says where
the rows come from until all of them are there: before that, nothing but rows of such a move may be there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from itertools import islice
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Executable,
    Integer,
    LargeBinary,
    MetaData,
    RowMapping,
    Table,
    Text,
    bindparam,
    func,
    select,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import SQLModel

from storage.errors import StorageError
from storage.leases import Leases
from storage.migrate import require_current, upgrade
from storage.tables import AuditEntry, storable
from storage.under_way import DAEMON

BATCH = 1_000
"""Rows that are written in one transaction."""
_MARKER = Table("qualwatch_move", MetaData(), Column("source", Text, primary_key=True))
_BITS = 256


class MoveError(StorageError):
    """The rows cannot be moved, or did not all arrive as they were; says what to do."""


@dataclass(frozen=True, slots=True)
class Step:
    """How far the move is."""

    table: str
    done: int
    total: int
    """Rows of all tables, which are gone through twice: copied, then compared."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What a table came to: equal on both sides."""

    table: str
    rows: int
    digest: str
    """Of all values of all rows, in any order."""


Watch = Callable[[Step], object]


def move(source: Engine, target: Engine, *, anew: bool = False, watch: Watch = lambda _: None) -> list[Moved]:
    """Copy every row of ``source`` into ``target``, and compare; begun again, it goes on.

    ``anew`` empties a target that an earlier, interrupted move has begun to fill. Raises :class:`MoveError`,
    and ``DatabaseError`` where either database is of another version of the program.
    """
    _require_fit(source, target)
    tables = list(SQLModel.metadata.sorted_tables)
    with _locked(source) as rows, target.connect() as goal:
        _prepare(goal, tables, str(source.url.database), anew=anew)
        total = sum(_count(rows, table) for table in tables)
        progress = _Progress(2 * total, watch)
        for table in tables:
            _copy(rows, goal, table, progress)
        moved = [_compare(rows, goal, table, progress) for table in tables]
        for table in tables:
            _set_sequence(goal, table)
        _MARKER.drop(goal)
        goal.commit()
    return moved


def _require_fit(source: Engine, target: Engine) -> None:
    if source.dialect.name != "sqlite":
        raise MoveError("the database that is configured is no SQLite file: there is nothing to move")
    if target.dialect.name != "postgresql":
        raise MoveError("write the address of a PostgreSQL database: postgresql+psycopg://user@host/database")
    require_current(source)
    if Leases(source).is_held(DAEMON):
        raise MoveError("the daemon works with this database: end it first (systemctl stop qualwatch)")
    upgrade(target)


@contextmanager
def _locked(source: Engine) -> Iterator[Connection]:
    """A transaction in which nobody else writes."""
    with source.connect() as connection, connection.begin():
        if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
            raise MoveError("rows of the database refer to rows that do not exist: restore a backup first")
        yield connection


def _prepare(goal: Connection, tables: Sequence[Table], name: str, *, anew: bool) -> None:
    """Note whose rows are coming. Raises :class:`MoveError` where there are others."""
    is_begun = goal.dialect.has_table(goal, _MARKER.name)
    ours = is_begun and goal.execute(select(_MARKER.c.source)).scalars().all() == [name]
    if not ours and (is_begun or any(_count(goal, table) for table in tables)):
        raise MoveError("the target has rows that are not of this database: create an empty one")
    if ours and anew:
        names = ", ".join(goal.dialect.identifier_preparer.format_table(table) for table in tables)
        # What has arrived is only a copy yet: the trail may be written anew, and nowhere else.
        goal.execute(text(f"ALTER TABLE {AuditEntry.__tablename__} DISABLE TRIGGER USER"))
        goal.execute(text(f"TRUNCATE {names} RESTART IDENTITY"))
        goal.execute(text(f"ALTER TABLE {AuditEntry.__tablename__} ENABLE TRIGGER USER"))
    if not is_begun:
        _MARKER.create(goal)
        goal.execute(_MARKER.insert().values(source=name))
    goal.commit()


def _copy(rows: Connection, goal: Connection, table: Table, progress: _Progress) -> None:
    """Write what is still missing, in the order of the key; what is there already stays."""
    key = next(iter(table.primary_key))
    reached = goal.execute(select(func.max(key))).scalar_one() if isinstance(key.type, Integer) else None
    wanted = select(table).order_by(*table.primary_key)
    if reached is not None:
        progress.add(table.name, rows.execute(select(func.count()).where(key < reached)).scalar_one())
        wanted = wanted.where(key >= reached)
    # A row that refers to a later one of its own table is written without that, which is added in the end.
    loops = [each.parent.name for each in table.foreign_keys if each.column.table is table]
    insert = postgresql.insert(table).on_conflict_do_nothing()
    found = rows.execute(wanted.execution_options(yield_per=BATCH)).mappings()
    while batch := list(islice(found, BATCH)):
        values = [_sound(table, row) | dict.fromkeys(loops) for row in batch]
        _write(goal, table, insert, values)
        progress.add(table.name, len(batch))
    for name in loops:
        _close_loop(rows, goal, table, name)


def _close_loop(rows: Connection, goal: Connection, table: Table, name: str) -> None:
    column, key = table.c[name], next(iter(table.primary_key))
    wanted = select(key.label("row"), column.label("refers")).where(column.is_not(None))
    found = rows.execute(wanted.execution_options(yield_per=BATCH)).mappings()
    sentence = (
        table.update()
        .where(key == bindparam("row", type_=key.type), column.is_(None))
        .values({name: bindparam("refers", type_=column.type)})
    )
    while batch := [dict(row) for row in islice(found, BATCH)]:
        _write(goal, table, sentence, batch)


def _write(goal: Connection, table: Table, statement: Executable, values: list[dict[str, Any]]) -> None:
    try:
        goal.execute(statement, values)
        goal.commit()
    except SQLAlchemyError as error:
        goal.rollback()
        cause = str(getattr(error, "orig", None) or error).strip()
        raise MoveError(
            f"the target does not take rows of {table.name}: {cause}: mend that and move again, "
            "what has arrived stays"
        ) from error


def _compare(rows: Connection, goal: Connection, table: Table, progress: _Progress) -> Moved:
    """Count and digest of both sides; raises :class:`MoveError` where they differ."""
    here, there = _digest(rows, table), _digest(goal, table)
    progress.add(table.name, here[0])
    if here != there:
        raise MoveError(
            f"{table.name} is not the same on both sides ({here[0]} and {there[0]} rows): the SQLite "
            "database changed between two moves, or somebody wrote to the target: move again with --anew"
        )
    return Moved(table.name, *here)


def _digest(connection: Connection, table: Table) -> tuple[int, str]:
    """How many rows there are, and the sum of their digests: databases do not sort texts alike."""
    count = total = 0
    for row in connection.execute(select(table).execution_options(yield_per=BATCH)).mappings():
        count += 1
        values = [_comparable(value) for value in _sound(table, row).values()]
        written = json.dumps(values, ensure_ascii=False, sort_keys=True)
        total += int.from_bytes(hashlib.sha256(written.encode()).digest())
    return count, f"{total % (1 << _BITS):064x}"


def _comparable(value: object) -> object:
    """A value as every database gives it."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if value is None or isinstance(value, (bool, int, float, str, dict, list)):
        return value
    return value.hex() if isinstance(value, bytes) else str(value)


def _sound(table: Table, row: RowMapping) -> dict[str, Any]:
    """A row as PostgreSQL takes it: without the NUL, lone surrogates and mixed types that SQLite kept."""
    return {name: _fit(table.c[name], value) for name, value in row.items()}


def _fit(column: Column[Any], value: Any) -> Any:
    if not isinstance(value, str) or isinstance(value, Enum):
        return value
    return value.encode() if isinstance(column.type, LargeBinary) else storable(value)


def _set_sequence(goal: Connection, table: Table) -> None:
    """The next row gets a number that none has."""
    key = next(iter(table.primary_key))
    name = goal.dialect.identifier_preparer.format_table(table)
    sequence = goal.execute(
        select(func.pg_get_serial_sequence(name, key.name) if isinstance(key.type, Integer) else text("NULL"))
    ).scalar_one()
    greatest = goal.execute(select(func.max(key))).scalar_one()
    if sequence is not None and greatest is not None:
        goal.execute(select(func.setval(sequence, greatest)))


def _count(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


class _Progress:
    def __init__(self, total: int, watch: Watch) -> None:
        self._done, self._total, self._watch = 0, total, watch

    def add(self, table: str, rows: int) -> None:
        self._done += rows
        self._watch(Step(table, self._done, self._total))
