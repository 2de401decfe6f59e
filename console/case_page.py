"""What the page of a case shows: plain values, masked and fit to be shown, read in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, func, select

from alerts.languages import Language
from alerts.notifications.digest import deadline_words
from alerts.notifications.letters import doubt_words, shown
from alerts.recipients import addressee
from alerts.working_time import last_day
from cases.departments import follow_up
from cases.history import ACTOR
from cases.steps import RULES, possible_steps
from settings.model import Settings
from storage.tables import Case, CaseEvent, Document, DocumentVersion, Finding
from vocabulary.areas import region_name
from vocabulary.codes import Dismissal, PublisherKind, Severity, Status, Step, Usage, Violation
from vocabulary.names import event_name
from vocabulary.presentation import (
    PASSAGE_LIMIT,
    displayable,
    mask_personal_numbers,
    passage,
    safe_link,
)

PLACES_SHOWN = 20
EXCERPTS_SHOWN = 5
"""Quotes written out of one place; the rest is counted."""
EVENTS_SHOWN = 200
_REACH = 80
"""Characters shown on each side of a sentence."""
_QUOTE = 400
"""Longest quote written out."""
_READ = PASSAGE_LIMIT + _REACH + 20
"""Characters read on each side of a quote; the last ones only for masking numbers that the reach cuts."""
_LINE, _WORDS, _ADDRESS = 120, 2000, 2048


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the case was met: the latest version of a document in which it stands."""

    document: Document
    version_id: int
    body_sha256: str
    media_type: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A part of a version's text, masked; places are counted from the beginning of the whole."""

    origin: int
    text: str
    opens: int
    """Where the sentence begins, and behind which it ends."""
    closes: int
    first: int
    """Where what is shown begins, and behind which it ends."""
    last: int
    is_cut: bool
    """Whether the text goes on behind it."""

    def between(self, start: int, end: int) -> str:
        return self.text[start - self.origin : end - self.origin]


def read_case_page(
    session: Session, case_id: int, settings: Settings, now: datetime, speech: Language
) -> dict[str, Any] | None:
    """The values of ``templates/case.html`` that come from the database; None where there is no such case."""
    case = session.get(Case, case_id)
    if case is None:
        return None
    zone = ZoneInfo(settings.time_zone)
    places, more_places = _places(session, case_id)
    findings = {place.version_id: _findings(session, case_id, place.version_id) for place in places}
    events, earlier = _events(session, case_id)
    return {
        "case": _case_block(session, case, settings, now.astimezone(zone), speech),
        "basis": _basis(case, [finding for each in findings.values() for finding in each], speech),
        "places": [
            _place_block(session, place, findings[place.version_id], zone, speech) for place in places
        ],
        "more_places": more_places,
        "events": [_event_block(event, settings, zone, speech) for event in reversed(events)],
        "earlier_events": earlier,
        "after": events[-1].id if events else 0,
        "steps": [
            _step_block(step, speech) for step in possible_steps(case.state) if step is not Step.OVERDUE
        ],
        "today": now.astimezone(zone).date().isoformat(),
        "dismissals": [(each.value, speech.name(each)) for each in Dismissal],
    }


def step_banner(events: Sequence[Mapping[str, str]], done: str, actor: str, speech: Language) -> str:
    """What was just done; only what the history bears out, because anybody can write an address."""
    if done not in {*Step}:
        return ""
    kind = RULES[Step(done)].event
    own = any(event["kind"] == kind and actor in event["actor"] for event in events)
    return speech.say("已记录：{step}。", step=speech.name(Step(done))) if own else ""


def _case_block(
    session: Session, case: Case, settings: Settings, now: datetime, speech: Language
) -> dict[str, Any]:
    last = case.deadline and last_day(settings.calendar, case.deadline)
    return {
        "id": case.id,
        "state": case.state.value,
        "state_name": speech.name(case.state),
        "severity": case.severity,
        "severity_name": speech.name(Severity(case.severity)),
        "qualification": shown(case.qualification, _LINE),
        "violation": speech.name(Violation(case.violation)),
        "publisher": shown(case.publisher, _LINE) or speech.say("发布单位未识别"),
        "publisher_kind": speech.name(PublisherKind(case.publisher_kind)),
        "region": region_name(case.region) or speech.say("未识别"),
        "title": shown(case.title, 2 * _LINE) or speech.say("（无标题）"),
        "department": shown(follow_up(session, case.qualification, case.region).department, _LINE),
        "opened_at": speech.moment(case.opened_at.astimezone(ZoneInfo(settings.time_zone))),
        "deadline": deadline_words(case.deadline, settings, speech),
        "days_left": None if last is None else (last - now.date()).days,
    }


def _basis(case: Case, findings: Sequence[Finding], speech: Language) -> dict[str, Any] | None:
    """What the verdict rests on, from the finding that decided it; None where no text of it is kept."""
    telling = next((finding for finding in findings if finding.usage == case.usage), None)
    telling = telling or next(iter(findings), None)
    if telling is None:
        return None
    return {
        "status": speech.name(Status(telling.status)),
        "since": speech.day(telling.since),
        "status_document": shown(telling.status_document, _LINE),
        "usage": speech.name(Usage(telling.usage)),
        "cue": shown(telling.cue, _LINE),
        "gist": speech.gist(Violation(case.violation)),
        "explanation": shown(telling.explanation, _WORDS),
        "advice": shown(telling.advice, _WORDS),
        "legal_basis": [shown(clause, _LINE) for clause in telling.legal_basis],
        "as_of": speech.day(telling.as_of),
        "doubt": speech.say(doubt_words(case, telling)),
    }


def _places(session: Session, case_id: int) -> tuple[list[_Place], int]:
    """The documents in which the case stands, first met first, and how many more there are."""
    latest = (
        select_columns(func.max(col(Finding.version_id)).label("version"))
        .join(DocumentVersion, col(DocumentVersion.id) == col(Finding.version_id))
        .where(col(Finding.case_id) == case_id)
        .group_by(col(DocumentVersion.document_id))
        .subquery()
    )
    # The text itself is left where it is: it may be a book.
    rows = session.execute(
        select_columns(
            Document,
            col(DocumentVersion.id),
            col(DocumentVersion.body_sha256),
            col(DocumentVersion.media_type),
            col(DocumentVersion.seen_at),
        )
        .join(DocumentVersion, col(DocumentVersion.document_id) == col(Document.id))
        .join(latest, latest.c.version == col(DocumentVersion.id))
        .order_by(col(Document.id))
        .limit(PLACES_SHOWN)
    )
    places = [_Place(*row) for row in rows]
    count = session.execute(select_columns(func.count()).select_from(latest)).scalar_one()
    return places, count - len(places)


def _findings(session: Session, case_id: int, version_id: int) -> Sequence[Finding]:
    return session.exec(
        select(Finding)
        .where(Finding.case_id == case_id, Finding.version_id == version_id)
        .order_by(col(Finding.start), col(Finding.id))
        .limit(EXCERPTS_SHOWN + 1)
    ).all()


def _place_block(
    session: Session, place: _Place, findings: Sequence[Finding], zone: ZoneInfo, speech: Language
) -> dict[str, Any]:
    document = place.document
    return {
        "title": shown(document.title, 2 * _LINE) or speech.say("（无标题）"),
        "publisher": shown(document.publisher, _LINE),
        "region": region_name(document.region),
        "published_on": speech.day(document.published_on),
        "url": displayable(document.url, limit=_ADDRESS),
        "link": safe_link(document.url),
        "sha256": place.body_sha256,
        "version": place.version_id,
        "is_page": place.media_type.startswith(("text/html", "application/xhtml")),
        "seen_at": speech.moment(place.seen_at.astimezone(zone)),
        "last_seen_at": speech.moment(document.last_seen_at.astimezone(zone)),
        "excerpts": excerpts(session, findings[:EXCERPTS_SHOWN]),
        "has_more": len(findings) > EXCERPTS_SHOWN,
    }


def excerpts(session: Session, findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """The sentences in which ``findings`` of one version stand, in the order of the text.

    Each has its ``parts``, that is words and whether they are a quote, with ``above`` and ``below`` around
    the sentence. Only those parts of the text are read; numbers of persons are masked in them.
    """
    found: list[dict[str, Any]] = []
    waiting = list(findings)
    while waiting:
        first = waiting.pop(0)
        stretch = _read_stretch(session, first)
        also = [finding for finding in waiting if finding.end <= stretch.closes]
        waiting = [finding for finding in waiting if finding.end > stretch.closes]
        found.append(
            {
                "above": "…" * (stretch.first > 0)
                + displayable(stretch.between(stretch.first, stretch.opens)),
                "parts": _parts(stretch, [first, *also]),
                "below": displayable(stretch.between(stretch.closes, stretch.last)) + "…" * stretch.is_cut,
                "finding": first.id,
            }
        )
    return found


def _read_stretch(session: Session, finding: Finding) -> _Stretch:
    origin = max(0, finding.start - _READ)
    end = min(finding.end, finding.start + _QUOTE)
    text = session.execute(
        select_columns(func.substr(col(DocumentVersion.text), origin + 1, end + _READ - origin)).where(
            col(DocumentVersion.id) == finding.version_id
        )
    ).scalar_one()
    around = passage(text, finding.start - origin, end - origin)
    opens = finding.start - around.start
    closes = opens + len(around.text)
    return _Stretch(
        origin=origin,
        text=mask_personal_numbers(text),
        opens=opens,
        closes=closes,
        first=max(opens - _REACH, origin),
        last=min(closes + _REACH, origin + len(text)),
        is_cut=closes + _REACH < origin + len(text),
    )


def _parts(stretch: _Stretch, findings: Sequence[Finding]) -> list[tuple[str, bool]]:
    """The sentence cut at its quotes: words, and whether they are one."""
    parts, at = [], stretch.opens
    for finding in findings:
        start, end = max(finding.start, at), min(finding.end, stretch.closes)
        if start < end:
            parts += [(stretch.between(at, start), False), (stretch.between(start, end), True)]
            at = end
    parts.append((stretch.between(at, stretch.closes), False))
    return [(displayable(words), marked) for words, marked in parts if words]


def _events(session: Session, case_id: int) -> tuple[list[CaseEvent], int]:
    """The latest events, oldest first, and how many were before them."""
    latest = session.exec(
        select(CaseEvent)
        .where(CaseEvent.case_id == case_id)
        .order_by(col(CaseEvent.id).desc())
        .limit(EVENTS_SHOWN)
    ).all()
    count = session.exec(select(func.count()).where(CaseEvent.case_id == case_id)).one()
    return list(reversed(latest)), count - len(latest)


def _event_block(event: CaseEvent, settings: Settings, zone: ZoneInfo, speech: Language) -> dict[str, str]:
    person = addressee(settings, event.actor)
    name = shown(person.name, _LINE) if person else ""
    actor = (
        speech.say("{name}（{email}）", name=name, email=person.email)
        if person and name
        else shown(event.actor, _LINE)
    )
    return {
        "at": speech.moment(event.at.astimezone(zone)),
        "kind": event.kind,
        "name": shown(event_name(event.kind, speech.code), _LINE),
        "actor": speech.say("系统") if event.actor == ACTOR else actor,
        "note": shown(event.note, _WORDS),
    }


def _step_block(step: Step, speech: Language) -> dict[str, Any]:
    rule = RULES[step]
    return {
        "step": step.value,
        "name": speech.name(step),
        "needs_note": rule.needs_note,
        "needs_deadline": rule.needs_deadline,
    }
