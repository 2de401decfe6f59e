"""A code of an authenticator beside the password (TOTP, RFC 6238)."""

from __future__ import annotations

import hmac
import re
from datetime import datetime

import pyotp
import segno
from sqlmodel import Session, col, update

from settings.accounts import Accounts
from storage.audit import record
from storage.sealing import Seal
from storage.tables import Account
from vocabulary.people import AuditKind, Role

_SECRET = re.compile(r"[A-Z2-7]{32}")
_INTERVAL = 30
_TOLERANCE = (0, -1, 1)
"""Intervals that a clock may be wrong by."""


def new_secret() -> str:
    return pyotp.random_base32(32)


def is_secret(typed: str) -> bool:
    """Whether it may have come from :func:`new_secret`."""
    return _SECRET.fullmatch(typed) is not None


def address_of(secret: str, email: str) -> str:
    """What an authenticator reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name="Qualwatch")


def picture_of(secret: str, email: str) -> str:
    """The same as a QR code: SVG that stands within a page."""
    return segno.make(address_of(secret, email), error="m").svg_inline(
        scale=4, border=4, light="#fff", dark="#000", omitsize=True
    )


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The interval whose code it is, around ``now``; None for a wrong one."""
    said = code.replace(" ", "")
    current = int(now.timestamp()) // _INTERVAL
    codes = pyotp.TOTP(secret)
    for offset in _TOLERANCE:
        if hmac.compare_digest(codes.generate_otp(current + offset).encode(), said.encode()):
            return current + offset
    return None


def use_step(session: Session, account: Account, step: int) -> bool:
    """Take the code of an interval; False where it, or a later one, was taken already."""
    taken = session.execute(
        update(Account)
        .where(col(Account.id) == account.id, col(Account.totp_step) < step)
        .values(totp_step=step)
        .execution_options(synchronize_session=False)
    )
    return bool(taken.rowcount == 1)  # type: ignore[attr-defined]


def is_missing(account: Account, rules: Accounts) -> bool:
    """Whether the account has to set it up before anything else."""
    if account.totp_secret or rules.second_factor == "optional":
        return False
    return rules.second_factor == "all" or account.role is Role.ADMINISTRATOR


def switch_on(
    session: Session, account: Account, secret: str, code: str, seal: Seal, *, now: datetime, origin: str
) -> bool:
    """Ask for codes of ``secret`` from now on; False, and nothing changed, where ``code`` is none of them.

    The database keeps it as ``seal`` seals it: who has that alone cannot make codes.
    """
    step = step_of(secret, code, now) if is_secret(secret) else None
    if step is None:
        return False
    account.totp_secret, account.totp_step = seal.seal(secret), step
    session.add(account)
    record(
        session,
        AuditKind.SECOND_FACTOR_ON,
        actor=account.email,
        at=now,
        subject=account.email,
        origin=origin,
    )
    return True


def switch_off(session: Session, account: Account, *, now: datetime, origin: str) -> None:
    account.totp_secret = ""
    session.add(account)
    record(
        session,
        AuditKind.SECOND_FACTOR_OFF,
        actor=account.email,
        at=now,
        subject=account.email,
        origin=origin,
    )
