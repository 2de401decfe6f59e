"""Tokens by which programs act for an account, over the programming interface."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select, update

from accounts.errors import AccountError
from accounts.secrets import digest, new_token
from settings.accounts import Accounts
from storage.audit import record
from storage.tables import Account, ApiToken
from vocabulary.people import AuditKind
from vocabulary.presentation import displayable

_PREFIX = "qw_"
"""By which scanners for lost secrets know one."""
_AT_MOST = 20
_NOTED = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whose token it is."""

    account: Account
    token: ApiToken


def make(
    session: Session,
    account: Account,
    name: str,
    rules: Accounts,
    *,
    reads_only: bool,
    actor: str,
    now: datetime,
    origin: str = "",
) -> str:
    """A new token, which is shown this once. Raises :class:`AccountError` where there are too many."""
    if len(of(session, account, now)) >= _AT_MOST:
        raise AccountError("至多{count}个访问令牌，请先撤销不用的", count=_AT_MOST)
    token, said = _PREFIX + new_token(), " ".join(displayable(name, limit=60).split())
    if not said:
        raise AccountError("请写明令牌的用途")
    session.add(
        ApiToken(
            account_id=account.id or 0,
            name=said,
            digest=digest(token),
            reads_only=reads_only,
            created_at=now,
            until=now + timedelta(days=rules.token_days),
        )
    )
    record(
        session,
        AuditKind.TOKEN_MADE,
        actor=actor,
        at=now,
        subject=account.email,
        detail=said,
        origin=origin,
    )
    return token


def of(session: Session, account: Account, now: datetime) -> Sequence[ApiToken]:
    """Those that are valid, the newest first."""
    wanted = select(ApiToken).where(ApiToken.account_id == account.id, col(ApiToken.until) > now)
    return session.exec(wanted.order_by(col(ApiToken.id).desc())).all()


def find(session: Session, token: str, now: datetime) -> Bearer | None:
    """Whose token it is; None where it has ended, was withdrawn, or its owner may not sign in."""
    wanted = (
        select(ApiToken, Account)
        .join(Account, col(Account.id) == col(ApiToken.account_id))
        .where(
            ApiToken.digest == digest(token), col(ApiToken.until) > now, col(Account.disabled_at).is_(None)
        )
    )
    found = session.exec(wanted).one_or_none()
    return None if found is None else Bearer(found[1], found[0])


def is_to_be_noted(bearer: Bearer, now: datetime) -> bool:
    return bearer.token.used_at is None or now - bearer.token.used_at >= _NOTED


def note(session: Session, bearer: Bearer, now: datetime) -> None:
    """Write when the token was used last."""
    session.execute(
        update(ApiToken)
        .where(col(ApiToken.id) == bearer.token.id)
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )


def withdraw(
    session: Session, account: Account, token_id: int, *, actor: str, now: datetime, origin: str = ""
) -> None:
    """End a token of ``account``. Raises :class:`AccountError` where it has none of that number."""
    found = session.get(ApiToken, token_id)
    if found is None or found.account_id != account.id:
        raise AccountError("没有这个访问令牌")
    session.delete(found)
    record(
        session,
        AuditKind.TOKEN_WITHDRAWN,
        actor=actor,
        at=now,
        subject=account.email,
        detail=found.name,
        origin=origin,
    )
