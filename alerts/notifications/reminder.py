"""Deadlines: reminders before and at them, and word to the next level once they have passed; and reminders of
cases that nobody decided on.

Steps of the clock. Each case is reminded of once per occasion, which is an event of its own; a case that
somebody has acted upon is quiet. All that one recipient is told of at one time is one message.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import chain, islice
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from accounts.leave import substitutes
from alerts.delivery.outbox import enqueue
from alerts.languages import language
from alerts.notifications.alert import recipients_of
from alerts.notifications.digest import digest_block
from alerts.notifications.letters import Letter, case_links_of
from alerts.notifications.listing import whole_list
from alerts.notifications.undecided import UNDECIDED_EVENT, Occasion, undecided_due
from alerts.notifications.waiting import LISTED
from alerts.recipients import Recipient, superior_of, with_substitutes
from alerts.working_time import last_day, next_work, office_day_before
from cases.departments import FollowUp, follow_ups
from cases.history import ACTOR
from cases.steps import IllegalStep, take_step
from settings.model import Settings
from storage.database import one_transaction
from storage.rows import insert_once
from storage.tables import Case, CaseEvent
from vocabulary.codes import CaseState, Step
from vocabulary.dates import chinese_day
from vocabulary.names import CHINESE

STEP_CASES = 200
"""Cases looked at by one question to the database."""
CASES_SHOWN = 40
SOON = "【整改提醒】{count}项违规情形整改期限将至"
LATE = "【逾期上报】{count}项违规情形已逾期未整改"


@one_transaction
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


@one_transaction
def remind_due(engine: Engine, settings: Settings, now: datetime) -> int:
    """Write the reminders and escalations that are due; how many messages, 0 when nothing is due.

    They are written from the digest's hour on and leave when their recipient is at work. One call brings up
    at most LISTED cases: call again while it returns more than 0.
    """
    local = now.astimezone(ZoneInfo(settings.time_zone))
    if local.time() < time.fromisoformat(settings.mail.digest_at):
        return 0
    with Session(engine) as session, session.begin():
        round_ = _Round(session, settings, now)
        due = chain(_asked_due(session, local.date(), settings), undecided_due(session, settings, now))
        for case, occasion in islice(due, LISTED):
            round_.bring_up(case, occasion)
        return round_.write()


def _mark(session: Session, case: Case, now: datetime) -> bool:
    note = f"整改期限{chinese_day(case.deadline)}已过"
    try:
        take_step(session, _id(case), Step.OVERDUE, actor=ACTOR, note=note, now=now)
    except IllegalStep:
        # Somebody took another step since it was read.
        return False
    return True


def _asked_due(session: Session, today: date, settings: Settings) -> Iterator[tuple[Case, Occasion]]:
    """Cases with a deadline that are to be brought up today and were not yet."""
    soon, after = today + timedelta(days=settings.reminders.days_before), 0
    while True:
        cases = session.exec(
            select(Case)
            .where(col(Case.state).in_([CaseState.RECTIFICATION_ASKED, CaseState.OVERDUE]))
            .where(col(Case.deadline) <= soon, col(Case.id) > after)
            .order_by(col(Case.id))
            .limit(STEP_CASES)
        ).all()
        noted = _noted(session, cases)
        for case in cases:
            occasion = _occasion(case, today, settings)
            if occasion is not None and (_id(case), occasion.key) not in noted:
                yield case, occasion
        if len(cases) < STEP_CASES:
            return
        after = _id(cases[-1])


class _Round:
    """What is brought up at one time: for each recipient and level one letter."""

    def __init__(self, session: Session, settings: Settings, now: datetime) -> None:
        self._session, self._settings, self._now = session, settings, now
        self._followed_up = follow_ups(session)
        self._acting = substitutes(session, now.astimezone(ZoneInfo(settings.time_zone)).date())
        self._told: dict[tuple[str, str, bool], tuple[Recipient, list[tuple[Case, Occasion]]]] = {}

    def bring_up(self, case: Case, occasion: Occasion) -> None:
        """Note the occasion as an event of the case, and tell whom it concerns, unless that was done."""
        following = self._followed_up(case.qualification, case.region)
        responsible = _recipients(case, following, occasion.level, self._settings)
        to = with_substitutes(responsible, self._acting)
        if not _note(self._session, case, occasion, to, self._now):
            return
        for recipient in to:
            key = (recipient.email.casefold(), occasion.subject, occasion.level > 0)
            self._told.setdefault(key, (recipient, []))[1].append((case, occasion))

    def write(self) -> int:
        """How many messages."""
        return sum(
            enqueue(
                self._session,
                _compose(self._session, brought, recipient, self._settings, self._now),
                self._settings,
                self._now,
                not_before=next_work(self._settings, recipient.email, self._now),
            )
            for recipient, brought in self._told.values()
        )


def _occasion(case: Case, today: date, settings: Settings) -> Occasion | None:
    """The occasion of ``today``; one that was missed is not made up for, the next one says more."""
    if case.deadline is None:
        return None
    left, reminders = (last_day(settings.calendar, case.deadline) - today).days, settings.reminders
    if case.state is CaseState.RECTIFICATION_ASKED:
        if left == 0:
            return Occasion(f"reminded:{case.deadline}:at", "reminded", "整改期限今日届满", left, SOON)
        if 0 < left <= reminders.days_before:
            return Occasion(
                f"reminded:{case.deadline}:before", "reminded", "整改期限将于{days}日后届满", left, SOON
            )
        return None
    level = 1 + (-left - 1) // reminders.repeat_days
    if case.state is CaseState.OVERDUE and left < 0 and reminders.escalations:
        level = min(level, reminders.escalations)
        key = f"escalated:{case.deadline}:{level}"
        return Occasion(key, "escalated", "已逾期{days}日", -left, LATE, level)
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


def _note(session: Session, case: Case, occasion: Occasion, to: Sequence[Recipient], now: datetime) -> bool:
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
    brought: Sequence[tuple[Case, Occasion]],
    recipient: Recipient,
    settings: Settings,
    now: datetime,
) -> Letter:
    ordered = sorted(brought, key=lambda each: (each[0].deadline or date.max, each[0].id or 0))
    first, occasion = ordered[0]
    escalated, speech = occasion.level > 0, language(recipient.language)
    payload: dict[str, Any] = {
        "language": speech.code,
        "case_ids": [],
        "subject": speech.say(occasion.subject, count=len(ordered)),
        "escalated": escalated,
        "undecided": occasion.event == UNDECIDED_EVENT,
        "day": speech.day(_today(settings, now)),
        "reason": recipient.reason,
        "count": len(ordered),
        "cases": [
            {**digest_block(session, case, settings, speech), "occasion": each.said_in(speech)}
            for case, each in ordered[:CASES_SHOWN]
        ],
        "links": case_links_of([case for case, _ in ordered[:CASES_SHOWN]], recipient, settings, now),
        "unsubscribe": settings.administrator,
    }
    about = f"case:{first.id}:{occasion.key}"
    letter = Letter(about=about, template="reminder", recipient=recipient, payload=payload, case_id=first.id)
    return whole_list(session, [_id(case) for case, _ in ordered], letter, settings, now)


def _today(settings: Settings, now: datetime) -> date:
    return now.astimezone(ZoneInfo(settings.time_zone)).date()


def _id(case: Case) -> int:
    if case.id is None:
        raise ValueError("the case is not stored")
    return case.id
