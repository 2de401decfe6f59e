"""Writing a row at most once, on every database that the project knows.

The database decides, in the statement itself: a check before the insert would let two workers through. A row
that another transaction is just inserting is waited for. Statements are built once per table: building them
costs more than running them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, CursorResult, Executable, Table, bindparam, inspect, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import ColumnElement, func
from sqlmodel import Session, SQLModel

from storage.tables import StoredText


class OnConflict(NamedTuple):
    """What an insert does to the row that has the same ``key``; columns not named here stay."""

    key: tuple[str, ...]
    replace: tuple[str, ...] = ()
    """Take the new value."""
    fill: tuple[str, ...] = ()
    """Take the new value unless it is None or empty."""
    latest: tuple[str, ...] = ()
    """Take the greater value: of times the later, of True and False True."""
    add: tuple[str, ...] = ()
    """Take the sum."""


def insert_once(session: Session, row: SQLModel) -> int | None:
    """Insert ``row`` and return its key, or return None where one of its unique keys is taken already."""
    statement = _insert_once(type(row), session.get_bind().dialect.name)
    session.flush()
    written: int | None = session.connection().execute(statement, values_of(row)).scalar_one_or_none()
    return written


def insert_or_update(session: Session, row: SQLModel, conflict: OnConflict) -> Any:
    """Insert ``row``, or bring the row that is there up to date; the key of either."""
    statement = _insert_or_update(type(row), session.get_bind().dialect.name, conflict)
    session.flush()
    return session.connection().execute(statement, values_of(row)).scalar_one()


def insert_each_once(session: Session, rows: Sequence[SQLModel]) -> int:
    """:func:`insert_once` for rows of one table, in one statement; how many were not there."""
    if not rows:
        return 0
    kind = type(rows[0])
    keys = tuple(column.name for column in table_of(kind).primary_key)
    return len(insert_all_once(session, kind, [values_of(row) for row in rows], keys))


Rows = Sequence[tuple[Any, ...]]
"""Columns in the order in which a statement names them."""
Values = Mapping[str, Any]
"""A row as plain values by column; rows that are written together name the same columns."""


def insert_all_once(
    session: Session, kind: type[SQLModel], rows: Sequence[Values], returning: tuple[str, ...]
) -> Rows:
    """Insert ``rows`` and give the columns ``returning`` of those that were not there, in any order."""
    if not rows:
        return ()
    dialect = session.get_bind().dialect.name
    session.flush()
    if dialect == "postgresql":
        return _all(_execute(session, _insert_once(kind, dialect, returning, tuple(rows[0])), _arrays(rows)))
    return _all(_execute(session, _insert_once(kind, dialect, returning), rows))


def insert_or_update_all(
    session: Session,
    kind: type[SQLModel],
    rows: Sequence[Values],
    conflict: OnConflict,
    returning: tuple[str, ...] = (),
) -> Rows:
    """Insert ``rows``, or bring those that are there up to date; the columns ``returning``, in any order.

    With ``returning`` no two of ``rows`` may have the same key: they are one statement.
    """
    if not rows:
        return ()
    dialect = session.get_bind().dialect.name
    session.flush()
    if dialect != "postgresql":
        done = _execute(session, _insert_or_update(kind, dialect, conflict, returning), rows)
        return _all(done) if returning else ()
    statement = _insert_or_update(kind, dialect, conflict, returning, tuple(rows[0]))
    written: list[tuple[Any, ...]] = []
    for apart in _apart(rows, conflict.key):
        done = _execute(session, statement, _arrays(apart))
        written += _all(done) if returning else ()
    return written


def _apart(rows: Sequence[Values], key: tuple[str, ...]) -> Iterator[Sequence[Values]]:
    """``rows`` in their order, without two of one key: a statement cannot change a row twice."""
    while rows:
        first = dict[tuple[Any, ...], Values]()
        for row in rows:
            first.setdefault(tuple(row[name] for name in key), row)
        yield list(first.values())
        now = {id(row) for row in first.values()}
        rows = [row for row in rows if id(row) not in now]


def _arrays(rows: Sequence[Values]) -> dict[str, list[Any]]:
    """Rows as an array for each column."""
    return {name: [row[name] for row in rows] for name in rows[0]}


def _execute(session: Session, statement: Executable, values: Any) -> CursorResult[Any]:
    return session.connection().execute(statement, values)


@cache
def _insert_once(
    kind: type[SQLModel], dialect: str, returning: tuple[str, ...] = (), of: tuple[str, ...] = ()
) -> Executable:
    table = table_of(kind)
    columns = [table.c[name] for name in returning] or table.primary_key
    insert = _insert(table, dialect, of)
    statement: Executable = insert.on_conflict_do_nothing().returning(*columns)
    return statement


@cache
def _insert_or_update(
    kind: type[SQLModel],
    dialect: str,
    conflict: OnConflict,
    returning: tuple[str, ...] | None = None,
    of: tuple[str, ...] = (),
) -> Executable:
    """``returning``: None for the key, empty for nothing."""
    table = table_of(kind)
    insert = _insert(table, dialect, of)
    new = insert.excluded
    changes: dict[str, ColumnElement[Any]] = {name: new[name] for name in conflict.replace}
    for name in conflict.fill:
        given = func.nullif(new[name], "") if isinstance(table.c[name].type, StoredText) else new[name]
        changes[name] = func.coalesce(given, table.c[name])
    for name in conflict.latest:
        later = func.greatest if dialect == "postgresql" else func.max
        changes[name] = later(new[name], table.c[name])
    for name in conflict.add:
        changes[name] = table.c[name] + new[name]
    update = insert.on_conflict_do_update(index_elements=conflict.key, set_=changes)
    columns = list(table.primary_key) if returning is None else [table.c[name] for name in returning]
    statement: Executable = update.returning(*columns) if columns else update
    return statement


def _insert(table: Table, dialect: str, of: tuple[str, ...] = ()) -> Any:
    """An insert of a row; with columns ``of`` one from their arrays.

    However many rows, that is one statement of PostgreSQL, and always the same one, which it prepares.
    """
    if not of:
        return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    arrays = [bindparam(name, type_=postgresql.ARRAY(table.c[name].type, dimensions=1)) for name in of]
    given = func.unnest(*arrays).table_valued(*of).render_derived(name="given")
    return postgresql.insert(table).from_select(list(of), select(*(given.c[name] for name in of)))


def table_of(kind: type[SQLModel]) -> Table:
    """The table of ``kind``: statements about thousands of rows go without its objects."""
    table: Table = inspect(kind).local_table
    return table


def run(session: Session, statement: Executable, **values: Any) -> CursorResult[Any]:
    """Run a statement that is built once and takes ``values`` by the names of its parameters."""
    session.flush()
    return session.connection().execute(statement, values)


def rows(session: Session, statement: Executable, **values: Any) -> Rows:
    """What :func:`run` finds."""
    return _all(run(session, statement, **values))


def _all(result: CursorResult[Any]) -> Rows:
    found: Rows = result.all()
    return found


def any_of(name: str) -> BindParameter[Any]:
    """A parameter for ``in_``: any number of values."""
    return bindparam(name, expanding=True)


def values_of(row: SQLModel) -> Mapping[str, Any]:
    """``row`` as plain values: every column but an ``id``, which the database gives."""
    return {name: getattr(row, name) for name in type(row).model_fields if name != "id"}
