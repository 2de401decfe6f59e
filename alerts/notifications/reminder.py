"""Deadlines: reminders before and at them, and word to the next level once they have passed.

Steps of the clock. Each case is reminded of once per occasion, which is an event of its own; a case that
somebody has acted upon is quiet. All that one recipient is told of at one time is one message.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from alerts.delivery.outbox import enqueue
from alerts.holidays import last_day, office_day_before
from alerts.languages import Language, language
from alerts.notifications.alert import recipients_of
from alerts.notifications.digest import digest_block
from alerts.notifications.letters import Letter, case_links_of
from alerts.recipients import Recipient, superior_of
from alerts.working_time import next_work
from cases.departments import FollowUp, follow_ups
from cases.history import ACTOR
from cases.steps import IllegalStep, take_step
from settings.model import Settings
from storage.rows import insert_once
from storage.tables import Case, CaseEvent
from vocabulary.codes import CaseState, Step
from vocabulary.names import CHINESE

STEP_CASES = 200
"""Cases looked at in one step; call again while it returns more than 0."""
CASES_SHOWN = 40


@dataclass(frozen=True, slots=True)
class _Occasion:
    """Why a case is brought up, and to which level: 0 are those responsible themselves."""

    key: str
    event: str
    words: str
    days: int
    """What stands in the words."""
    level: int = 0

    def said_in(self, speech: Language) -> str:
        return speech.say(self.words, days=self.days)


def mark_overdue(engine: Engine, settings: Settings, now: datetime) -> int:
    """Move cases whose deadline has passed to ``overdue``; how many, at most STEP_CASES.

    The deadline's day belongs to those who were asked, in the configured time zone; where it is one of rest,
    so does the next office day.
    """
    ended = office_day_before(settings.calendar, _today(settings, now))
    with Session(engine) as session, session.begin():
        late = session.exec(
            select(Case)
            .where(Case.state == CaseState.RECTIFICATION_ASKED, col(Case.deadline) <= ended)
            .order_by(col(Case.deadline), col(Case.id))
            .limit(STEP_CASES)
        ).all()
        return sum(_mark(session, case, now) for case in late)


def remind_due(engine: Engine, settings: Settings, now: datetime) -> int:
    """Write the reminders and escalations that are due; how many messages, 0 when nothing is due.

    They are written from the digest's hour on and leave when their recipient is at work.
    """
    local = now.astimezone(ZoneInfo(settings.time_zone))
    if local.time() < time.fromisoformat(settings.mail.digest_at):
        return 0
    written, after = 0, 0
    while True:
        with Session(engine) as session, session.begin():
            cases = _asked(session, local.date(), settings, after)
            written += _remind(session, cases, settings, now)
            if len(cases) < STEP_CASES:
                return written
            after = _id(cases[-1])


def _mark(session: Session, case: Case, now: datetime) -> bool:
    note = f"整改期限 {case.deadline} 已过"
    try:
        take_step(session, _id(case), Step.OVERDUE, actor=ACTOR, note=note, now=now)
    except IllegalStep:
        # Somebody took another step since it was read.
        return False
    return True


def _asked(session: Session, today: date, settings: Settings, after: int) -> Sequence[Case]:
    soon = today + timedelta(days=settings.reminders.days_before)
    return session.exec(
        select(Case)
        .where(col(Case.state).in_([CaseState.RECTIFICATION_ASKED, CaseState.OVERDUE]))
        .where(col(Case.deadline) <= soon, col(Case.id) > after)
        .order_by(col(Case.id))
        .limit(STEP_CASES)
    ).all()


def _remind(session: Session, cases: Sequence[Case], settings: Settings, now: datetime) -> int:
    today, followed_up = _today(settings, now), follow_ups(session)
    noted = _noted(session, cases)
    told: dict[tuple[str, int], tuple[Recipient, list[tuple[Case, _Occasion]]]] = {}
    for case in cases:
        occasion = _occasion(case, today, settings)
        if occasion is None or (_id(case), occasion.key) in noted:
            continue
        following = followed_up(case.qualification, case.region)
        to = list(_recipients(case, following, occasion.level, settings))
        if not _note(session, case, occasion, to, now):
            continue
        for recipient in to:
            key = (recipient.email.casefold(), occasion.level)
            told.setdefault(key, (recipient, []))[1].append((case, occasion))
    return sum(
        enqueue(
            session,
            _compose(session, brought, recipient, settings, now),
            settings,
            now,
            not_before=next_work(settings, recipient.email, now),
        )
        for recipient, brought in told.values()
    )


def _occasion(case: Case, today: date, settings: Settings) -> _Occasion | None:
    """The occasion of ``today``; one that was missed is not made up for, the next one says more."""
    if case.deadline is None:
        return None
    left, reminders = (last_day(settings.calendar, case.deadline) - today).days, settings.reminders
    if case.state is CaseState.RECTIFICATION_ASKED:
        if left == 0:
            return _Occasion(f"reminded:{case.deadline}:at", "reminded", "整改期限今日届满", left)
        if 0 < left <= reminders.days_before:
            return _Occasion(
                f"reminded:{case.deadline}:before", "reminded", "整改期限将于{days}日后届满", left
            )
        return None
    level = 1 + (-left - 1) // reminders.repeat_days
    if case.state is CaseState.OVERDUE and left < 0 and reminders.escalations:
        level = min(level, reminders.escalations)
        return _Occasion(f"escalated:{case.deadline}:{level}", "escalated", "已逾期{days}日", -left, level)
    return None


def _noted(session: Session, cases: Sequence[Case]) -> set[tuple[int, str]]:
    """What the cases were brought up for before: occasions last for days, and are looked at every minute."""
    noted = select(CaseEvent.case_id, CaseEvent.key).where(
        col(CaseEvent.case_id).in_([case.id for case in cases]),
        col(CaseEvent.kind).in_(("reminded", "escalated")),
    )
    return set(session.exec(noted))


def _recipients(case: Case, following: FollowUp, level: int, settings: Settings) -> Iterator[Recipient]:
    """Those who answer for the case, or who stands ``level`` steps above them; each once."""
    seen = set()
    for recipient in recipients_of(case, following, settings):
        above = recipient
        for _ in range(level):
            above = superior_of(settings, above.email)
        if above.email.casefold() not in seen:
            seen.add(above.email.casefold())
            yield above


def _note(session: Session, case: Case, occasion: _Occasion, to: Sequence[Recipient], now: datetime) -> bool:
    """Whether this occasion is new."""
    event = CaseEvent(
        case_id=_id(case),
        key=occasion.key,
        kind=occasion.event,
        actor=ACTOR,
        note=f"{occasion.said_in(language(CHINESE))}：{'、'.join(recipient.email for recipient in to)}",
        at=now,
    )
    return insert_once(session, event) is not None


def _compose(
    session: Session,
    brought: Sequence[tuple[Case, _Occasion]],
    recipient: Recipient,
    settings: Settings,
    now: datetime,
) -> Letter:
    ordered = sorted(brought, key=lambda each: (each[0].deadline or date.max, each[0].id or 0))
    first, occasion = ordered[0]
    escalated, speech = occasion.level > 0, language(recipient.language)
    words = (
        "【逾期上报】{count}项违规情形已逾期未整改"
        if escalated
        else "【整改提醒】{count}项违规情形整改期限将至"
    )
    payload: dict[str, Any] = {
        "language": speech.code,
        "case_ids": [],
        "subject": speech.say(words, count=len(ordered)),
        "escalated": escalated,
        "day": speech.day(_today(settings, now)),
        "reason": recipient.reason,
        "count": len(ordered),
        "cases": [
            {**digest_block(session, case, settings, speech), "occasion": each.said_in(speech)}
            for case, each in ordered[:CASES_SHOWN]
        ],
        "more_cases": max(0, len(ordered) - CASES_SHOWN),
        "links": case_links_of([case for case, _ in ordered[:CASES_SHOWN]], recipient, settings, now),
        "unsubscribe": settings.administrator,
    }
    about = f"case:{first.id}:{occasion.key}"
    return Letter(about=about, template="reminder", recipient=recipient, payload=payload, case_id=first.id)


def _today(settings: Settings, now: datetime) -> date:
    return now.astimezone(ZoneInfo(settings.time_zone)).date()


def _id(case: Case) -> int:
    if case.id is None:
        raise ValueError("the case is not stored")
    return case.id
