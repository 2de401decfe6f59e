"""趋势: counted of whose cases the viewer may see, drawn as SVG, with the numbers below."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from cases.case_filter import CaseScope
from cases.steps import take_step
from cases.trends import read_trends
from settings.model import Settings
from storage.tables import Case
from tests.console.hostile import PAYLOADS
from tests.console.visitor import Room
from vocabulary.codes import CaseState, Step

QUERIES = 16


@pytest.fixture
def settings(settings: Settings) -> Settings:
    away = settings.supervisors[1].model_copy(update={"regions": ("220000",)})
    return settings.model_copy(update={"supervisors": (settings.supervisors[0], away)})


@pytest.fixture
def cases(room: Room) -> list[int]:
    """Six cases of Fujian and Jilin, one of them dismissed and one a year old; the first was put right."""
    now = room.context.now()
    made = room.copies(
        [
            {"region": "220100", "publisher": "长春某局", "qualification": "心理咨询师"},
            {"region": "220100", "publisher": "长春某局", "opened_at": now - timedelta(days=5)},
            {"state": CaseState.DISMISSED},
            {"region": None, "publisher": PAYLOADS[0]},
            {"opened_at": now - timedelta(days=400)},
        ]
    )
    with Session(room.engine) as session, session.begin():
        later = now + timedelta(days=2)
        take_step(session, made[0], Step.RECTIFIED, actor="wang@example.com", now=later)
    return made


def test_a_period_is_counted_by_what_it_is_made_of(room: Room, cases: list[int]) -> None:
    now = room.context.now()
    with Session(room.engine) as session:
        trends = read_trends(session, now=now, weeks=13)
        own = read_trends(session, now=now, weeks=13, scope=CaseScope(regions=("220000",)))
        there = read_trends(session, now=now, weeks=13, region="350000")
        year = read_trends(session, now=now, weeks=104)
    assert (trends.total.opened, trends.total.put_right, trends.total.rate) == (4, 1, 25)
    assert len(trends.weeks) == 13
    assert [(week.opened, week.put_right) for week in trends.weeks[-2:]] == [(1, 0), (3, 1)]
    assert all(week.monday.weekday() == 0 for week in trends.weeks)
    assert [(each.name, each.opened) for each in trends.provinces] == [
        ("220000", 2),
        ("", 1),
        ("350000", 1),
    ]
    assert [(each.name, each.opened) for each in trends.qualifications] == [
        ("会计从业资格", 3),
        ("心理咨询师", 1),
    ]
    assert sum(each.opened for each in trends.departments) >= 4
    (offender,) = trends.offenders
    assert (offender.publisher, offender.opened, offender.came_back) == ("长春某局", 2, 0)
    assert (trends.days, trends.timed) == (2.0, 1)
    assert (own.total.opened, own.days) == (2, None)
    assert there.total.opened == 1
    assert year.total.opened == 5


def test_the_page_draws_them_and_leads_to_the_cases(room: Room, cases: list[int]) -> None:
    seat, other = room.enter("wang@example.com"), room.enter("li@example.com")
    with room.statements() as said:
        page = seat.page("/trends")
    assert len(said) <= QUERIES
    page.require_harmless(allowed=frozenset({"svg"}))
    for words in ("整改率", "25%", "吉林省", "长春某局", "心理咨询师", "2.0 天", "地区未识别"):
        assert words in page.words, words
    assert len([1 for tag, values in page.tags if tag == "rect" and "tile" in str(values.get("class"))]) == 34
    assert "福建省" not in [words for words in other.page("/trends").words.split() if "：" not in words]
    links = [
        str(values["href"]) for values in page.attributes("a") if "qualification=" in str(values["href"])
    ]
    assert "心理咨询师" in seat.page(links[-1]).words
    assert seat.page("/trends?weeks=13&region=220000").words.count("长春某局") == 1
    assert seat.get("/trends?weeks=x&region=%22%3E").status_code == 200


def test_what_was_counted_is_shown_again_for_a_few_minutes(room: Room, cases: list[int]) -> None:
    seat = room.enter("wang@example.com")
    seat.page("/trends")
    with Session(room.engine) as session, session.begin():
        for case in session.exec(select(Case)):
            case.state = CaseState.DISMISSED
    assert "25%" in seat.page("/trends").words
    room.wait(minutes=6)
    assert "25%" not in seat.page("/trends").words
