"""Pages of a PDF that lie on their side, in columns, or whose text runs downwards."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pytest
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from extraction import extract
from extraction.pdf_pages import set_upright

FIRST = [
    "一、招聘岗位为财务科会计一名，要求遵守国家法律",
    "法规，品行端正，身体健康，并且须持有会计从业资",
    "格证书，大专以上学历，年龄三十五周岁以下。",
    "二、报名时间为十一月一日至二十日，逾期不受理。",
]
SECOND = [
    "三、报名地点为示例市某单位人事处，报名时应当交",
    "身份证和学历证明，另须持有物业管理师资格证书，",
    "由两人审核。",
    "四、其他事项另行通知。",
]
SHORT, LONG = 595, 842


def drawn(draw: Callable[[Canvas], None], *, rotate: int = 0, size: tuple[int, int] = (SHORT, LONG)) -> bytes:
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    stream = BytesIO()
    # The library turns the sheet together with the page, the wrong way round for what is drawn here.
    canvas = Canvas(stream, pagesize=size[::-1] if rotate in {90, 270} else size)
    canvas.setFont("STSong-Light", 11)
    canvas.setPageRotation(rotate)
    draw(canvas)
    canvas.showPage()
    canvas.save()
    return stream.getvalue()


def lines_on(canvas: Canvas) -> None:
    for number, line in enumerate([*FIRST, *SECOND]):
        canvas.drawString(40, 500 - 20 * number, line)


@pytest.mark.parametrize("turn", [90, 180, 270])
@pytest.mark.parametrize("is_declared", [True, False])
def test_a_page_on_its_side_is_read_line_by_line(turn: int, is_declared: bool) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.translate(*{90: (SHORT, 0), 180: (SHORT, LONG), 270: (0, LONG)}[turn])
        canvas.rotate({90: 90, 180: 180, 270: -90}[turn])
        lines_on(canvas)

    text = extract(drawn(draw, rotate=turn if is_declared else 0)).text
    assert "并且须持有会计从业资格证书" in text
    assert text.index("招聘岗位") < text.index("报名时间") < text.index("其他事项")


def test_a_page_that_says_it_is_turned_and_is_not_is_read_too() -> None:
    assert "须持有会计从业资格证书" in extract(drawn(lines_on, rotate=90, size=(LONG, SHORT))).text


def test_columns_drawn_in_turns_are_read_one_after_the_other() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(200, 800, "某单位公开招聘公告")
        for number, (left, right) in enumerate(zip(FIRST, SECOND, strict=True)):
            canvas.drawString(40, 770 - 20 * number, left)
            canvas.drawString(310, 770 - 20 * number, right)

    text = extract(drawn(draw)).text
    assert "须持有会计从业资格证书" in text
    assert "另须持有物业管理师资格证书" in text
    assert text.startswith("某单位公开招聘公告")


def test_the_rows_of_a_table_are_no_columns() -> None:
    rows = [
        ("市图书馆", "会计", "持有会计从业资格证"),
        ("市博物馆讲解部", "讲解员", "普通话二级甲等和三年经验"),
    ] * 4

    def draw(canvas: Canvas) -> None:
        for number, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                canvas.drawString(40 + 150 * column, 770 - 20 * number, cell)

    assert extract(drawn(draw)).text.split("\n")[0] == "市图书馆 会计 持有会计从业资格证"


def test_text_that_runs_downwards_is_read_from_the_right() -> None:
    lines = ["某单位招聘公告", "须持有会计从业资格证书", "另行通知"]

    def draw(canvas: Canvas) -> None:
        for number, line in reversed(list(enumerate(lines))):
            for place, character in enumerate(line):
                canvas.drawString(500 - 24 * number, 780 - 13 * place, character)

    assert extract(drawn(draw)).text.split("\n") == lines


def test_pages_that_stand_upright_are_not_written_anew() -> None:
    body = drawn(lines_on)
    assert set_upright(body)[0] is body


def test_words_with_a_line_through_them_are_left_out() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(40, 700, "一、会计岗位要求：须持有会计从业资格证书，不限。")
        canvas.setLineWidth(0.6)
        begin, width = 40 + 9 * 11, 11 * 11
        canvas.line(begin, 704, begin + width, 704)
        canvas.drawString(40, 660, "二、出纳岗位要求：须持有会计从业资格证书，不限。")
        canvas.line(40, 657, 40 + 24 * 11, 657)  # below the words
        canvas.drawString(40, 620, "三、保管")
        canvas.line(20, 624, 500, 624)  # a rule that runs on

    lines = extract(drawn(draw)).text.split("\n")
    assert lines[0] == "一、会计岗位要求：，不限。"
    assert lines[1] == "二、出纳岗位要求：须持有会计从业资格证书，不限。"
    assert "三、保管" in lines[-1]
