"""Substitutes: who acts for somebody who is away, and until when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache

from sqlalchemy import BindParameter, bindparam
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from accounts.errors import AccountError
from accounts.people import get, normal_email
from storage.audit import record
from storage.tables import Account
from vocabulary.dates import chinese_day
from vocabulary.people import AuditKind

_DAYS = 366


def set_leave(
    session: Session,
    account: Account,
    substitute: str,
    first: date,
    last: date,
    *,
    actor: str,
    now: datetime,
    origin: str = "",
) -> None:
    """Let ``substitute`` act for ``account`` from ``first`` to ``last``, both included.

    Raises :class:`AccountError`.
    """
    other = get(session, substitute)
    if other.id == account.id:
        raise AccountError("代办人不能是本人")
    if other.disabled_at is not None:
        raise AccountError("{email} 已停用", email=other.email)
    if last < first or last < now.date():
        raise AccountError("代办的最后一日应不早于开始之日和今天")
    if (last - first).days > _DAYS:
        raise AccountError("代办至多一年，请核对日期")
    account.substitute, account.leave_from, account.leave_until = other.email, first, last
    session.add(account)
    said = f"{other.email}，{chinese_day(first)}至{chinese_day(last)}"
    record(
        session,
        AuditKind.LEAVE_SET,
        actor=actor,
        at=now,
        subject=account.email,
        detail=said,
        origin=origin,
    )


def end_leave(session: Session, account: Account, *, actor: str, now: datetime, origin: str = "") -> None:
    """They are back, or stay."""
    if not account.substitute:
        raise AccountError("{email} 没有代办人", email=account.email)
    account.substitute, account.leave_from, account.leave_until = "", None, None
    session.add(account)
    record(
        session, AuditKind.LEAVE_SET, actor=actor, at=now, subject=account.email, detail="结束", origin=origin
    )


def away_for(session: Session, email: str, today: date) -> Sequence[Account]:
    """Those whom ``email`` acts for on that day."""
    wanted = select(Account).where(
        Account.substitute == normal_email(email),
        col(Account.leave_from) <= today,
        col(Account.leave_until) >= today,
        col(Account.disabled_at).is_(None),
    )
    return session.exec(wanted.order_by(col(Account.email))).all()


def substitutes(session: Session, today: date) -> Mapping[str, Account]:
    """Who acts on that day, by the address of whom they act for."""
    acting = {each.email: each.substitute for each in session.exec(_absent(), params={"day": today})}
    if not acting:
        return {}
    others = select(Account).where(
        col(Account.email).in_(acting.values()), col(Account.disabled_at).is_(None)
    )
    known = {each.email: each for each in session.exec(others)}
    return {email: known[other] for email, other in acting.items() if other in known}


@cache
def _absent() -> SelectOfScalar[Account]:
    day: BindParameter[date] = bindparam("day")
    return select(Account).where(
        col(Account.substitute) != "", col(Account.leave_from) <= day, col(Account.leave_until) >= day
    )
