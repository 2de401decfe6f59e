"""Rights at the command line: who has an account is held to it, whoever types.

Who may read the database may do anything with it; naming somebody (``--as``, ``--actor``) takes on their
rights, so that a list or a step in their name is one that they could have made themselves.
"""

from __future__ import annotations

from datetime import date

from sqlmodel import Session

from accounts import people, rights
from accounts.errors import AccountError
from cases.case_filter import EVERYTHING, CaseScope
from settings import Settings


def scope_as(session: Session, settings: Settings, email: str, today: date) -> CaseScope:
    """The cases that ``email`` may see; everything where nobody is named. Raises ``AccountError``."""
    if not email:
        return EVERYTHING
    account = people.get(session, email)
    if account.disabled_at is not None:
        raise AccountError("{email} 已停用", email=account.email)
    return rights.scope_of(session, settings, account, today)


def check_actor(session: Session, settings: Settings, actor: str, case_id: int, today: date) -> None:
    """Raise ``AccountError`` where there are accounts and ``actor`` may not decide on the case."""
    if actor and people.exist(session):
        rights.check(session, settings, actor, case_id, today, decides=True)
