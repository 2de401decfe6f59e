"""Browsers in which somebody is signed in: each ends after a time, when it is left alone, or when told to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, delete, or_, select, update

from accounts.people import end_sessions
from accounts.secrets import digest, new_token
from settings.accounts import Accounts
from storage.audit import record
from storage.tables import Account, AccountSession
from vocabulary.people import AuditKind
from vocabulary.presentation import displayable

_NOTED = timedelta(minutes=1)
"""How exactly it is known when a session was last used: not every page is worth a write."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who stands behind a cookie."""

    account: Account
    session: AccountSession


def begin(  # noqa: PLR0917 - a row
    session: Session, account: Account, rules: Accounts, now: datetime, origin: str, agent: str
) -> str:
    """A new session of ``account``; the token for its cookie. Those that have ended are removed."""
    token = new_token()
    session.execute(delete(AccountSession).where(_has_ended(rules, now)))
    session.add(
        AccountSession(
            digest=digest(token),
            account_id=account.id or 0,
            created_at=now,
            seen_at=now,
            until=now + timedelta(hours=rules.session_hours),
            origin=origin[:64],
            agent=displayable(agent, limit=200),
        )
    )
    return token


def find(session: Session, token: str, rules: Accounts, now: datetime) -> SignedIn | None:
    """Whose cookie it is; None where the session has ended or its owner may not sign in."""
    if not token:
        return None
    wanted = (
        select(AccountSession, Account)
        .join(Account, col(Account.id) == col(AccountSession.account_id))
        .where(
            AccountSession.digest == digest(token),
            col(Account.disabled_at).is_(None),
            ~_has_ended(rules, now),
        )
    )
    found = session.exec(wanted).one_or_none()
    return None if found is None else SignedIn(found[1], found[0])


def is_to_be_noted(signed_in: SignedIn, now: datetime) -> bool:
    """Whether it is time to write that the session is used (:func:`note`)."""
    return now - signed_in.session.seen_at >= _NOTED


def note(session: Session, signed_in: SignedIn, now: datetime) -> None:
    session.execute(
        update(AccountSession)
        .where(col(AccountSession.digest) == signed_in.session.digest)
        .values(seen_at=now)
        .execution_options(synchronize_session=False)
    )


def end(session: Session, token: str, *, now: datetime, origin: str) -> None:
    """Sign out of one browser."""
    found = session.get(AccountSession, digest(token))
    if found is None:
        return
    account = session.get_one(Account, found.account_id)
    session.delete(found)
    record(session, AuditKind.SIGNED_OUT, actor=account.email, at=now, subject=account.email, origin=origin)


def end_all(session: Session, account: Account, *, actor: str, now: datetime, origin: str = "") -> int:
    """Sign out of every browser; how many there were."""
    ended = end_sessions(session, account)
    record(
        session,
        AuditKind.SIGNED_OUT_EVERYWHERE,
        actor=actor,
        at=now,
        subject=account.email,
        detail=str(ended),
        origin=origin,
    )
    return ended


def of(session: Session, account: Account, rules: Accounts, now: datetime) -> Sequence[AccountSession]:
    """Those that go on, the last used first."""
    wanted = select(AccountSession).where(AccountSession.account_id == account.id, ~_has_ended(rules, now))
    return session.exec(wanted.order_by(col(AccountSession.seen_at).desc())).all()


def _has_ended(rules: Accounts, now: datetime) -> ColumnElement[bool]:
    idle = now - timedelta(minutes=rules.idle_minutes)
    return or_(col(AccountSession.until) <= now, col(AccountSession.seen_at) <= idle)
