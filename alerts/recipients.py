"""Who answers for a case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cases.departments import FollowUp, shares_field
from settings.model import Settings
from settings.people import Supervisor
from storage.tables import Account
from vocabulary.areas import covers, region_name
from vocabulary.codes import Severity
from vocabulary.names import CHINESE, name_of

ADMINISTRATOR = "系统管理员"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody to tell; ``reason`` says why, where it is not their own field."""

    email: str
    name: str
    reason: str = ""
    chats: tuple[str, ...] = ()
    """Names of the chats that are told beside the mail."""
    language: str = CHINESE


def recipients(
    settings: Settings, *, region: str | None, severity: Severity, follow_up: FollowUp | None = None
) -> tuple[Recipient, ...]:
    """Those responsible for a case of ``severity`` in ``region`` (GB/T 2260), else the administrator.

    A supervisor without regions answers for all of them, also for documents whose region is unknown, and one
    without departments for every qualification, whoever follows it up. The same address is told once. Never
    empty.
    """
    follow_up = follow_up or FollowUp()
    found: dict[str, Recipient] = {}
    for supervisor in settings.supervisors:
        if answers_for(supervisor, region=region, severity=severity, follow_up=follow_up):
            found.setdefault(supervisor.email.casefold(), _recipient(supervisor))
    return tuple(found.values()) or (
        Recipient(settings.administrator, ADMINISTRATOR, _why_nobody(settings, region, severity, follow_up)),
    )


def with_substitutes(found: Iterable[Recipient], acting: Mapping[str, Account]) -> tuple[Recipient, ...]:
    """``found``, and behind them whoever acts for one of them (``accounts.leave``); each address once.

    Who is away is told as well: the mail waits for them, and nobody has to remember to end their leave.
    """
    told = {each.email.casefold(): each for each in found}
    for each in tuple(told.values()):
        other = acting.get(each.email.casefold())
        if other is not None:
            reason = f"{each.name or each.email}休假期间由您代办"
            told.setdefault(other.email, Recipient(other.email, other.name, reason, language=other.language))
    return tuple(told.values())


def answers_for(
    supervisor: Supervisor, *, region: str | None, severity: Severity, follow_up: FollowUp
) -> bool:
    """Whether a case is the supervisor's."""
    return (
        _answers_for_region(supervisor, region)
        and (not supervisor.departments or shares_field(supervisor.departments, follow_up.fields))
        and (not supervisor.severities or severity.value in supervisor.severities)
    )


def supervisor_of(settings: Settings, email: str) -> Supervisor | None:
    """The first supervisor with this address; None for the administrator and those who have left."""
    return next((each for each in settings.supervisors if each.email.casefold() == email.casefold()), None)


def superior_of(settings: Settings, email: str) -> Recipient:
    """The next level above ``email``; above the last one stands the administrator."""
    supervisor = supervisor_of(settings, email)
    if supervisor is None or supervisor.superior is None:
        return Recipient(settings.administrator, ADMINISTRATOR, "未配置上一级负责人，本邮件发给系统管理员")
    above = supervisor_of(settings, supervisor.superior)
    return _recipient(above) if above else Recipient(supervisor.superior, "")


def addressee(settings: Settings, email: str) -> Recipient | None:
    """Who reads mails at ``email`` today: a supervisor, a superior or the administrator; else None."""
    supervisor = supervisor_of(settings, email)
    if supervisor is not None:
        return _recipient(supervisor)
    wanted = email.casefold()
    if wanted == settings.administrator.casefold():
        return Recipient(settings.administrator, ADMINISTRATOR)
    above = {each.superior.casefold() for each in settings.supervisors if each.superior}
    return Recipient(email, "") if wanted in above else None


def chat_channels(settings: Settings) -> Mapping[str, str]:
    """The channel of each configured chat, by the chat's name."""
    return {chat.name: chat.channel for chat in settings.chats}


def _recipient(supervisor: Supervisor) -> Recipient:
    return Recipient(supervisor.email, supervisor.name, chats=supervisor.chats, language=supervisor.language)


def _answers_for_region(supervisor: Supervisor, region: str | None) -> bool:
    if not supervisor.regions:
        return True
    return region is not None and any(covers(area, region) for area in supervisor.regions)


def _why_nobody(settings: Settings, region: str | None, severity: Severity, follow_up: FollowUp) -> str:
    if not settings.supervisors:
        return "尚未配置监管人员，本邮件发给系统管理员"
    if region is None:
        return "未能确定信息所属地区，没有对应的监管人员，本邮件发给系统管理员"
    level, place = name_of(severity), region_name(region)
    if any(_answers_for_region(supervisor, region) for supervisor in settings.supervisors):
        field = f"“{follow_up.department}”" if follow_up.department else "主管部门不明的职业资格"
        return f"{place}没有负责{field}、接收“{level}”级信息的监管人员，本邮件发给系统管理员"
    return f"没有负责{place}、接收“{level}”级信息的监管人员，本邮件发给系统管理员"
