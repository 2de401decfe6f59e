"""Days of work and of rest, as the State Council arranges them for 2026, and before it has arranged them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from alerts.notifications.digest import send_due_digests
from alerts.notifications.summary import send_due_summaries
from alerts.working_time import (
    changed_day,
    digest_moment,
    is_office_day,
    known_until,
    last_day,
    next_work,
    office_day_before,
    works_at,
)
from settings import SettingsError, load_settings
from settings.model import Settings
from settings.people import Calendar
from tests.alerts.reading import rows
from tests.alerts.stored import Posting, mention, report
from vocabulary.codes import Severity

TEXT = "二、条件：须持有会计从业资格证，年龄35周岁以下。"
WANG = "wang@example.com"


def at(month: int, day: int, hour: int = 9, minute: int = 0) -> datetime:
    """A local time of 2026."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


def office(*days: int, **calendar: object) -> Settings:
    wang = {
        "name": "王",
        "email": WANG,
        "working_days": days or (1, 2, 3, 4, 5),
        "working_hours": "08:30-17:30",
    }
    return Settings.model_validate({"supervisors": [wang], "calendar": calendar})


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 2, 14), True),  # a Saturday worked for the spring festival
        (date(2026, 2, 17), False),
        (date(2026, 9, 20), True),  # a Sunday worked for the national day
        (date(2026, 10, 3), False),
        (date(2026, 10, 7), False),
        (date(2026, 10, 8), True),
        (date(2026, 10, 10), True),  # a Saturday
        (date(2026, 10, 11), False),
        (date(2026, 11, 2), True),
    ],
)
def test_holidays_and_the_days_worked_for_them_are_those_of_the_state_council(day: date, works: bool) -> None:
    assert is_office_day(Calendar(), day) is works


def test_a_year_that_is_not_arranged_yet_goes_by_weekdays_and_fixed_dates() -> None:
    year = known_until(Calendar()).year + 1
    rest = {date(year, *day) for day in ((1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3))}
    days = [date(year, 1, 1) + timedelta(days=number) for number in range(365)]
    for day in days:
        assert is_office_day(Calendar(), day) is (day.isoweekday() <= 5 and day not in rest)


def test_an_office_may_add_days_of_rest_and_of_work() -> None:
    year = known_until(Calendar()).year + 1
    spring = [date(year, 2, day) for day in range(4, 12)]
    calendar = Calendar(holidays=tuple(spring), working_days=(date(2026, 10, 7), date(2026, 11, 7)))
    assert not any(is_office_day(calendar, day) for day in spring)
    assert is_office_day(calendar, date(2026, 10, 7))
    assert is_office_day(calendar, date(2026, 11, 7))
    assert known_until(calendar) == date(year, 12, 31)
    assert known_until(Calendar()) == date(year - 1, 12, 31)


def test_without_the_state_council_only_weekdays_count() -> None:
    calendar = Calendar(statutory=False, holidays=(date(2026, 10, 2),))
    assert is_office_day(calendar, date(2026, 10, 1))
    assert not is_office_day(calendar, date(2026, 10, 2))
    assert not is_office_day(calendar, date(2026, 10, 10))
    assert changed_day(calendar, date(2026, 10, 1)) is None


def test_a_period_ends_after_the_rest_has_ended() -> None:
    assert last_day(Calendar(), date(2026, 10, 1)) == date(2026, 10, 8)
    assert last_day(Calendar(), date(2026, 10, 10)) == date(2026, 10, 10)
    assert last_day(Calendar(), date(2026, 10, 11)) == date(2026, 10, 12)
    for number in range(400):
        today = date(2026, 1, 1) + timedelta(days=number)
        ended = office_day_before(Calendar(), today)
        assert last_day(Calendar(), ended) < today <= last_day(Calendar(), ended + timedelta(days=1))


def test_nobody_is_at_work_on_a_holiday_except_who_works_every_day() -> None:
    usual, always, saturdays = office(), office(*range(1, 8)), office(6)
    assert not works_at(usual, WANG, at(10, 5))
    assert works_at(always, WANG, at(10, 5))
    assert works_at(usual, WANG, at(10, 10))
    assert works_at(saturdays, WANG, at(10, 10))
    assert not works_at(saturdays, WANG, at(10, 3))
    assert not works_at(saturdays, WANG, at(9, 20))
    assert not works_at(office(1, 3), WANG, at(10, 10))
    assert next_work(usual, WANG, at(9, 30, 18)) == at(10, 8, 8, 30)
    assert next_work(usual, WANG, at(2, 13, 18)) == at(2, 14, 8, 30)
    assert digest_moment(usual, WANG, at(10, 7, 12)) == at(9, 30, 8, 30)
    assert digest_moment(usual, WANG, at(10, 10, 12)) == at(10, 10, 8, 30)


def test_digests_and_summaries_wait_for_the_end_of_a_holiday(engine: Engine) -> None:
    settings = office()
    posting = Posting(TEXT)
    report(engine, settings, posting, mention(TEXT, severity=Severity.CRITICAL), now=at(10, 2, 10))
    assert rows(engine) == []
    for day in range(2, 8):
        assert send_due_digests(engine, settings, at(10, day)) == 0
    assert send_due_summaries(engine, settings, at(10, 5)) == 1
    assert send_due_digests(engine, settings, at(10, 8)) == 1
    summary, digest = rows(engine)
    assert summary.next_attempt_at == at(10, 8, 8, 30)
    assert digest.template == "digest"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("holidays = ['next week']", "write a day without quotes, for example 2027-02-05"),
        (
            "holidays = [2027-02-05]\nworking_days = [2027-02-05]",
            "2027-02-05 stands in holidays and in working_days",
        ),
        ("statutory = 'yes, sir'", "write true or false"),
    ],
)
def test_days_that_cannot_be_are_refused(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "qualwatch.toml"
    path.write_text(f"[calendar]\n{text}\n", encoding="utf-8")
    with pytest.raises(SettingsError) as raised:
        load_settings(path)
    assert problem in str(raised.value)


def test_days_are_read_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "qualwatch.toml"
    path.write_text("[calendar]\nholidays = [2027-02-05]\n", encoding="utf-8")
    assert load_settings(path).calendar.holidays == (date(2027, 2, 5),)
