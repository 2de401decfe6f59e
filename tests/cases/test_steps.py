"""Which step may follow which, and what is kept of it."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select, update
from typer.testing import CliRunner, Result

from cases.case_filter import CaseFilter
from cases.queries import list_cases, read_case
from cases.steps import RULES, IllegalStep, IncompleteStep, UnknownCase, possible_steps, take_step
from cli.case import app
from settings.model import Settings
from storage.tables import Case, CaseEvent
from tests.alerts.stored import NOW, Posting, report
from vocabulary.codes import CaseOrder, CaseState, EventKind, Step
from vocabulary.dates import chinese_day
from vocabulary.names import name_of, names_of

TEXT = "二、条件：须持有会计从业资格证，年龄35周岁以下，联系电话13812345678。"
DEADLINE = date(2026, 12, 1)


@pytest.fixture
def case(engine: Engine, settings: Settings) -> int:
    (opened,) = report(engine, settings, Posting(TEXT)).opened
    return opened


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "qualwatch.toml"
    file.write_text(f"[storage]\ndirectory = '{tmp_path}'\n")
    return file


def _take(engine: Engine, case: int, step: Step | str, note: str = "因为", key: str = "") -> CaseState:
    asked = DEADLINE if step == Step.ASK else None
    with Session(engine) as session, session.begin():
        return take_step(session, case, step, actor="王科长", note=note, now=NOW, deadline=asked, key=key)


def _put(engine: Engine, case: int, state: CaseState) -> None:
    with Session(engine) as session, session.begin():
        session.execute(update(Case).where(col(Case.id) == case).values(state=state))


def _case(engine: Engine, case: int) -> Case:
    with Session(engine) as session:
        return session.exec(select(Case).where(Case.id == case)).one()


def _events(engine: Engine) -> list[tuple[str, str, str]]:
    with Session(engine) as session:
        events = session.exec(select(CaseEvent).order_by(col(CaseEvent.id))).all()
        return [(event.kind, event.actor, event.note) for event in events]


def test_a_case_goes_from_its_finding_to_its_end(engine: Engine, case: int) -> None:
    way = ["confirm", "ask", "overdue", "publish", "rectified", "close"]
    states = [_take(engine, case, step, note="") for step in way]
    assert states == ["confirmed", "rectification_asked", "overdue", "published", "rectified", "closed"]
    kept = _case(engine, case)
    assert (kept.state, kept.deadline, kept.updated_at) == (CaseState.CLOSED, DEADLINE, NOW)
    assert _events(engine)[1:3] == [
        ("confirmed", "王科长", ""),
        ("rectification_asked", "王科长", "整改期限：2026年12月1日"),
    ]


@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("state", CaseState)
def test_every_step_is_taken_where_its_rule_says_and_refused_elsewhere(
    engine: Engine, case: int, state: CaseState, step: Step
) -> None:
    _put(engine, case, state)
    before = _events(engine)
    if state in RULES[step].before:
        assert step in possible_steps(state)
        assert _take(engine, case, step) == RULES[step].after == _case(engine, case).state
        assert len(_events(engine)) == len(before) + 1
    else:
        with pytest.raises(
            IllegalStep, match=rf"案件{case}目前为“{name_of(state)}”，不能“{name_of(step)}”：.*现在可以"
        ):
            _take(engine, case, step)
        assert (_case(engine, case).state, _events(engine)) == (state, before)


def test_what_a_step_needs_must_be_said(engine: Engine, case: int) -> None:
    with Session(engine) as session, session.begin():
        with pytest.raises(IncompleteStep, match="须写明理由"):
            take_step(session, case, "dismiss", actor="王", note=" ", now=NOW)
        with pytest.raises(IncompleteStep, match="须写明经办人"):
            take_step(session, case, "confirm", actor="", now=NOW)
        take_step(session, case, "confirm", actor="王", now=NOW)
        with pytest.raises(IncompleteStep, match="须写明整改期限"):
            take_step(session, case, "ask", actor="王", now=NOW)
        with pytest.raises(IncompleteStep, match="已经过去"):
            take_step(session, case, "ask", actor="王", now=NOW, deadline=NOW.date() - timedelta(days=1))
        with pytest.raises(IncompleteStep, match="不设期限"):
            take_step(session, case, "dismiss", actor="王", note="误报", now=NOW, deadline=DEADLINE)
        with pytest.raises(UnknownCase, match="没有案件99"):
            take_step(session, 99, "confirm", actor="王", now=NOW)
        with pytest.raises(IllegalStep, match="没有“burn”这一步骤"):
            take_step(session, case, "burn", actor="王", now=NOW)
    assert [kind for kind, _, _ in _events(engine)] == ["found", "confirmed"]


def test_a_second_round_has_events_of_its_own(engine: Engine, case: int) -> None:
    way = [Step.CONFIRM, Step.ASK, Step.RECTIFIED, Step.REOPEN, Step.CONFIRM, Step.ASK, Step.RECTIFIED]
    for step in way:
        _take(engine, case, step)
        assert (_case(engine, case).deadline is None) is (step in {Step.REOPEN, Step.CONFIRM})
    assert [kind for kind, _, _ in _events(engine)][1:] == [RULES[step].event for step in way]


def test_an_occasion_counts_once(engine: Engine, case: int) -> None:
    for step in (Step.CONFIRM, Step.ASK, Step.RECTIFIED):
        _take(engine, case, step)
    _take(engine, case, Step.REOPEN, key="sighting:5")
    _put(engine, case, CaseState.CLOSED)
    with pytest.raises(IllegalStep, match="已经登记过"):
        _take(engine, case, Step.REOPEN, key="sighting:5")
    assert _case(engine, case).state is CaseState.CLOSED


def test_of_two_who_decide_at_once_one_is_refused(engine: Engine, case: int) -> None:
    start, told = threading.Barrier(8), []

    def decide() -> None:
        start.wait()
        try:
            told.append(_take(engine, case, Step.CONFIRM).value)
        except IllegalStep:
            told.append("refused")

    threads = [threading.Thread(target=decide) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["confirmed", *["refused"] * 7]
    assert len(_events(engine)) == 2


def test_a_session_that_has_read_the_case_sees_its_new_state(engine: Engine, case: int) -> None:
    with Session(engine) as session, session.begin():
        read = session.get_one(Case, case)
        take_step(session, case, "confirm", actor="王", now=NOW)
        assert read.state is CaseState.CONFIRMED


def test_the_docket_is_read_by_state_and_region(engine: Engine, settings: Settings, case: int) -> None:
    other = Posting(
        TEXT, title="长春市某某单位公开招聘财务人员公告", url="https://b.example.com/", region="220102"
    )
    report(engine, settings, other)
    _take(engine, case, Step.CONFIRM)
    with Session(engine) as session:
        oldest = CaseFilter(order=CaseOrder.OLDEST)
        confirmed, in_jilin = CaseFilter(states=(CaseState.CONFIRMED,)), CaseFilter(region="220000")
        assert [found.id for found in list_cases(session, oldest, now=NOW).cases] == [1, 2]
        assert [found.id for found in list_cases(session, confirmed, now=NOW).cases] == [1]
        assert [found.id for found in list_cases(session, in_jilin, now=NOW).cases] == [2]
        assert [found.id for found in list_cases(session, oldest, now=NOW, after="1", limit=1).cases] == [2]
        file = read_case(session, case)
        assert file is not None
        assert ([event.kind for event in file.events], len(file.findings)) == (["found", "confirmed"], 1)
        assert read_case(session, 99) is None


def test_every_state_and_event_has_a_word() -> None:
    assert set(names_of(CaseState)) == set(CaseState)
    assert set(names_of(EventKind)) >= {rule.event for rule in RULES.values()} | {"found", "seen", "notified"}


def _run(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--config", str(config)])


def test_the_command_line_takes_a_case_to_its_end(engine: Engine, config: Path, case: int) -> None:
    assert "已发现  【高】会计从业资格  福建省宁德市" in _run(config, "list").stdout
    assert _run(config, "confirm", "1", "--actor", "王科长").stdout == "案件 1：已确认\n"
    deadline = datetime.now(UTC).date() + timedelta(days=30)
    worked = deadline + timedelta(days=1)
    with config.open("a", encoding="utf-8") as file:
        file.write(f"[calendar]\nholidays = [{deadline}]\nworking_days = [{worked}]\n")
    day, later = chinese_day(deadline), chinese_day(worked)
    asked = _run(config, "ask", "1", "--deadline", str(deadline), "--note", "已发函")
    assert asked.stdout == f"案件 1：责令整改中\n{day}是休息日，期限顺延至{later}\n"
    assert f"整改期限 {day}" in _run(config, "list", "--state", "rectification_asked").stdout
    assert _run(config, "rectified", "1").exit_code == 0
    assert _run(config, "list").stdout == ""
    assert "已整改" in _run(config, "list", "--all").stdout
    shown = _run(config, "show", "1").stdout
    assert "须持有会计从业资格证" in shown
    assert "13812345678" not in shown
    assert "王科长" in shown
    assert "现在可以：曝光（publish）、结案（close）、重新立案（reopen）" in shown
    assert _run(config, "close", "1").exit_code == 0
    assert _run(config, "reopen", "1", "--reason", "反弹").exit_code == 0
    assert _run(config, "dismiss", "1", "--reason", "误报").stdout == "案件 1：已排除\n"


@pytest.mark.usefixtures("case")
def test_the_command_line_refuses_with_one_sentence(config: Path) -> None:
    refused = _run(config, "publish", "1")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr == (
        "案件1目前为“已发现”，不能“曝光”：该步骤适用于已整改、逾期未整改的案件；现在可以：确认属实、排除、已完成整改\n"
    )
    assert _run(config, "show", "7").stderr == "没有编号为 7 的案件\n"
    assert "不是日期" in _run(config, "ask", "1", "--deadline", "tomorrow").stderr
    assert "请检查年份" in _run(config, "ask", "1", "--deadline", "9999-12-31").stderr
    assert _run(config, "dismiss", "1").exit_code == 2


def test_a_hold_is_an_event_with_a_reason_and_ends_by_another(
    engine: Engine, config: Path, case: int
) -> None:
    assert _run(config, "release", str(case), "--reason", "无").exit_code == 2
    held = _run(config, "hold", str(case), "--reason", "行政复议期间", "--actor", "王科长")
    assert (held.exit_code, held.output) == (0, f"案件 {case}：已保全\n")
    assert "保全中" in _run(config, "list").output
    again = _run(config, "hold", str(case), "--reason", "行政复议期间")
    assert (again.exit_code, f"案件{case}已在保全中" in again.output) == (2, True)
    assert _run(config, "hold", str(case), "--reason", " ").exit_code == 2
    assert "没有编号为 99 的案件" in _run(config, "hold", "99", "--reason", "行政复议期间").output
    assert _run(config, "release", str(case), "--reason", "复议终结", "--actor", "王科长").exit_code == 0
    shown = _run(config, "show", str(case)).output
    assert "证据保全  王科长  行政复议期间" in shown
    assert "解除保全  王科长  复议终结" in shown
    assert "保全中" not in shown
