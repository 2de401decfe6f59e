"""Pages and attachments, what they said at each visit, and sketches by which mirrors are known."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    UniqueConstraint,
)
from sqlmodel import Field, SQLModel

from storage.tables.columns import StoredText, text_column, time_column


class Document(SQLModel, table=True):
    """A page or attachment under watch, known by its canonical address."""

    __tablename__ = "document"
    __table_args__ = (Index("ix_document_source", "source", "id"),)
    id: int | None = Field(default=None, primary_key=True)
    url: str = Field(sa_column=Column(StoredText, nullable=False, unique=True))
    source: str = Field(max_length=40)
    parent_id: int | None = Field(default=None, foreign_key="document.id", index=True)
    """The page that links an attachment."""
    title: str = text_column()
    publisher: str = text_column()
    region: str | None = Field(default=None, max_length=6)
    published_on: date | None = None
    etag: str = text_column()
    last_modified: str = text_column()
    first_seen_at: datetime = time_column()
    last_seen_at: datetime = time_column()


class DocumentVersion(SQLModel, table=True):
    """What a document said, once per distinct text, with the record that proves it."""

    __tablename__ = "document_version"
    __table_args__ = (
        UniqueConstraint("document_id", "text_sha256"),
        Index("ix_document_version_evidence_file", "evidence_file"),
        # The way from a source to its cases, on which no version itself is read.
        Index("ix_document_version_document_id", "document_id", "id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    document_id: int = Field(foreign_key="document.id")
    text_sha256: str = Field(max_length=64)
    text: str = text_column()
    media_type: str = text_column()
    charset: str = text_column()
    document_kind: str = Field(max_length=24)
    publisher_kind: str = Field(max_length=24)
    facts: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """``document`` of the check contract: number, issuer, date, forwards."""
    body_sha256: str = Field(max_length=64)
    evidence_file: str = text_column()
    """WARC file, relative to the evidence directory."""
    evidence_record: str = text_column()
    """``WARC-Record-ID`` of the response."""
    evidence_offset: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    """Byte of the file at which that record begins; None makes reading search the file."""
    seen_at: datetime = time_column()


class Sighting(SQLModel, table=True):
    """Which version a visit met: history is by visit, so that a text which returns is noticed."""

    __tablename__ = "sighting"
    __table_args__ = (UniqueConstraint("visit_id", "document_id"),)
    id: int | None = Field(default=None, primary_key=True)
    visit_id: int | None = Field(default=None, foreign_key="visit.id")
    """None once sightings of its time are kept by month; see ``storage.retention``."""
    document_id: int = Field(foreign_key="document.id", index=True)
    version_id: int = Field(foreign_key="document_version.id", index=True)
    seen_at: datetime = time_column()


class JudgedDocument(SQLModel, table=True):
    """By which catalogue what a document said when it was last met was judged."""

    __tablename__ = "judged_document"
    __table_args__ = (Index("ix_judged_document_catalogue", "catalogue", "document_id"),)
    document_id: int = Field(
        sa_column=Column(ForeignKey("document.id", ondelete="CASCADE"), primary_key=True)
    )
    catalogue: str = Field(max_length=16)
    """Digest of the catalogue; empty: to be judged again."""


class TextSketch(SQLModel, table=True):
    """MinHash signature of a version that has a case, to find the same text on other sites."""

    __tablename__ = "text_sketch"
    version_id: int = Field(primary_key=True, foreign_key="document_version.id")
    signature: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    """Little-endian 32-bit numbers; see ``cases.mirrors``."""


class SketchBand(SQLModel, table=True):
    """A part of a signature: near-duplicates agree in at least one of them."""

    __tablename__ = "sketch_band"
    version_id: int = Field(primary_key=True, foreign_key="text_sketch.version_id")
    band: int = Field(primary_key=True)
    value: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
