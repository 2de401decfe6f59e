"""What the monthly bulletin counts, case by case and step by step."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from alerts.reports.figures import Bulletin, Counts, Month, compile_bulletin
from cases.history import mark_notified
from cases.steps import possible_steps, take_step
from settings.model import Settings
from storage.tables import Case
from tests.alerts.stored import Posting, mention, report
from vocabulary.codes import Severity, Status, Step
from vocabulary.names import name_of

ZONE = ZoneInfo("Asia/Shanghai")
OCTOBER = Month(2026, 10)
TEXT = "二、条件：须持有会计从业资格证，年龄35周岁以下。"
NONE = Counts()


def at(month: int, day: int, hour: int = 4) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


class Office:
    """Opens cases and takes their steps."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.engine, self.settings, self.opened, self.messages = engine, settings, 0, 0

    def open(self, when: datetime, region: str | None = "220100", **changes: object) -> int:
        self.opened += 1
        posting = Posting(
            TEXT,
            title=f"第{self.opened}批公开招聘工作人员公告",
            url=f"https://a.example.org/{self.opened}",
            region=region,
            publisher=f"某某市第{self.opened}医院（电话13912345678）",
        )
        return report(
            self.engine, self.settings, posting, mention(TEXT, "会计从业资格证", **changes), now=when
        ).opened[0]

    def step(self, case: int, step: Step, when: datetime, deadline: date | None = None) -> None:
        with Session(self.engine) as session, session.begin():
            take_step(session, case, step, actor="王科长", note="已核", now=when, deadline=deadline)

    def notify(self, case: int, when: datetime) -> None:
        with Session(self.engine) as session, session.begin():
            self.messages += 1
            mark_notified(session, [case], message=self.messages, recipient="wang@example.com", at=when)

    def ask(self, case: int, when: datetime, deadline: date) -> None:
        self.step(case, Step.CONFIRM, when)
        self.step(case, Step.ASK, when, deadline)

    def bulletin(self, month: Month = OCTOBER, region: str | None = "220000") -> Bulletin:
        with Session(self.engine) as session:
            return compile_bulletin(session, month, region, ZONE, date(2026, 11, 2))


@pytest.fixture
def office(engine: Engine, settings: Settings) -> Office:
    return Office(engine, settings)


def test_a_month_is_that_of_china_to_the_second(office: Office) -> None:
    office.open(datetime(2026, 9, 30, 15, 59, 59, tzinfo=UTC))
    office.open(datetime(2026, 9, 30, 16, 0, 0, tzinfo=UTC))
    office.open(datetime(2026, 10, 31, 15, 59, 59, tzinfo=UTC))
    office.open(datetime(2026, 10, 31, 16, 0, 0, tzinfo=UTC))
    bulletin = office.bulletin()
    assert (bulletin.total.opened, bulletin.total.open_at_end) == (2, 3)


def test_a_past_month_says_the_same_whatever_happened_since(office: Office) -> None:
    case = office.open(at(10, 5))
    office.notify(case, at(10, 6))
    before = office.bulletin()
    office.ask(case, at(11, 3), date(2026, 11, 10))
    office.step(case, Step.OVERDUE, at(11, 11))
    office.step(case, Step.RECTIFIED, at(11, 20))
    office.open(at(11, 21))
    assert office.bulletin() == before
    assert before.by_state == (("已通知", 1),)


def test_steps_are_counted_in_their_month_and_states_at_its_end(office: Office) -> None:
    rectified, overdue, dismissed, asked = (office.open(at(9, 1)) for _ in range(4))
    for case in (rectified, overdue, asked):
        office.ask(case, at(9, 10), date(2026, 10, 8))
    office.step(rectified, Step.RECTIFIED, at(10, 7))
    office.step(overdue, Step.OVERDUE, at(10, 9))
    office.step(dismissed, Step.DISMISS, at(10, 10))
    assert office.bulletin().total == Counts(
        opened=0,
        rectified=1,
        dismissed=1,
        published=0,
        open_at_end=2,
        overdue_at_end=1,
        asked_so_far=3,
        rectified_so_far=1,
    )
    september = office.bulletin(Month(2026, 9)).total
    assert (september.opened, september.open_at_end, september.rectified_so_far) == (4, 4, 0)
    assert september.rectification_rate == 0


def test_a_rate_needs_something_that_was_asked_for(office: Office) -> None:
    office.open(at(10, 5))
    assert office.bulletin().total.rectification_rate is None


def test_a_case_that_proved_to_be_none_does_not_spoil_the_rate(office: Office) -> None:
    right, wrong = office.open(at(9, 1)), office.open(at(9, 1))
    for case in (right, wrong):
        office.ask(case, at(9, 10), date(2026, 10, 8))
    office.step(right, Step.RECTIFIED, at(10, 1))
    office.step(wrong, Step.DISMISS, at(10, 2))
    assert office.bulletin().total.rectification_rate == 1


def test_a_case_that_came_back_is_open_again_and_not_rectified(office: Office) -> None:
    case = office.open(at(8, 1))
    office.ask(case, at(8, 2), date(2026, 8, 20))
    office.step(case, Step.RECTIFIED, at(8, 10))
    office.step(case, Step.CLOSE, at(8, 11))
    assert office.bulletin(Month(2026, 8)).total.open_at_end == 0
    office.step(case, Step.REOPEN, at(10, 3))
    total = office.bulletin().total
    assert (total.open_at_end, total.rectified_so_far, total.asked_so_far) == (1, 0, 1)
    assert office.bulletin().by_state == (("已发现", 1),)


def test_a_case_made_public_after_it_was_put_right_is_not_open(office: Office) -> None:
    mended, left = office.open(at(10, 1)), office.open(at(10, 1))
    for case in (mended, left):
        office.ask(case, at(10, 2), date(2026, 10, 8))
    office.step(mended, Step.RECTIFIED, at(10, 5))
    office.step(left, Step.OVERDUE, at(10, 9))
    for case in (mended, left):
        office.step(case, Step.PUBLISH, at(10, 12))
    total = office.bulletin().total
    assert (total.published, total.open_at_end, total.overdue_at_end) == (2, 1, 0)


def test_regions_are_named_one_level_below_the_one_asked_about(office: Office) -> None:
    for region in ("220102", "220100", "220200", "220000", "350100", None):
        office.open(at(10, 5), region)
    rows = {
        region: dict(office.bulletin(region=region).tables[0].rows) for region in (None, "220000", "220100")
    }
    assert {name: counts.opened for name, counts in rows[None].items()} == {
        "吉林省": 4,
        "福建省": 1,
        "地区未识别": 1,
    }
    assert {name: counts.opened for name, counts in rows["220000"].items()} == {
        "吉林省（未细分）": 1,
        "长春市": 2,
        "吉林市": 1,
    }
    assert {name: counts.opened for name, counts in rows["220100"].items()} == {
        "吉林省长春市（未细分）": 1,
        "南关区": 1,
    }
    assert office.bulletin(region=None).area == "全国"


def test_counties_without_a_prefecture_are_areas_of_their_province(office: Office) -> None:
    for region in ("419001", "410100", "410105", "110105", "110108"):
        office.open(at(10, 5), region)
    henan = office.bulletin(region="410000")
    assert [(name, counts.opened) for name, counts in henan.tables[0].rows] == [("郑州市", 2), ("济源市", 1)]
    assert henan.area == "河南省"
    beijing = office.bulletin(region="110000")
    assert [(name, counts.opened) for name, counts in beijing.tables[0].rows] == [
        ("朝阳区", 1),
        ("海淀区", 1),
    ]
    assert office.bulletin(region="410105").area == "河南省郑州市金水区"


def test_a_case_stays_in_the_figures_of_a_place_whose_code_has_changed(office: Office) -> None:
    office.open(at(10, 5), "220181")  # 九台市, now 九台区
    office.open(at(10, 5), "220113")
    office.open(at(10, 5), "220381")  # 公主岭市, which came from 四平 to 长春
    assert office.bulletin(region="220113").total.opened == 2
    changchun = office.bulletin(region="220100")
    assert [(name, counts.opened) for name, counts in changchun.tables[0].rows] == [
        ("九台区", 2),
        ("公主岭市", 1),
    ]
    assert office.bulletin(region="220300").total.opened == 0


def test_departments_statuses_and_severities_each_add_up_to_the_whole(office: Office) -> None:
    office.open(at(10, 5))
    office.open(
        at(10, 6), qualification="无人知晓的证书", status=Status.OFF_CATALOGUE, severity=Severity.MEDIUM
    )
    office.open(at(10, 7), qualification="注册会计师", status=Status.LEVEL, severity=Severity.MEDIUM)
    bulletin = office.bulletin()
    for table in bulletin.tables:
        assert sum(counts.opened for _, counts in table.rows) == bulletin.total.opened == 3, table.title
    departments, statuses, severities = (dict(table.rows) for table in bulletin.tables[1:])
    assert "主管部门未明确" in departments
    assert "财政部" in departments
    assert list(statuses) == ["已取消", "水平评价类职业资格", "不在国家职业资格目录"]
    assert list(severities) == ["高", "中"]


def test_what_was_settled_long_ago_has_no_row(office: Office) -> None:
    case = office.open(at(3, 1), "220200")
    office.ask(case, at(3, 2), date(2026, 3, 20))
    office.step(case, Step.RECTIFIED, at(3, 10))
    office.step(case, Step.CLOSE, at(3, 11))
    office.open(at(10, 1), "220100")
    assert [name for name, _ in office.bulletin().tables[0].rows] == ["长春市"]


def test_overdue_cases_are_listed_longest_first_and_masked(office: Office) -> None:
    late, later = office.open(at(9, 1)), office.open(at(9, 1), "220200")
    office.ask(late, at(9, 2), date(2026, 10, 10))
    office.ask(later, at(9, 2), date(2026, 9, 30))
    for case in (late, later):
        office.step(case, Step.OVERDUE, at(10, 12))
    overdue = office.bulletin().overdue
    assert [(case.number, case.region, case.days) for case in overdue] == [
        (later, "吉林市", 31),
        (late, "长春市", 21),
    ]
    assert "139******78" in overdue[0].publisher
    assert "13912345678" not in str(overdue)


def test_the_trend_covers_a_year_across_its_turn(office: Office) -> None:
    old = office.open(datetime(2025, 11, 30, 15, tzinfo=UTC))
    office.open(datetime(2025, 10, 31, 15, tzinfo=UTC))
    office.ask(old, at(1, 1), date(2026, 1, 8))
    office.step(old, Step.RECTIFIED, at(1, 5))
    trend = office.bulletin().trend
    assert [str(point.month) for point in trend][::11] == ["2025-11", "2026-10"]
    assert len(trend) == 12
    assert {
        str(point.month): (point.opened, point.rectified)
        for point in trend
        if point.opened or point.rectified
    } == {
        "2025-11": (1, 0),
        "2026-01": (0, 1),
    }


def test_a_month_without_cases_has_no_rows(office: Office) -> None:
    bulletin = office.bulletin()
    assert bulletin.total == NONE
    assert all(table.rows == () for table in bulletin.tables)


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "1999-01", "9999-12", "2026年10月", "2026-10-01"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"match format|unconverted data|in the year"):
        Month.parse(text)


def test_months_are_added_across_years() -> None:
    assert Month.parse("2026-10") == OCTOBER
    assert Month(2027, 1) == OCTOBER + 3
    assert Month(2025, 12) == OCTOBER + -10
    assert OCTOBER.begins(ZONE) - (OCTOBER + -1).begins(ZONE) == timedelta(days=30)


@pytest.mark.parametrize("seed", range(12))
def test_replaying_the_events_leads_to_the_state_that_the_case_is_in(office: Office, seed: int) -> None:
    choose = random.Random(seed)  # noqa: S311 - a walk that can be repeated
    case, when = office.open(at(10, 1)), at(10, 2)
    for _ in range(12):
        with Session(office.engine) as session:
            state = session.get_one(Case, case).state
        assert office.bulletin().by_state == ((name_of(state), 1),)
        when += timedelta(hours=1)
        step = choose.choice([*possible_steps(state), None])
        if step is None:
            office.notify(case, when)
        else:
            office.step(case, step, when, date(2026, 10, 20) if step is Step.ASK else None)
