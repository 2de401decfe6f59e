"""``qualwatch source list``: every source at a glance, in terminals of any width."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rich import box
from rich.table import Table
from rich.text import Text

from crawling.fetching.advice import advice
from jobs.status import SourceRow
from jobs.terminal import state_style, state_words
from storage.visits import SUCCESSES
from vocabulary.names import name_of
from vocabulary.presentation import displayable
from vocabulary.reasons import reason_in_chinese

if TYPE_CHECKING:
    from rich.console import RenderableType

_COLUMNS = ("代号 / 名称", "结果", "上次", "条目", "新增", "违规", "下次")
_NUMBERS = frozenset({"条目", "新增", "违规"})
_MOMENTS = frozenset({"上次", "下次"})
_NARROW = 72
"""In fewer columns a table would break every name: each source gets lines of its own."""


def source_list(rows: Sequence[SourceRow], zone: ZoneInfo, width: int) -> Iterator[RenderableType]:
    """Every source in a terminal of ``width`` columns, then what is wrong with whom, then a summary."""
    cells = [_cells(row, zone) for row in rows]
    if width < _NARROW:
        yield from map(_lines, cells)
    else:
        yield _table(cells)
    for row in rows:
        yield from _needs(row, zone)
    yield _summary(rows)


def _table(rows: Sequence[Sequence[Text]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    for column in _COLUMNS:
        right = column in _NUMBERS
        whole = right or column in _MOMENTS
        table.add_column(column, justify="right" if right else "left", no_wrap=whole, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _lines(cells: Sequence[Text]) -> Text:
    name, state, *rest = cells
    said = [f"{column} {cell.plain}" for column, cell in zip(_COLUMNS[2:], rest, strict=True)]
    return Text.assemble(name, "\n", state, "\n", " ".join(said[:1] + said[-1:]), "\n", " ".join(said[1:-1]))


def _cells(row: SourceRow, zone: ZoneInfo) -> tuple[Text, ...]:
    """What stands in the columns."""
    usual = f"/{row.usual_items}" if row.usual_items else ""
    remarks = "".join(f"（{remark}）" for remark in row.remarks)
    title = "" if row.title == row.name else f"\n{displayable(row.title, limit=60)}"
    is_thin = row.items < row.least_items
    return (
        Text.assemble((row.name, "bold"), title, (remarks, "yellow")),
        Text(state_words(row), style=state_style(row)),
        Text(_moment(row.last_visit_at, zone)),
        Text(f"{row.items}{usual}" if row.outcome else "—", style="yellow" if is_thin else ""),
        Text(str(row.new_documents) if row.outcome else "—"),
        Text(str(row.findings), style="bold red" if row.findings else ""),
        Text(_moment(row.next_due_at, zone)),
    )


def _moment(moment: datetime | None, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%m-%d %H:%M}" if moment is not None else "—"


def _needs(row: SourceRow, zone: ZoneInfo) -> Iterator[Text]:
    """What is wrong with it, and what to do."""
    name = (row.name, "bold")
    for trouble in row.troubles:
        since = _moment(trouble.began_at, zone)
        said = f" {name_of(trouble.kind)}（自 {since}）：{reason_in_chinese(trouble.detail)}"
        yield Text.assemble(("⚠ ", "yellow"), name, said)
    if row.outcome is not None and row.outcome not in SUCCESSES:
        said = (
            f" {displayable(reason_in_chinese(row.detail), limit=300)}\n  {advice(row.outcome, row.detail)}"
        )
        yield Text.assemble(("✗ ", "yellow"), name, said)


def _summary(rows: Sequence[SourceRow]) -> Text:
    counts = Counter(
        "待访问" if row.outcome is None else "正常" if row.outcome in SUCCESSES else "异常" for row in rows
    )
    said = "，".join(f"{name} {counts[name]}" for name in ("正常", "异常", "待访问") if counts[name])
    troubles = sum(len(row.troubles) for row in rows)
    beside = f"；未恢复的异常 {troubles} 项（已邮件告知管理员）" if troubles else ""
    return Text(
        f"共 {len(rows)} 个来源：{said}{beside}。条目：上次读到/通常；违规：累计。\n"
        "逐步检查：qualwatch source test 代号"
    )
