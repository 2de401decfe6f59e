"""What comes in from outside the watched sources, and what a change of the catalogue led to."""

from datetime import datetime

from sqlalchemy import (
    JSON,
    Column,
    UniqueConstraint,
)
from sqlmodel import Field, SQLModel

from storage.tables.columns import text_column, time_column, word_column
from vocabulary.codes import Outcome


class IntakeMessage(SQLModel, table=True):
    """A message of the public (监督举报) that was taken in, and how that ended; not who wrote it."""

    __tablename__ = "intake_message"
    __table_args__ = (UniqueConstraint("key"),)
    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(max_length=64)
    """SHA-256 of Message-ID and content: the same message delivered twice is taken in once."""
    visit_id: int = Field(foreign_key="visit.id", index=True)
    subject: str = text_column()
    outcome: Outcome = word_column(Outcome, 24)
    detail: str = text_column()
    documents: int = 0
    """Texts, files and linked pages that were read."""
    findings: int = 0
    errors: int = 0
    evidence_file: str = text_column()
    evidence_record: str = text_column()
    taken_in_at: datetime = time_column()


class IntakeReporter(SQLModel, table=True):
    """Who wrote a message: kept apart from it, from its documents and from its cases, and never shown."""

    __tablename__ = "intake_reporter"
    message_id: int = Field(primary_key=True, foreign_key="intake_message.id")
    address: str = text_column()
    name: str = text_column()


class CatalogueNotice(SQLModel, table=True):
    """A page of a source that announces changes of the catalogue, as it was read, and what it proposes."""

    __tablename__ = "catalogue_notice"
    version_id: int = Field(primary_key=True, foreign_key="document_version.id")
    proposes: bool = Field(default=False, index=True)
    """False: it was looked at and announces nothing."""
    number: str = text_column()
    """Number of the document that decides the change; empty where the page does not say."""
    items: int = 0
    changes: list[dict[str, str]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """``change``, ``name``, ``status`` and ``since`` of each line of the list."""
    problems: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """Why it could not be imported as it stands, in Chinese."""
    region: str = Field(default="", max_length=6)
    """GB/T 2260 code of the province whose own list it is, as its source is configured; empty: national."""
    examined_at: datetime = time_column()
    dismissed_at: datetime | None = time_column(nullable=True)
    """When a person decided against it; None: it waits, or was imported."""
    dismissed_by: str = text_column()
    reason: str = text_column()
    """Why it was dismissed."""


class Rejudgement(SQLModel, table=True):
    """How far judging stored documents by one catalogue has come."""

    __tablename__ = "rejudgement"
    id: int | None = Field(default=None, primary_key=True)
    catalogue: str = Field(max_length=16)
    begun_at: datetime = time_column()
    finished_at: datetime | None = time_column(nullable=True)
    """Also where the catalogue changed again before it came to its end."""
    total: int = 0
    """Documents that waited when it began."""
    documents: int = 0
    failed: int = 0


class RejudgedChange(SQLModel, table=True):
    """A verdict that a re-judgement changed, or a document that could not be judged, as it was then."""

    __tablename__ = "rejudged_change"
    id: int | None = Field(default=None, primary_key=True)
    rejudgement_id: int = Field(foreign_key="rejudgement.id", index=True)
    kind: str = Field(max_length=12)
    """``cases.reconciliation.ChangeKind``."""
    case_id: int | None = None
    decided: bool = False
    """A person had gone further with the case: what becomes of it is left to them."""
    title: str = text_column()
    url: str = text_column()
    quote: str = text_column()
    before: str = text_column()
    after: str = text_column()
