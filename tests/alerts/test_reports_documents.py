"""The documents, opened again: figures, fonts, chart, and nothing in them that runs or gives people away."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pytest
from lxml import etree

from alerts.reports.bulletin import OVERDUE_SHOWN, write_bulletin
from alerts.reports.figures import Bulletin, Counts, Month, OverdueCase, Table, TrendPoint
from alerts.reports.workbook import safe_cell, write_workbook

FEW = Counts(opened=3, rectified=1, open_at_end=2, overdue_at_end=1, asked_so_far=2, rectified_so_far=1)
EMPTY = Bulletin(
    month=Month(2026, 10),
    area="吉林省",
    written_on=date(2026, 11, 2),
    total=Counts(),
    tables=(Table("地区分布", "地区", ()),),
    overdue=(),
    trend=tuple(TrendPoint(Month(2026, month), month, month // 2) for month in range(1, 13)),
    by_state=(),
)
OVERDUE = OverdueCase(
    number=17,
    region="长春市",
    publisher='=HYPERLINK("https://evil.example/","某某医院")',
    qualification="会计从业资格",
    severity="高",
    deadline=date(2026, 10, 10),
    days=21,
    title="+cmd|' /C calc'!A0",
    link="https://hr.example.com/1",
)
FULL = replace(
    EMPTY,
    total=FEW,
    tables=(Table("地区分布", "地区", (("长春市", FEW), ("=1+1", Counts()))),),
    overdue=(OVERDUE,),
    by_state=(("已通知", 1), ("逾期未整改", 1), ("已整改", 1)),
)
C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def _text(content: bytes) -> str:
    document = docx.Document(BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([paragraph.text for paragraph in document.paragraphs] + cells)


def _sheets(content: bytes) -> Any:
    return openpyxl.load_workbook(BytesIO(content))


def test_the_text_document_says_the_figures() -> None:
    text = _text(write_bulletin(FULL))
    assert "吉林省职业资格违规监测月报" in text
    assert "2026年10月，吉林省新发现涉嫌违规要求、设置或开展职业资格的案件3件" in text
    assert "累计责令整改2件，已整改1件，整改率50.0%" in text
    assert "已通知1件、逾期未整改1件、已整改1件" in text
    assert "2026年10月10日" in text
    assert "2026年11月2日" in text


def test_a_month_that_has_not_ended_is_told_until_the_day_of_writing() -> None:
    ended, running = (
        _text(write_bulletin(replace(FULL, written_on=day))) for day in (FULL.written_on, date(2026, 10, 9))
    )
    assert "截至月末，在办案件2件" in ended
    assert "截至2026年10月9日，在办案件2件" in running


def test_a_month_in_which_nothing_happened_makes_documents_too() -> None:
    text = _text(write_bulletin(EMPTY))
    assert "没有立案" in text
    assert "本月无。" in text
    assert _sheets(write_workbook(EMPTY)).sheetnames[0] == "总体情况"


def test_fonts_and_margins_are_those_of_official_documents() -> None:
    document = docx.Document(BytesIO(write_bulletin(FULL)))
    section = document.sections[0]
    assert [round(length.mm) for length in (section.top_margin, section.left_margin) if length] == [37, 28]
    fonts = {
        fonts.get(f"{W}eastAsia")
        for paragraph in document.paragraphs
        for run in paragraph.runs
        for fonts in run._r.iter(f"{W}rFonts")
    }
    assert fonts == {"方正小标宋简体", "黑体", "楷体", "仿宋"}
    assert [
        paragraph.text[:2]
        for paragraph in document.paragraphs
        if paragraph.style and paragraph.style.name == "Heading 1"
    ] == [
        "一、",
        "二、",
        "三、",
        "四、",
        "五、",
    ]


def test_the_languages_of_a_document_are_those_of_china() -> None:
    """Where a font is missing, the language decides how the commas of its substitute look."""
    with zipfile.ZipFile(BytesIO(write_bulletin(EMPTY))) as parts:
        languages = re.findall(rb'w:eastAsia="([a-z]+-[A-Z]+)"', parts.read("word/styles.xml"))
    assert set(languages) == {b"zh-CN"}


def test_the_head_of_a_table_is_repeated_and_its_rows_stay_whole() -> None:
    table = docx.Document(BytesIO(write_bulletin(FULL))).tables[0]
    kept = [[each.tag for each in row._tr.iter(f"{W}tblHeader", f"{W}cantSplit")] for row in table.rows]
    assert kept == [[f"{W}cantSplit", f"{W}tblHeader"], *([f"{W}cantSplit"] for _ in table.rows[1:])]


def test_the_chart_of_the_text_document_remembers_its_figures() -> None:
    with zipfile.ZipFile(BytesIO(write_bulletin(FULL))) as parts:
        chart = etree.fromstring(parts.read("word/charts/chart1.xml"))
        figures = parts.read("word/embeddings/trend.xlsx")
        types = parts.read("[Content_Types].xml").decode()
    assert "drawingml.chart+xml" in types
    drawn = [[point.text for point in values.iter(f"{C}v")] for values in chart.iter(f"{C}val")]
    assert drawn == [[str(month) for month in range(1, 13)], [str(month // 2) for month in range(1, 13)]]
    assert [name.text for title in chart.iter(f"{C}tx") for name in title.iter(f"{C}v")][:2] == [
        "新发现",
        "已整改",
    ]
    assert chart[-1].tag == f"{C}externalData"
    assert _sheets(figures)["趋势"]["B13"].value == 12


def test_the_workbook_says_the_figures_as_numbers() -> None:
    book = _sheets(write_workbook(FULL))
    row = [cell.value for cell in book["地区分布"][2]]
    assert row == ["长春市", 3, 1, 0, 0, 2, 1, 0.5]
    assert [cell.value for cell in book["地区分布"][4]][:2] == ["合计", 3]
    overdue = book["逾期未整改"]
    assert overdue["F2"].value.date() == date(2026, 10, 10)
    assert overdue["I2"].hyperlink.target == "https://hr.example.com/1"
    assert len(book["趋势"]._charts) == 1


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "\x00=", " =", "＝", "\u200b="])
def test_no_text_from_outside_becomes_a_formula(start: str) -> None:
    hostile = f"{start}cmd|' /C calc'!A0"
    case = replace(OVERDUE, publisher=hostile, title=hostile, qualification=hostile)
    content = write_workbook(replace(FULL, overdue=(case,)))
    cells = [cell for sheet in _sheets(content) for row in sheet.iter_rows() for cell in row if cell.value]
    assert not [cell.value for cell in cells if cell.data_type == "f"]
    texts = [cell.value for cell in cells if isinstance(cell.value, str)]
    assert not [text for text in texts if re.match(r"[\s=+\-@＝＋－＠]", text)]
    with zipfile.ZipFile(BytesIO(content)) as parts:
        assert not [name for name in parts.namelist() if "sheet" in name and b"<f>" in parts.read(name)]


def test_numbers_and_dates_stay_what_they_are() -> None:
    assert safe_cell(-5) == -5
    assert safe_cell(date(2026, 1, 1)) == date(2026, 1, 1)
    assert safe_cell("长春市") == "长春市"
    assert safe_cell("-5") == "'-5"


def test_controls_and_half_characters_from_outside_spoil_no_document() -> None:
    case = replace(OVERDUE, publisher="某\x0b某\ud800医院\ufffe", title="\x1f")
    hostile = replace(FULL, overdue=(case,))
    assert "某 某" in _text(write_bulletin(hostile))
    assert _sheets(write_workbook(hostile))["逾期未整改"]["C2"].value.startswith("某 某")


def test_the_text_document_writes_no_thousands_of_rows() -> None:
    many = replace(
        FULL, overdue=tuple(replace(OVERDUE, number=number) for number in range(OVERDUE_SHOWN + 5))
    )
    document = docx.Document(BytesIO(write_bulletin(many)))
    assert len(document.tables[-1].rows) == OVERDUE_SHOWN + 1
    assert "另有5件，见电子表格。" in "".join(paragraph.text for paragraph in document.paragraphs)
    assert _sheets(write_workbook(many))["逾期未整改"].max_row == OVERDUE_SHOWN + 6


@pytest.mark.skipif(
    shutil.which("soffice") is None, reason="LibreOffice is missing: apt-get install libreoffice"
)
@pytest.mark.parametrize("ending", ["docx", "xlsx"])
def test_an_office_program_opens_and_prints_it(ending: str, tmp_path: Path) -> None:
    file = tmp_path / f"bulletin.{ending}"
    file.write_bytes(write_bulletin(FULL) if ending == "docx" else write_workbook(FULL))
    profile = f"-env:UserInstallation=file://{tmp_path / 'profile'}"
    subprocess.run(
        ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(file)],
        check=True,
        capture_output=True,
        timeout=100,
    )
    assert (tmp_path / "bulletin.pdf").read_bytes().startswith(b"%PDF")
