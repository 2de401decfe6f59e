"""Who answers for a case."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.regions import covers, region_name
from alerts.wording import SEVERITIES
from detection.model import Severity
from settings.model import Settings, Supervisor


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody to tell; ``reason`` says why, where it is not their own field."""

    email: str
    name: str
    reason: str = ""


def recipients(settings: Settings, *, region: str | None, severity: Severity) -> tuple[Recipient, ...]:
    """Those responsible for a case of ``severity`` in ``region`` (GB/T 2260), else the administrator.

    A supervisor without regions answers for all of them, also for documents whose region is unknown; the same
    address is told once. Never empty.
    """
    found: dict[str, Recipient] = {}
    for supervisor in settings.supervisors:
        if _answers_for_region(supervisor, region) and _answers_for_severity(supervisor, severity):
            found.setdefault(supervisor.email.casefold(), Recipient(supervisor.email, supervisor.name))
    return tuple(found.values()) or (_administrator(settings, region, severity),)


def _answers_for_region(supervisor: Supervisor, region: str | None) -> bool:
    if not supervisor.regions:
        return True
    return region is not None and any(covers(area, region) for area in supervisor.regions)


def _answers_for_severity(supervisor: Supervisor, severity: Severity) -> bool:
    return not supervisor.severities or severity.value in supervisor.severities


def _administrator(settings: Settings, region: str | None, severity: Severity) -> Recipient:
    if not settings.supervisors:
        reason = "尚未配置监管人员，本邮件发给系统管理员"
    elif region is None:
        reason = "未能确定信息所属地区，没有对应的监管人员，本邮件发给系统管理员"
    else:
        level = SEVERITIES[severity]
        reason = f"没有负责{region_name(region)}、接收“{level}”级信息的监管人员，本邮件发给系统管理员"
    return Recipient(settings.administrator, "系统管理员", reason)
