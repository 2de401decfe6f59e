"""The register of cases (台账) that an office keeps: a row for each, as XLSX and as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from io import BytesIO, StringIO
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from sqlalchemy import select as select_columns
from sqlmodel import Session, col

from alerts.reports.texts import masked, on_one_line
from alerts.reports.workbook import safe_cell
from cases.departments import follow_ups
from settings.model import Settings
from storage.tables import Case, CaseEvent, Finding
from vocabulary.areas import region_name
from vocabulary.codes import CaseState, EventKind, PublisherKind, Severity, Status, Violation
from vocabulary.names import name_of

ROWS = 20_000
"""Cases that one register holds; who needs more narrows the list."""
COLUMNS: Sequence[tuple[str, int]] = (
    ("序号", 6),
    ("案件编号", 9),
    ("发现日期", 12),
    ("地区", 18),
    ("发布单位", 26),
    ("单位性质", 16),
    ("信息标题", 40),
    ("网址", 36),
    ("职业资格", 20),
    ("证书状态", 16),
    ("违规情形", 26),
    ("风险等级", 9),
    ("原文摘录", 44),
    ("跟进部门", 22),
    ("经办人", 14),
    ("办理状态", 14),
    ("确认日期", 12),
    ("责令整改日期", 13),
    ("整改期限", 12),
    ("整改完成日期", 13),
    ("结案日期", 12),
    ("办理意见", 36),
)
"""Headings, and how wide their columns are, in digits."""
_AT_ONCE = 400
_DAYS = (
    EventKind.CONFIRMED,
    EventKind.RECTIFICATION_ASKED,
    EventKind.RECTIFIED,
    EventKind.CLOSED,
)
"""Steps whose last day the register names."""
_SAID = (*_DAYS, EventKind.DISMISSED, EventKind.PUBLISHED, EventKind.REOPENED)
"""Steps whose reason or remark it quotes, the last one of them."""
_LINE = Side(style="thin", color="808080")
_GRID = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_BODY, _HEADING = Font(name="仿宋", size=11), Font(name="黑体", size=11)
_FILL = PatternFill("solid", fgColor="D9E2EC")
_MIDDLE = Alignment(horizontal="center", vertical="center", wrap_text=True)
_TOP = Alignment(vertical="center", wrap_text=True)
_DAY_FORMAT = 'yyyy"-"mm"-"dd'

Row = list[object]


def register_rows(session: Session, cases: Iterable[Case], settings: Settings) -> Iterator[Row]:
    """A row below COLUMNS for each of ``cases``: text on one line, masked, days as days."""
    zone, department_of = ZoneInfo(settings.time_zone), follow_ups(session)
    people = {each.email.casefold(): each.name for each in settings.supervisors}
    number, waiting = 0, iter(cases)
    while some := list(islice(waiting, _AT_ONCE)):
        ids = [case.id or 0 for case in some]
        events, quotes = _events(session, ids), _quotes(session, ids)
        for case in some:
            number += 1
            told = events.get(case.id or 0, {})
            yield [
                number,
                *_what(case, quotes.get(case.id or 0, ""), zone),
                masked(department_of(case.qualification, case.region).department, 120),
                masked(people.get(case.assignee.casefold(), case.assignee), 120),
                name_of(CaseState(case.state)),
                *_days(case, told, zone),
                _last_remark(told),
            ]


def write_register(rows: Iterable[Row], title: str) -> bytes:
    """The register as an XLSX file, made to be printed on A3 across."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("台账")
    for number, (_, width) in enumerate(COLUMNS, 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.freeze_panes = "C3"
    sheet.print_title_rows = "1:2"
    sheet.page_setup.paperSize, sheet.page_setup.orientation = 8, "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.append([_cell(sheet, on_one_line(title), Font(name="黑体", size=16), border=False)])
    sheet.append([_cell(sheet, name, _HEADING, _MIDDLE, fill=True) for name, _ in COLUMNS])
    count = 2
    for row in rows:
        sheet.append([_cell(sheet, value, _BODY, _TOP) for value in row])
        count += 1
    sheet.auto_filter.ref = f"A2:{get_column_letter(len(COLUMNS))}{count}"
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def write_csv(rows: Iterable[Row]) -> bytes:
    """The register as CSV that spreadsheets open as it is: UTF-8 with its mark, CRLF."""
    file = StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow([name for name, _ in COLUMNS])
    for row in rows:
        writer.writerow([safe_cell(value) for value in row])
    return file.getvalue().encode("utf-8-sig")


def _what(case: Case, quote: str, zone: ZoneInfo) -> Row:
    """What the case is about: the columns from its number to the quote."""
    return [
        case.id,
        case.opened_at.astimezone(zone).date(),
        region_name(case.region),
        masked(case.publisher, 120),
        name_of(PublisherKind(case.publisher_kind)),
        masked(case.title, 240),
        on_one_line(case.url, 2048),
        masked(case.qualification, 120),
        name_of(Status(case.status)),
        name_of(Violation(case.violation)),
        name_of(Severity(case.severity)),
        masked(quote, 400),
    ]


def _days(case: Case, events: dict[str, tuple[datetime, str]], zone: ZoneInfo) -> list[date | None]:
    confirmed, asked, rectified, closed = (
        events[kind][0].astimezone(zone).date() if kind in events else None for kind in _DAYS
    )
    return [confirmed, asked, case.deadline, rectified, closed]


def _last_remark(events: dict[str, tuple[datetime, str]]) -> str:
    said = [(at, note) for at, note in events.values() if note]
    return masked(max(said)[1], 400) if said else ""


def _events(session: Session, cases: Sequence[int]) -> dict[int, dict[str, tuple[datetime, str]]]:
    """The last of each kind of step: when, and what was said."""
    rows = session.execute(
        select_columns(col(CaseEvent.case_id), col(CaseEvent.kind), col(CaseEvent.at), col(CaseEvent.note))
        .where(col(CaseEvent.case_id).in_(cases), col(CaseEvent.kind).in_(_SAID))
        .order_by(col(CaseEvent.id))
    )
    found: dict[int, dict[str, tuple[datetime, str]]] = {}
    for case_id, kind, at, note in rows:
        found.setdefault(case_id, {})[kind] = (at, note)
    return found


def _quotes(session: Session, cases: Sequence[int]) -> dict[int, str]:
    """The sentence of one finding of each case, the latest."""
    rows = session.execute(
        select_columns(col(Finding.case_id), col(Finding.context))
        .where(col(Finding.case_id).in_(cases))
        .order_by(col(Finding.id))
    )
    return {case_id: context for case_id, context in rows}  # noqa: C416 - rows are no pairs to mypy


def _cell(
    sheet: Any,
    value: object,
    font: Font,
    alignment: Alignment | None = None,
    *,
    fill: bool = False,
    border: bool = True,
) -> Any:
    cell = WriteOnlyCell(sheet, value=safe_cell(value))
    cell.font = font
    if alignment:
        cell.alignment = alignment
    if border:
        cell.border = _GRID
    if fill:
        cell.fill = _FILL
    if isinstance(value, str):
        cell.data_type = "s"
    elif isinstance(value, date):
        cell.number_format = _DAY_FORMAT
    return cell
