"""Signing in: a password, a code where one is set up, and not too many tries."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Engine
from sqlmodel import Session, col, func, select

from accounts import people, second_factor, sessions
from accounts.passwords import is_password
from settings.accounts import Accounts
from storage.audit import record
from storage.database import for_reading, one_transaction
from storage.sealing import OpenSeal, SealError
from storage.tables import Account, AuditEntry
from vocabulary.people import AuditKind

WINDOW = timedelta(minutes=15)
"""Time in which wrong tries are counted."""
FROM_ONE_PLACE = 5
"""Wrong tries for one account from one machine."""
FOR_ONE_ACCOUNT = 25
"""From all machines: a few colleagues of an office, not a crowd."""
OF_ONE_MACHINE = 60
"""For all accounts: an office behind one address."""

Transaction = Callable[[], AbstractContextManager[Session]]


class Refused(StrEnum):
    """Why nobody was let in."""

    WRONG = "wrong"
    """Address, password or code: which one is nobody's business."""
    CODE = "code"
    """The password is right, and a code is asked for."""
    THROTTLED = "throttled"
    SEALED = "sealed"
    """The password is right, and the key that sealed the secret of their authenticator is gone."""


@dataclass(frozen=True, slots=True)
class Try:
    """What somebody typed, and from where."""

    email: str
    password: str = field(repr=False)
    code: str = field(repr=False)
    """Empty: none was typed."""
    origin: str
    """Address of their machine."""
    agent: str = ""
    """Their browser, as it calls itself."""


def sign_in(  # noqa: PLR0917 - what a process knows, and what was typed
    engine: Engine,
    transaction: Transaction,
    typed: Try,
    rules: Accounts,
    now: datetime,
    open_seal: OpenSeal,
) -> str | Refused:
    """The token of a new session, or why there is none. What was refused is written down and counted."""
    email = people.normal_email(typed.email)[:254]
    with Session(for_reading(engine), expire_on_commit=False) as session, session.begin():
        if _is_throttled(session, email, typed.origin, now):
            return Refused.THROTTLED
        account = people.find(session, email)
    # Outside of any transaction: it takes as long as it is meant to.
    known = account if account is not None and account.disabled_at is None else None
    if not is_password(known.password_hash if known else "", typed.password) or known is None:
        return _refuse(transaction, email, typed.origin, now)
    step = None
    if known.totp_secret:
        if not typed.code.strip():
            return Refused.CODE
        try:
            secret = open_seal().read(known.totp_secret)
        except SealError:
            return Refused.SEALED
        step = second_factor.step_of(secret, typed.code, now)
        if step is None:
            return _refuse(transaction, email, typed.origin, now)
    return _let_in(transaction, known, step, typed, rules, now)


@one_transaction
def sign_in_as(
    transaction: Transaction, email: str, rules: Accounts, now: datetime, *, origin: str, agent: str
) -> str | Refused:
    """The same for somebody whose address another one has vouched for (``accounts.oidc``)."""
    with transaction() as session:
        account = people.find(session, email)
        if account is not None and account.disabled_at is None:
            return _begin(session, account, Try(email, "", "", origin, agent), rules, now)
    return _refuse(transaction, people.normal_email(email)[:254], origin, now)


@one_transaction
def _let_in(  # noqa: PLR0917 - what was found out so far
    transaction: Transaction, known: Account, step: int | None, typed: Try, rules: Accounts, now: datetime
) -> str | Refused:
    with transaction() as session:
        account = session.get_one(Account, known.id)
        changed = (account.password_hash, account.totp_secret) != (known.password_hash, known.totp_secret)
        is_stale = changed or account.disabled_at is not None
        if not is_stale and (step is None or second_factor.use_step(session, account, step)):
            return _begin(session, account, typed, rules, now)
    return _refuse(transaction, known.email, typed.origin, now)


def _begin(session: Session, account: Account, typed: Try, rules: Accounts, now: datetime) -> str:
    account.signed_in_at = now
    session.add(account)
    record(
        session,
        AuditKind.SIGNED_IN,
        actor=account.email,
        at=now,
        subject=account.email,
        origin=typed.origin,
    )
    return sessions.begin(session, account, rules, now, typed.origin, typed.agent)


@one_transaction
def _refuse(transaction: Transaction, email: str, origin: str, now: datetime) -> Refused:
    with transaction() as session:
        record(session, AuditKind.SIGN_IN_REFUSED, actor="", at=now, subject=email, origin=origin)
    return Refused.WRONG


def _is_throttled(session: Session, email: str, origin: str, now: datetime) -> bool:
    def wrong(*conditions: bool) -> int:
        return session.exec(
            select(func.count()).where(
                AuditEntry.kind == AuditKind.SIGN_IN_REFUSED,
                col(AuditEntry.at) > now - WINDOW,
                *conditions,
            )
        ).one()

    of_account, of_machine = AuditEntry.subject == email, AuditEntry.origin == origin[:64]
    return (
        wrong(of_account, of_machine) >= FROM_ONE_PLACE
        or wrong(of_account) >= FOR_ONE_ACCOUNT
        or wrong(of_machine) >= OF_ONE_MACHINE
    )
