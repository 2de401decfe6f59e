"""Everything that time brings about, in one round."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from alerts.notifications.due import take_due_steps
from cases.steps import take_step
from settings.model import Settings
from tests.alerts.reading import rows
from tests.alerts.stored import NOW, Posting, mention, report
from vocabulary.codes import Severity, Step

TEXT = "二、条件：须持有会计从业资格证，年龄35周岁以下。"
MONDAY = datetime(2026, 11, 9, 1, 0, tzinfo=UTC)


@pytest.fixture
def waiting(engine: Engine) -> Settings:
    """A case whose deadline was on Friday, and one that waits for the digest."""
    settings = Settings.model_validate({"supervisors": [{"name": "王", "email": "wang@example.com"}]})
    for number in (1, 2):
        posting = Posting(
            TEXT, title=f"福安市第{number}批公开招聘公告", url=f"https://a.example.org/{number}"
        )
        report(engine, settings, posting, mention(TEXT, severity=Severity.MEDIUM))
    with Session(engine) as session, session.begin():
        take_step(session, 1, Step.CONFIRM, actor="王", now=NOW)
        take_step(session, 1, Step.ASK, actor="王", now=NOW, deadline=date(2026, 11, 6))
    return settings


def test_one_round_does_all_that_is_due_and_the_next_one_nothing(engine: Engine, waiting: Settings) -> None:
    assert take_due_steps(engine, waiting, MONDAY) == 4
    assert [(row.template, row.recipient) for row in rows(engine)] == [
        ("reminder", waiting.administrator),
        ("digest", "wang@example.com"),
        ("summary", "wang@example.com"),
    ]
    assert [take_due_steps(engine, waiting, MONDAY + timedelta(hours=hour)) for hour in range(8)] == [0] * 8


def test_a_step_that_fails_holds_up_no_other_and_is_taken_later(engine: Engine, waiting: Settings) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER no_digest BEFORE INSERT ON outbox_message WHEN NEW.template = 'digest' "
            "BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
        )
    with pytest.raises(ExceptionGroup, match="steps of the clock"):
        take_due_steps(engine, waiting, MONDAY)
    assert [row.template for row in rows(engine)] == ["reminder", "summary"]
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER no_digest")
    assert take_due_steps(engine, waiting, MONDAY) == 1
    assert [row.template for row in rows(engine)] == ["reminder", "summary", "digest"]
