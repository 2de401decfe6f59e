"""``qualwatch source list`` in terminals of every width, with names as long as they may be."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from rich.cells import cell_len
from rich.console import Console

from cli.source_list import source_list
from jobs.status import SourceRow
from storage.tables import SourceTrouble
from vocabulary.codes import Outcome, TroubleKind

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)
ROWS = [
    SourceRow(
        "jilin-hrss",
        "吉林省人力资源和社会保障厅 · 通知公告",
        outcome=Outcome.OK,
        items=20,
        usual_items=20,
        least_items=16,
        new_documents=3,
        findings=12,
        last_visit_at=NOW,
        next_due_at=NOW + timedelta(hours=6),
    ),
    SourceRow(
        "a-source-with-a-name-of-forty-characters",
        "示例市示例区人力资源公共服务中心事业单位公开招聘信息发布栏目",
        remarks=("不验证证书",),
        outcome=Outcome.FEWER_THAN_EXPECTED,
        detail="3 items where 20 are usual",
        failures_in_a_row=3,
        items=3,
        usual_items=20,
        least_items=16,
        last_visit_at=NOW - timedelta(days=2),
        next_due_at=NOW + timedelta(days=1),
        troubles=(
            SourceTrouble(
                source="a-source-with-a-name-of-forty-characters",
                kind=TroubleKind.FEWER,
                detail="连续3次访问未能读全",
                began_at=NOW - timedelta(days=2),
            ),
        ),
    ),
    SourceRow("new", "new"),
]


def shown(width: int) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    console.print(*source_list(ROWS, ZONE, width), sep="\n")
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal_and_nothing_is_lost(width: int) -> None:
    text = shown(width)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    together = "".join(text.split())
    for word in ("jilin-hrss", "20/20", "3/20"):
        assert word in together
    assert "…" not in text


@pytest.mark.parametrize("width", [80, 120, 200])
def test_names_moments_and_numbers_stand_in_one_piece(width: int) -> None:
    lines = shown(width).splitlines()
    [line] = [line for line in lines if line.startswith("jilin-hrss")]
    assert line.split()[:2] == ["jilin-hrss", "正常"]
    assert "20/20" in line
    assert line.rstrip().endswith("11-21 21:00")
    # Columns begin at the same cell in every row, whatever the widths of the characters before.
    heading = next(line for line in lines if line.startswith("代号"))
    assert cell_len(heading.partition("结果")[0]) == cell_len(line.partition("正常")[0])


def test_what_is_wrong_is_said_with_what_to_do() -> None:
    text = shown(200)
    assert "⚠ a-source-with-a-name-of-forty-characters 列表内容明显减少（自 11-19 15:00）：连续3次" in text
    assert "✗ a-source-with-a-name-of-forty-characters 本次3条，通常20条" in text
    assert "共 3 个来源：正常 1，异常 1，待访问 1；未恢复的异常 1 项（已邮件告知管理员）" in text
    assert "qualwatch source test" in text
