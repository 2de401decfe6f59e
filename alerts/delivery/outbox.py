"""The transactional outbox: a message is written with what causes it, and delivered on its own.

A message is sent once. Only a crash between its acceptance and the note of it makes it go twice, with the
same Message-ID. What a channel does to all messages alike, ``ways`` keeps: no message pays for it.
"""

from __future__ import annotations

import errno
import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any

import structlog
from jinja2 import TemplateError
from sqlalchemy import Engine
from sqlmodel import Session, col, select, update

from alerts.delivery import ways
from alerts.delivery.channels import (
    Channel,
    ChannelDown,
    DeliveryFailure,
    PermanentFailure,
    Rendered,
    TemporaryFailure,
)
from alerts.delivery.mails import ascii_domain, render
from alerts.notifications.letters import Letter
from alerts.recipients import Recipient, chat_channels
from cases.history import mark_notified, mark_undelivered
from settings.model import Settings
from storage.database import one_transaction
from storage.rows import insert_once
from storage.tables import OutboxMessage
from storage.tables.letters import LAST
from vocabulary.codes import OutboxState, Severity
from vocabulary.reasons import reason_in_chinese

MAX_ATTEMPTS = 16
"""Tries before a message is a dead letter: with the pauses below, about two days."""
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
LEASE = timedelta(minutes=5)
"""Added to a channel's patience: a lease may never end while its message is being sent."""
STEP_MESSAGES = 100
STEP_SECONDS = 60.0
_KEY_LENGTH = 120
_LACKS = frozenset(
    (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS, errno.ENOSPC, errno.EDQUOT, errno.EROFS)
)
"""What this machine has run out of, whichever message met it."""
_MESSAGES_FAULT = (TemplateError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError)
"""How a payload fails that lacks something, or has something else in its place."""

log = structlog.get_logger()


def enqueue(
    session: Session, letter: Letter, settings: Settings, now: datetime, *, not_before: datetime | None = None
) -> int:
    """Write ``letter`` to the outbox, as a mail and for its recipient's chats, in the caller's transaction.

    Nothing leaves before ``not_before``. Returns the messages written: 0 where they were before.
    """
    to, due = letter.recipient, not_before or now
    domain = ascii_domain(parseaddr(settings.mail.sender)[1]) or "localhost"
    rows = [_row(letter, settings.mail.channel, message_key(letter.about, to.email), domain, now)]
    rows += [_chat_row(letter, chat, settings, domain, now) for chat in to.chats]
    for row in rows:
        row.next_attempt_at = due
    return sum(insert_once(session, row) is not None for row in rows)


def enqueue_in_chat(session: Session, letter: Letter, settings: Settings, now: datetime) -> int:
    """The same for a chat alone, which the letter's recipient names."""
    domain = ascii_domain(parseaddr(settings.mail.sender)[1]) or "localhost"
    row = _chat_row(letter, letter.recipient.email, settings, domain, now)
    row.next_attempt_at = now
    return int(insert_once(session, row) is not None)


def _chat_row(letter: Letter, chat: str, settings: Settings, domain: str, now: datetime) -> OutboxMessage:
    # A group sees no buttons, which are signed for one person.
    payload = {**letter.payload, "links": {}, "list_link": "", "listed": []}
    told = replace(letter, recipient=Recipient(chat, ""), payload=payload)
    channel = chat_channels(settings)[chat]
    return _row(told, channel, message_key(letter.about, f"chat:{chat}"), domain, now)


def message_key(about: str, recipient: str) -> str:
    """The key of the message that tells ``recipient`` what a letter is ``about``."""
    return _bounded(f"{about}:{recipient}")


def _row(letter: Letter, channel: str, key: str, domain: str, now: datetime) -> OutboxMessage:
    # The time is part of it, lest a database begun anew repeat the Message-IDs of the one before it.
    digest = hashlib.sha256(f"{key}|{now.isoformat()}".encode()).hexdigest()[:32]
    return OutboxMessage(
        key=key,
        case_id=letter.case_id,
        channel=channel,
        recipient=letter.recipient.email,
        recipient_name=letter.recipient.name,
        template=letter.template,
        payload=dict(letter.payload),
        message_id=f"<{digest}@{domain}>",
        created_at=now,
        precedence=_precedence(letter.payload),
    )


def _precedence(payload: Mapping[str, Any]) -> int:
    """0 for the most severe; a letter that tells of several cases goes with the worst of them."""
    cases = [case for case in payload.get("cases", ()) if isinstance(case, Mapping)]
    named = [payload.get("severity"), *(case.get("severity") for case in cases)]
    return min((LAST - Severity(each).rank for each in named if each), default=LAST)


def deliver_due(engine: Engine, channels: Mapping[str, Channel], now: datetime, *, owner: str) -> int:
    """Deliver messages that are due, each alone, and return how many were tried; 0 when nothing is due.

    One step tries at most STEP_MESSAGES and ends after STEP_SECONDS: call again while it returns more than 0.
    ``owner`` names this sender. The most severe leave first. Failures of channels are noted, database errors
    are raised.
    """
    started, tried = time.monotonic(), 0
    while tried < STEP_MESSAGES and (elapsed := time.monotonic() - started) < STEP_SECONDS:
        row = _lease(engine, channels, now + timedelta(seconds=elapsed), owner)
        if row is None:
            break
        tried += 1
        failure = _try(row, channels[row.channel])
        at = now + timedelta(seconds=time.monotonic() - started)
        if failure is None:
            _mark_sent(engine, row, at)
        else:
            _mark_failed(engine, row, failure, at)
    return tried


def is_anything_due(session: Session, now: datetime) -> bool:
    """Whether some message may be tried now, or the sender of one let its lease run out."""
    state, due = col(OutboxMessage.state), col(OutboxMessage.next_attempt_at)
    for free in (
        (state == OutboxState.WAITING, due <= now),
        (state == OutboxState.LEASED, col(OutboxMessage.lease_until) < now),
    ):
        due_now = select(OutboxMessage.id).where(*free, ways.may_leave(now)).limit(1)
        if session.exec(due_now).first() is not None:
            return True
    return False


@one_transaction
def release_leases(engine: Engine, owner: str) -> int:
    """Give back what ``owner`` had taken before it died, so that nothing waits for its leases to end.

    Only for a start at which no other sender of that name can be alive: channels that were down are asked at
    once. Returns how many messages there were.
    """
    with Session(engine) as session, session.begin():
        ways.probe_at_once(session)
        released = session.execute(
            update(OutboxMessage)
            .where(col(OutboxMessage.state) == OutboxState.LEASED, col(OutboxMessage.lease_owner) == owner)
            .values(state=OutboxState.WAITING, lease_owner="", lease_until=None)
        )
        return int(released.rowcount)  # type: ignore[attr-defined]


def bring_forward(session: Session, seconds: float) -> None:
    """Bring what waits forward by ``seconds``, because the clock was put back by them."""
    ways.probe_at_once(session)
    waiting = select(OutboxMessage).where(col(OutboxMessage.state) == OutboxState.WAITING)
    for row in session.exec(waiting.order_by(col(OutboxMessage.id)).with_for_update()):
        row.next_attempt_at -= timedelta(seconds=seconds)


def pause_after(attempts: int, key: str) -> timedelta:
    """The wait before the next try: doubling, up to LONGEST_PAUSE, give or take a fifth by the message's key.

    The spread is reproducible, and still keeps messages that failed together from coming back together.
    """
    doubled: timedelta = min(FIRST_PAUSE * 2 ** min(attempts - 1, 30), LONGEST_PAUSE)
    spread = hashlib.sha256(f"{key}|{attempts}".encode()).digest()[0] / 255
    return doubled * (0.8 + 0.4 * spread)


@one_transaction
def _lease(
    engine: Engine, channels: Mapping[str, Channel], now: datetime, owner: str
) -> OutboxMessage | None:
    """Take one message that is due, or one whose sender let its lease run out."""
    if not channels:
        return None
    names = list(channels)
    state, due, until = (
        col(OutboxMessage.state),
        col(OutboxMessage.next_attempt_at),
        col(OutboxMessage.lease_until),
    )
    ends = now + LEASE + max(channel.patience for channel in channels.values())
    with Session(engine, expire_on_commit=False) as session, session.begin() as transaction:
        for free in ((state == OutboxState.LEASED, until < now), (state == OutboxState.WAITING, due <= now)):
            # One statement chooses and takes: two senders can never agree on the same row.
            chosen = (
                select(OutboxMessage.id)
                .where(*free, col(OutboxMessage.channel).in_(names), ways.may_leave(now))
                .order_by(col(OutboxMessage.precedence), due, col(OutboxMessage.id))
                .limit(1)
                .with_for_update(skip_locked=True)
                .scalar_subquery()
            )
            taken: OutboxMessage | None = session.execute(
                update(OutboxMessage)
                .where(col(OutboxMessage.id) == chosen, *free)
                .values(
                    state=OutboxState.LEASED,
                    lease_owner=owner,
                    lease_until=ends,
                    attempts=col(OutboxMessage.attempts) + 1,
                )
                .returning(OutboxMessage)
                .execution_options(synchronize_session=False)
            ).scalar_one_or_none()
            if taken is not None:
                if ways.claim_probe(session, taken, now, ends):
                    return taken
                transaction.rollback()  # another sender was faster
                return None
    return None


def _try(row: OutboxMessage, channel: Channel) -> DeliveryFailure | None:
    if row.attempts > MAX_ATTEMPTS:
        return _Unasked(f"the sender died at each of {MAX_ATTEMPTS} tries")
    try:
        message = _render(row)
    except Exception as error:  # noqa: BLE001 - whatever one payload breaks, the other messages go out
        why = f"the message cannot be written: {type(error).__name__}: {error}"
        return _lack(error) or (_Unasked(why) if isinstance(error, _MESSAGES_FAULT) else _Unknown(why))
    try:
        channel.send(message)
    except DeliveryFailure as failure:
        is_plain = isinstance(failure, ChannelDown) and not failure.saw_message
        return failure if is_plain else _lack(failure) or failure
    except Exception as error:  # noqa: BLE001 - a channel's bug holds up its message only
        return _lack(error) or _Unknown(f"{type(error).__name__}: {error}")
    return None


class _Unasked(PermanentFailure):
    """The channel was not asked: the message itself is broken."""


class _Unknown(TemporaryFailure):
    """Nobody knows whose fault it is, so it may pass."""


def _lack(error: BaseException) -> ChannelDown | None:
    """The failure of whatever met a lack of this machine, which is no message's fault; None else."""
    for cause in _causes(error):
        if isinstance(cause, MemoryError) or (isinstance(cause, OSError) and cause.errno in _LACKS):
            return ChannelDown(f"this machine lacks what sending takes: {cause or 'memory'}")
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _render(row: OutboxMessage) -> Rendered:
    return render(
        row.template,
        row.payload,
        message_id=row.message_id,
        recipient=row.recipient,
        recipient_name=row.recipient_name,
        written_at=row.created_at,
    )


@one_transaction
def _mark_sent(engine: Engine, row: OutboxMessage, at: datetime) -> None:
    with Session(engine) as session, session.begin():
        if _settle(session, row, state=OutboxState.SENT, sent_at=at, last_error=""):
            cases = row.payload.get("case_ids", ())
            mark_notified(session, cases, message=_id(row), recipient=row.recipient, at=at)
        ways.note_answer(session, row)


@one_transaction
def _mark_failed(engine: Engine, row: OutboxMessage, failure: DeliveryFailure, at: datetime) -> None:
    with Session(engine) as session, session.begin():
        if isinstance(failure, ChannelDown):
            pause = ways.note_failure(session, row, failure, at)
            if pause is not None:
                # It waits for its channel and pays with no try; one that the channel saw lets others ask
                # next, in case that it is what the channel chokes on.
                turn = at + 2 * pause if failure.saw_message else row.next_attempt_at
                why, tries = str(failure)[:500], row.attempts - 1
                _settle(
                    session,
                    row,
                    state=OutboxState.WAITING,
                    attempts=tries,
                    next_attempt_at=turn,
                    last_error=why,
                )
                return
        elif not isinstance(failure, _Unasked | _Unknown):
            ways.note_answer(session, row)
        dead = isinstance(failure, PermanentFailure) or row.attempts >= MAX_ATTEMPTS
        settled = _settle(
            session,
            row,
            state=OutboxState.DEAD if dead else OutboxState.WAITING,
            # Of a dead letter: when it died.
            next_attempt_at=at if dead else at + pause_after(row.attempts, row.key),
            last_error=str(failure)[:500],
        )
        if settled and dead:
            why = f"{row.recipient}：{reason_in_chinese(str(failure))}"
            mark_undelivered(session, cases_of(row), message=_id(row), why=why, at=at)
    log.warning(
        "message_dead" if dead else "message_delayed", message=row.id, channel=row.channel, why=str(failure)
    )


def cases_of(row: OutboxMessage) -> Sequence[int]:
    """The cases that a message is about, whether it tells of them or reminds of them."""
    named = row.payload.get("all_cases") or row.payload.get("case_ids") or [row.case_id]
    return [case for case in named if isinstance(case, int)]


def _settle(session: Session, row: OutboxMessage, **values: object) -> bool:
    """End this try of the row, unless its lease ran out and somebody else has taken it since."""
    settled = session.execute(
        update(OutboxMessage)
        .where(col(OutboxMessage.id) == row.id, col(OutboxMessage.state) == OutboxState.LEASED)
        .where(col(OutboxMessage.lease_owner) == row.lease_owner, col(OutboxMessage.attempts) == row.attempts)
        .values(lease_owner="", lease_until=None, **values)
    )
    return bool(settled.rowcount == 1)  # type: ignore[attr-defined]


def _bounded(key: str) -> str:
    if len(key) <= _KEY_LENGTH:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()[:32]
    return f"{key[: _KEY_LENGTH - 33]}:{digest}"


def _id(row: OutboxMessage) -> int:
    if row.id is None:
        raise ValueError("the message is not stored")
    return row.id
