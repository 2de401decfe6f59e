"""PDF: paragraphs whole, scans and protected files refused with advice."""

from __future__ import annotations

from io import BytesIO

import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from extraction import UnreadableError, extract


def pdf_bytes(*pages: list[str], password: str = "") -> bytes:
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    stream = BytesIO()
    canvas = Canvas(stream, encrypt=StandardEncryption(password) if password else None)
    for lines in pages:
        canvas.setFont("STSong-Light", 12)
        for number, line in enumerate(lines):
            canvas.drawString(72, 780 - 20 * number, line)
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def test_lines_that_the_paper_broke_are_joined_and_others_are_not() -> None:
    body = pdf_bytes(
        [
            "某县卫生健康局公开招聘公告",
            "一、报考者应当遵守宪法和法律，具有良好的品行，身体健康，并须持有会计从",
            "业资格证书，具有三年以上财务工作经历，能够独立完成工作。",
            "二、报名时间为三月一日至三月五日，逾期不予受理，报名者应当如实填写个人",
            "三、其他事项",
        ],
        ["附件：岗位表"],
    )
    assert extract(body, media_type="text/html").text.split("\n") == [
        "某县卫生健康局公开招聘公告",
        "一、报考者应当遵守宪法和法律，具有良好的品行，身体健康，并须持有会计从业资格证书，具有三年以上财务工作经历，能够独立完成工作。",
        "二、报名时间为三月一日至三月五日，逾期不予受理，报名者应当如实填写个人",
        "三、其他事项",
        "",
        "附件：岗位表",
    ]


def test_rows_of_a_table_stay_lines_of_their_own() -> None:
    rows = [
        f"{number} 市图书馆 第{number}号会计岗位 1 本科 持有会计从业资格证和三年经验" for number in "一二三四"
    ]
    assert extract(pdf_bytes(rows)).text.split("\n") == rows


def test_a_protected_pdf_asks_for_an_open_copy() -> None:
    with pytest.raises(UnreadableError, match="password"):
        extract(pdf_bytes(["招聘公告"], password="open sesame"))  # noqa: S106


def test_a_pdf_that_only_forbids_printing_is_read() -> None:
    stream = BytesIO()
    canvas = Canvas(stream, encrypt=StandardEncryption("", "owner", canPrint=0, canCopy=0))
    canvas.drawString(72, 700, "everybody may open this")
    canvas.save()
    assert extract(stream.getvalue()).text == "everybody may open this"


def test_a_broken_pdf_says_why_once() -> None:
    with pytest.raises(UnreadableError) as caught:
        extract(b"%PDF-1.7\n" + bytes(200))
    assert str(caught.value).count("Invalid PDF") == 1


def test_a_scanned_pdf_asks_for_ocr() -> None:
    stream = BytesIO()
    canvas = Canvas(stream)
    canvas.rect(10, 10, 300, 300, fill=1)
    canvas.save()
    with pytest.raises(UnreadableError, match="OCR"):
        extract(stream.getvalue())


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_a_pdf_cut_short_says_so(share: float) -> None:
    body = pdf_bytes(["招聘公告"] * 30)
    with pytest.raises(UnreadableError):
        extract(body[: int(len(body) * share)])


def test_a_pdf_of_two_hundred_thousand_thin_pages_is_refused() -> None:
    count = 200_000
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count %d/Kids[%s]>>" % (count, b"3 0 R " * count),
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 1]>>",
    ]
    body = b"%PDF-1.4\n" + b"".join(b"%d 0 obj%sendobj\n" % (n, o) for n, o in enumerate(objects, 1))
    with pytest.raises(UnreadableError, match="5000 pages"):
        extract(body + b"trailer<</Size 4/Root 1 0 R>>\n%%EOF")
