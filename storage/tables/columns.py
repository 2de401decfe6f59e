"""Kinds of columns, and the names of constraints, that all tables share."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Column,
    DateTime,
    Dialect,
    Enum,
    Text,
    text,
)
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""Every constraint has a name, so that a later migration can drop it on any database."""

_UNSTORABLE = {0: "\ufffd"} | dict.fromkeys(range(0xD800, 0xE000), "\ufffd")


def storable(text: str) -> str:
    """``text`` with NUL and lone surrogates as U+FFFD: databases refuse them; offsets stay."""
    if "\x00" not in text:
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            pass
        else:
            return text
    return text.translate(_UNSTORABLE)


def where_on_both(condition: str) -> dict[str, Any]:
    """What makes an index hold those rows alone; for ``Index(…, **where_on_both(…))``."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC datetimes on every database; SQLite itself keeps no time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone: pass an aware datetime")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class StoredText(TypeDecorator[str]):
    """Text of any length from anywhere; see ``storable``."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else storable(value)


def time_column(*, index: bool = False, nullable: bool = False) -> Any:
    """A UTC column; a fresh ``Column`` each call, because one cannot serve two tables."""
    return Field(default=None, sa_column=Column(UtcDateTime, nullable=nullable, index=index))


def text_column(*, nullable: bool = False) -> Any:
    return Field(default=None if nullable else "", sa_column=Column(StoredText, nullable=nullable))


def word_column(
    kind: type[StrEnum],
    length: int,
    *,
    default: StrEnum | None = None,
    nullable: bool = False,
    primary_key: bool = False,
) -> Any:
    """A column of a closed set, stored as its value in a plain VARCHAR: a new word needs no migration."""
    words = Enum(
        kind,
        values_callable=lambda members: [member.value for member in members],
        native_enum=False,
        length=length,
        validate_strings=True,
    )
    return Field(default=default, sa_column=Column(words, nullable=nullable, primary_key=primary_key))
