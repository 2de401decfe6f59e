"""Which department follows up what, by the catalogue and by an imported table."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select
from typer.testing import CliRunner, Result

from alerts.recipients import recipients, superior_of
from cases.departments import (
    FollowUp,
    annex_rules,
    bodies_of,
    catalogue_departments,
    fields_of,
    follow_up,
)
from cases.routing_rows import RULE_COLUMNS
from cases.routing_table import RoutingTableError, read_table, table_rows
from catalogue import load_catalogue
from cli.routing import app
from settings.model import Settings
from storage.tables import OutboxMessage, RoutingRule
from tests.alerts.stored import NOW, Posting, report
from vocabulary.codes import Severity, Status

TEXT = "二、条件：须持有会计从业资格证，年龄35周岁以下。"
ANNEX = "职业资格名称,责任部门\n会计从业资格,省财政厅\n某某协会自设资格,省某某委员会\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "qualwatch.toml"
    file.write_text(
        f"""
        administrator = "admin@example.com"
        [storage]
        directory = '{tmp_path}'
        [[supervisors]]
        name = "财政处"
        email = "cz@example.com"
        regions = ["220000"]
        departments = ["财政"]
        """
    )
    return file


def _run(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--config", str(config)])


def _table(folder: Path, text: str | bytes) -> Path:
    file = folder / "table.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


@pytest.mark.parametrize(
    ("names", "fields"),
    [
        ("财政部", {"财政"}),
        ("吉林省财政厅", {"财政"}),
        ("人力资源和社会保障局", {"人力资源社会保障"}),
        ("福州市人社局", {"人力资源社会保障"}),
        ("国家消防救援局（原应急管理部消防救援局）、人力资源社会保障部等", {"消防救援", "人力资源社会保障"}),
        ("质检总局", {"市场监管"}),
        ("新闻出版广电局", {"广播电视"}),
        ("省某某委员会", {"某某"}),
        ("", set()),
    ],
)
def test_a_department_is_known_by_its_field(names: str, fields: set[str]) -> None:
    assert fields_of(names) == fields


def test_most_of_the_catalogues_departments_are_known_fields() -> None:
    unknown = {
        department
        for department in catalogue_departments().values()
        if not fields_of(department) & {"人力资源社会保障"} and fields_of(department) == {department}
    }
    # Names that are their own field, such as 林草 and 相关行业协会.
    assert len(unknown) <= 3, unknown


def test_the_smallest_area_that_has_a_rule_decides(engine: Engine) -> None:
    with Session(engine) as session:
        assert follow_up(session, "某某协会自设资格", "220100") == FollowUp()
        assert follow_up(session, "教师资格", "220100").department == "教育部"
        for region, department in (
            ("220113", "区局"),
            ("220100", "市局"),
            ("220000", "省厅"),
            ("350000", "闽厅"),
        ):
            session.add(
                RoutingRule(qualification="教师资格", region=region, department=department, imported_at=NOW)
            )
        told = {
            region: follow_up(session, "教师资格", region).department
            for region in ("220113", "220181", "220102", "220200", "110000", None)
        }
    assert told.pop("220113") == told.pop("220181") == "区局"
    assert told == {"220102": "市局", "220200": "省厅", "110000": "教育部", None: "教育部"}


def test_what_is_known_of_annexes_names_bodies_of_the_same_fields() -> None:
    """吉政办发〔2017〕54号第一条: the body that corresponds to the State Council's follows up."""
    then, catalogue = date(2017, 7, 14), load_catalogue()
    rules = [rule for rules in annex_rules().values() for rule in rules]
    assert len(rules) == 70
    for rule in rules:
        assert rule.region == "220000"
        ended = [
            period
            for period in catalogue.entry(rule.qualification).periods
            if period.status is Status.CANCELLED and period.since is not None and period.since <= then
        ]
        assert ended, rule  # 矿业权评估师 was cancelled, and a level qualification again by then.
        assert fields_of(rule.department) <= fields_of(catalogue_departments()[rule.qualification])


def test_an_imported_rule_comes_before_an_annex_and_the_catalogue_after_it(engine: Engine) -> None:
    def departments() -> list[str]:
        return [follow_up(session, "招标师", region).department for region in ("220113", "350102", None)]

    national = catalogue_departments()["招标师"]
    with Session(engine) as session:
        annex = "吉林省发展和改革委员会、吉林省人力资源和社会保障厅"
        assert departments() == [annex, national, national]
        assert follow_up(session, "招标师", "220113").document == "吉政办发〔2017〕54号第一条"
        assert ("招标师", "220000", annex, "吉政办发〔2017〕54号第一条") in table_rows(session)
        session.add(RoutingRule(qualification="招标师", department="某委", imported_at=NOW))
        assert departments() == ["某委"] * 3
        assert [row[2] for row in table_rows(session) if row[0] == "招标师"] == ["某委"]


def test_codes_are_looked_up_by_name() -> None:
    told = CliRunner().invoke(app, ["regions", "济源"])
    assert told.stdout == "419001  河南省济源市\n"
    told = CliRunner().invoke(app, ["regions", "亚特兰蒂斯"])
    assert told.exit_code == 2
    assert "没有名称含“亚特兰蒂斯”的地区" in told.stderr


def test_an_imported_table_decides_who_is_told(engine: Engine, config: Path, tmp_path: Path) -> None:
    table = _table(tmp_path, ANNEX)
    document = "吉政办发〔2017〕54号附件1"
    done = _run(config, "import", str(table), "--region", "220000", "--document", document)
    assert done.stdout == "已导入 2 条\n"
    assert done.stderr == "目录中没有，按原文保存：某某协会自设资格\n"
    with Session(engine) as session:
        assert follow_up(session, "会计从业资格", "220102") == FollowUp("省财政厅", document)
        assert follow_up(session, "会计从业资格", "350100").document == "国家职业资格目录"
    told = _run(config, "who", "会计证", "--region", "220100").stdout
    assert told == f"会计从业资格：省财政厅（{document}）\n→ 财政处 <cz@example.com>\n"
    told = _run(config, "who", "教师资格证", "--region", "220100").stdout
    assert "→ 系统管理员 <admin@example.com>（吉林省长春市没有负责“教育部”" in told


def test_importing_again_replaces_and_the_list_can_be_imported(
    engine: Engine, config: Path, tmp_path: Path
) -> None:
    everywhere = _table(tmp_path, "qualification,department\n教师资格,某某厅\n")
    assert _run(config, "import", str(everywhere)).exit_code == 0
    local = _table(tmp_path, "qualification,region,department\n教师资格,220000,省某局\n".encode("gb18030"))
    assert _run(config, "import", str(local)).exit_code == 0
    assert (
        _run(
            config, "import", str(_table(tmp_path, "qualification,department\n教师资格,省教育厅\n"))
        ).exit_code
        == 0
    )
    with Session(engine) as session:
        assert follow_up(session, "教师资格", "220000").department == "省某局"
        assert follow_up(session, "教师资格", None).department == "省教育厅"
        assert len(session.exec(select(RoutingRule)).all()) == 2
    listed = _run(config, "list").stdout
    assert listed.startswith(",".join(RULE_COLUMNS) + "\n教师资格,,省教育厅,\n教师资格,220000,省某局,\n")
    assert "\n教师资格,,教育部," not in listed
    again = _run(config, "import", str(_table(tmp_path, listed)))
    assert again.stdout == f"已导入 {listed.count(chr(10)) - 1} 条\n"
    assert _run(config, "list").stdout.count("\n") == listed.count("\n")


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("名称,部门\n教师资格,教育厅\n", "缺少“qualification”“department”列"),
        ("", "缺少“qualification”"),
        ("qualification,department\n教师资格,\n,教育厅\n", "第 2 行：“教师资格”没有填责任部门"),
        ("qualification,department\n教师资格,甲\n教师资格,乙\n", "第 3 行：“教师资格”与第 2 行重复"),
        ("qualification,department,region\n教师资格,甲,22\n", "“22”：没有这个行政区划代码"),
        ("qualification,department,region\n教师资格,甲,990000\n", "“990000”：没有这个行政区划代码"),
        (b"\xff\xfe\x00\xd8", "不是 UTF-8 或 GB18030"),
    ],
)
def test_a_table_that_cannot_be_used_changes_nothing(
    engine: Engine, config: Path, tmp_path: Path, table: str | bytes, problem: str
) -> None:
    refused = _run(config, "import", str(_table(tmp_path, table)))
    assert refused.exit_code == 2
    assert problem in refused.stderr
    with Session(engine) as session:
        assert session.exec(select(RoutingRule)).all() == []


def test_every_row_to_mend_is_named_at_once(tmp_path: Path) -> None:
    table = _table(tmp_path, "qualification,department\n甲,\n乙,\n丙,某厅\n")
    with pytest.raises(RoutingTableError) as refused:
        read_table(table)
    assert len(refused.value.problems) == 2
    with pytest.raises(FileNotFoundError):
        read_table(tmp_path / "missing.csv")


def test_a_case_goes_to_the_department_that_follows_it_up(engine: Engine) -> None:
    people = [
        {"name": "教育", "email": "jy@example.com", "departments": ["教育"]},
        {"name": "财政", "email": "cz@example.com", "departments": ["省财政厅"]},
        {"name": "人社", "email": "rs@example.com"},
    ]
    settings = Settings.model_validate({"supervisors": people})
    report(engine, settings, Posting(TEXT))
    with Session(engine) as session:
        told = session.exec(select(OutboxMessage.recipient).order_by(OutboxMessage.recipient)).all()
    assert told == ["cz@example.com", "rs@example.com"]


def test_a_qualification_that_nobody_follows_up_goes_to_the_administrator_with_that_reason() -> None:
    people = [{"name": "教育", "email": "jy@example.com", "departments": ["教育"]}]
    settings = Settings.model_validate({"supervisors": people})
    (administrator,) = recipients(settings, region="220000", severity=Severity.HIGH)
    assert "吉林省没有负责主管部门不明的职业资格" in administrator.reason


def test_above_a_supervisor_stands_the_superior_and_above_all_the_administrator() -> None:
    people = [
        {"name": "县", "email": "xian@example.com", "superior": "Sheng@example.com"},
        {"name": "省", "email": "sheng@example.com", "superior": "bu@example.com"},
    ]
    settings = Settings.model_validate({"supervisors": people})
    above = superior_of(settings, "xian@example.com")
    assert (above.name, above.email) == ("省", "sheng@example.com")
    assert superior_of(settings, above.email).email == "bu@example.com"
    assert superior_of(settings, "bu@example.com").email == settings.administrator
    assert "未配置上一级" in superior_of(settings, "bu@example.com").reason


def test_a_body_is_counted_once_whatever_stands_in_brackets_beside_it() -> None:
    named = "住房城乡建设部（中国建设工程造价管理协会、各地）、交通运输部，住房城乡建设部(原建设部)"
    assert bodies_of(named) == ("住房城乡建设部", "交通运输部")
    assert bodies_of("") == ()
