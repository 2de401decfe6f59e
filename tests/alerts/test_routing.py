"""Who is told."""

from __future__ import annotations

import pytest

from alerts.recipients import recipients
from settings.model import Settings
from vocabulary.areas import covers, prefecture_code, province_code, region_name
from vocabulary.codes import Severity


def _told(settings: Settings, region: str | None, severity: Severity = Severity.HIGH) -> list[str]:
    return [recipient.name for recipient in recipients(settings, region=region, severity=severity)]


@pytest.fixture
def offices() -> Settings:
    supervisors = [
        {"name": "省厅", "email": "province@example.com", "regions": ["220000"]},
        {"name": "长春", "email": "changchun@example.com", "regions": ["220100"], "severities": ["high"]},
        {"name": "福州", "email": "fuzhou@example.com", "regions": ["350100", "350000"]},
    ]
    return Settings.model_validate({"supervisors": supervisors})


def test_a_province_answers_for_its_prefectures_and_not_the_other_way_round(offices: Settings) -> None:
    assert _told(offices, "220102") == ["省厅", "长春"]
    assert _told(offices, "220000") == ["省厅"]
    assert _told(offices, "220200") == ["省厅"]
    assert _told(offices, "350102") == ["福州"]


def test_a_severity_that_somebody_does_not_want_is_not_sent_to_them(offices: Settings) -> None:
    assert _told(offices, "220100", Severity.MEDIUM) == ["省厅"]


def test_without_a_responsible_supervisor_the_administrator_is_told_why(offices: Settings) -> None:
    (administrator,) = recipients(offices, region="440100", severity=Severity.CRITICAL)
    assert administrator.email == offices.administrator
    assert "没有负责广东省广州市、接收“紧急”级信息的监管人员" in administrator.reason
    (unknown,) = recipients(offices, region=None, severity=Severity.HIGH)
    assert "未能确定信息所属地区" in unknown.reason
    (alone,) = recipients(Settings(), region="350100", severity=Severity.HIGH)
    assert "尚未配置监管人员" in alone.reason


def test_a_supervisor_without_regions_answers_for_unknown_ones_too() -> None:
    settings = Settings.model_validate({"supervisors": [{"name": "总队", "email": "all@example.com"}]})
    assert _told(settings, None) == _told(settings, "540000") == ["总队"]


@pytest.mark.parametrize(
    ("code", "name", "province"),
    [
        ("350100", "福建省福州市", "350000"),
        ("220000", "吉林省", "220000"),
        ("222400", "吉林省延边朝鲜族自治州", "220000"),
        ("440300", "广东省深圳市", "440000"),
        ("350102", "福建省福州市鼓楼区", "350000"),
        ("110105", "北京市朝阳区", "110000"),
        ("110100", "北京市市辖区", "110000"),
        ("500229", "重庆市城口县", "500000"),
        ("419001", "河南省济源市", "410000"),
        ("659001", "新疆维吾尔自治区石河子市", "650000"),
        ("220181", "吉林省长春市九台市", "220000"),
        ("350199", "福建省福州市（350199）", "350000"),
        ("449999", "广东省（449999）", "440000"),
        ("990000", "（990000）", "none"),
        (None, "", "none"),
    ],
)
def test_regions_have_names(code: str | None, name: str, province: str) -> None:
    assert region_name(code) == name
    assert province_code(code) == province


@pytest.mark.parametrize(
    ("area", "code"),
    [
        ("220100", "220181"),  # 九台市, a district since 2014
        ("220113", "220181"),
        ("220181", "220113"),
        ("220100", "220381"),  # 公主岭 came from 四平
        ("419000", "419001"),
        ("410000", "410881"),
        ("500000", "500105"),
        ("500157", "500112"),
    ],
)
def test_a_region_covers_what_its_places_were_called_before(area: str, code: str) -> None:
    assert covers(area, code)


def test_a_place_that_moved_has_left_its_old_region() -> None:
    assert not covers("220300", "220381")
    assert not covers("500200", "500227")


def test_prefectures_stand_above_counties_and_nothing_above_those_of_a_province() -> None:
    assert prefecture_code("350102") == prefecture_code("350100") == "350100"
    assert prefecture_code("110105") == "110105"
    assert prefecture_code("469021") == "469021"


def test_a_county_is_told_of_its_own_cases_only() -> None:
    supervisors = [
        {"name": "县", "email": "county@example.com", "regions": ["220113"]},
        {"name": "邻县", "email": "next@example.com", "regions": ["220122"]},
        {"name": "市", "email": "city@example.com", "regions": ["220100"]},
    ]
    settings = Settings.model_validate({"supervisors": supervisors})
    assert _told(settings, "220113") == ["县", "市"]
    assert _told(settings, "220181") == ["县", "市"]
    assert _told(settings, "220100") == ["市"]


def test_a_code_covers_what_begins_like_it() -> None:
    assert covers("350000", "350181")
    assert covers("350100", "350181")
    assert covers("350181", "350181")
    assert not covers("350100", "350200")
    assert not covers("350181", "350100")
