"""What Prometheus is told of who knows of which case: undecided by age, told and not told, held back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from prometheus_client.core import Metric
from sqlalchemy import case, func, select
from sqlmodel import Session, col

from alerts.metrics.series import Values, add, counted, gauge, province
from alerts.notifications.waiting import UNDECIDED, is_free
from storage.tables import Case, CaseEvent, DigestItem

AGES = (1, 3, 7, 14, 30)
"""Days; a case counts under the first that it is not older than, else under OLDER."""
OLDER = "older"


def telling_families(session: Session, now: datetime) -> Iterator[Metric]:
    """Every series about what was told to whom."""
    yield _undecided(session, now)
    yield _told(session)
    yield from _held(session, now)


def _undecided(session: Session, now: datetime) -> Metric:
    opened = col(Case.opened_at)
    age = case(*((opened >= now - timedelta(days=days), f"{days}d") for days in AGES), else_=OLDER)
    # Below: PostgreSQL takes an expression with parameters for another one where it groups.
    aged = (
        select(age.label("age"), col(Case.region).label("region"))
        .where(col(Case.state).in_(UNDECIDED))
        .subquery()
    )
    labels = (aged.c.age, province(aged.c.region))
    rows = session.execute(select(*labels, func.count()).group_by(*labels)).all()
    ages = (*(f"{days}d" for days in AGES), OLDER)
    values: Values = {(name, "none"): 0 for name in ages}
    for key, count in counted(rows, (ages,)).items():
        add(values, key, count)
    return gauge(
        "qualwatch_undecided_cases",
        "Cases that nobody has decided on, by how many days ago at most they were opened, and province.",
        ("age", "region"),
        values,
    )


def _told(session: Session) -> Metric:
    """By recipient: a case that two people answer for counts twice."""
    told = select(func.count(col(DigestItem.told_at)), func.count()).select_from(DigestItem)
    undelivered = select(func.count()).where(col(CaseEvent.kind) == "undelivered")
    known, every = session.execute(told).one()
    given_up = session.execute(undelivered).scalar_one()
    values: Values = {("told",): known, ("waiting",): every - known, ("undelivered",): given_up}
    return gauge(
        "qualwatch_case_tellings",
        "Cases by recipient: a letter tells of them, they wait for one, or a letter about them was given up.",
        ("state",),
        values,
    )


def _held(session: Session, now: datetime) -> Iterator[Metric]:
    held = select(func.count(), func.min(col(DigestItem.added_at))).where(
        col(DigestItem.told_at).is_(None), col(DigestItem.urgent), is_free(now)
    )
    count, oldest = session.execute(held).one()
    yield gauge(
        "qualwatch_alerts_held",
        "Cases to be told at once that wait because their recipient was told enough within the hour.",
        (),
        {(): count},
    )
    age = max(0.0, (now - oldest).total_seconds()) if oldest else 0
    yield gauge("qualwatch_alerts_held_oldest_seconds", "Age of the longest waiting of them.", (), {(): age})
