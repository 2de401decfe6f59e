"""Word to the administrator of messages that were given up: else nobody would miss them.

A step of the clock. Of what dies within an hour one mail tells, and of the same death none again.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Engine
from sqlmodel import Session, col, func, select

from alerts.delivery.links import Purpose, case_links
from alerts.delivery.outbox import cases_of, enqueue
from alerts.notifications.letters import Letter
from alerts.recipients import ADMINISTRATOR, Recipient
from settings.model import Settings
from storage.database import one_transaction
from storage.tables import OutboxMessage
from vocabulary.codes import OutboxState
from vocabulary.presentation import displayable
from vocabulary.reasons import reason_in_chinese

MESSAGES_SHOWN = 20
"""Messages written out; where there are more, a table of all is attached."""
MESSAGES_LISTED = 2000
"""Messages of one mail; what is over counts as not told, and the next mail brings it."""
COLUMNS = ("编号", "收件人", "主题", "未能送达的原因", "案件")
CASES_LINKED = 5
"""Cases of one message that have a link; the rest is counted."""
_PAUSE = timedelta(hours=1)
_SETTLED = timedelta(minutes=1)
"""A death is committed a moment after its time: what is younger waits for the next look."""
_TEMPLATE = "undelivered"
_NEVER = datetime.min.replace(tzinfo=UTC)


@one_transaction
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
    dead = (
        col(OutboxMessage.state) == OutboxState.DEAD,
        col(OutboxMessage.next_attempt_at) > since,
        col(OutboxMessage.next_attempt_at) <= now - _SETTLED,
        func.lower(col(OutboxMessage.recipient)) != settings.administrator.lower(),
    )
    until = _told_until(session, dead) or now - _SETTLED
    order = (col(OutboxMessage.next_attempt_at), col(OutboxMessage.id))
    here = col(OutboxMessage.next_attempt_at) <= until
    messages = session.exec(select(OutboxMessage).where(*dead, here).order_by(*order)).all()
    if not messages:
        return None
    count, more = len(messages), max(0, len(messages) - MESSAGES_SHOWN)
    payload = {
        "case_ids": [],
        "subject": f"【发送失败】{count}封通知未能送达",
        "count": count,
        "messages": [_message_block(message, settings, now) for message in messages[:MESSAGES_SHOWN]],
        "more": more,
        "table": "未送达通知",
        "columns": COLUMNS,
        "listed": [_message_row(message) for message in messages] if more else [],
        "until": until.isoformat(),
        "unsubscribe": settings.administrator,
    }
    to = Recipient(settings.administrator, ADMINISTRATOR)
    return Letter(f"{_TEMPLATE}:{until.isoformat()}", _TEMPLATE, to, payload)


def _told_until(session: Session, dead: tuple[ColumnElement[bool], ...]) -> datetime | None:
    """The time of the last death that one mail tells of; None where it tells of all.

    Those of the same moment stand together, however many: by their time it is known what was told.
    """
    return session.exec(
        select(OutboxMessage.next_attempt_at)
        .where(*dead)
        .order_by(col(OutboxMessage.next_attempt_at), col(OutboxMessage.id))
        .offset(MESSAGES_LISTED - 1)
        .limit(1)
    ).first()


def _message_row(message: OutboxMessage) -> list[Any]:
    """A dead letter as a row of COLUMNS."""
    return [
        message.id,
        displayable(f"{message.recipient_name} {message.recipient}".strip(), limit=120),
        displayable(str(message.payload.get("subject", "")), limit=120),
        displayable(reason_in_chinese(message.last_error), limit=260),
        "、".join(str(case) for case in cases_of(message)),
    ]


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
