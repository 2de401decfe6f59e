"""Writing a row at most once, on every database that the project knows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel


def insert_once(session: Session, row: SQLModel) -> int | None:
    """Insert ``row`` and return its id, or None where one of its unique keys is taken already.

    The database decides, in the statement itself: a check before the insert would let two workers through.
    A row that another transaction is just inserting is waited for.
    """
    table = type(row)
    values = row.model_dump(exclude={"id"})
    statement = _insert(session)(table).values(**values).on_conflict_do_nothing()
    written: int | None = session.execute(
        statement.returning(inspect(table).primary_key[0])
    ).scalar_one_or_none()
    return written


def insert_or_update(
    session: Session, row: SQLModel, *, key: tuple[str, ...], update: tuple[str, ...]
) -> None:
    """Insert ``row``, or write its columns ``update`` into the row with the same ``key``."""
    statement = _insert(session)(type(row)).values(**row.model_dump(exclude={"id"}))
    session.execute(
        statement.on_conflict_do_update(
            index_elements=key, set_={name: statement.excluded[name] for name in update}
        )
    )


def _insert(session: Session) -> Any:
    return postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
