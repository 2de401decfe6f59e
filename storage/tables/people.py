"""Who is told and where, as it is kept at the desk, beside those that the configuration names."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel

from storage.tables.columns import time_column


class StoredSupervisor(SQLModel, table=True):
    """A supervisor as ``settings.people.Supervisor`` has it; see ``alerts.people``."""

    __tablename__ = "stored_supervisor"
    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(max_length=254, unique=True)
    """Their address in small letters."""
    said: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """What differs from the defaults of a supervisor, as the configuration's file would say it."""
    is_paused: bool = False
    """Whether they are told nothing for the time being."""
    added_by: str = Field(max_length=254)
    added_at: datetime = time_column()
    changed_by: str = Field(max_length=254)
    changed_at: datetime = time_column()


class StoredChat(SQLModel, table=True):
    """A chat as ``settings.people.Chat`` has it."""

    __tablename__ = "stored_chat"
    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(max_length=40, unique=True)
    """Its name."""
    said: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """Likewise, without its address."""
    sealed: str = Field(max_length=4096)
    """Its address, which nobody reads who has the database alone (``storage.sealing``)."""
    is_paused: bool = False
    """Whether nothing new is written for it."""
    added_by: str = Field(max_length=254)
    added_at: datetime = time_column()
    changed_by: str = Field(max_length=254)
    changed_at: datetime = time_column()
