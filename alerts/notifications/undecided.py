"""Cases that nobody has decided on: whose turn it is to be reminded of them.

The first reminder goes to those who answer for the case, each further one to the level above, up to a cap; a
case that somebody acts upon is quiet. The weekly mail goes on naming the oldest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, ScalarSelect, exists, func, or_
from sqlmodel import Session, col, select

from alerts.languages import Language
from alerts.notifications.waiting import UNDECIDED
from alerts.working_time import is_office_day, office_day_before
from settings.model import Settings
from storage.tables import Case, CaseEvent, DigestItem

UNDECIDED_EVENT = "undecided"
"""``CaseEvent.kind`` of such a reminder."""
_FIRST = "【待核查提醒】{count}项情形已告知多日，仍待核查"
_ABOVE = "【待核查上报】{count}项情形经提醒仍未核查"


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why a case is brought up, and to which level: 0 are those responsible themselves."""

    key: str
    event: str
    words: str
    days: int
    """What stands in the words."""
    subject: str
    """Of the letter, with the number of its cases in braces."""
    level: int = 0

    def said_in(self, speech: Language) -> str:
        return speech.say(self.words, days=self.days)


def undecided_due(session: Session, settings: Settings, now: datetime) -> Iterator[tuple[Case, Occasion]]:
    """Undecided cases that were neither told nor brought up within ``reminders.undecided_days`` office days.

    None on a day of rest. The longest waiting come first.
    """
    reminders, zone = settings.reminders, ZoneInfo(settings.time_zone)
    today = now.astimezone(zone).date()
    if not reminders.undecided_days or not is_office_day(settings.calendar, today):
        return
    day = today
    for _ in range(reminders.undecided_days):
        day = office_day_before(settings.calendar, day)
    until = datetime.combine(day + timedelta(days=1), time(), zone)
    since = func.coalesce(_last("reopened"), col(Case.opened_at))
    times = (
        select(func.count())
        .where(CaseEvent.case_id == Case.id, CaseEvent.kind == UNDECIDED_EVENT)
        .where(col(CaseEvent.at) >= since)
        .correlate(Case)
        .scalar_subquery()
    )
    due = session.execute(
        select(Case, since, times)
        .where(col(Case.state).in_(UNDECIDED), col(Case.opened_at) < until)
        .where(func.coalesce(_last("reopened", UNDECIDED_EVENT), col(Case.opened_at)) < until)
        .where(times < reminders.undecided_reminders, ~_told_since(until))
        .order_by(since, col(Case.id))
    ).all()
    for case, began, before in due:
        first = began.astimezone(zone).date()
        waited = (today - first).days
        subject = _ABOVE if before else _FIRST
        key = f"{UNDECIDED_EVENT}:{first}:{before + 1}"
        yield case, Occasion(key, UNDECIDED_EVENT, "待核查已{days}日", waited, subject, before)


def _last(*kinds: str) -> ScalarSelect[datetime | None]:
    """When something of these kinds last happened to a case; None where it never did."""
    return (
        select(func.max(CaseEvent.at))
        .where(CaseEvent.case_id == Case.id, col(CaseEvent.kind).in_(kinds))
        .correlate(Case)
        .scalar_subquery()
    )


def _told_since(moment: datetime) -> ColumnElement[bool]:
    """Whether a letter told of the case later than ``moment``, or is still to tell of it."""
    return exists().where(
        col(DigestItem.case_id) == col(Case.id),
        or_(col(DigestItem.told_at).is_(None), col(DigestItem.told_at) >= moment),
    )
