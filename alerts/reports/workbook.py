"""The monthly bulletin as XLSX, and the trend chart that both documents show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from io import BytesIO
from typing import Any

from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.chart.data_source import (
    AxDataSource,
    NumData,
    NumDataSource,
    NumRef,
    NumVal,
    StrData,
    StrRef,
    StrVal,
)
from openpyxl.chart.series import SeriesLabel
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.drawing.line import LineProperties
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

from alerts.reports.figures import Bulletin, Counts, OverdueCase, Table, TrendPoint
from alerts.reports.texts import on_one_line
from vocabulary.dates import chinese_day

COUNT_COLUMNS = ("新发现", "已整改", "已排除", "已曝光", "在办", "逾期", "整改率")
OVERDUE_COLUMNS = (
    "案件编号",
    "地区",
    "发布单位",
    "职业资格",
    "风险等级",
    "整改期限",
    "逾期天数",
    "标题",
    "网址",
)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_LINE = Side(style="thin", color="808080")
_GRID = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_HEAD = PatternFill("solid", fgColor="D9E2EC")
_TREND_SHEET = "趋势"
_LINE_HEIGHT = 17
"""Points for a line of 11."""


def counts_row(counts: Counts) -> tuple[int | float | None, ...]:
    """The values below COUNT_COLUMNS."""
    return (
        counts.opened,
        counts.rectified,
        counts.dismissed,
        counts.published,
        counts.open_at_end,
        counts.overdue_at_end,
        counts.rectification_rate,
    )


def write_workbook(bulletin: Bulletin) -> bytes:
    """The bulletin as an XLSX file: overview, a sheet for each table, the overdue cases, the trend."""
    book = Workbook()
    _overview(book.active, bulletin)
    for table in bulletin.tables:
        _table(book.create_sheet(table.title), table, bulletin.total)
    _overdue(book.create_sheet("逾期未整改"), bulletin.overdue)
    _trend(book, bulletin.trend)
    for sheet in book.worksheets:
        sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.fitToHeight = 0
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
    return _saved(book)


def write_trend(points: Sequence[TrendPoint]) -> bytes:
    """A workbook with nothing but the trend and its chart, to be embedded in a text document."""
    book = Workbook()
    book.remove(book.active)
    _trend(book, points)
    return _saved(book)


def safe_cell(value: object) -> object:
    """Text on one line that no spreadsheet takes for a formula, also after it was saved as CSV."""
    if not isinstance(value, str):
        return value
    text = on_one_line(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _overview(sheet: Any, bulletin: Bulletin) -> None:
    sheet.title = "总体情况"
    sheet.append([safe_cell(f"{bulletin.area}职业资格违规监测月报（{bulletin.month.name}）")])
    sheet["A1"].font = Font(name="黑体", size=16)
    sheet.merge_cells("A1:H1")
    sheet["A1"].alignment = Alignment(horizontal="center")
    sheet.append([])
    _head(sheet, ("指标", "数值"))
    for name, value in zip(COUNT_COLUMNS, counts_row(bulletin.total), strict=True):
        _row(sheet, (name, value))
    for name, value in bulletin.by_state:
        _row(sheet, (f"{bulletin.until}状态：{name}", value))
    sheet.append([])
    sheet.append([f"编制日期：{chinese_day(bulletin.written_on)}"])
    _widths(sheet, (34, 14))


def _table(sheet: Any, table: Table, total: Counts) -> None:
    _head(sheet, (table.column, *COUNT_COLUMNS))
    for name, counts in table.rows:
        _row(sheet, (name, *counts_row(counts)))
    _row(sheet, ("合计", *counts_row(total)))
    for cell in sheet[sheet.max_row]:
        cell.font = Font(name="黑体", size=11)
    _widths(sheet, (32, *(12 for _ in COUNT_COLUMNS)))
    sheet.freeze_panes = "B2"


def _overdue(sheet: Any, cases: Sequence[OverdueCase]) -> None:
    _head(sheet, OVERDUE_COLUMNS)
    for case in cases:
        _row(
            sheet,
            (
                case.number,
                case.region,
                case.publisher,
                case.qualification,
                case.severity,
                case.deadline,
                case.days,
                case.title,
                case.link,
            ),
        )
        if case.link:
            sheet.cell(sheet.max_row, len(OVERDUE_COLUMNS)).hyperlink = case.link
    _widths(sheet, (10, 20, 28, 22, 10, 16, 10, 48, 48))
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions


def _trend(book: Any, points: Sequence[TrendPoint]) -> None:
    sheet = book.create_sheet(_TREND_SHEET)
    _head(sheet, ("月份", "新发现", "已整改"))
    for point in points:
        _row(sheet, (point.month.name, point.opened, point.rectified))
    _widths(sheet, (12, 10, 10))
    sheet.add_chart(_trend_chart(sheet, points), "E2")


def _trend_chart(sheet: Any, points: Sequence[TrendPoint]) -> Any:
    months = len(points)
    chart = BarChart()
    chart.type = "col"
    chart.width, chart.height = 15.5, 8
    chart.gapWidth = 60
    chart.add_data(
        Reference(sheet, min_col=2, max_col=3, min_row=1, max_row=1 + months), titles_from_data=True
    )
    chart.set_categories(Reference(sheet, min_col=1, min_row=2, max_row=1 + months))
    drawn = (
        ("新发现", "C00000", [point.opened for point in points]),
        ("已整改", "2E75B6", [point.rectified for point in points]),
    )
    for series, (title, color, counts) in zip(chart.series, drawn, strict=True):
        series.graphicalProperties.solidFill = color
        _keep_values(series, title, [point.month.name for point in points], counts)
    chart.y_axis.majorGridlines.spPr = GraphicalProperties(ln=LineProperties(solidFill="D9D9D9"))
    chart.legend.position = "b"
    chart.y_axis.title = "件"
    chart.y_axis.number_format = "0"
    # A month without any case has whole axes too: from nought, in steps of whole cases.
    most = max((max(point.opened, point.rectified) for point in points), default=0)
    chart.y_axis.majorUnit = max(1, math.ceil(most / 5))
    chart.y_axis.scaling.min, chart.y_axis.scaling.max = 0, 5 * chart.y_axis.majorUnit
    # Without these words openpyxl has newer Excel hide both axes.
    chart.x_axis.delete = chart.y_axis.delete = False
    return chart


def _keep_values(series: Any, title: str, months: Sequence[str], counts: Sequence[int]) -> None:
    """Text documents draw what the chart itself remembers of its sheet."""
    name = StrVal(idx=0, v=title)
    series.tx = SeriesLabel(strRef=StrRef(f=series.tx.strRef.f, strCache=StrData(ptCount=1, pt=[name])))
    names = [StrVal(idx=place, v=month) for place, month in enumerate(months)]
    kept = [NumVal(idx=place, v=str(count)) for place, count in enumerate(counts)]
    series.cat = AxDataSource(
        strRef=StrRef(f=series.cat.numRef.f, strCache=StrData(ptCount=len(names), pt=names))
    )
    series.val = NumDataSource(
        numRef=NumRef(f=series.val.numRef.f, numCache=NumData(formatCode="0", ptCount=len(kept), pt=kept))
    )


def _head(sheet: Any, names: Sequence[str]) -> None:
    sheet.append(list(names))
    for cell in sheet[sheet.max_row][: len(names)]:
        cell.font = Font(name="黑体", size=11)
        cell.fill, cell.border = _HEAD, _GRID
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)


def _row(sheet: Any, values: Sequence[object]) -> None:
    sheet.append([safe_cell(value) for value in values])
    for cell in sheet[sheet.max_row][: len(values)]:
        cell.font, cell.border = Font(name="仿宋", size=11), _GRID
        cell.alignment = Alignment(vertical="center", wrap_text=True)
        if isinstance(cell.value, str):
            cell.data_type = "s"
        elif isinstance(cell.value, float):
            cell.number_format = "0.0%"
        elif isinstance(cell.value, date):
            cell.number_format = 'yyyy"年"m"月"d"日"'


def _widths(sheet: Any, widths: Sequence[float]) -> None:
    for number, width in enumerate(widths):
        sheet.column_dimensions["ABCDEFGHIJ"[number]].width = width
    for row in sheet.iter_rows():
        lines = max((_lines(cell.value, widths[cell.column - 1]) for cell in row[: len(widths)]), default=1)
        if lines > 1 and not any(type(cell).__name__ == "MergedCell" for cell in row):
            sheet.row_dimensions[row[0].row].height = _LINE_HEIGHT * lines


def _lines(value: object, width: float) -> int:
    """Lines that a cell's text takes: a Chinese character is as wide as two digits, by which widths count."""
    if not isinstance(value, str):
        return 1
    digits = sum(1 if letter.isascii() else 2 for letter in value)
    # Not every line is filled to its end.
    return max(1, math.ceil(1.1 * digits / (width - 1)))


def _saved(book: Any) -> bytes:
    file = BytesIO()
    book.save(file)
    return file.getvalue()
