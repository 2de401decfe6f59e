"""What the desk keeps beside its cases: exceptions, answers of addressees, reports, publications."""

from datetime import date, datetime

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.tables.columns import text_column, time_column, word_column
from vocabulary.codes import AnswerState


class StandingException(SQLModel, table=True):
    """A publisher and a certificate that raise no alarm until a day; see ``cases.exceptions``."""

    __tablename__ = "standing_exception"
    __table_args__ = (Index("ix_standing_exception_ends_at", "ends_at"),)
    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case.id", index=True)
    """The case on which somebody set it: who may see that one may end it."""
    publisher: str = text_column()
    region: str = Field(default="", max_length=6)
    """GB/T 2260 code of the publisher's, because names are given twice; empty: not known."""
    qualification: str = text_column()
    until: date
    """Last day of it."""
    reason: str = text_column()
    actor: str = Field(max_length=254)
    set_at: datetime = time_column()
    ends_at: datetime = time_column()
    """Midnight behind ``until`` in the office's zone, or when somebody ended it."""
    ended_by: str = Field(default="", max_length=254)
    """Empty: it ends, or ended, by itself."""
    met: int = 0
    """Alarms that it kept from being raised."""
    met_at: datetime | None = time_column(nullable=True)


class AddresseeAnswer(SQLModel, table=True):
    """What a body that was told to put something right says it did (反馈); see ``cases.answers``."""

    __tablename__ = "addressee_answer"
    __table_args__ = (UniqueConstraint("key"), Index("ix_addressee_answer_state", "state", "case_id"))
    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case.id", index=True)
    key: str = Field(max_length=64)
    """Of the form: the same one sent twice is one answer."""
    name: str = Field(max_length=60)
    """Who says it, as they wrote it."""
    words: str = text_column()
    state: AnswerState = word_column(AnswerState, 12, default=AnswerState.WAITING)
    received_at: datetime = time_column()
    decided_at: datetime | None = time_column(nullable=True)
    decided_by: str = Field(default="", max_length=254)
    reason: str = text_column()
    """Why it was rejected, as the addressee is told."""


class AnswerFile(SQLModel, table=True):
    """A file that came with an answer; its bytes are evidence."""

    __tablename__ = "answer_file"
    id: int | None = Field(default=None, primary_key=True)
    answer_id: int = Field(
        sa_column=Column(ForeignKey("addressee_answer.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    name: str = Field(max_length=120)
    media_type: str = Field(max_length=100)
    """By its contents, whatever its name says."""
    size: int
    body_sha256: str = Field(max_length=64)
    evidence_file: str = text_column()
    evidence_record: str = text_column()
    evidence_offset: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    text: str = text_column()
    """The beginning of what a worker read of it."""
    unread: str = text_column()
    """Why it was not read, or which part of it."""


class PublicReport(SQLModel, table=True):
    """What somebody reported by the form (监督举报); see ``cases.public_reports``."""

    __tablename__ = "public_report"
    __table_args__ = (UniqueConstraint("receipt"), Index("ix_public_report_taken_in_at", "taken_in_at"))
    id: int | None = Field(default=None, primary_key=True)
    receipt: str = Field(max_length=64)
    """SHA-256 of the number under which its state is seen."""
    region: str = Field(default="", max_length=6)
    """GB/T 2260 code that they chose; empty: none."""
    link: str = text_column()
    words: str = text_column()
    files: int = 0
    contact: str = text_column()
    """Sealed by ``storage.sealing``; empty: they gave none."""
    message: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    """The report as a message (RFC 5322) without its contact; empty once it was taken in."""
    message_key: str = Field(max_length=64)
    """``IntakeMessage.key`` of it."""
    received_at: datetime = time_column()
    taken_in_at: datetime | None = time_column(nullable=True)


class Publication(SQLModel, table=True):
    """What somebody chose to make public of a case (曝光), as it was then; see ``cases.publications``."""

    __tablename__ = "publication"
    __table_args__ = (UniqueConstraint("case_id"), Index("ix_publication_withdrawn_at", "withdrawn_at", "id"))
    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case.id")
    publisher: str = text_column()
    """Masked, as all of it; of a person no name."""
    region: str = Field(default="", max_length=6)
    title: str = text_column()
    qualification: str = text_column()
    violation: str = Field(max_length=40)
    quote: str = text_column()
    legal_basis: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    remark: str = text_column()
    put_right: bool = False
    """Whether it was rectified before it was made public."""
    published_at: datetime = time_column()
    published_by: str = Field(max_length=254)
    changed_at: datetime = time_column()
    """When it was last put up or taken down."""
    withdrawn_at: datetime | None = time_column(nullable=True)
    """When it was taken down; None: it is public."""


class TakenTurns(SQLModel, table=True):
    """What strangers had within the last minute of what is limited; see ``storage.turns``."""

    __tablename__ = "taken_turns"
    name: str = Field(primary_key=True, max_length=16)
    """Of the limit."""
    turns: list[tuple[float, str]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """When, in seconds since 1970, and by the machine of which address; those that count no more go with the
    next one."""
