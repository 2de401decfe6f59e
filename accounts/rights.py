"""Which cases somebody may see and decide on."""

from __future__ import annotations

from datetime import date

from sqlmodel import Session

from accounts import people
from accounts.errors import AccountError
from accounts.leave import away_for
from cases.case_filter import EVERYTHING, CaseScope
from cases.queries import may_see
from settings.model import Settings
from storage.tables import Account
from vocabulary.people import Role


def may_decide(account: Account) -> bool:
    return account.role is not Role.VIEWER


def scope_of(session: Session, settings: Settings, account: Account, today: date) -> CaseScope:
    """An administrator's is everything; others see their own field and that of those they act for.

    A viewer or reviewer for whom neither the account nor the configuration names a region or department sees
    everything, as a supervisor without them answers for everything.
    """
    if account.role is Role.ADMINISTRATOR:
        return EVERYTHING
    own = _own(settings, account)
    absent = [_own(settings, each) for each in away_for(session, account.email, today)]
    if not absent:
        return own
    return CaseScope(own.regions, own.departments, own.email, (*own.others, *absent))


def check(
    session: Session, settings: Settings, email: str, case_id: int, today: date, *, decides: bool
) -> None:
    """Raise :class:`AccountError` where somebody may not see a case, or decide on it."""
    account = people.get(session, email)
    if account.disabled_at is not None:
        raise AccountError("{email} 已停用", email=account.email)
    if decides and not may_decide(account):
        raise AccountError("{email} 只能查阅，不能办理", email=account.email)
    if not may_see(session, case_id, scope_of(session, settings, account, today)):
        raise AccountError(
            "案件{case}不存在，或不在 {email} 负责的地区和部门之内", case=case_id, email=account.email
        )


def _own(settings: Settings, account: Account) -> CaseScope:
    """What the account itself says, else what the configuration says of that address."""
    email = account.email.casefold()
    mine = [each for each in settings.supervisors if each.email.casefold() == email]
    address = mine[0].email if mine else account.email  # as cases are assigned to it
    if account.regions or account.departments:
        return CaseScope(tuple(account.regions), tuple(account.departments), address)
    below = [each for each in settings.supervisors if each.superior and each.superior.casefold() == email]
    fields = [CaseScope(each.regions, each.departments) for each in (*mine, *below)]
    first, *others = fields or [EVERYTHING]
    return CaseScope(first.regions, first.departments, address, tuple(others))
