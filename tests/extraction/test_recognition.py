"""Words in pictures and scans: read by the real engine from postings drawn here, well and badly copied."""

from __future__ import annotations

import sys
import zipfile
from io import BytesIO
from pathlib import Path

import docx
import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from extraction import ExtractionError, NeedsRecognitionError, Recognition, UnreadableError, extract
from extraction.recognition.lines import Box, read_lines
from tests.extraction.conftest import pack
from tests.extraction.pictures import (
    CERTIFICATES,
    POSITIONS,
    POSTING,
    SPOILED,
    accuracy,
    encoded,
    needs_fonts,
    page,
    png_that_claims,
    table,
    turned,
)
from tests.extraction.test_pdf import pdf_bytes

READ = Recognition()


def flat(text: str) -> str:
    return "".join(text.split())


@needs_fonts
@pytest.mark.parametrize("how", SPOILED)
def test_a_posting_is_read_however_badly_it_was_copied(how: str) -> None:
    body = encoded(SPOILED[how](page()), "JPEG", quality=40)
    extracted = extract(body, recognition=READ)
    assert extracted.recognised
    assert extracted.title == POSTING[0]
    assert accuracy(extracted.text, "".join(POSTING)) >= (0.9 if "and" in how else 0.98)
    assert [name for name in CERTIFICATES if name not in flat(extracted.text)] == []


@needs_fonts
@pytest.mark.parametrize("form", ["PNG", "TIFF", "BMP", "WEBP", "GIF"])
def test_every_common_kind_of_picture_is_read(form: str) -> None:
    body = encoded(page(POSTING[:5], paper=(1240, 420)), form)
    assert "须持有会计从业资格证书" in flat(extract(body, recognition=READ).text)


@needs_fonts
@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_page_on_its_side_or_head_is_turned(degrees: int) -> None:
    body = encoded(page(POSTING[:6]).rotate(degrees, expand=True), "PNG")
    lines = extract(body, recognition=READ).text.split("\n")
    assert (lines[0], lines[3]) == (POSTING[0], POSTING[3])


@needs_fonts
@pytest.mark.parametrize("degrees", [0, 2])
def test_the_cells_of_a_row_stay_in_one_line(degrees: float) -> None:
    lines = extract(encoded(turned(table(), degrees), "PNG"), recognition=READ).text.split("\n")
    assert lines == ["\t".join(row) for row in POSITIONS]


@needs_fonts
def test_a_scanned_pdf_is_read_page_by_page() -> None:
    first, second = page(POSTING[:7]), page(POSTING[7:])
    body = encoded(first, "PDF", save_all=True, append_images=[second])
    with pytest.raises(NeedsRecognitionError, match="OCR"):
        extract(body)
    extracted = extract(body, recognition=READ)
    assert extracted.recognised
    assert extracted.unread == ""
    assert accuracy(extracted.text, "".join(POSTING)) > 0.98
    assert extracted.text.index("心理咨询师") < extracted.text.index("物业管理师")


@needs_fonts
def test_pages_beyond_the_limit_are_named_as_unread() -> None:
    for form in ("PDF", "TIFF"):
        pages = [page(POSTING[:5], paper=(1240, 600)) for _ in range(3)]
        body = encoded(pages[0], form, save_all=True, append_images=pages[1:])
        extracted = extract(body, recognition=Recognition(pages=1))
        assert flat(extracted.text).count("会计从业资格证书") == 1
        assert "only 1 " in extracted.unread
        assert "ocr_pages" in extracted.unread


def mixed_pdf() -> bytes:
    """A page of words, a page that is a picture, and an empty page."""
    stream = BytesIO()
    canvas = Canvas(stream, pagesize=(595, 842))
    canvas.drawString(72, 700, "The first page says in plain words that an accountant is sought.")
    canvas.showPage()
    canvas.drawInlineImage(page(POSTING[:6]), 0, 0, 595, 842)
    canvas.showPage()
    canvas.showPage()
    canvas.save()
    return stream.getvalue()


@needs_fonts
def test_a_picture_between_pages_of_words_is_neither_lost_nor_the_words_around_it() -> None:
    unread = extract(mixed_pdf())
    assert "plain words" in unread.text
    assert unread.needs_recognition
    assert unread.unread.startswith("1 of 3 pages")
    extracted = extract(mixed_pdf(), recognition=READ)
    assert extracted.text.index("plain words") < extracted.text.index("会计从业资格证书")
    assert (extracted.unread, extracted.needs_recognition) == ("", False)


def test_a_pdf_of_words_costs_no_recognition() -> None:
    extracted = extract(
        pdf_bytes(["某县卫生健康局公开招聘公告，须持有会计从业资格证书，年龄三十五周岁以下。"])
    )
    assert (extracted.recognised, extracted.needs_recognition, extracted.unread) == (False, False, "")


@needs_fonts
def test_a_long_picture_is_cut_between_its_lines() -> None:
    lines = [
        f"第{number}号岗位：出纳{'壹贰叁'[number % 3] * (number % 3)}，须持会计从业资格证书。"
        for number in range(1, 61)
    ]
    body = encoded(page(lines, paper=(900, 3050)), "PNG")
    assert extract(body, recognition=READ).text.split("\n") == lines


def docx_of(*pictures: bytes, text: str = "") -> bytes:
    document = docx.Document()
    document.add_paragraph(text)
    for picture in pictures:
        document.add_picture(BytesIO(picture))
    stream = BytesIO()
    document.save(stream)
    return stream.getvalue()


@needs_fonts
def test_scans_pasted_into_a_word_file_are_read_in_their_order() -> None:
    scans = [encoded(page(lines, paper=(1240, 500)), "JPEG") for lines in (POSTING[:6], POSTING[6:])]
    body = docx_of(*scans, text="附件：招聘公告")
    unread = extract(body)
    assert (unread.text, unread.needs_recognition) == ("附件：招聘公告", True)
    with pytest.raises(NeedsRecognitionError, match="2 pictures in place of text"):
        extract(docx_of(*scans))
    extracted = extract(body, recognition=READ)
    assert (extracted.recognised, extracted.unread) == (True, "")
    found = [flat(extracted.text).index(name) for name in CERTIFICATES]
    assert found == sorted(found)


def test_a_word_file_that_speaks_for_itself_has_its_pictures_left_alone() -> None:
    body = docx_of(encoded(Image.effect_noise((600, 400), 60), "PNG"), text="须持有会计从业资格证书。" * 9)
    extracted = extract(body, recognition=READ)
    assert (extracted.recognised, extracted.needs_recognition) == (False, False)


@needs_fonts
def test_a_scanned_ofd_is_read(ofd_bytes: bytes) -> None:
    with zipfile.ZipFile(BytesIO(ofd_bytes)) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    content = parts["Doc_0/Pages/Page_0/Content.xml"]
    first, last = content.index(b"<ofd:TextObject"), content.rindex(b"</ofd:TextObject>")
    parts["Doc_0/Pages/Page_0/Content.xml"] = content[:first] + content[last + len(b"</ofd:TextObject>") :]
    parts["Doc_0/Res/Image_1.png"] = encoded(page(POSTING[:5], paper=(1240, 420)), "PNG")
    body = pack(parts)
    with pytest.raises(NeedsRecognitionError):
        extract(body)
    assert "须持有会计从业资格证书" in flat(extract(body, recognition=READ).text)


def test_without_the_extra_a_picture_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    for body in (encoded(Image.new("L", (500, 500), 99), "PNG"), encoded(Image.new("L", (500, 500)), "PDF")):
        with pytest.raises(NeedsRecognitionError, match=r"pip install 'qualwatch\[ocr\]'"):
            extract(body, recognition=READ)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (png_that_claims(30_000, 30_000), "large|pixels"),
        (png_that_claims(8_000, 8_000), "64 million pixels"),
        (png_that_claims(30_000_000, 1), "1 pixels"),
        (encoded(Image.new("L", (100, 90_000)), "PNG"), "more than 40 pages"),
        (png_that_claims(600, 600), "damaged"),
        (b"\x89PNG\r\n\x1a\n" + bytes(60), "damaged"),
        (b"\xff\xd8\xff\xe0" + bytes(60), "damaged"),
        (b"BM" + bytes(12) + b"\x28\x00\x00\x00" + bytes(60), "damaged"),
        (encoded(Image.new("L", (600, 400), 255), "PNG"), "no words"),
    ],
)  # fmt: skip
def test_a_picture_that_cannot_be_read_says_why(body: bytes, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        extract(body, recognition=READ)


def test_a_page_that_claims_to_be_huge_is_drawn_small() -> None:
    """Forty metres on a side, and one point high: neither may take the memory that its size asks for."""
    for size in ((120_000, 120_000), (10_000, 1), (14_400, 14_400)):
        stream = BytesIO()
        canvas = Canvas(stream, pagesize=size)
        canvas.drawInlineImage(Image.new("L", (50, 50), 90), 0, 0, *size)
        canvas.save()
        with pytest.raises(ExtractionError):
            extract(stream.getvalue(), recognition=READ)


def test_boxes_that_share_a_line_stand_in_it_from_left_to_right() -> None:
    boxes = [
        Box("丙", 300, 101, 40, 20),
        Box("甲", 100, 100, 40, 20),
        Box("乙", 200, 104, 40, 20),
        Box("丁", 100, 130, 40, 20),
    ]
    assert read_lines(boxes) == ["甲\t乙\t丙", "丁"]


@pytest.mark.skipif(
    not (Path(__file__).parents[2].parent / "shared" / "corpus" / "raw").is_dir(),
    reason="the collected documents are third-party text and lie beside the repository only",
)
def test_a_real_tender_whose_fonts_name_no_characters_is_read() -> None:
    raw = Path(__file__).parents[2].parent / "shared" / "corpus" / "raw"
    body = (raw / "attachments" / "招标文件-2.pdf").read_bytes()
    extracted = extract(body, recognition=Recognition(pages=1))
    assert "商务标初步评审" in extracted.text
    assert extracted.unread.startswith("only 1 of its 4 pages")
