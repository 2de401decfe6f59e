"""Which cases a filter means: said by the page's address and by the command alike."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy import Engine
from sqlmodel import Session, col, select, update
from typer.testing import CliRunner, Result

from cases.case_filter import NOBODY, OPEN, CaseFilter, CaseScope, filter_pairs, read_filter
from cases.department_filter import followed_up_by
from cases.departments import follow_up, shares_field
from cases.queries import count_cases, every_case, list_cases, may_see
from cli.case import app
from settings.model import Settings
from storage.tables import Case, DocumentVersion, RoutingRule
from tests.alerts.stored import NOW, Posting, mention, report
from vocabulary.codes import CaseOrder, CaseState, Due, Severity
from vocabulary.regions import known_regions

TEXT = "二、条件：须持有会计从业资格证，联系电话13812345678。"
FORMULA = "=cmd|'/c calc'!A1"


@pytest.fixture
def cases(engine: Engine, settings: Settings) -> Engine:
    """1: 宁德, high, due in a month; 2: 长春, medium, confirmed, no deadline; 3: 福州, due yesterday."""
    opened = [
        report(engine, settings, Posting(TEXT, number="福人社〔2026〕12号")),
        report(
            engine,
            settings,
            Posting(
                TEXT + "长春市教育局",
                title="招聘启事 ＡＢＣ",
                publisher="长春市教育局",
                url="https://b.example/",
                region="220102",
            ),
            mention(TEXT, severity=Severity.MEDIUM),
            now=NOW + timedelta(days=1),
        ),
        report(
            engine,
            settings,
            Posting(
                TEXT + "鼓楼",
                title=FORMULA,
                publisher="100%某公司",
                url="https://c.example/",
                region="350102",
            ),
            now=NOW + timedelta(days=2),
        ),
    ]
    assert [each.opened for each in opened] == [(1,), (2,), (3,)]
    with Session(engine) as session, session.begin():
        _change(session, 1, deadline=date(2026, 12, 2), assignee="li@example.com")
        _change(session, 2, state=CaseState.CONFIRMED, needs_review=True)
        _change(session, 3, state=CaseState.OVERDUE, deadline=date(2026, 11, 1))
    return engine


def _change(session: Session, case: int, **values: object) -> None:
    session.execute(update(Case).where(col(Case.id) == case).values(**values))


def _found(engine: Engine, wanted: CaseFilter, scope: CaseScope = CaseScope()) -> list[int]:  # noqa: B008 - a value
    with Session(engine) as session:
        found = [case.id or 0 for case in list_cases(session, wanted, now=NOW, scope=scope).cases]
        assert count_cases(session, wanted, now=NOW, scope=scope) == len(found)
        assert all(may_see(session, case, scope) for case in found)
    return found


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        (CaseFilter(), [3, 2, 1]),
        (CaseFilter(states=(CaseState.OVERDUE, CaseState.CONFIRMED)), [3, 2]),
        (CaseFilter(severities=(Severity.MEDIUM,)), [2]),
        (CaseFilter(region="350000"), [3, 1]),
        (CaseFilter(region="350100"), [3]),
        (CaseFilter(department="省财政厅"), [3, 2, 1]),
        (CaseFilter(department="教育"), []),
        (CaseFilter(qualification="会计"), [3, 2, 1]),
        (CaseFilter(qualification="%"), []),
        (CaseFilter(publisher="100%"), [3]),
        (CaseFilter(source="sample"), [3, 2, 1]),
        (CaseFilter(source="other"), []),
        (CaseFilter(opened_from=date(2026, 11, 3)), [3, 2]),
        (CaseFilter(opened_until=date(2026, 11, 3)), [2, 1]),
        (CaseFilter(due=Due.PASSED), [3]),
        (CaseFilter(due=Due.LATER), [1]),
        (CaseFilter(due=Due.NONE), [2]),
        (CaseFilter(assignee="li@example.com"), [1]),
        (CaseFilter(assignee=NOBODY), [3, 2]),
        (CaseFilter(review=True), [2]),
        (CaseFilter(text="会计"), [3, 2, 1]),
        (CaseFilter(text="教育"), [2]),
        (CaseFilter(text="abc 长春"), [2]),
        (CaseFilter(text="长春 福安"), []),
        (CaseFilter(text="局招"), []),
        (CaseFilter(text="育"), [2]),
        (CaseFilter(text='" OR x*'), []),
        (CaseFilter(text="，"), []),
        (CaseFilter(text="3"), [3]),
        (CaseFilter(order=CaseOrder.OLDEST), [1, 2, 3]),
        (CaseFilter(order=CaseOrder.SEVERITY), [1, 3, 2]),
        (CaseFilter(order=CaseOrder.DEADLINE), [3, 1, 2]),
    ],
    ids=str,
)
def test_a_filter_means_these_cases(cases: Engine, wanted: CaseFilter, meant: list[int]) -> None:
    assert _found(cases, wanted) == meant


def test_a_case_is_found_by_the_number_of_its_document(cases: Engine) -> None:
    with Session(cases) as session, session.begin():
        session.execute(update(DocumentVersion).values(facts={"number": "福人社〔2026〕12号"}))
    with Session(cases) as session, session.begin():
        from cases.search import index_case  # noqa: PLC0415

        index_case(session, 1)
    assert _found(cases, CaseFilter(text="福人社[2026]12号")) == [1]


@pytest.mark.parametrize("order", CaseOrder)
def test_pages_follow_each_other_and_leave_out_none(cases: Engine, order: CaseOrder) -> None:
    wanted = CaseFilter(order=order)
    whole, paged, after = _found(cases, wanted), [], ""
    with Session(cases) as session:
        for _ in range(3):
            page = list_cases(session, wanted, now=NOW, after=after, limit=1)
            paged += [case.id for case in page.cases]
            after = page.following
        assert paged == whole
        assert after == ""
        assert [case.id for case in every_case(session, wanted, now=NOW, limit=2)] == whole[:2]


@pytest.mark.parametrize("key", ["", "x", ".", "1.2.3", "'", "9" * 30, "2026-13-01.2"])
@pytest.mark.parametrize("order", CaseOrder)
def test_an_address_that_somebody_made_up_breaks_nothing(cases: Engine, order: CaseOrder, key: str) -> None:
    with Session(cases) as session:
        assert len(list_cases(session, CaseFilter(order=order), now=NOW, after=key).cases) <= 3


def test_what_a_filter_says_is_read_back_from_its_address() -> None:
    whole = CaseFilter(
        states=(CaseState.CONFIRMED, CaseState.OVERDUE),
        severities=(Severity.HIGH,),
        region="350000",
        department="财政",
        qualification="会计",
        publisher="&=?",
        source="sample",
        opened_from=date(2026, 1, 1),
        opened_until=date(2026, 2, 1),
        age=30,
        due=Due.SOON,
        assignee=NOBODY,
        review=False,
        text="文字 二",
        order=CaseOrder.DEADLINE,
    )
    for wanted in (whole, CaseFilter(), CaseFilter(states=OPEN), CaseFilter(review=True)):
        assert read_filter(filter_pairs(wanted)) == wanted
    assert read_filter([], default=CaseFilter(states=OPEN)).states == OPEN
    nonsense = [
        ("state", "lost"),
        ("region", "12"),
        ("age", "-3"),
        ("from", "x"),
        ("order", "?"),
        ("due", ""),
    ]
    assert read_filter(nonsense) == CaseFilter()


def test_a_scope_holds_in_every_list_and_a_case_goes_with_whom_it_was_given_to(cases: Engine) -> None:
    fujian = CaseScope(regions=("350000",))
    assert _found(cases, CaseFilter(), fujian) == [3, 1]
    assert _found(cases, CaseFilter(), CaseScope(regions=("220000",), email="li@example.com")) == [2, 1]
    assert _found(cases, CaseFilter(), CaseScope(departments=("教育",))) == []
    with Session(cases) as session:
        assert not may_see(session, 2, fujian)
        assert not may_see(session, 99, CaseScope())


def test_the_database_knows_the_departments_that_the_program_knows(cases: Engine) -> None:
    rules = (("会计从业资格", "350100", "市教育局"), ("会计从业资格", "350000", "省文化厅"))
    with Session(cases) as session, session.begin():
        for qualification, region, department in rules:
            rule = RoutingRule(
                qualification=qualification, region=region, department=department, imported_at=NOW
            )
            session.add(rule)
    with Session(cases) as session:
        everything = session.exec(select(Case)).all()
        for wanted in ("财政", "教育", "文化", "人力资源社会保障"):
            theirs = {
                case.id
                for case in everything
                if shares_field([wanted], follow_up(session, case.qualification, case.region).fields)
            }
            assert {*session.exec(select(Case.id).where(followed_up_by(session, [wanted])))} == theirs


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "qualwatch.toml"
    file.write_text(f"[storage]\ndirectory = '{tmp_path}'\n")
    return file


def _run(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--config", str(config)])


def test_the_command_lists_by_the_same_filter(cases: Engine, config: Path) -> None:
    assert cases
    shown = _run(config, "list", "--text", "教育局", "--review")
    assert shown.stdout.startswith("2  已确认")
    first = _run(config, "list", "--order", "deadline", "--limit", "1")
    assert first.stdout.startswith("3  逾期")
    key = first.stderr.split()[-1]
    assert _run(config, "list", "--order", "deadline", "--limit", "1", "--after", key).stdout.startswith(
        "1  "
    )
    assert _run(config, "list", "--since", "gestern").exit_code == 2


def test_many_are_decided_with_one_command_and_a_refused_one_stops_no_other(
    cases: Engine, config: Path
) -> None:
    assert cases
    done = _run(config, "dismiss", "1", "2", "99", "1", "--reason", "误判")
    assert done.stdout == "案件 1：已排除\n案件 2：已排除\n"
    assert done.stderr == "没有案件99\n"
    assert done.exit_code == 2


def test_the_register_holds_what_an_office_keeps_and_no_formula(
    cases: Engine, config: Path, tmp_path: Path
) -> None:
    assert cases
    _run(config, "dismiss", "1", "--reason", "+误判", "--actor", "王")
    table, plain = tmp_path / "台账.xlsx", tmp_path / "台账.csv"
    assert "已导出 3 项" in _run(config, "export", "--all", "--output", str(table)).stdout
    assert _run(config, "export", "--all", "--output", str(table)).exit_code == 2
    assert _run(config, "export", "--all", "--output", str(plain)).exit_code == 0
    assert _run(config, "export", "--output", str(tmp_path / "x.txt")).exit_code == 2
    sheet = load_workbook(table).active
    assert sheet is not None
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    named = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    assert [row["案件编号"] for row in named] == [1, 2, 3]
    assert named[0]["办理状态"] == "已排除"
    assert named[0]["办理意见"] == "'+误判"
    assert named[0]["原文摘录"] == "二、条件：须持有会计从业资格证，联系电话138******78"
    assert named[2]["信息标题"] == f"'{FORMULA}"
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    written = list(csv.reader(io.StringIO(plain.read_text(encoding="utf-8-sig"))))
    assert [row[1] for row in written] == ["案件编号", "1", "2", "3"]
    assert written[3][6] == f"'{FORMULA}"


def test_no_place_has_moved_to_another_province() -> None:
    """``is_of`` finds the cases of a province by the beginning of their codes alone."""
    moved = [
        region for region in known_regions().values() if region.now and region.now[:2] != region.code[:2]
    ]
    assert moved == []


@pytest.mark.parametrize("order", list(CaseOrder))
def test_a_scope_of_several_ways_is_listed_whole_and_each_case_once(cases: Engine, order: CaseOrder) -> None:
    scope = CaseScope(("350000", "220100"), email="li@example.com", others=(CaseScope(("220000",)),))
    with Session(cases) as session, session.begin():
        everything = session.exec(select(Case)).all()
        theirs = {case.id or 0 for case in everything if (case.region or "")[:2] in {"35", "22"}}
        theirs |= {case.id or 0 for case in everything if case.assignee == "li@example.com"}
        met, after = list[int](), ""
        while True:
            page = list_cases(session, CaseFilter(order=order), now=NOW, scope=scope, after=after, limit=1)
            met += [case.id or 0 for case in page.cases]
            after = page.following
            if not after:
                break
        assert sorted(met) == sorted(theirs)
        assert count_cases(session, CaseFilter(), now=NOW, scope=scope) == len(theirs)
