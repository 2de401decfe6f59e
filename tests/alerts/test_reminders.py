"""Deadlines are brought up before, at and after them, and never to those who have acted."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from alerts.notifications.reminder import mark_overdue, remind_due
from cases.steps import take_step
from settings.model import Settings
from storage.tables import Case, CaseEvent
from tests.alerts.reading import as_mail, html_of, rows, text_of
from tests.alerts.stored import NOW, Posting, mention, report
from vocabulary.codes import CaseState, Step

TEXT = "二、条件：须持有会计从业资格证，年龄35周岁以下。"
DEADLINE = date(2026, 11, 20)
"""A Friday."""


def at(day: int, hour: int = 9, minute: int = 0) -> datetime:
    """A local time; days count from the 1st of November 2026."""
    return datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=day - 1, hours=hour - 8, minutes=minute)


@pytest.fixture
def office() -> Settings:
    people = [
        {"name": "县局", "email": "xian@example.com", "regions": ["350900"], "superior": "sheng@example.com"},
        {
            "name": "省厅",
            "email": "sheng@example.com",
            "regions": ["110000"],
            "working_days": [1, 2, 3, 4, 5],
        },
    ]
    return Settings.model_validate({"administrator": "admin@example.com", "supervisors": people})


def _ask(engine: Engine, settings: Settings, number: int = 1, deadline: date = DEADLINE) -> int:
    posting = Posting(TEXT, title=f"福安市第{number}批公开招聘公告", url=f"https://a.example.org/{number}")
    (case,) = report(engine, settings, posting, mention(TEXT)).opened
    with Session(engine) as session, session.begin():
        take_step(session, case, Step.CONFIRM, actor="王", now=NOW)
        take_step(session, case, Step.ASK, actor="王", now=NOW, deadline=deadline)
    return case


def _take(engine: Engine, case: int, step: Step, now: datetime, deadline: date | None = None) -> None:
    with Session(engine) as session, session.begin():
        take_step(session, case, step, actor="王", note="已改", now=now, deadline=deadline)


def _day(engine: Engine, settings: Settings, now: datetime) -> int:
    """What the daemon does in an hour of the day."""
    mark_overdue(engine, settings, now)
    return remind_due(engine, settings, now)


def _reminders(engine: Engine) -> list[tuple[str, str]]:
    told = [row for row in rows(engine) if row.template == "reminder"]
    return [(row.recipient, row.payload["cases"][0]["occasion"]) for row in told]


def test_a_deadline_is_brought_up_before_at_and_after_it_up_to_the_cap(
    engine: Engine, office: Settings
) -> None:
    _ask(engine, office)
    for day in range(2, 90):
        for hour in (7, 9, 15):
            _day(engine, office, at(day, hour))
    assert _reminders(engine) == [
        ("xian@example.com", "整改期限将于3日后届满"),
        ("xian@example.com", "整改期限今日届满"),
        ("sheng@example.com", "已逾期1日"),
        ("admin@example.com", "已逾期8日"),
        ("admin@example.com", "已逾期15日"),
    ]
    with Session(engine) as session:
        kinds = session.exec(select(CaseEvent.kind).order_by(col(CaseEvent.id))).all()
    assert kinds[3:] == ["reminded", "reminded", "overdue", *["escalated"] * 3]


def test_the_last_day_belongs_to_those_who_were_asked(engine: Engine, office: Settings) -> None:
    _ask(engine, office)
    assert mark_overdue(engine, office, at(20, 23, 59)) == 0
    assert [mark_overdue(engine, office, at(21, 0, 0)) for _ in range(2)] == [1, 0]
    with Session(engine) as session:
        assert session.exec(select(Case.state)).one() == CaseState.OVERDUE


@pytest.mark.parametrize("step", [Step.RECTIFIED, Step.DISMISS])
def test_who_has_acted_is_left_in_peace(engine: Engine, office: Settings, step: Step) -> None:
    case = _ask(engine, office)
    assert _day(engine, office, at(17)) == 1
    _take(engine, case, step, at(18))
    assert [_day(engine, office, at(day)) for day in range(18, 60)] == [0] * 42


@pytest.mark.parametrize(
    ("deadline", "last"),
    [
        (date(2026, 11, 21), 23),  # a Saturday
        (date(2026, 11, 22), 23),
        (date(2026, 11, 23), 23),
    ],
)
def test_a_period_that_ends_on_a_day_of_rest_ends_on_the_next_office_day(
    engine: Engine, office: Settings, deadline: date, last: int
) -> None:
    """民法典第二百零三条."""
    _ask(engine, office, 1, deadline)
    for day in range(2, last + 1):
        _day(engine, office, at(day))
    assert [occasion for _, occasion in _reminders(engine)] == ["整改期限将于3日后届满", "整改期限今日届满"]
    assert mark_overdue(engine, office, at(last, 23, 59)) == 0
    assert mark_overdue(engine, office, at(last + 1, 0)) == 1
    _day(engine, office, at(last + 1))
    assert _reminders(engine)[-1] == ("sheng@example.com", "已逾期1日")


def test_a_second_deadline_begins_anew(engine: Engine, office: Settings) -> None:
    case = _ask(engine, office)
    for day in range(2, 23):
        _day(engine, office, at(day))
    before = len(_reminders(engine))
    _take(engine, case, Step.ASK, at(23), deadline=date(2026, 12, 4))
    for day in range(23, 37):
        _day(engine, office, at(day))
    assert [occasion for _, occasion in _reminders(engine)[before:]] == [
        "整改期限将于3日后届满",
        "整改期限今日届满",
        "已逾期1日",
    ]


def test_one_message_per_recipient_brings_up_all_cases(engine: Engine, office: Settings) -> None:
    for number in range(3):
        _ask(engine, office, number, DEADLINE - timedelta(days=number))
    assert _day(engine, office, at(17)) == 1
    (row,) = (row for row in rows(engine) if row.template == "reminder")
    assert row.payload["subject"] == "【整改提醒】3项违规情形整改期限将至"
    mail = as_mail(row)
    for words in ("整改期限将于1日后届满", "整改期限将于3日后届满", "2026年11月20日", "县局，您好"):
        assert words in text_of(mail)
        assert words in html_of(mail)


def test_an_escalation_waits_until_its_recipient_is_at_work(engine: Engine, office: Settings) -> None:
    _ask(engine, office)
    assert _day(engine, office, at(21)) == 1
    (row,) = (row for row in rows(engine) if row.template == "reminder")
    assert row.recipient == "sheng@example.com"
    assert row.next_attempt_at == at(23, 8, 30)
    assert "现予上报" in text_of(as_mail(row))


def test_reminders_can_be_switched_off(engine: Engine, office: Settings) -> None:
    quiet = office.model_copy(
        update={"reminders": office.reminders.model_copy(update={"days_before": 0, "escalations": 0})}
    )
    _ask(engine, quiet)
    assert [_day(engine, quiet, at(day)) for day in (17, 18, 19, 21, 30)] == [0] * 5
    _ask(engine, quiet, 2)
    assert _day(engine, quiet, at(20)) == 1


def test_more_cases_than_one_step_takes_are_all_brought_up(
    engine: Engine, office: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alerts.notifications.reminder.STEP_CASES", 2)
    for number in range(5):
        _ask(engine, office, number)
    assert [mark_overdue(engine, office, at(21)) for _ in range(4)] == [2, 2, 1, 0]
    remind_due(engine, office, at(21))
    with Session(engine) as session:
        escalated = session.exec(select(CaseEvent.case_id).where(CaseEvent.kind == "escalated")).all()
    assert sorted(escalated) == [1, 2, 3, 4, 5]
