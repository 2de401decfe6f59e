"""Messages that must arrive, and what waits for a digest."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Index,
    UniqueConstraint,
    false,
)
from sqlmodel import Field, SQLModel

from storage.tables.columns import text_column, time_column, word_column
from vocabulary.codes import OutboxState, Severity

LAST = len(Severity) - 1
"""Precedence of a message that tells of no case."""


class OutboxMessage(SQLModel, table=True):
    """A message that must arrive; written in the transaction of what causes it."""

    __tablename__ = "outbox_message"
    __table_args__ = (
        UniqueConstraint("key"),
        Index("ix_outbox_due", "state", "precedence", "next_attempt_at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(max_length=120)
    """Makes the message unique, for example ``case:17:alert:wang@example.com``."""
    case_id: int | None = Field(default=None, foreign_key="case.id", index=True)
    channel: str = Field(max_length=16)
    recipient: str = text_column()
    recipient_name: str = text_column()
    template: str = Field(max_length=32)
    payload: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """Everything the template needs, frozen when the message was written."""
    message_id: str = text_column()
    state: OutboxState = word_column(OutboxState, 10, default=OutboxState.WAITING)
    attempts: int = 0
    next_attempt_at: datetime = time_column()
    lease_owner: str = ""
    lease_until: datetime | None = time_column(nullable=True)
    last_error: str = text_column()
    created_at: datetime = time_column()
    sent_at: datetime | None = time_column(nullable=True)
    precedence: int = Field(default=LAST, sa_column_kwargs={"server_default": str(LAST)})
    """What leaves first where several wait: 0 tells of the most severe, LAST of no case."""


class ChannelState(SQLModel, table=True):
    """A way out of the house that did not answer; there is no row for those that do."""

    __tablename__ = "channel_state"
    channel: str = Field(primary_key=True, max_length=16)
    recipient: str = Field(default="", primary_key=True, max_length=255)
    """The chat whose server does not answer; empty: the whole channel."""
    down_since: datetime | None = time_column(nullable=True)
    """None: it failed once or twice, which may be the messages' fault."""
    failures: int = 0
    """In a row."""
    probe_at: datetime = time_column()
    """When it is asked again, by one message."""
    last_error: str = text_column()


class DigestItem(SQLModel, table=True):
    """A case that somebody is to be told of, at once or in a digest, and whether that was written."""

    __tablename__ = "digest_item"
    __table_args__ = (UniqueConstraint("recipient", "key"), Index("ix_digest_item_told_at", "told_at"))
    id: int | None = Field(default=None, primary_key=True)
    recipient: str = text_column()
    """Mail address, as configured."""
    recipient_name: str = text_column()
    reason: str = text_column()
    """Why it goes to them, where it is not their own field."""
    key: str = Field(max_length=80)
    """Makes the occasion unique, for example ``case:17:opened``."""
    case_id: int = Field(foreign_key="case.id", index=True)
    version_id: int = Field(foreign_key="document_version.id", index=True)
    added_at: datetime = time_column()
    told_at: datetime | None = time_column(nullable=True)
    """When the letter about it was written; None: it waits."""
    urgent: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """Told as soon as what found it has ended, in their working hours; else in the digest."""
    batch: str = Field(default="", max_length=40, sa_column_kwargs={"server_default": ""})
    """What found it, for example ``visit:12``: nothing is told before it has ended, then all at once."""
