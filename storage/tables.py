"""The tables. Unique keys, not checks before writes, make every step repeatable.

Times are UTC. Texts from outside are stored as they came and escaped where they are shown.
"""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Dialect,
    Enum,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
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


def _time(*, index: bool = False, nullable: bool = False) -> Any:
    """A UTC column; a fresh ``Column`` each call, because one cannot serve two tables."""
    return Field(default=None, sa_column=Column(UtcDateTime, nullable=nullable, index=index))


def _text(*, nullable: bool = False) -> Any:
    return Field(default=None if nullable else "", sa_column=Column(StoredText, nullable=nullable))


def _word(
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


class Outcome(StrEnum):
    """How a visit or a fetch ended: a closed set, each counted and shown."""

    OK = "ok"
    UNCHANGED = "unchanged"
    EMPTY = "empty"
    FEWER_THAN_EXPECTED = "fewer_than_expected"
    BLOCKED = "blocked"
    MOVED = "moved"
    GONE = "gone"
    FORBIDDEN_BY_ROBOTS = "forbidden_by_robots"
    TIMEOUT = "timeout"
    TLS = "tls"
    TOO_LARGE = "too_large"
    UNDECODABLE = "undecodable"
    UNREADABLE_ATTACHMENT = "unreadable_attachment"
    REFUSED_ADDRESS = "refused_address"
    ERROR = "error"


class VisitPurpose(StrEnum):
    """Why a source was visited. Only ``watch`` teaches what is usual and decides when the next one is due."""

    WATCH = "watch"
    BACKFILL = "backfill"
    LOOK_BACK = "look_back"
    INTAKE = "intake"
    """Messages of the public, with what they link."""


class TroubleKind(StrEnum):
    """What the operator is told of a source, once when it begins and once when it ends."""

    FAILING = "failing"
    """Visits in a row that failed."""
    FEWER = "fewer"
    """Visits in a row that met far fewer items than usual."""
    SILENT = "silent"
    """The list answers, and nothing new has come for far longer than usual."""


class CaseState(StrEnum):
    FOUND = "found"
    NOTIFIED = "notified"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    RECTIFICATION_ASKED = "rectification_asked"
    RECTIFIED = "rectified"
    OVERDUE = "overdue"
    PUBLISHED = "published"
    CLOSED = "closed"


class OutboxState(StrEnum):
    WAITING = "waiting"
    LEASED = "leased"
    SENT = "sent"
    DEAD = "dead"


class SourceState(SQLModel, table=True):
    """What the daemon remembers of a configured source between visits."""

    __tablename__ = "source_state"
    name: str = Field(primary_key=True, max_length=40)
    last_visit_at: datetime | None = _time(nullable=True)
    last_success_at: datetime | None = _time(nullable=True)
    next_due_at: datetime | None = _time(nullable=True, index=True)
    failures_in_a_row: int = 0


class SourceTrouble(SQLModel, table=True):
    """Trouble of a source that the operator was told of; ``ended_at`` is None while it lasts."""

    __tablename__ = "source_trouble"
    source: str = Field(primary_key=True, max_length=40)
    kind: TroubleKind = _word(TroubleKind, 12, primary_key=True)
    detail: str = _text()
    began_at: datetime = _time()
    ended_at: datetime | None = _time(nullable=True)


class Visit(SQLModel, table=True):
    """One visit to one source; ``finished_at`` stays None where the daemon died during it."""

    __tablename__ = "visit"
    __table_args__ = (Index("ix_visit_source_started", "source", "started_at"),)
    id: int | None = Field(default=None, primary_key=True)
    source: str = Field(max_length=40)
    started_at: datetime = _time()
    finished_at: datetime | None = _time(nullable=True)
    purpose: VisitPurpose = _word(VisitPurpose, 12, default=VisitPurpose.WATCH)
    outcome: Outcome | None = _word(Outcome, 24, nullable=True)
    detail: str = _text()
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


class FetchRecord(SQLModel, table=True):
    """One address asked for during a visit and how that ended: the list of what was not read, and why."""

    __tablename__ = "fetch_record"
    __table_args__ = (UniqueConstraint("visit_id", "url"),)
    id: int | None = Field(default=None, primary_key=True)
    visit_id: int = Field(foreign_key="visit.id")
    url: str = _text()
    outcome: Outcome = _word(Outcome, 24)
    http_status: int | None = None
    bytes_read: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    detail: str = _text()
    fetched_at: datetime = _time()


class Backfill(SQLModel, table=True):
    """How far an order to read a source's past has come, so that it goes on where it was interrupted."""

    __tablename__ = "backfill"
    __table_args__ = (UniqueConstraint("source", "since", "until"),)
    id: int | None = Field(default=None, primary_key=True)
    source: str = Field(max_length=40)
    since: date
    until: date
    next_page: str = _text()
    """The list page to go on with; every page before it is done."""
    reached: date | None = None
    """The earliest day of publication met so far."""
    list_pages: int = 0
    documents: int = 0
    new_documents: int = 0
    errors: int = 0
    begun_at: datetime = _time()
    finished_at: datetime | None = _time(nullable=True)


class Document(SQLModel, table=True):
    """A page or attachment under watch, known by its canonical address."""

    __tablename__ = "document"
    id: int | None = Field(default=None, primary_key=True)
    url: str = Field(sa_column=Column(StoredText, nullable=False, unique=True))
    source: str = Field(max_length=40, index=True)
    parent_id: int | None = Field(default=None, foreign_key="document.id")
    """The page that links an attachment."""
    title: str = _text()
    publisher: str = _text()
    region: str | None = Field(default=None, max_length=6)
    published_on: date | None = None
    etag: str = _text()
    last_modified: str = _text()
    first_seen_at: datetime = _time()
    last_seen_at: datetime = _time()


class DocumentVersion(SQLModel, table=True):
    """What a document said, once per distinct text, with the record that proves it."""

    __tablename__ = "document_version"
    __table_args__ = (UniqueConstraint("document_id", "text_sha256"),)
    id: int | None = Field(default=None, primary_key=True)
    document_id: int = Field(foreign_key="document.id")
    text_sha256: str = Field(max_length=64)
    text: str = _text()
    media_type: str = _text()
    charset: str = _text()
    document_kind: str = Field(max_length=24)
    publisher_kind: str = Field(max_length=24)
    facts: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """``document`` of the check contract: number, issuer, date, forwards."""
    body_sha256: str = Field(max_length=64)
    evidence_file: str = _text()
    """WARC file, relative to the evidence directory."""
    evidence_record: str = _text()
    """``WARC-Record-ID`` of the response."""
    evidence_offset: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    """Byte of the file at which that record begins; None makes reading search the file."""
    seen_at: datetime = _time()


class Sighting(SQLModel, table=True):
    """Which version a visit met: history is by visit, so that a text which returns is noticed."""

    __tablename__ = "sighting"
    __table_args__ = (UniqueConstraint("visit_id", "document_id"),)
    id: int | None = Field(default=None, primary_key=True)
    visit_id: int = Field(foreign_key="visit.id")
    document_id: int = Field(foreign_key="document.id", index=True)
    version_id: int = Field(foreign_key="document_version.id")
    seen_at: datetime = _time()


class Case(SQLModel, table=True):
    """One posting and one qualification, however often and wherever it was seen."""

    __tablename__ = "case"
    __table_args__ = (UniqueConstraint("key"), Index("ix_case_state", "state"))
    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(max_length=64)
    """SHA-256 of posting, qualification and violation; see ``alerts.cases.case_key``."""
    state: CaseState = _word(CaseState, 24, default=CaseState.FOUND)
    qualification: str = _text()
    status: str = Field(max_length=24)
    usage: str = Field(max_length=24)
    violation: str = Field(max_length=40)
    severity: str = Field(max_length=10)
    publisher: str = _text()
    publisher_kind: str = Field(max_length=24)
    region: str | None = Field(default=None, max_length=6, index=True)
    title: str = _text()
    url: str = _text()
    needs_review: bool = False
    deadline: date | None = None
    opened_at: datetime = _time(index=True)
    updated_at: datetime = _time()


class LookBack(SQLModel, table=True):
    """When a page with cases was last looked back on, how that went, and when it is due again."""

    __tablename__ = "look_back"
    document_id: int = Field(primary_key=True, foreign_key="document.id")
    looked_at: datetime = _time()
    next_due_at: datetime = _time(index=True)
    outcome: Outcome = _word(Outcome, 24)
    detail: str = _text()


class Finding(SQLModel, table=True):
    """A verdict on a stored version, with the words it rests on."""

    __tablename__ = "finding"
    __table_args__ = (UniqueConstraint("version_id", "start", "end", "violation"),)
    id: int | None = Field(default=None, primary_key=True)
    version_id: int = Field(foreign_key="document_version.id")
    case_id: int | None = Field(default=None, foreign_key="case.id", index=True)
    start: int
    end: int
    quote: str = _text()
    context: str = _text()
    """The sentence or cell around the quote, for mails and pages; telephone numbers are masked when shown."""
    qualification: str = _text()
    status: str = Field(max_length=24)
    since: date | None = None
    status_document: str = _text()
    usage: str = Field(max_length=24)
    cue: str = _text()
    violation: str = Field(max_length=40)
    severity: str = Field(max_length=10)
    legal_basis: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    explanation: str = _text()
    advice: str = _text()
    needs_review: bool = False
    foreign: bool = False
    as_of: date
    found_at: datetime = _time()


class CaseEvent(SQLModel, table=True):
    """One step of a case: when, who, what; never changed."""

    __tablename__ = "case_event"
    __table_args__ = (UniqueConstraint("case_id", "key"),)
    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case.id")
    key: str = Field(max_length=80)
    """Makes the step repeatable, for example ``seen:<version_id>``."""
    kind: str = Field(max_length=32)
    actor: str = _text()
    note: str = _text()
    at: datetime = _time()


class OutboxMessage(SQLModel, table=True):
    """A message that must arrive; written in the transaction of what causes it."""

    __tablename__ = "outbox_message"
    __table_args__ = (UniqueConstraint("key"), Index("ix_outbox_due", "state", "next_attempt_at"))
    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(max_length=120)
    """Makes the message unique, for example ``case:17:alert:wang@example.com``."""
    case_id: int | None = Field(default=None, foreign_key="case.id", index=True)
    channel: str = Field(max_length=16)
    recipient: str = _text()
    recipient_name: str = _text()
    template: str = Field(max_length=32)
    payload: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """Everything the template needs, frozen when the message was written."""
    message_id: str = _text()
    state: OutboxState = _word(OutboxState, 10, default=OutboxState.WAITING)
    attempts: int = 0
    next_attempt_at: datetime = _time()
    lease_owner: str = ""
    lease_until: datetime | None = _time(nullable=True)
    last_error: str = _text()
    created_at: datetime = _time()
    sent_at: datetime | None = _time(nullable=True)


class DigestItem(SQLModel, table=True):
    """A case that somebody is to be told of in their next digest, and whether that was written."""

    __tablename__ = "digest_item"
    __table_args__ = (UniqueConstraint("recipient", "key"), Index("ix_digest_item_told_at", "told_at"))
    id: int | None = Field(default=None, primary_key=True)
    recipient: str = _text()
    """Mail address, as configured."""
    recipient_name: str = _text()
    reason: str = _text()
    """Why it goes to them, where it is not their own field."""
    key: str = Field(max_length=80)
    """Makes the occasion unique, for example ``case:17:opened``."""
    case_id: int = Field(foreign_key="case.id")
    version_id: int = Field(foreign_key="document_version.id")
    added_at: datetime = _time()
    told_at: datetime | None = _time(nullable=True)
    """When the digest was written; None: it waits."""


class RoutingRule(SQLModel, table=True):
    """Which department follows up a qualification, as an imported list says.

    Annex 1 of 吉政办发〔2017〕54号 names it for each national item, Annex 2 the body that had set up each
    provincial one.
    """

    __tablename__ = "routing_rule"
    __table_args__ = (UniqueConstraint("qualification", "region"),)
    id: int | None = Field(default=None, primary_key=True)
    qualification: str = _text()
    """Key of the catalogue's entry; the name as written where the catalogue has none."""
    region: str = Field(default="", max_length=6)
    """GB/T 2260 code of the area that the list holds in; empty: everywhere."""
    department: str = _text()
    """As the list names it; several are separated by ``、``."""
    document: str = _text()
    """Number or title of the document that says so."""
    imported_at: datetime = _time()


class IntakeMessage(SQLModel, table=True):
    """A message of the public (监督举报) that was taken in, and how that ended; not who wrote it."""

    __tablename__ = "intake_message"
    __table_args__ = (UniqueConstraint("key"),)
    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(max_length=64)
    """SHA-256 of Message-ID and content: the same message delivered twice is taken in once."""
    visit_id: int = Field(foreign_key="visit.id")
    subject: str = _text()
    outcome: Outcome = _word(Outcome, 24)
    detail: str = _text()
    documents: int = 0
    """Texts, files and linked pages that were read."""
    findings: int = 0
    errors: int = 0
    evidence_file: str = _text()
    evidence_record: str = _text()
    taken_in_at: datetime = _time()


class IntakeReporter(SQLModel, table=True):
    """Who wrote a message: kept apart from it, from its documents and from its cases, and never shown."""

    __tablename__ = "intake_reporter"
    message_id: int = Field(primary_key=True, foreign_key="intake_message.id")
    address: str = _text()
    name: str = _text()


class TextSketch(SQLModel, table=True):
    """MinHash signature of a version that has a case, to find the same text on other sites."""

    __tablename__ = "text_sketch"
    version_id: int = Field(primary_key=True, foreign_key="document_version.id")
    signature: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    """Little-endian 32-bit numbers; see ``alerts.mirrors``."""


class SketchBand(SQLModel, table=True):
    """A part of a signature: near-duplicates agree in at least one of them."""

    __tablename__ = "sketch_band"
    version_id: int = Field(primary_key=True, foreign_key="text_sketch.version_id")
    band: int = Field(primary_key=True)
    value: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))


class CatalogueNotice(SQLModel, table=True):
    """A page of a source that announces changes of the catalogue, as it was read, and what it proposes."""

    __tablename__ = "catalogue_notice"
    version_id: int = Field(primary_key=True, foreign_key="document_version.id")
    proposes: bool = Field(default=False, index=True)
    """False: it was looked at and announces nothing."""
    number: str = _text()
    """Number of the document that decides the change; empty where the page does not say."""
    items: int = 0
    changes: list[dict[str, str]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """``change``, ``name``, ``status`` and ``since`` of each line of the list."""
    problems: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """Why it could not be imported as it stands, in Chinese."""
    examined_at: datetime = _time()
