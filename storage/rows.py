"""Writing a row at most once, on every database that the project knows.

The database decides, in the statement itself: a check before the insert would let two workers through. A row
that another transaction is just inserting is waited for. Statements are built once per table: building them
costs more than running them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Executable, Table, inspect
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
    """Take the later value."""


def insert_once(session: Session, row: SQLModel) -> int | None:
    """Insert ``row`` and return its key, or return None where one of its unique keys is taken already."""
    statement = _insert_once(type(row), session.get_bind().dialect.name)
    session.flush()
    written: int | None = session.connection().execute(statement, _values(row)).scalar_one_or_none()
    return written


def insert_or_update(session: Session, row: SQLModel, conflict: OnConflict) -> Any:
    """Insert ``row``, or bring the row that is there up to date; the key of either."""
    statement = _insert_or_update(type(row), session.get_bind().dialect.name, conflict)
    session.flush()
    return session.connection().execute(statement, _values(row)).scalar_one()


@cache
def _insert_once(kind: type[SQLModel], dialect: str) -> Executable:
    table = _table(kind)
    statement: Executable = _insert(table, dialect).on_conflict_do_nothing().returning(*table.primary_key)
    return statement


@cache
def _insert_or_update(kind: type[SQLModel], dialect: str, conflict: OnConflict) -> Executable:
    table = _table(kind)
    insert = _insert(table, dialect)
    new = insert.excluded
    changes: dict[str, ColumnElement[Any]] = {name: new[name] for name in conflict.replace}
    for name in conflict.fill:
        given = func.nullif(new[name], "") if isinstance(table.c[name].type, StoredText) else new[name]
        changes[name] = func.coalesce(given, table.c[name])
    for name in conflict.latest:
        later = func.greatest if dialect == "postgresql" else func.max
        changes[name] = later(new[name], table.c[name])
    update = insert.on_conflict_do_update(index_elements=conflict.key, set_=changes)
    statement: Executable = update.returning(*table.primary_key)
    return statement


def _insert(table: Table, dialect: str) -> Any:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def _table(kind: type[SQLModel]) -> Table:
    table: Table = inspect(kind).local_table
    return table


def _values(row: SQLModel) -> Mapping[str, Any]:
    """Every column but an ``id``, which the database gives."""
    return {name: getattr(row, name) for name in type(row).model_fields if name != "id"}
