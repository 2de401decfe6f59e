"""How much is kept, day by day, and which evidence files hold what was removed since."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Column
from sqlmodel import Field, SQLModel

from storage.tables.columns import time_column, word_column
from vocabulary.codes import KeptKind


class EvidenceFile(SQLModel, table=True):
    """A file of the archive of which something is not needed any more; a file without a row is whole."""

    __tablename__ = "evidence_file"
    name: str = Field(primary_key=True, max_length=120)
    """Relative to the evidence directory, as ``document_version.evidence_file``."""
    freed: int = 0
    """Versions that referred to it and were removed."""
    emptied_at: datetime | None = time_column(nullable=True)
    """Since when nothing refers to it; None: something does, or it was not looked at yet."""


class KeptAmount(SQLModel, table=True):
    """What one kind of thing took at the end of a day, or at the last look of today."""

    __tablename__ = "kept_amount"
    day: date = Field(primary_key=True)
    kind: KeptKind = word_column(KeptKind, 20, primary_key=True)
    entries: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    """Rows or files."""
    newest: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    """Number of the newest row: by how much it grew says how many were written, removed ones too."""
    size: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    """Bytes."""
    measured_at: datetime = time_column()
