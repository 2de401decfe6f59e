"""A bulletin that was issued says the same for ever."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, update

from alerts.reports.bulletin import write_bulletin
from alerts.reports.figures import Bulletin, Month
from alerts.reports.issued import KeptBulletinError, issue_bulletin
from cases.steps import take_step
from settings.model import Settings
from storage.tables import Case, RoutingRule
from tests.alerts.stored import Posting, mention, report
from vocabulary.codes import Step

TEXT = "二、条件：须持有会计从业资格证，年龄35周岁以下。"
OCTOBER = Month(2026, 10)


def at(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 4, tzinfo=UTC)


def _step(engine: Engine, case: int, step: Step, when: datetime, deadline: date | None = None) -> None:
    with Session(engine) as session, session.begin():
        take_step(session, case, step, actor="王", note="已核", now=when, deadline=deadline)


def _issue(engine: Engine, settings: Settings, today: date, *, anew: bool = False) -> Bulletin:
    with Session(engine) as session:
        return issue_bulletin(session, settings, OCTOBER, "350000", today, anew=anew)


@pytest.fixture
def case(engine: Engine, settings: Settings) -> int:
    """Overdue since the 12th of October."""
    (case,) = report(engine, settings, Posting(TEXT), mention(TEXT), now=at(9, 1)).opened
    _step(engine, case, Step.CONFIRM, at(9, 2))
    _step(engine, case, Step.ASK, at(9, 2), date(2026, 10, 9))
    _step(engine, case, Step.OVERDUE, at(10, 12))
    return case


def _everything_changes(engine: Engine, case: int) -> None:
    """A new deadline, another verdict, another department, another name."""
    _step(engine, case, Step.ASK, at(11, 3), date(2026, 12, 31))
    with Session(engine) as session, session.begin():
        session.execute(
            update(Case).values(severity="medium", status="exited", publisher="某某医院", region="350100")
        )
        session.add(RoutingRule(qualification="会计从业资格", department="某某局", imported_at=at(11, 5)))


def test_an_issued_bulletin_says_the_same_whatever_is_known_later(
    engine: Engine, settings: Settings, case: int
) -> None:
    issued = _issue(engine, settings, date(2026, 11, 2))
    (overdue,) = issued.overdue
    assert (overdue.deadline, overdue.days, overdue.severity) == (date(2026, 10, 9), 22, "高")
    _everything_changes(engine, case)
    again = _issue(engine, settings, date(2026, 12, 24))
    assert again == issued
    assert again.written_on == date(2026, 11, 2)
    assert write_bulletin(again)
    anew = _issue(engine, settings, date(2026, 12, 24), anew=True)
    assert anew != issued
    assert _issue(engine, settings, date(2026, 12, 25)) == anew


def test_a_deadline_is_that_of_the_month_also_where_it_is_compiled_later(
    engine: Engine, settings: Settings, case: int
) -> None:
    _step(engine, case, Step.ASK, at(11, 3), date(2026, 12, 31))
    (overdue,) = _issue(engine, settings, date(2026, 12, 24)).overdue
    assert (overdue.deadline, overdue.days) == (date(2026, 10, 9), 22)


def test_a_period_that_ended_on_a_holiday_is_overdue_since_the_day_after_it(
    engine: Engine, settings: Settings
) -> None:
    (case,) = report(engine, settings, Posting(TEXT), mention(TEXT), now=at(9, 1)).opened
    _step(engine, case, Step.CONFIRM, at(9, 2))
    _step(engine, case, Step.ASK, at(9, 2), date(2026, 10, 1))
    _step(engine, case, Step.OVERDUE, at(10, 9))
    (overdue,) = _issue(engine, settings, date(2026, 11, 2)).overdue
    assert (overdue.deadline, overdue.days) == (date(2026, 10, 1), 23)


def test_a_month_that_has_not_ended_is_not_kept(engine: Engine, settings: Settings, case: int) -> None:
    assert _issue(engine, settings, date(2026, 10, 31)).total.open_at_end == 1
    assert not settings.storage.reports_directory.exists()


def test_figures_that_cannot_be_read_say_what_to_do(engine: Engine, settings: Settings, case: int) -> None:
    _issue(engine, settings, date(2026, 11, 2))
    (file,) = settings.storage.reports_directory.iterdir()
    file.write_text("{}", encoding="utf-8")
    with pytest.raises(KeptBulletinError, match="compile it again with --anew"):
        _issue(engine, settings, date(2026, 11, 2))
    assert _issue(engine, settings, date(2026, 11, 2), anew=True).total.overdue_at_end == 1
