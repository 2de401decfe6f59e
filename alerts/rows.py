"""Writing a row at most once, on every database that the project knows."""

from __future__ import annotations

from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel


def insert_once(session: Session, row: SQLModel) -> int | None:
    """Insert ``row`` and return its id, or return None where one of its unique keys is taken already.

    The database decides, in the statement itself: a check before the insert would let two workers through.
    """
    table = type(row)
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = (
        insert(table)
        .values(**row.model_dump(exclude={"id"}))
        .on_conflict_do_nothing()
        .returning(inspect(table).primary_key[0])
    )
    written: int | None = session.execute(statement).scalar_one_or_none()
    return written
