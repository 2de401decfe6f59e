"""Who is told."""

from __future__ import annotations

import pytest

from alerts.regions import covers, province_code, region_name
from alerts.routing import recipients
from detection.model import Severity
from settings.model import Settings


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
    assert "没有负责广东省（440100）、接收“紧急”级信息的监管人员" in administrator.reason
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
        ("440300", "广东省（440300）", "440000"),
        ("350102", "福建省福州市（350102）", "350000"),
        ("990000", "（990000）", "none"),
        (None, "", "none"),
    ],
)
def test_regions_have_names(code: str | None, name: str, province: str) -> None:
    assert region_name(code) == name
    assert province_code(code) == province


def test_a_code_covers_what_begins_like_it() -> None:
    assert covers("350000", "350181")
    assert covers("350100", "350181")
    assert covers("350181", "350181")
    assert not covers("350100", "350200")
    assert not covers("350181", "350100")
