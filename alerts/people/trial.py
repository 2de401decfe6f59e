"""A message that says nothing but that it arrived: sent as any other, so that it takes the way of all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session, col, select

from alerts.delivery.outbox import enqueue, enqueue_in_chat
from alerts.languages import language
from alerts.notifications.letters import Letter
from alerts.recipients import Recipient
from settings.model import Settings
from storage.audit import record
from storage.tables import OutboxMessage
from vocabulary.people import AuditKind

TEMPLATE = "trial"
_LATEST = 500


def send_trial(
    session: Session, to: Recipient, settings: Settings, *, actor: str, now: datetime, in_chat: bool = False
) -> bool:
    """Write a test message to somebody's address, or into the chat ``to.email``; in the caller's transaction.

    False where one was written within this minute.
    """
    speech = language(to.language)
    payload = {
        "language": speech.code,
        "case_ids": [],
        "subject": speech.say("【测试】Qualwatch 测试消息"),
        "links": {},
        "unsubscribe": settings.administrator,
    }
    letter = Letter(f"trial:{now:%Y-%m-%dT%H:%M}", TEMPLATE, to, payload)
    write = enqueue_in_chat if in_chat else enqueue
    if not write(session, letter, settings, now):
        return False
    record(session, AuditKind.TRIED, actor=actor, at=now, subject=to.email)
    return True


def last_trials(session: Session) -> Mapping[str, OutboxMessage]:
    """The last test message of each address and chat, by it."""
    last = select(OutboxMessage).where(OutboxMessage.template == TEMPLATE)
    rows = session.exec(last.order_by(col(OutboxMessage.id).desc()).limit(_LATEST)).all()
    return {row.recipient: row for row in reversed(rows)}
