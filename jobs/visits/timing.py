"""When a source is due next: busy lists more often, sleeping ones less, and never in its quiet hours."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, func, select

from settings.sources import SLEEPS_AT_MOST, Source
from storage.tables import Visit
from storage.visits import SUCCESSES
from vocabulary.codes import Outcome, VisitPurpose

SHORTEST_PAUSE = timedelta(minutes=1)
_HURRIES_AT_MOST = 4
"""A busy list is visited at most so many times as often as configured."""
_VISITS_PER_NEWS = 2
"""Aimed at: half of the visits find something new. More would be late, fewer would be a burden."""
_VISITS_REMEMBERED = 8
_ENOUGH_VISITS = 4


def plan_next_visit(
    session: Session,
    source: Source,
    *,
    outcome: Outcome,
    has_news: bool,
    started: datetime,
    now: datetime,
    zone: ZoneInfo,
) -> datetime:
    """When ``source`` is due after a visit that ``started`` then and ends ``now``.

    A visit that failed is followed by the next after the configured time: there is nothing to learn from it.
    """
    every = timedelta(minutes=source.every_minutes)
    if source.adaptive and outcome in SUCCESSES:
        every = _adapted(session, source, every, started, has_news=has_news)
    return after_quiet_hours(source, max(started + every, now + SHORTEST_PAUSE), zone)


def after_quiet_hours(source: Source, at: datetime, zone: ZoneInfo) -> datetime:
    """``at``, or the end of the quiet hours of ``source`` that it falls into; they are local hours."""
    if not source.quiet_hours:
        return at
    begin, end = (time.fromisoformat(word) for word in source.quiet_hours.split("-"))
    local = at.astimezone(zone)
    clock = local.time()
    if begin < end:
        is_quiet, over_on = begin <= clock < end, local.date()
    else:  # over midnight
        is_quiet = clock >= begin or clock < end
        over_on = local.date() + timedelta(days=clock >= begin)
    if not is_quiet:
        return at
    return datetime.combine(over_on, end, zone).astimezone(at.tzinfo)


def is_quiet(source: Source, at: datetime, zone: ZoneInfo) -> bool:
    """Whether ``at`` lies in the quiet hours of ``source``."""
    return after_quiet_hours(source, at, zone) != at


def _adapted(
    session: Session, source: Source, every: timedelta, started: datetime, *, has_news: bool
) -> timedelta:
    """The configured time, shorter or longer by how often the last visits met new documents.

    The first visit is left out, because everything is new to it.
    """
    watching = (Visit.source == source.name, Visit.purpose == VisitPurpose.WATCH)
    first = select(func.min(Visit.id)).where(*watching).scalar_subquery()
    visits = session.exec(
        select(Visit.started_at, Visit.new_documents)
        .where(*watching, col(Visit.outcome).in_(SUCCESSES), col(Visit.id) > first)
        .order_by(col(Visit.id).desc())
        .limit(_VISITS_REMEMBERED)
    ).all()
    if len(visits) < _ENOUGH_VISITS:
        return every
    longest, shortest = every * SLEEPS_AT_MOST, every / _HURRIES_AT_MOST
    # What the oldest met came before the time that is looked at.
    news = has_news + sum(new > 0 for _, new in visits[:-1])
    if not news:
        return longest
    between = (started - visits[-1][0]) / news
    return min(max(between / _VISITS_PER_NEWS, shortest), longest)
