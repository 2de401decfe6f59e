"""Who may sign in, the sessions and tokens by which they are known, and the trail of what people did."""

from datetime import date, datetime

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.tables.columns import text_column, time_column, word_column
from vocabulary.people import AuditKind, Role


class Account(SQLModel, table=True):
    """Somebody who may sign in; see ``accounts``."""

    __tablename__ = "account"
    __table_args__ = (UniqueConstraint("email"),)
    id: int | None = Field(default=None, primary_key=True)
    email: str = Field(max_length=254)
    """In lower case: what they sign in with, and what their steps are recorded under."""
    name: str = Field(max_length=60)
    role: Role = word_column(Role, 16)
    regions: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """GB/T 2260 codes; empty: as the configuration says of a supervisor with this address, else all."""
    departments: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """Fields of departments; empty likewise."""
    language: str = Field(default="zh-CN", max_length=10)
    password_hash: str = text_column()
    """Argon2id; empty until its owner has chosen one."""
    totp_secret: str = text_column()
    """Base32, sealed by ``storage.sealing``; empty: no second factor."""
    totp_step: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    """Interval of the last code that was taken: none is taken twice."""
    invitation: str = Field(default="", max_length=64, index=True)
    """SHA-256 of the one-time link's token; empty: there is none."""
    invitation_until: datetime | None = time_column(nullable=True)
    substitute: str = Field(default="", max_length=254)
    """Address of whoever acts for them while they are away."""
    leave_from: date | None = None
    leave_until: date | None = None
    """Last day of it."""
    created_at: datetime = time_column()
    signed_in_at: datetime | None = time_column(nullable=True)
    disabled_at: datetime | None = time_column(nullable=True)


class AccountSession(SQLModel, table=True):
    """A browser in which somebody is signed in."""

    __tablename__ = "account_session"
    digest: str = Field(primary_key=True, max_length=64)
    """SHA-256 of the cookie: what is stolen from the database opens nothing."""
    account_id: int = Field(
        sa_column=Column(ForeignKey("account.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    created_at: datetime = time_column()
    seen_at: datetime = time_column()
    until: datetime = time_column()
    """Whatever happens, it ends then."""
    origin: str = Field(default="", max_length=64)
    """Address of the machine."""
    agent: str = Field(default="", max_length=200)
    """The browser, as it calls itself."""


class ApiToken(SQLModel, table=True):
    """A key by which a program acts for an account."""

    __tablename__ = "api_token"
    __table_args__ = (UniqueConstraint("digest"),)
    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(
        sa_column=Column(ForeignKey("account.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    name: str = Field(max_length=60)
    digest: str = Field(max_length=64)
    """SHA-256 of the token."""
    reads_only: bool = True
    created_at: datetime = time_column()
    until: datetime = time_column()
    used_at: datetime | None = time_column(nullable=True)


class AuditEntry(SQLModel, table=True):
    """Something that a person did or read. The database refuses to change or delete it."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_subject", "subject", "at"),
        Index("ix_audit_entry_origin", "origin", "at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    at: datetime = time_column(index=True)
    kind: AuditKind = word_column(AuditKind, 24)
    actor: str = text_column()
    """Mail address, or the user of the machine; empty: nobody known."""
    subject: str = Field(default="", max_length=254)
    """Mail address of the account that it is about."""
    case_id: int | None = Field(default=None, index=True)
    """No reference: the trail outlives what it speaks of."""
    detail: str = text_column()
    origin: str = Field(default="", max_length=64)
    """Address of the machine; empty: the command line or the program itself."""
