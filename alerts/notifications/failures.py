"""Word to the administrator of messages that were given up: else nobody would miss them.

A step of the clock. Of what dies within an hour one mail tells, and of the same death none again.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session, col, func, select

from alerts.delivery.links import Purpose, case_links
from alerts.delivery.outbox import cases_of, enqueue
from alerts.notifications.letters import Letter
from alerts.recipients import ADMINISTRATOR, Recipient
from settings.model import Settings
from storage.tables import OutboxMessage
from vocabulary.codes import OutboxState
from vocabulary.presentation import displayable
from vocabulary.reasons import reason_in_chinese

MESSAGES_SHOWN = 20
CASES_LINKED = 5
"""Cases of one message that have a link; the rest is counted."""
_PAUSE = timedelta(hours=1)
_SETTLED = timedelta(minutes=1)
"""A death is committed a moment after its time: what is younger waits for the next look."""
_TEMPLATE = "undelivered"
_NEVER = datetime.min.replace(tzinfo=UTC)


def report_undelivered(engine: Engine, settings: Settings, now: datetime) -> int:
    """Write to the administrator of dead letters that they have not heard of; how many messages, 0 or 1.

    Those to the administrator's own address are left out: a mail about them would die as well.
    """
    with Session(engine) as session, session.begin():
        told = session.exec(
            select(OutboxMessage)
            .where(OutboxMessage.template == _TEMPLATE)
            .order_by(col(OutboxMessage.id).desc())
            .limit(1)
        ).first()
        if told is not None and now - told.created_at < _PAUSE:
            return 0
        since = datetime.fromisoformat(told.payload["until"]) if told else _NEVER
        letter = _compose(session, settings, since, now)
        return enqueue(session, letter, settings, now) if letter else 0


def _compose(session: Session, settings: Settings, since: datetime, now: datetime) -> Letter | None:
    """None where nothing was given up."""
    until = now - _SETTLED
    dead = (
        col(OutboxMessage.state) == OutboxState.DEAD,
        col(OutboxMessage.next_attempt_at) > since,
        col(OutboxMessage.next_attempt_at) <= until,
        func.lower(col(OutboxMessage.recipient)) != settings.administrator.lower(),
    )
    count = session.exec(select(func.count()).select_from(OutboxMessage).where(*dead)).one()
    if not count:
        return None
    first = session.exec(
        select(OutboxMessage).where(*dead).order_by(col(OutboxMessage.id)).limit(MESSAGES_SHOWN)
    ).all()
    payload = {
        "case_ids": [],
        "subject": f"【发送失败】{count}封通知未能送达",
        "count": count,
        "messages": [_message_block(message, settings, now) for message in first],
        "more": count - len(first),
        "until": until.isoformat(),
        "unsubscribe": settings.administrator,
    }
    to = Recipient(settings.administrator, ADMINISTRATOR)
    return Letter(f"{_TEMPLATE}:{until.isoformat()}", _TEMPLATE, to, payload)


def _message_block(message: OutboxMessage, settings: Settings, now: datetime) -> dict[str, Any]:
    """A dead letter in a few lines, with links of the administrator's own to its cases."""
    cases = cases_of(message)
    links = {case: case_links(settings, case, settings.administrator, now) for case in cases[:CASES_LINKED]}
    return {
        "id": message.id,
        "to": displayable(f"{message.recipient_name} {message.recipient}".strip(), limit=120),
        "subject": displayable(str(message.payload.get("subject", "")), limit=120),
        "why": displayable(reason_in_chinese(message.last_error), limit=260),
        "cases": [{"id": case, "link": own.get(Purpose.OPEN, "")} for case, own in links.items()],
        "more_cases": max(0, len(cases) - CASES_LINKED),
    }
