"""Pictures of pages as they were archived."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, ForeignKey
from sqlmodel import Field, SQLModel

from storage.tables.columns import text_column, time_column


class PagePicture(SQLModel, table=True):
    """A picture that somebody asked for, of one version of a page; its bytes are evidence."""

    __tablename__ = "page_picture"
    id: int | None = Field(default=None, primary_key=True)
    version_id: int = Field(
        sa_column=Column(ForeignKey("document_version.id", ondelete="CASCADE"), nullable=False, unique=True)
    )
    asked_by: str = Field(max_length=254)
    asked_at: datetime = time_column()
    taken_at: datetime | None = time_column(nullable=True)
    """None: not yet, or not possible."""
    problem: str = text_column()
    """Why there is none; empty while it waits to be taken."""
    width: int = 0
    height: int = 0
    is_cut: bool = False
    """Whether the page is longer than its picture."""
    drawn_by: str = Field(default="", max_length=80)
    size: int = 0
    body_sha256: str = Field(default="", max_length=64)
    evidence_file: str = text_column()
    evidence_record: str = text_column()
    evidence_offset: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
