"""Sources that people keep at the desk, beside those that the configuration names."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel

from storage.tables.columns import time_column


class StoredSource(SQLModel, table=True):
    """A source as ``settings.sources.Source`` has it; see ``storage.stored_sources``."""

    __tablename__ = "stored_source"
    name: str = Field(primary_key=True, max_length=40)
    said: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """What differs from the defaults of a source, as the configuration's file would say it."""
    added_by: str = Field(max_length=254)
    added_at: datetime = time_column()
    changed_by: str = Field(max_length=254)
    changed_at: datetime = time_column()
