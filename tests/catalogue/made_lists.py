"""Official documents of the make of the real ones, with rows made for tests: every such name says 虚构.

The names that public documents have are the catalogue's own facts; whatever else a total needs is made up and
marked, and never ships: ``test_made_rows_never_ship`` looks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import product

from docx import Document
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table, TableStyle

from catalogue import load_catalogue
from catalogue.editions import Line, read_editions
from vocabulary.codes import Evidence, Status

MARK = "虚构"
HEADING = ("序号", "项目名称", "实施部门（单位）", "资格类别", "设定依据", "处理决定")
ENDED_TITLE = "国务院决定取消的职业资格许可和认定事项目录"
CRAFTS = (
    "竹编",
    "藤编",
    "草编",
    "棕编",
    "柳编",
    "漆画",
    "剪纸",
    "皮影",
    "风筝",
    "灯彩",
    "泥塑",
    "面塑",
    "糖画",
)
TRADES = ("检测师", "修复师", "设计员", "鉴赏员", "编织工", "装裱工", "讲解员")
GRADES = ("", "古法", "现代", "大型", "微型", "仿古")

Row = tuple[str, ...]


def made_names(count: int, about: str) -> list[str]:
    """So many names that no list has; ``about`` keeps those of two documents apart."""
    made = (f"{MARK}{about}{grade}{craft}{trade}" for grade, craft, trade in product(GRADES, CRAFTS, TRADES))
    return [next(made) for _ in range(count)]


def ended_names(number: str, count: int) -> list[str]:
    """The names that a decision is known to end, and made ones up to its total."""
    known = [
        entry.name
        for entry in load_catalogue().entries
        if any(
            (period.document, period.status, period.evidence)
            == (number, Status.CANCELLED, Evidence.PUBLISHED)
            for period in entry.periods
        )
    ]
    return known + made_names(count - len(known), number[3:].strip("〔〕号").replace("〕", "之"))


def rows_of(names: Sequence[str], start: int = 1) -> list[Row]:
    """Rows under ``HEADING``."""
    return [
        (str(seq), name, f"{MARK}部门{seq % 7 + 1}", "准入类" if seq % 9 == 0 else "水平评价类", "无", "取消")
        for seq, name in enumerate(names, start)
    ]


def table(rows: Sequence[Row], heading: Row | None = HEADING, *, merged: int = 0) -> str:
    """An HTML table; ``merged``: so many neighbours of one department share its cell."""
    lines = []
    if heading:
        lines.append("<tr>" + "".join(f"<td><p><b>{cell}</b></p></td>" for cell in heading) + "</tr>")
    for at, row in enumerate(rows):
        cells = [f"<td><p><span>{cell}</span></p></td>" for cell in row]
        if merged:
            begins = at % merged == 0
            cells[2] = f'<td rowspan="{min(merged, len(rows) - at)}">{row[2]}</td>' if begins else ""
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return f'<table border="1"><tbody>{"".join(lines)}</tbody></table>'


def page(number: str, body: str, *, charset: str = "utf-8", title: str = "决定") -> bytes:
    """A page of the State Council's library: navigation, a table of facts, the text with its annexes."""
    encoding = "gb18030" if charset == "gbk" else charset
    return f"""<!DOCTYPE html><html><head><meta charset="{charset}"><title>{title}</title></head><body>
    <div class="nav"><a href="/">首页</a> <a href="/zhengce/">政策</a></div>
    <table class="bd1"><tr><td><b>索 引 号：</b></td><td>000014349/0000-00001</td></tr>
    <tr><td><b>发文字号：</b></td><td>{number}</td></tr></table>
    <div id="UCAP-CONTENT"><p>各部门要认真做好落实工作。</p><p>1．加强组织领导；</p><p>2．强化监督检查。</p>
    {body}</div><p>扫一扫在手机打开当前页</p></body></html>""".encode(encoding)


def approvals(count: int = 12) -> str:
    """An annex of approvals, two of which bear a qualification's name."""
    names = ["物业管理师注册执业资格认定", "注册安全工程师执业资格认定"]
    names += [f"{name}审批" for name in made_names(count - 2, "审批")]
    rows = [(str(seq), name, f"{MARK}部门", "无", "取消") for seq, name in enumerate(names, 1)]
    heading = ("序号", "项目名称", "审批部门", "设定依据", "处理决定")
    return (
        f"<p>附件1</p><p>国务院决定取消和下放管理层级的行政审批项目目录</p><p>（共计{count}项）</p>"
        + table(rows, heading)
    )


def awards(count: int = 5) -> str:
    rows = [(str(seq), f"{name}奖", f"{MARK}协会") for seq, name in enumerate(made_names(count, "奖"), 1)]
    return f"<p>附件3</p><p>国务院决定取消的评比达标表彰项目目录（共计{count}项）</p>" + table(
        rows, ("序号", "项目名称", "主办单位")
    )


def several_annexes(number: str, names: Sequence[str]) -> bytes:
    """Three annexes in one page: numbers that restart, a table that goes on, merged cells, footnotes."""
    half = len(names) // 2
    first, second = rows_of(names[:half]), rows_of(names[half:])
    first[2] = (first[2][0], first[2][1] + "*", *first[2][2:])
    cut = len(second) // 2
    body = (
        "<p>附件：1．国务院决定取消和下放管理层级的行政审批项目目录（共计12项）</p>"
        f"<p>2．国务院决定取消的职业资格许可和认定事项目录（共计{len(names)}项）</p>"
        "<p>3．国务院决定取消的评比达标表彰项目目录（共计5项）</p><p>国务院</p>"
        + approvals()
        + f"<p>附件2</p><p>国务院决定取消的职业资格许可和认定事项目录</p><p>（共计{len(names)}项）</p>"
        + f"<p>一、取消的专业技术人员职业资格许可和认定事项（共计{half}项）</p>"
        + table(first, merged=3)
        + "<p>注：带*的项目自公布之日起停止考试。</p>"
        + f"<p>二、取消的技能人员职业资格许可和认定事项（共计{len(second)}项）</p>"
        + table(second[:cut])
        + "<p>续表</p>"
        + table(second[cut:])
        + awards()
    )
    return page(number, body)


def gazette(number: str, names: Sequence[str]) -> bytes:
    """A page of the Gazette: another charset, a title cut in two by a line end, a table that goes on."""
    rows = rows_of(names)
    body = (
        "<p>附件</p><p>国务院决定取消的职业资格许可</p><p>和认定事项目录</p>"
        f"<p>（共计{len(names)}项）</p>{table(rows[:40])}{table(rows[40:], heading=None)}"
    )
    return page(number, body, charset="gbk", title="中华人民共和国国务院公报")


def docx(title: str, rows: Sequence[Row], heading: Row = HEADING, *, split: int | None = None) -> bytes:
    """A Word file; the row ``split`` is cut in two as by the end of a page."""
    document, body = Document(), BytesIO()
    document.add_paragraph("附件2")
    document.add_paragraph(title)
    drawn = document.add_table(rows=0, cols=len(heading))
    for at, row in enumerate([heading, *rows]):
        name = row[1]
        halves = [row]
        if split is not None and at == split + 1:
            halves = [(row[0], name[:4], *row[2:]), ("", name[4:], *[""] * (len(row) - 2))]
        for half in halves:
            for cell, text in zip(drawn.add_row().cells, half, strict=True):
                cell.text = text
    document.save(body)
    return body.getvalue()


def _approval_rows(count: int = 12) -> list[Row]:
    names = ["物业管理师注册执业资格认定", *(f"{name}审批" for name in made_names(count - 1, "审批"))]
    return [(str(seq), name, f"{MARK}部门", "", "无", "取消") for seq, name in enumerate(names, 1)]


def annexes_of(names: Sequence[str]) -> list[tuple[list[str], list[Row]]]:
    """Titles and rows of the three annexes of a decision."""
    awards: list[Row] = [
        (str(n), f"{name}奖", f"{MARK}协会", "", "", "") for n, name in enumerate(made_names(5, "奖"), 1)
    ]
    return [
        (["附件1", "国务院决定取消和下放管理层级的行政审批项目目录", "（共计12项）"], _approval_rows()),
        (["附件2", ENDED_TITLE, f"（共计{len(names)}项）"], rows_of(names)),
        (["附件3", "国务院决定取消的评比达标表彰项目目录（共计5项）"], awards),
    ]


def docx_of_annexes(names: Sequence[str]) -> bytes:
    """A Word file with three annexes, the one of qualifications in two tables."""
    document, body = Document(), BytesIO()
    for titles, rows in annexes_of(names):
        for title in titles:
            document.add_paragraph(title)
        cut = len(rows) // 2
        for part in (rows[:cut], rows[cut:]):
            drawn = document.add_table(rows=0, cols=len(HEADING))
            for row in [HEADING, *part]:
                for cell, text in zip(drawn.add_row().cells, row, strict=True):
                    cell.text = text
            document.add_paragraph("续表")
    document.save(body)
    return body.getvalue()


def pdf_of_annexes(names: Sequence[str]) -> bytes:
    """A PDF with three annexes, one after the other, with wrapped cells and merged departments."""
    story: list[Paragraph | Table] = []
    for titles, rows in annexes_of(names):
        story += [Paragraph(title, _style()) for title in titles]
        story.append(_ruled(rows, HEADING, [(2, 2, 4)]))
    body = BytesIO()
    SimpleDocTemplate(body, pagesize=A4, leftMargin=40, rightMargin=40).build(story)
    return body.getvalue()


def _style() -> ParagraphStyle:
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    return ParagraphStyle("cell", fontName="STSong-Light", fontSize=9, leading=11, wordWrap="CJK")


def _ruled(
    rows: Sequence[Row], heading: Row, spans: Sequence[tuple[int, int, int]], across: Sequence[int] = ()
) -> Table:
    cells = [[Paragraph(cell, _style()) for cell in row] for row in [heading, *rows]]
    widths = [40, *[(515 - 40) / (len(heading) - 1)] * (len(heading) - 1)]
    drawn = Table(cells, colWidths=widths, repeatRows=1)
    merged = [("SPAN", (column, first), (column, last)) for column, first, last in spans]
    merged += [("SPAN", (1, row), (2, row)) for row in across]
    drawn.setStyle(TableStyle([("GRID", (0, 0), (-1, -1), 0.5, colors.black), *merged]))
    return drawn


def pdf(
    titles: Sequence[str],
    rows: Sequence[Row],
    heading: Row = HEADING,
    *,
    spans: Sequence[tuple[int, int, int]] = (),
    across: Sequence[int] = (),
) -> bytes:
    """A PDF with a ruled table: cells wrap, the table goes on over pages, ``spans`` (column, first and last
    row) are merged, and of the rows ``across`` the second cell with the third."""
    body = BytesIO()
    story = [*(Paragraph(title, _style()) for title in titles), _ruled(rows, heading, spans, across)]
    SimpleDocTemplate(body, pagesize=A4, leftMargin=40, rightMargin=40).build(story)
    return body.getvalue()


def edition_lines(year: str) -> tuple[Line, ...]:
    return read_editions()[year]


def edition_rows(lines: Sequence[Line]) -> Iterator[Row]:
    """Rows of a catalogue: number, item, single item, department, category; each part begins with 1."""
    seq, before = 0, ("", "")
    for line in lines:
        item = (line.domain, line.item)
        if line.domain != before[0]:
            seq = 0
        seq += item != before
        before = item
        single = line.name if line.name != line.item else ""
        yield str(seq), line.item, single, line.department or f"{MARK}部门", line.category.partition("（")[0]


EDITION_HEADING = ("序号", "名称", "具体项目", "部门", "类别")
