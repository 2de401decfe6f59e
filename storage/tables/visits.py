"""Sources, visits to them, and how each address asked for ended."""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    UniqueConstraint,
)
from sqlmodel import Field, SQLModel

from storage.tables.columns import StoredText, text_column, time_column, word_column
from vocabulary.codes import Outcome, PageKind, TroubleKind, VisitPurpose


class SourceState(SQLModel, table=True):
    """What the daemon remembers of a configured source between visits."""

    __tablename__ = "source_state"
    name: str = Field(primary_key=True, max_length=40)
    last_visit_at: datetime | None = time_column(nullable=True)
    last_success_at: datetime | None = time_column(nullable=True)
    next_due_at: datetime | None = time_column(nullable=True, index=True)
    failures_in_a_row: int = 0
    is_watched: bool = False
    """Whether it is configured and not paused."""
    every_minutes: int = 0
    """The configured interval that ``next_due_at`` was planned with; 0: not known."""
    lease_holder: str = text_column()
    """Whoever visits it now; see ``storage.leases``."""
    leased_until: datetime | None = time_column(nullable=True)


class SourceTrouble(SQLModel, table=True):
    """Trouble of a source that the operator was told of; ``ended_at`` is None while it lasts."""

    __tablename__ = "source_trouble"
    source: str = Field(primary_key=True, max_length=40)
    kind: TroubleKind = word_column(TroubleKind, 12, primary_key=True)
    detail: str = text_column()
    began_at: datetime = time_column()
    ended_at: datetime | None = time_column(nullable=True)


class Visit(SQLModel, table=True):
    """One visit to one source; ``finished_at`` stays None where the daemon died during it."""

    __tablename__ = "visit"
    __table_args__ = (Index("ix_visit_source_started", "source", "started_at"),)
    id: int | None = Field(default=None, primary_key=True)
    source: str = Field(max_length=40)
    started_at: datetime = time_column()
    finished_at: datetime | None = time_column(nullable=True)
    purpose: VisitPurpose = word_column(VisitPurpose, 12, default=VisitPurpose.WATCH)
    outcome: Outcome | None = word_column(Outcome, 24, nullable=True)
    detail: str = text_column()
    list_pages: int = 0
    items: int = 0
    """Different documents that the list linked, read or not: the source's yield."""
    pages: int = 0
    attachments: int = 0
    bytes_read: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    new_documents: int = 0
    changed_documents: int = 0
    findings: int = 0
    errors: int = 0


class VisitTotal(SQLModel, table=True):
    """What all visits to a source with one outcome came to, also those whose rows are gone."""

    __tablename__ = "visit_total"
    source: str = Field(primary_key=True, max_length=40)
    outcome: Outcome = word_column(Outcome, 24, primary_key=True)
    visits: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    list_pages: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    pages: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    attachments: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    bytes_read: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    errors: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    first_started_at: datetime = time_column()


class SlowPage(SQLModel, table=True):
    """A page that took too long to answer or to read, and when it is worth another try."""

    __tablename__ = "slow_page"
    source: str = Field(primary_key=True, max_length=40)
    url: str = Field(primary_key=True, sa_type=StoredText)
    """As ``vocabulary.addresses.recordable_url`` gives it."""
    body_sha256: str = Field(default="", max_length=64)
    """Of what took too long to read; empty where the server did not answer."""
    outcome: Outcome = word_column(Outcome, 24)
    detail: str = text_column()
    times: int = 1
    """In a row."""
    next_try_at: datetime = time_column()


class FetchRecord(SQLModel, table=True):
    """One address asked for during a visit, how that ended and what it held.

    It is the list of what was not read, and why; what a visit under way has done is counted here.
    """

    __tablename__ = "fetch_record"
    __table_args__ = (UniqueConstraint("visit_id", "url"),)
    id: int | None = Field(default=None, primary_key=True)
    visit_id: int = Field(foreign_key="visit.id")
    url: str = text_column()
    outcome: Outcome = word_column(Outcome, 24)
    http_status: int | None = None
    bytes_read: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    detail: str = text_column()
    fetched_at: datetime = time_column()
    kind: PageKind = word_column(PageKind, 10, default=PageKind.PAGE)
    is_new: bool = False
    is_changed: bool = False
    findings: int = 0
    """Findings written because of it in this visit."""


class Backfill(SQLModel, table=True):
    """How far an order to read a source's past has come, so that it goes on where it was interrupted."""

    __tablename__ = "backfill"
    __table_args__ = (UniqueConstraint("source", "since", "until"),)
    id: int | None = Field(default=None, primary_key=True)
    source: str = Field(max_length=40)
    since: date
    until: date
    next_page: str = text_column()
    """The list page to go on with; every page before it is done."""
    reached: date | None = None
    """The earliest day of publication met so far."""
    list_pages: int = 0
    documents: int = 0
    new_documents: int = 0
    errors: int = 0
    begun_at: datetime = time_column()
    finished_at: datetime | None = time_column(nullable=True)
