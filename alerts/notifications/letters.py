"""What a letter says, frozen as plain JSON when it is written: no later change of a row changes it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from alerts.delivery.links import case_links
from alerts.languages import Language, language
from alerts.recipients import Recipient
from settings.model import Settings
from storage.tables import Case, Document, DocumentVersion, Finding
from vocabulary.areas import region_name
from vocabulary.codes import PublisherKind, Severity, Status, Usage, Violation
from vocabulary.presentation import displayable, mask_personal_numbers, passage, safe_link

CASES_SHOWN = 20
"""Cases that a letter writes out with all that is known; of more, a list is written."""
QUOTES_SHOWN = 5
"""Quotes written out for one case; the rest is counted."""
_NAME, _SENTENCE, _ADDRESS = 60, 600, 2048


@dataclass(frozen=True, slots=True)
class News:
    """What one stored version is to be told of: cases that are new in it or came back with it."""

    document: Document
    version: DocumentVersion
    number: str
    """The document's own number; empty where it has none."""
    findings: Sequence[Finding]
    """Those of the cases in that version, in order of their place in the text."""
    departments: Mapping[int, str]
    """Who follows up each case, by its number; as the routing table names them."""
    rebound: frozenset[int]
    """Cases that had been put right and came back."""
    now: datetime


@dataclass(frozen=True, slots=True)
class Letter:
    """A message before it is written to the outbox."""

    about: str
    """Unique, with the recipient, among all messages ever: what is told, on which occasion."""
    template: str
    recipient: Recipient
    payload: Mapping[str, Any]
    case_id: int | None = None


def compose_alert(
    news: News, cases: Sequence[Case], recipient: Recipient, settings: Settings, *, about: str
) -> Letter:
    """The letter that tells ``recipient`` at once of ``cases`` among ``news``; worst case first."""
    in_text = [finding.case_id for finding in news.findings]
    ordered = sorted(cases, key=lambda case: (-Severity(case.severity).rank, in_text.index(case.id)))
    first = min(_id(case) for case in cases)
    own = [finding for finding in news.findings if finding.case_id in {case.id for case in cases}]
    speech = language(recipient.language)
    payload = {
        "language": speech.code,
        "case_ids": [_id(case) for case in ordered],
        "subject": alert_subject(ordered, news.document, speech, news.rebound),
        "severity": ordered[0].severity,
        "severity_name": speech.name(Severity(ordered[0].severity)),
        "reason": recipient.reason,
        "cases": [_case_block(case, news, own, speech) for case in ordered],
        "publishers": [news.document.publisher] if news.document.publisher else [],
        "document": _document_block(news, ordered[0], ZoneInfo(settings.time_zone), speech),
        "evidence": {"sha256": news.version.body_sha256, "finding": own[0].id},
        "links": case_links_of(ordered, recipient, settings, news.now),
        "unsubscribe": settings.administrator,
    }
    return Letter(
        about=about,
        template="alert",
        recipient=recipient,
        payload=payload,
        case_id=first,
    )


def case_links_of(
    cases: Sequence[Case], recipient: Recipient, settings: Settings, now: datetime
) -> dict[str, dict[str, str]]:
    """The buttons of each case, by its number as JSON keys are written; empty without a console."""
    links = {str(_id(case)): dict(case_links(settings, _id(case), recipient.email, now)) for case in cases}
    return {case: own for case, own in links.items() if own}


def alert_subject(
    cases: Sequence[Case], document: Document, speech: Language, rebound: Collection[int] = ()
) -> str:
    """One line with severity, region, qualification and publisher; a header, whatever the page said."""
    worst = cases[0]
    severity = speech.name(Severity(worst.severity))
    if worst.needs_review:
        severity = speech.say("{severity}·待核实", severity=severity)
    if worst.id in rebound:
        severity = speech.say("{severity}·反弹", severity=severity)
    qualification = shown(worst.qualification, 30)
    if len(cases) > 1:
        qualification = speech.say(
            "{qualification}等{count}项", qualification=qualification, count=len(cases)
        )
    publisher = shown(document.publisher, 40) or shown(document.title, 40)
    parts = (region_name(worst.region), qualification, publisher)
    said = speech.say("｜").join(part for part in parts if part)
    return displayable(speech.say("【{severity}】", severity=severity) + said, limit=120)


def _document_block(news: News, case: Case, zone: ZoneInfo, speech: Language) -> dict[str, str]:
    document, version = news.document, news.version
    return {
        "title": shown(document.title, 2 * _NAME) or speech.say("（无标题）"),
        "number": shown(news.number, _NAME),
        "publisher": shown(document.publisher, _NAME) or speech.say("发布单位未识别"),
        "publisher_kind": speech.name(PublisherKind(case.publisher_kind)),
        "region": region_name(case.region) or speech.say("未识别"),
        "published_on": speech.day(document.published_on),
        "seen_at": speech.moment(version.seen_at.astimezone(zone)),
        "url": displayable(document.url, limit=_ADDRESS),
        "link": safe_link(document.url),
    }


def _case_block(case: Case, news: News, findings: Sequence[Finding], speech: Language) -> dict[str, Any]:
    own = [finding for finding in findings if finding.case_id == case.id]
    telling = next((finding for finding in own if finding.usage == case.usage), own[0])
    return {
        "id": _id(case),
        "rebound": case.id in news.rebound,
        "department": shown(news.departments.get(_id(case), ""), 2 * _NAME),
        "severity": case.severity,
        "severity_name": speech.name(Severity(case.severity)),
        "qualification": shown(case.qualification, _NAME),
        "violation": speech.name(Violation(case.violation)),
        "status": speech.name(Status(telling.status)),
        "since": speech.day(telling.since),
        "status_document": shown(telling.status_document, 2 * _NAME),
        "usage": speech.name(Usage(telling.usage)),
        "cue": shown(telling.cue, _NAME),
        "gist": speech.gist(Violation(case.violation)),
        "explanation": shown(telling.explanation, _SENTENCE),
        "advice": shown(telling.advice, _SENTENCE),
        "legal_basis": [shown(clause, 2 * _NAME) for clause in telling.legal_basis],
        "doubt": speech.say(doubt_words(case, telling)),
        "quotes": [quote_block(news.version.text, finding) for finding in own[:QUOTES_SHOWN]],
        "more_quotes": max(0, len(own) - QUOTES_SHOWN),
    }


def quote_block(text: str, finding: Finding) -> dict[str, Any]:
    """The sentence around a finding in three parts, masked."""
    around = passage(text, finding.start, finding.end)
    masked = mask_personal_numbers(around.text)
    return {
        "before": displayable(masked[: around.start]),
        "quote": displayable(masked[around.start : around.end]),
        "after": displayable(masked[around.end :]),
        "finding": finding.id,
    }


def doubt_words(case: Case, finding: Finding) -> str:
    """What a person has to find out before anything is done; empty where the verdict is sure."""
    if not case.needs_review:
        return ""
    if finding.status == Status.OFF_CATALOGUE:
        return "该证书不在已知的任何目录中，请先核实证书性质及发证单位，再作处理。"
    return "该判断依据的目录条目或证书名称的对应关系尚未经核实，请先人工确认，再作处理。"


@lru_cache(maxsize=2048)  # lists say the same words to everybody
def shown(text: str, limit: int) -> str:
    """Words from outside as a mail shows them: on one line, masked, cut at ``limit``."""
    return displayable(mask_personal_numbers(text), limit=limit)


def _id(case: Case) -> int:
    if case.id is None:
        raise ValueError("the case is not stored")
    return case.id
