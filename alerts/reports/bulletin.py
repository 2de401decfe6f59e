"""The monthly bulletin as DOCX."""

from __future__ import annotations

import zipfile
from io import BytesIO

from docx.document import Document as DocumentObject
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import Mm

from alerts.reports.figures import Bulletin, Counts, OverdueCase, Table
from alerts.reports.paper import (
    SUBHEADING,
    add_heading,
    add_run,
    add_table,
    add_text,
    add_title,
    new_document,
)
from alerts.reports.workbook import COUNT_COLUMNS, counts_row, write_trend
from vocabulary.dates import chinese_day

OVERDUE_SHOWN = 200
"""Overdue cases written out; the workbook has them all."""
_NUMERALS = "一二三四五六七八九"
_CHART_TYPE = "application/vnd.openxmlformats-officedocument.drawingml.chart+xml"
_XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_CHART_SIZE = (Mm(156), Mm(80))


def write_bulletin(bulletin: Bulletin) -> bytes:
    """The bulletin as a DOCX file, in the layout of an office's document."""
    document = new_document()
    add_title(document, f"{bulletin.area}职业资格违规监测月报")
    subtitle = add_text(document, f"（{bulletin.month.name}）", indent=False, font=SUBHEADING)
    subtitle.alignment = WD_ALIGN_PARAGRAPH.CENTER
    sections = iter(_NUMERALS)
    add_heading(document, f"{next(sections)}、总体情况")
    for paragraph in _summary(bulletin):
        add_text(document, paragraph)
    for table in bulletin.tables:
        add_heading(document, f"{next(sections)}、{table.title}")
        _add_counts(document, table, bulletin.total)
    add_heading(document, f"{next(sections)}、逾期未整改案件")
    _add_overdue(document, bulletin.overdue)
    add_heading(document, f"{next(sections)}、近十二个月趋势")
    _add_trend(document, bulletin)
    add_heading(document, f"{next(sections)}、指标说明")
    add_text(
        document,
        "“新发现”指当月新立案件，“已整改”“已排除”“已曝光”指当月办理；“在办”指月末尚未整改、排除或结案的案件；“逾期”指月末已过整改期限仍未整改的案件；"
        "“整改率”指截至月末已整改案件占已责令整改案件的比例，经核实排除的案件不计。"
        "一案由几个部门主管的，在各部门分别计数，合计只计一次。",
    )
    signature = add_text(document, chinese_day(bulletin.written_on), indent=False)
    signature.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    document.core_properties.title = f"{bulletin.area}职业资格违规监测月报（{bulletin.month.name}）"
    document.core_properties.author = "Qualwatch"
    file = BytesIO()
    document.save(file)
    return file.getvalue()


def _summary(bulletin: Bulletin) -> tuple[str, ...]:
    total = bulletin.total
    states = "、".join(f"{name}{count}件" for name, count in bulletin.by_state)
    if not states:
        return (f"截至{bulletin.until}，{bulletin.area}没有立案。",)
    rate = total.rectification_rate
    return (
        f"{bulletin.month.name}，{bulletin.area}新发现涉嫌违规要求、设置或开展职业资格的案件{total.opened}件，"
        f"完成整改{total.rectified}件，经核实排除{total.dismissed}件，公开曝光{total.published}件。",
        f"截至{bulletin.until}，在办案件{total.open_at_end}件，其中逾期未整改{total.overdue_at_end}件；"
        f"累计责令整改{total.asked_so_far}件，已整改{total.rectified_so_far}件"
        + (f"，整改率{rate:.1%}。" if rate is not None else "。"),
        f"截至{bulletin.until}，全部案件的状态：{states}。",
    )


def _add_counts(document: DocumentObject, table: Table, total: Counts) -> None:
    if not table.rows:
        add_text(document, "本月无。")
        return
    rows = [(name, *_texts(counts)) for name, counts in (*table.rows, ("合计", total))]
    add_table(document, (table.column, *COUNT_COLUMNS), rows, (43, *(15.8 for _ in COUNT_COLUMNS[:-1]), 18))


def _texts(counts: Counts) -> tuple[str, ...]:
    *numbers, rate = counts_row(counts)
    return (*(str(number) for number in numbers), "—" if rate is None else f"{rate:.1%}")


def _add_overdue(document: DocumentObject, cases: tuple[OverdueCase, ...]) -> None:
    if not cases:
        add_text(document, "无。")
        return
    rows = [
        (
            str(case.number),
            case.region,
            case.publisher,
            case.qualification,
            case.severity,
            chinese_day(case.deadline) or "—",
            "—" if case.days is None else str(case.days),
        )
        for case in cases[:OVERDUE_SHOWN]
    ]
    head = ("编号", "地区", "发布单位", "职业资格", "等级", "整改期限", "逾期天数")
    add_table(document, head, rows, (12, 24, 32, 28, 13, 33, 14))
    if len(cases) > OVERDUE_SHOWN:
        add_text(document, f"另有{len(cases) - OVERDUE_SHOWN}件，见电子表格。")


def _add_trend(document: DocumentObject, bulletin: Bulletin) -> None:
    """The workbook's chart, drawn by the reader's program in its own fonts, with its figures behind it."""
    book = write_trend(bulletin.trend)
    with zipfile.ZipFile(BytesIO(book)) as parts:
        drawn = parts.read("xl/charts/chart1.xml")
    package = document.part.package
    chart = Part(PackURI("/word/charts/chart1.xml"), _CHART_TYPE, b"", package)
    figures = Part(PackURI("/word/embeddings/trend.xlsx"), _XLSX_TYPE, book, package)
    figures_id = chart.relate_to(figures, RELATIONSHIP_TYPE.PACKAGE)
    chart._blob = _with_figures(drawn, figures_id)  # noqa: SLF001 - its id is known only now
    chart_id = document.part.relate_to(chart, RELATIONSHIP_TYPE.CHART)
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    # A line of fixed height would cut the picture off.
    paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
    run = add_run(paragraph, "")
    run._r.append(_drawing(chart_id))  # noqa: SLF001 - python-docx knows no charts


def _with_figures(chart: bytes, relation: str) -> bytes:
    tail = (
        '<c:externalData xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
        f'r:id="{relation}"><c:autoUpdate val="0"/></c:externalData>'
    )
    head, _, rest = chart.decode().rpartition("</")
    return f"{head}{tail}</{rest}".encode()


def _drawing(relation: str) -> object:
    width, height = _CHART_SIZE
    return parse_xml(
        f"<w:drawing {nsdecls('w', 'wp', 'a', 'r')}>"
        f'<wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="{width}" cy="{height}"/>'
        '<wp:docPr id="1" name="趋势图" descr="近十二个月新发现与已整改案件数"/>'
        '<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/chart">'
        '<c:chart xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
        f'r:id="{relation}"/></a:graphicData></a:graphic></wp:inline></w:drawing>'
    )
