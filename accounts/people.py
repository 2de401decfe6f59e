"""Accounts: added by an administrator, given a password by their owner, and never deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import TypeAdapter, ValidationError
from pydantic.networks import EmailStr
from sqlmodel import Session, col, delete, func, select, update

from accounts.errors import AccountError
from accounts.passwords import check_password, hash_password
from accounts.secrets import digest, new_token
from settings.accounts import Accounts
from storage.audit import record
from storage.rows import insert_once
from storage.tables import Account, AccountSession, ApiToken
from vocabulary.people import AuditKind, Role
from vocabulary.presentation import displayable

_NAME = 60
_ADDRESS: TypeAdapter[str] = TypeAdapter(EmailStr)


@dataclass(frozen=True, slots=True)
class Person:
    """What an administrator says of somebody."""

    email: str
    name: str
    role: Role
    regions: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    language: str = "zh-CN"


def exist(session: Session) -> bool:
    """Whether there are accounts: without any the console is opened by signed links alone."""
    return session.exec(select(Account.id).limit(1)).first() is not None


def normal_email(typed: str) -> str:
    """The form in which addresses are kept."""
    return typed.strip().casefold()


def find(session: Session, email: str) -> Account | None:
    return session.exec(select(Account).where(Account.email == normal_email(email))).one_or_none()


def get(session: Session, email: str) -> Account:
    """The account; raises :class:`AccountError`."""
    account = find(session, email)
    if account is None:
        raise AccountError("没有 {email} 的账号", email=displayable(email, limit=120))
    return account


def everybody(session: Session) -> Sequence[Account]:
    return session.exec(select(Account).order_by(col(Account.email))).all()


def add(session: Session, person: Person, *, actor: str, now: datetime) -> Account:
    """A new account, which nobody can use before its owner has chosen a password (:func:`invite`)."""
    try:
        email = normal_email(_ADDRESS.validate_python(person.email.strip()))
    except ValidationError:
        raise AccountError("“{email}”不是邮箱地址", email=displayable(person.email, limit=120)) from None
    name = displayable(person.name, limit=_NAME).strip() or email.partition("@")[0][:_NAME]
    account = Account(
        email=email,
        name=name,
        role=person.role,
        regions=list(person.regions),
        departments=list(person.departments),
        language=person.language,
        created_at=now,
    )
    if insert_once(session, account) is None:
        raise AccountError("{email} 已有账号；重设密码用 qualwatch user reset", email=email)
    record(session, AuditKind.ACCOUNT_ADDED, actor=actor, at=now, subject=email, detail=person.role.value)
    return get(session, email)


def invite(session: Session, account: Account, rules: Accounts, *, now: datetime) -> str:
    """The token of a link by which the owner chooses a password, once; an earlier link ends."""
    token = new_token()
    account.invitation = digest(token)
    account.invitation_until = now + timedelta(hours=rules.invitation_hours)
    session.add(account)
    return token


def invited(session: Session, token: str, now: datetime) -> Account | None:
    """Whose link it is; None where it was used, has ended, or its owner may not sign in."""
    found = session.exec(select(Account).where(Account.invitation == digest(token))).one_or_none()
    if found is None or found.invitation_until is None or found.invitation_until <= now:
        return None
    return None if found.disabled_at else found


def reset(session: Session, account: Account, *, actor: str, now: datetime) -> None:
    """Forget password and second factor, and end every session and token."""
    account.password_hash, account.totp_secret = "", ""
    session.add(account)
    end_sessions(session, account)
    session.execute(delete(ApiToken).where(col(ApiToken.account_id) == account.id))
    record(session, AuditKind.ACCOUNT_RESET, actor=actor, at=now, subject=account.email)


def change(
    session: Session,
    account: Account,
    *,
    role: Role | None = None,
    regions: Sequence[str] | None = None,
    departments: Sequence[str] | None = None,
    actor: str,
    now: datetime,
) -> None:
    """Give other rights, which hold from their next click on; None leaves what is there.

    Raises :class:`AccountError` where nobody would be left to administer.
    """
    if account.role is Role.ADMINISTRATOR and role not in {None, Role.ADMINISTRATOR}:
        _require_another_administrator(session, account)
    account.role = role or account.role
    account.regions = list(account.regions if regions is None else regions)
    account.departments = list(account.departments if departments is None else departments)
    session.add(account)
    detail = " ".join((account.role.value, *account.regions, *account.departments))
    record(session, AuditKind.ACCOUNT_CHANGED, actor=actor, at=now, subject=account.email, detail=detail)


def disable(session: Session, account: Account, *, actor: str, now: datetime) -> None:
    """Let them in no more, from their next click on; what they did stays under their name."""
    if account.disabled_at is not None:
        raise AccountError("{email} 已停用", email=account.email)
    if account.role is Role.ADMINISTRATOR:
        _require_another_administrator(session, account)
    account.disabled_at, account.invitation = now, ""
    session.add(account)
    end_sessions(session, account)
    record(session, AuditKind.ACCOUNT_DISABLED, actor=actor, at=now, subject=account.email)


def enable(session: Session, account: Account, *, actor: str, now: datetime) -> None:
    if account.disabled_at is None:
        raise AccountError("{email} 没有停用", email=account.email)
    account.disabled_at = None
    session.add(account)
    record(session, AuditKind.ACCOUNT_ENABLED, actor=actor, at=now, subject=account.email)


def choose_password(
    session: Session, account: Account, password: str, rules: Accounts, *, now: datetime, origin: str = ""
) -> None:
    """Give the account its password and end its one-time link and every session.

    Raises :class:`AccountError` for a password that is none, and where the link was used meanwhile.
    """
    check_password(password, account.email, rules.password_length)
    changed = session.execute(
        update(Account)
        .where(col(Account.id) == account.id, col(Account.invitation) == account.invitation)
        .values(password_hash=hash_password(password), invitation="", invitation_until=None)
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise AccountError("链接已经用过")
    session.refresh(account)
    end_sessions(session, account)
    record(session, AuditKind.PASSWORD_SET, actor=account.email, at=now, subject=account.email, origin=origin)


def end_sessions(session: Session, account: Account, *, but: str = "") -> int:
    """Sign them out everywhere, but for the session whose digest is ``but``; how many ended."""
    ended = session.execute(
        delete(AccountSession).where(
            col(AccountSession.account_id) == account.id, col(AccountSession.digest) != but
        )
    )
    return int(ended.rowcount)  # type: ignore[attr-defined]


def _require_another_administrator(session: Session, account: Account) -> None:
    active = select(func.count()).where(
        Account.role == Role.ADMINISTRATOR, col(Account.disabled_at).is_(None), Account.id != account.id
    )
    if session.exec(active).one() == 0:
        raise AccountError("{email} 是唯一的管理员：请先新增另一位管理员", email=account.email)
