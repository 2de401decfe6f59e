"""What people accepted into the catalogue, beside the data that the program brings."""

from datetime import date
from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel

from storage.tables.columns import text_column


class StoredList(SQLModel, table=True):
    """An official list that was imported; ``catalogue.imported.ImportedList`` says what its columns mean."""

    __tablename__ = "imported_list"
    identity: str = Field(primary_key=True, max_length=200)
    document: str = text_column()
    region: str = Field(default="", max_length=6)
    source: str = text_column()
    imported_on: date
    digest: str = Field(default="", max_length=64)
    content: str = Field(max_length=64)
    """SHA-256 of all that it says: with another one the catalogue is another one."""
    items: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))


class StoredVerification(SQLModel, table=True):
    """A shipped row that a person compared; ``catalogue.verified.VerifiedRow`` says what ``row`` means."""

    __tablename__ = "verified_row"
    identity: str = Field(primary_key=True, max_length=400)
    content: str = Field(max_length=64)
    row: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
