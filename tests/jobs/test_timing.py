"""When a source is due next: by its news, within bounds, and never in its quiet hours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError
from sqlalchemy import Engine
from sqlmodel import Session

from jobs.visits.timing import after_quiet_hours, is_quiet, plan_next_visit
from settings.sources import Source
from storage.visits import VisitCounts, finish_visit, start_visit
from tests.parts.databases import open_migrated
from tests.parts.loopback import Site
from tests.parts.operators import Operator
from vocabulary.codes import Outcome, VisitPurpose

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 11, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def source(**more: object) -> Source:
    return Source.model_validate({"name": "one", "url": "http://a.example.cn/", "every_minutes": 360} | more)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    database = open_migrated(f"sqlite:///{tmp_path / 'q.sqlite3'}")
    yield database
    database.dispose()


def plan(engine: Engine, news: list[bool], *, outcome: Outcome = Outcome.OK, **more: object) -> timedelta:
    """From the start of the last of visits every six hours, each with news or without, to the next."""
    with Session(engine) as session, session.begin():
        for number, has_news in enumerate(news):
            at = START + number * 6 * HOUR
            visit = start_visit(session, "one", at)
            if number < len(news) - 1:
                counts = VisitCounts(items=20, new_documents=int(has_news))
                finish_visit(session, visit, Outcome.OK, counts, at, next_due_at=at)
        due_at = plan_next_visit(
            session,
            source(**more),
            outcome=outcome,
            has_news=news[-1],
            started=at,
            now=at + timedelta(minutes=2),
            zone=ZONE,
        )
    return due_at - at


def test_a_new_source_is_visited_as_configured(engine: Engine) -> None:
    assert plan(engine, [True, True, True, True]) == 6 * HOUR


def test_a_list_with_news_at_every_visit_is_visited_twice_as_often(engine: Engine) -> None:
    assert plan(engine, [True] * 12) == 3 * HOUR


def test_news_at_every_other_visit_is_what_is_aimed_at(engine: Engine) -> None:
    assert plan(engine, [True] + [False, True] * 5) == 6 * HOUR


def test_a_list_that_sleeps_is_visited_less_and_never_less_than_half_as_often(engine: Engine) -> None:
    assert plan(engine, [True] + [False] * 12) == 12 * HOUR
    assert source().longest_minutes == 720


def test_the_first_visit_to_which_everything_is_new_counts_as_no_news(engine: Engine) -> None:
    assert plan(engine, [True] + [False] * 5) == 12 * HOUR


def test_a_busy_list_is_never_visited_more_than_four_times_as_often(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        for number in range(10):
            at = START + number * timedelta(minutes=10)
            visit = start_visit(session, "one", at)
            finish_visit(session, visit, Outcome.OK, VisitCounts(new_documents=3), at, next_due_at=at)
        due_at = plan_next_visit(
            session, source(), outcome=Outcome.OK, has_news=True, started=at, now=at, zone=ZONE
        )
    assert due_at - at == 90 * timedelta(minutes=1)


def test_a_source_that_is_not_adaptive_keeps_its_interval(engine: Engine) -> None:
    assert plan(engine, [True] + [False] * 12, adaptive=False) == 6 * HOUR


def test_a_visit_that_failed_is_followed_as_configured(engine: Engine) -> None:
    assert plan(engine, [True] + [False] * 12, outcome=Outcome.TIMEOUT) == 6 * HOUR


def test_back_fills_and_look_backs_say_nothing_of_the_rhythm(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        for purpose in (VisitPurpose.BACKFILL, VisitPurpose.LOOK_BACK):
            for _ in range(6):
                visit = start_visit(session, "one", START, purpose)
                finish_visit(
                    session, visit, Outcome.OK, VisitCounts(new_documents=9), START, next_due_at=START
                )
    assert plan(engine, [True] + [False] * 12) == 12 * HOUR


@pytest.mark.parametrize(
    ("hours", "at", "expected"),
    [
        ("", "2026-11-02 03:00", "2026-11-02 03:00"),
        ("22:00-06:00", "2026-11-02 21:59", "2026-11-02 21:59"),
        ("22:00-06:00", "2026-11-02 22:00", "2026-11-03 06:00"),
        ("22:00-06:00", "2026-11-03 05:59", "2026-11-03 06:00"),
        ("22:00-06:00", "2026-11-03 06:00", "2026-11-03 06:00"),
        ("08:00-18:30", "2026-11-02 12:00", "2026-11-02 18:30"),
        ("08:00-18:30", "2026-11-02 07:59", "2026-11-02 07:59"),
        ("18:00-00:00", "2026-11-30 23:30", "2026-12-01 00:00"),
    ],
)
def test_quiet_hours_are_local_and_may_pass_midnight(hours: str, at: str, expected: str) -> None:
    moment, due_at = (datetime.fromisoformat(word).replace(tzinfo=ZONE) for word in (at, expected))
    one = source(quiet_hours=hours)
    planned = after_quiet_hours(one, moment.astimezone(UTC), ZONE)
    assert (planned, planned.tzinfo) == (due_at, UTC)
    assert is_quiet(one, moment, ZONE) is (at != expected)


def test_the_next_visit_is_never_planned_into_quiet_hours(engine: Engine) -> None:
    """08:00 in Shanghai and six hours: 14:00, which is quiet until 20:00."""
    assert plan(engine, [True], quiet_hours="12:00-20:00") == 12 * HOUR


def test_the_longest_time_between_two_visits_counts_the_quiet_hours() -> None:
    assert source(quiet_hours="22:00-06:00").longest_minutes == 720 + 480
    assert source(quiet_hours="22:00-06:00", adaptive=False).longest_minutes == 360 + 480


@pytest.mark.parametrize("hours", ["22-06", "25:00-06:00", "22:00-22:00", "22:00"])
def test_quiet_hours_that_make_no_sense_are_refused(hours: str) -> None:
    with pytest.raises(ValidationError, match="quiet_hours"):
        source(quiet_hours=hours)


def test_nothing_is_visited_in_quiet_hours(operator: Operator, site: Site) -> None:
    operator.configure("news", site=site)
    now = datetime.now(ZONE)
    around = f"{now - HOUR:%H:%M}-{now + HOUR:%H:%M}"
    config = operator.folder / "qualwatch.toml"
    config.write_text(config.read_text() + f'quiet_hours = "{around}"\n')
    ran = operator.run("run", "--once")
    assert ran.returncode == 0, ran.stderr
    assert "访问来源 0 个" in ran.stdout
    assert site.paths() == []
