"""The report of a scan as a workbook, written row by row however many findings there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from alerts.reports.workbook import safe_cell
from cli.archive.journal import Journal
from cli.archive.model import Found
from vocabulary.codes import Severity, Status, Violation
from vocabulary.names import name_of

ROWS_OF_SHEET = 1_000_000
"""Excel takes 1,048,576."""
PUBLISHERS = 10_000
FINDINGS, UNREAD = "发现", "未读"
COLUMNS = (
    ("等级", 8),
    ("情形", 26),
    ("职业资格", 22),
    ("资格状态", 14),
    ("单位", 28),
    ("标题", 36),
    ("编号", 18),
    ("发布日期", 12),
    ("按何日规定", 12),
    ("原文", 60),
    ("依据", 36),
    ("说明", 48),
    ("建议", 36),
    ("待人工核实", 10),
    ("网址", 40),
)


def write_report(journal: Journal, path: Path, about: Sequence[tuple[str, str]]) -> None:
    """Write what the journal has to ``path``; ``about`` are rows that say what was scanned, and how."""
    book = Workbook(write_only=True)
    _overview(book, journal, about)
    _sheets(book, FINDINGS, COLUMNS, map(_finding_row, journal.found()))
    unread = ((each.name, each.why) for each in journal.unread())
    _sheets(book, UNREAD, (("名称", 60), ("原因", 60)), unread)
    book.save(path)


def _overview(book: Any, journal: Journal, about: Sequence[tuple[str, str]]) -> None:
    sheet = _sheet(book, "概况", (("项目", 40), ("数值", 40)))
    tally = journal.tally()
    rows: list[tuple[object, object]] = [
        *about,
        ("检查份数", tally.documents),
        ("发现问题", tally.findings),
        ("其中需处理", tally.alerts),
        ("未能读取", tally.unread),
        ("不是可检查的格式", tally.skipped),
        *_named("等级", journal.counts("severity"), lambda code: name_of(Severity(code))),
        *_named("情形", journal.counts("violation"), lambda code: name_of(Violation(code))),
        *_named("职业资格", journal.counts("qualification")[:100], str),
        *_named("单位", journal.counts("publisher")[:PUBLISHERS], lambda name: name or "（未写明）"),
    ]
    for row in rows:
        sheet.append([safe_cell(cell) for cell in row])


def _named(
    kind: str, counts: Iterable[tuple[str, int]], name: Callable[[str], str]
) -> Iterator[tuple[str, int]]:
    return ((f"{kind}：{name(code)}", count) for code, count in counts)


def _finding_row(found: Found) -> Sequence[object]:
    return (
        name_of(Severity(found.severity)),
        name_of(Violation(found.violation)),
        found.qualification,
        name_of(Status(found.status)),
        found.publisher,
        found.title,
        found.identity,
        found.day,
        found.as_of,
        found.passage,
        found.legal_basis,
        found.explanation,
        found.advice,
        "是" if found.needs_review else "",
        found.url,
    )


def _sheets(
    book: Any, title: str, columns: Sequence[tuple[str, int]], rows: Iterable[Sequence[object]]
) -> None:
    """A sheet, and as many more as the rows need."""
    rows, number = iter(rows), 1
    while True:
        sheet = _sheet(book, title if number == 1 else f"{title}{number}", columns)
        last = 1
        for row in islice(rows, ROWS_OF_SHEET):
            sheet.append([safe_cell(cell) for cell in row])
            last += 1
        sheet.auto_filter.ref = f"A1:{chr(64 + len(columns))}{last}"
        if last <= ROWS_OF_SHEET:
            return
        number += 1


def _sheet(book: Any, title: str, columns: Sequence[tuple[str, int]]) -> Any:
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    heading = []
    for place, (name, width) in enumerate(columns):
        sheet.column_dimensions[chr(65 + place)].width = width
        cell = WriteOnlyCell(sheet, name)
        cell.font = Font(name="黑体", size=11)
        heading.append(cell)
    sheet.append(heading)
    return sheet
