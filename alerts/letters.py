"""What a letter says, frozen as plain JSON when it is written: no later change of a row changes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from alerts.passages import displayable, mask_personal_numbers, passage, safe_link
from alerts.regions import region_name
from alerts.routing import Recipient
from alerts.wording import PUBLISHER_KINDS, SEVERITIES, STATUSES, USAGES, VIOLATIONS
from catalogue.model import Status
from detection.model import PublisherKind, Severity, Usage, Violation
from settings.model import Settings
from storage.tables import Case, Document, DocumentVersion, Finding

CASES_SHOWN = 20
"""Cases written out in one letter; the rest is counted."""
QUOTES_SHOWN = 5
"""Quotes written out for one case; the rest is counted."""
_NAME, _SENTENCE, _ADDRESS = 60, 600, 2048


@dataclass(frozen=True, slots=True)
class Letter:
    """A message before it is written to the outbox."""

    key: str
    """Unique among all messages ever: what is told, about what, to whom."""
    channel: str
    template: str
    sender: str
    recipient: Recipient
    payload: Mapping[str, Any]
    case_id: int | None = None


def compose_alert(
    *,
    document: Document,
    version: DocumentVersion,
    number: str,
    cases: Sequence[Case],
    findings: Sequence[Finding],
    recipient: Recipient,
    settings: Settings,
) -> Letter:
    """The letter that tells ``recipient`` of new ``cases``, all found in one ``version``; worst case first.

    ``findings`` are those of the cases in that version, in order of their place in the text.
    """
    in_text = [finding.case_id for finding in findings]
    ordered = sorted(cases, key=lambda case: (-Severity(case.severity).rank, in_text.index(case.id)))
    first = min(_id(case) for case in cases)
    payload = {
        "case_ids": [_id(case) for case in ordered],
        "subject": alert_subject(ordered, document),
        "severity": ordered[0].severity,
        "severity_name": SEVERITIES[Severity(ordered[0].severity)],
        "reason": recipient.reason,
        "cases": [_case_block(case, version.text, findings) for case in ordered[:CASES_SHOWN]],
        "more_cases": max(0, len(ordered) - CASES_SHOWN),
        "document": _document_block(document, version, number, ordered[0], ZoneInfo(settings.time_zone)),
        "evidence": {"sha256": version.body_sha256, "finding": findings[0].id},
        "unsubscribe": settings.administrator,
    }
    return Letter(
        key=f"case:{first}:alert:{recipient.email}",
        channel=settings.mail.channel,
        template="alert",
        sender=settings.mail.sender,
        recipient=recipient,
        payload=payload,
        case_id=first,
    )


def alert_subject(cases: Sequence[Case], document: Document) -> str:
    """One line with severity, region, qualification and publisher; a header, whatever the page said."""
    worst = cases[0]
    severity = SEVERITIES[Severity(worst.severity)] + ("·待核实" if worst.needs_review else "")
    qualification = _shown(worst.qualification, 30) + (f"等{len(cases)}项" if len(cases) > 1 else "")
    publisher = _shown(document.publisher, 40) or _shown(document.title, 40)
    parts = (region_name(document.region), qualification, publisher)
    return displayable(f"【{severity}】" + "｜".join(part for part in parts if part), limit=120)


def _document_block(
    document: Document, version: DocumentVersion, number: str, case: Case, zone: ZoneInfo
) -> dict[str, str]:
    return {
        "title": _shown(document.title, 2 * _NAME) or "（无标题）",
        "number": _shown(number, _NAME),
        "publisher": _shown(document.publisher, _NAME) or "发布单位未识别",
        "publisher_kind": PUBLISHER_KINDS[PublisherKind(case.publisher_kind)],
        "region": region_name(document.region) or "未识别",
        "published_on": _day(document.published_on),
        "seen_at": f"{version.seen_at.astimezone(zone):%Y年%m月%d日 %H:%M}",
        "url": displayable(document.url, limit=_ADDRESS),
        "link": safe_link(document.url),
    }


def _case_block(case: Case, text: str, findings: Sequence[Finding]) -> dict[str, Any]:
    own = [finding for finding in findings if finding.case_id == case.id]
    telling = next((finding for finding in own if finding.usage == case.usage), own[0])
    return {
        "severity": case.severity,
        "severity_name": SEVERITIES[Severity(case.severity)],
        "qualification": _shown(case.qualification, _NAME),
        "violation": VIOLATIONS[Violation(case.violation)],
        "status": STATUSES[Status(telling.status)],
        "since": _day(telling.since),
        "status_document": _shown(telling.status_document, 2 * _NAME),
        "usage": USAGES[Usage(telling.usage)],
        "cue": _shown(telling.cue, _NAME),
        "explanation": _shown(telling.explanation, _SENTENCE),
        "advice": _shown(telling.advice, _SENTENCE),
        "legal_basis": [_shown(clause, 2 * _NAME) for clause in telling.legal_basis],
        "doubt": _doubt(case, telling),
        "quotes": [_quote(text, finding) for finding in own[:QUOTES_SHOWN]],
        "more_quotes": max(0, len(own) - QUOTES_SHOWN),
    }


def _quote(text: str, finding: Finding) -> dict[str, Any]:
    around = passage(text, finding.start, finding.end)
    masked = mask_personal_numbers(around.text)
    return {
        "before": displayable(masked[: around.start]),
        "quote": displayable(masked[around.start : around.end]),
        "after": displayable(masked[around.end :]),
        "finding": finding.id,
    }


def _doubt(case: Case, finding: Finding) -> str:
    if not case.needs_review:
        return ""
    if finding.status == Status.OFF_CATALOGUE:
        return "该证书不在已知的任何目录中，请先核实证书性质及发证单位，再作处理。"
    return "该判断依据的目录条目或证书名称的对应关系尚未经核实，请先人工确认，再作处理。"


def _shown(text: str, limit: int) -> str:
    return displayable(mask_personal_numbers(text), limit=limit)


def _day(day: date | None) -> str:
    return "" if day is None else f"{day.year}年{day.month}月{day.day}日"


def _id(case: Case) -> int:
    if case.id is None:
        raise ValueError("the case is not stored")
    return case.id
