from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import structlog
from rich.console import Console

from jobs.context import PageDone, VisitSummary
from jobs.logs import set_up_logging
from jobs.status import SourceRow, StatusBoard
from jobs.terminal import VisitLog, live_picture, live_table, source_table
from settings.sources import Source
from storage.visits import VisitCounts
from vocabulary.codes import Outcome, PageKind

ZONE = ZoneInfo("Asia/Shanghai")
SOURCE = Source.model_validate({"name": "one", "title": "示例市人社局", "url": "http://a.example.cn/"})
HOSTILE = "招聘\x1b[2J\x1b]0;owned\x07公告\n2026-11-21 [info] forged"


def page(outcome: Outcome = Outcome.OK, **changes: object) -> PageDone:
    values: dict[str, object] = {"url": "http://a.example.cn/1", "kind": PageKind.PAGE, "outcome": outcome}
    return PageDone(**(values | changes))  # type: ignore[arg-type]


def shown(board: StatusBoard) -> str:
    console = Console(file=io.StringIO(), width=160, force_terminal=False)
    console.print(source_table(board.rows(), ZONE))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.fixture
def board() -> StatusBoard:
    return StatusBoard([SourceRow("one", "示例市人社局")])


def test_the_table_has_the_columns_that_supervisors_read(board: StatusBoard) -> None:
    text = shown(board)
    for column in ("来源", "状态", "页面", "附件", "违规", "错误", "上次成功", "下次"):
        assert column in text
    assert "待访问" in text


def test_of_200_sources_those_in_trouble_come_first_and_one_line_counts_all() -> None:
    rows = [SourceRow(f"s{each}", f"第{each}个", outcome=Outcome.OK, findings=1) for each in range(200)]
    rows[150] = replace(rows[150], outcome=Outcome.TIMEOUT, title="出错的")
    rows[120] = replace(rows[120], is_visiting=True, title="访问中的")
    console = Console(file=io.StringIO(), width=160, height=24, force_terminal=False)
    console.print(live_picture(StatusBoard(rows), ZONE, console.height))
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert len(lines) <= 24
    names = [line for line in lines if "的 " in line or "第" in line]
    assert "出错的" in names[0]
    assert "访问中的" in names[1]
    assert lines[-1].startswith("共 200 个来源：异常 1，访问中 1，待访问 0；违规 200")
    assert "另有" in lines[-2]


def test_a_visit_is_shown_while_it_lasts_and_after_it(board: StatusBoard) -> None:
    board.visit_began(SOURCE, VisitCounts())
    board.page_done(SOURCE, page(kind=PageKind.LIST))
    board.page_done(SOURCE, page(findings=2, alerts=("会计证",)))
    board.page_done(SOURCE, page(kind=PageKind.ATTACHMENT))
    board.page_done(SOURCE, page(Outcome.TIMEOUT))
    [row] = board.rows()
    assert (row.is_visiting, row.pages, row.attachments, row.findings, row.errors) == (True, 1, 1, 2, 1)
    assert "访问中" in shown(board)
    ended = datetime.now(UTC)
    summary = VisitSummary("one", 1, Outcome.OK, ended_at=ended, next_due_at=ended + timedelta(hours=6))
    board.visit_ended(SOURCE, summary)
    assert "正常" in shown(board)
    assert ended.astimezone(ZONE).strftime("%H:%M:%S") in shown(board)


def test_failures_in_a_row_are_counted_until_a_success(board: StatusBoard) -> None:
    for _ in range(3):
        board.visit_ended(SOURCE, VisitSummary("one", 1, Outcome.BLOCKED))
    assert "被拦截（连续3次）" in shown(board)
    board.visit_ended(SOURCE, VisitSummary("one", 1, Outcome.UNCHANGED))
    assert board.rows()[0].failures_in_a_row == 0


def test_an_interrupted_visit_changes_no_health(board: StatusBoard) -> None:
    board.visit_ended(SOURCE, VisitSummary("one", 1, Outcome.OK))
    board.visit_began(SOURCE, VisitCounts())
    board.visit_ended(SOURCE, VisitSummary("one", 2, None))
    [row] = board.rows()
    assert (row.is_visiting, row.outcome) == (False, Outcome.OK)


def test_recent_findings_are_shown_newest_first_and_few(board: StatusBoard) -> None:
    for number in range(20):
        board.page_done(SOURCE, page(title=f"公告{number}", alerts=("会计证",)))
    assert [found.title for found in board.found()] == [f"公告{number}" for number in range(19, 11, -1)]


def test_words_from_outside_cannot_steer_the_terminal(board: StatusBoard) -> None:
    board.page_done(SOURCE, page(title=HOSTILE, alerts=("会计证\x1b[31m",)))
    file = io.StringIO()
    console = Console(file=file, width=160, force_terminal=True, color_system=None)
    with live_table(board, console, ZONE):
        pass
    text = file.getvalue()
    assert "会计证" in text
    assert "\x1b]0;owned" not in text
    assert "\x07" not in text
    assert "\x1b[2J" not in text


@pytest.fixture
def lines() -> Iterator[list[str]]:
    written: list[str] = []
    set_up_logging(written.append, quiet=False)
    yield written
    structlog.reset_defaults()


def test_words_from_outside_cannot_forge_a_line_of_the_log(lines: list[str]) -> None:
    VisitLog().page_done(SOURCE, page(title=HOSTILE, alerts=("会计证",)))
    [line] = lines
    assert "\n" not in line
    assert "\x1b" not in line


def test_the_log_says_what_was_not_read_and_what_to_do(lines: list[str]) -> None:
    VisitLog().page_done(SOURCE, page(Outcome.GONE, detail="the server answers 404"))
    VisitLog().visit_ended(SOURCE, VisitSummary("one", 1, Outcome.BLOCKED, "the server refuses us"))
    assert "404" in lines[0]
    assert "selectors" in lines[0] or "url" in lines[0]
    assert "blocked" in lines[1]
    assert "refuses us" in lines[1]


def test_what_an_exception_says_cannot_steer_the_terminal(lines: list[str]) -> None:
    try:
        int(HOSTILE)
    except ValueError:
        structlog.get_logger().exception("page_failed", url="http://a.example.cn/1")
    assert "ValueError" in lines[0]
    assert "\x1b" not in lines[0]
    assert "\x07" not in lines[0]
