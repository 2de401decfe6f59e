"""Words that office files keep in odd places, and words that they show as no longer valid."""

from __future__ import annotations

import base64
import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO

import pytest
from docx import Document
from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from extraction import Extracted, extract
from extraction.sniffing import DOCX, XLSX, sniff

Pack = Callable[[Mapping[str, str | bytes]], bytes]
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
DEMAND = "须持有会计从业资格证书。"


def related(*targets: tuple[str, str, str]) -> str:
    rows = "".join(
        f'<Relationship Id="{identity}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for identity, kind, target in targets
    )
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'<Relationships xmlns="{space}">{rows}</Relationships>'


def contents(part: str, kind: str) -> str:
    media_type = f"application/vnd.openxmlformats-officedocument.{kind}"
    return (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        f'<Override PartName="/{part}" ContentType="{media_type}"/></Types>'
    )


def story(body: str, root: str = "document") -> str:
    inner = f"<w:body>{body}</w:body>" if root == "document" else body
    return f'<w:{root} xmlns:w="{WORD}" xmlns:r="{OFFICE}">{inner}</w:{root}>'


def paragraph(text: str, marks: str = "", style: str = "") -> str:
    named = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{named}<w:r><w:rPr>{marks}</w:rPr><w:t>{text}</w:t></w:r></w:p>"


def word(
    pack: Pack,
    body: str,
    *targets: tuple[str, str, str],
    main: str = "word/document.xml",
    parts: Mapping[str, str | bytes] | None = None,
) -> bytes:
    folder, _, name = main.rpartition("/")
    return pack(
        {
            "[Content_Types].xml": contents(main, "wordprocessingml.document.main+xml"),
            "_rels/.rels": related(("r1", "officeDocument", main)),
            f"{folder}/_rels/{name}.rels": related(*targets),
            main: story(body),
            **{f"word/{name}": content for name, content in (parts or {}).items()},
        }
    )


@pytest.mark.parametrize("main", ["word/document2.xml", "word/document.xml", "doc/main.xml"])
def test_the_main_part_is_what_the_package_says(make_zip: Pack, main: str) -> None:
    body = word(make_zip, paragraph(DEMAND), main=main)
    assert sniff(body) == DOCX
    assert extract(body).text == DEMAND


def test_backslashes_in_a_package_are_slashes(make_zip: Pack, xlsx_bytes: bytes) -> None:
    for body in (word(make_zip, paragraph(DEMAND)), xlsx_bytes):
        stream = BytesIO()
        with zipfile.ZipFile(BytesIO(body)) as package, zipfile.ZipFile(stream, "w") as turned:
            for name in package.namelist():
                turned.writestr(name.replace("/", "\\"), package.read(name))
        assert extract(stream.getvalue()).text == extract(body).text


@pytest.mark.parametrize(
    "marks",
    [
        "<w:strike/>",
        "<w:dstrike/>",
        '<w:strike w:val="true"/>',
        "<w:vanish/>",
        '<w:rStyle w:val="gone"/>',
    ],
)
def test_struck_words_of_word_are_left_out(make_zip: Pack, marks: str) -> None:
    struck = '<w:style w:styleId="gone"><w:rPr><w:strike/></w:rPr></w:style>'
    styles = f'<w:styles xmlns:w="{WORD}">{struck}</w:styles>'
    body = word(
        make_zip,
        paragraph(DEMAND, marks) + paragraph("不限。"),
        ("s", "styles", "styles.xml"),
        parts={"styles.xml": styles},
    )
    assert extract(body).text == "不限。"


def test_styles_strike_whole_paragraphs_and_what_is_based_on_them(make_zip: Pack) -> None:
    styles = (
        f'<w:styles xmlns:w="{WORD}"><w:style w:styleId="a"><w:rPr><w:strike/></w:rPr></w:style>'
        '<w:style w:styleId="b"><w:basedOn w:val="a"/></w:style></w:styles>'
    )
    body = word(
        make_zip,
        paragraph(DEMAND, style="b")
        + paragraph("不限。", '<w:strike w:val="0"/>', style="b")
        + paragraph("其他。"),
        ("s", "styles", "styles.xml"),
        parts={"styles.xml": styles},
    )
    assert extract(body).text == "不限。\n其他。"


def test_how_words_looked_before_a_change_hides_nothing(make_zip: Pack) -> None:
    marks = "<w:rPrChange><w:rPr><w:strike/></w:rPr></w:rPrChange>"
    assert extract(word(make_zip, paragraph(DEMAND, marks))).text == DEMAND
    mark_of_the_end = f"<w:p><w:pPr><w:rPr><w:strike/></w:rPr></w:pPr><w:r><w:t>{DEMAND}</w:t></w:r></w:p>"
    assert extract(word(make_zip, mark_of_the_end)).text == DEMAND


def test_comments_notes_and_drawings_of_word_are_read(make_zip: Pack) -> None:
    body = word(
        make_zip,
        paragraph("公告"),
        ("a", "comments", "comments.xml"),
        ("b", "footnotes", "notes.xml"),
        ("c", "diagramData", "data1.xml"),
        parts={
            "comments.xml": story(f"<w:comment>{paragraph(DEMAND)}</w:comment>", "comments"),
            "notes.xml": story(f"<w:footnote>{paragraph('注一')}</w:footnote>", "footnotes"),
            "data1.xml": '<d xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:p><a:r><a:t>图</a:t></a:r></a:p></d>',
        },
    )
    assert extract(body).text == f"公告\n注一\n批注：{DEMAND}\n图"


def test_how_a_word_is_spoken_does_not_tear_it(make_zip: Pack) -> None:
    ruby = (
        "<w:p><w:r><w:t>会计</w:t></w:r><w:r><w:ruby><w:rt><w:r><w:t>cong</w:t></w:r></w:rt>"
        "<w:rubyBase><w:r><w:t>从</w:t></w:r></w:rubyBase></w:ruby></w:r><w:r><w:t>业资格证</w:t></w:r></w:p>"
    )
    assert extract(word(make_zip, ruby)).text == "会计从业资格证"


PAGE = f"<html><body><p>{DEMAND}</p></body></html>"
ARCHIVE = (
    b'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="b"\r\n\r\n--b\r\n'
    b"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    + base64.encodebytes(PAGE.encode())
    + b"\r\n--b--\r\n"
)


@pytest.mark.parametrize(
    ("name", "chunk"),
    [
        ("chunk.htm", PAGE.encode()),
        ("chunk.mht", ARCHIVE),
        ("chunk.txt", DEMAND.encode("gb18030")),
        (
            "chunk.rtf",
            b"{\\rtf1\\ansi\\ansicpg936 "
            + "".join(f"\\'{b:02x}" for b in DEMAND.encode("gbk")).encode()
            + b"}",
        ),
    ],
)
def test_documents_put_into_a_document_are_read_where_they_stand(
    make_zip: Pack, name: str, chunk: bytes
) -> None:
    body = word(
        make_zip,
        paragraph("公告") + '<w:altChunk r:id="c"/>' + paragraph("结尾"),
        ("c", "aFChunk", name),
        parts={name: chunk},
    )
    assert extract(body).text == f"公告\n{DEMAND}\n结尾"


def test_a_workbook_behind_an_icon_is_read_and_what_cannot_be_is_said(
    make_zip: Pack, xlsx_bytes: bytes
) -> None:
    body = word(
        make_zip,
        paragraph("公告"),
        ("a", "package", "embeddings/sheet.xlsx"),
        ("b", "oleObject", "embeddings/object.bin"),
        parts={"embeddings/sheet.xlsx": xlsx_bytes, "embeddings/object.bin": b"\x00\x01\x02\x03\x04\x05"},
    )
    read: Extracted = extract(body)
    assert "其他要求：持有会计从业资格证" in read.text
    assert "object.bin" in read.unread


def test_an_archive_of_a_page_is_read() -> None:
    assert extract(ARCHIVE).text == DEMAND


def test_a_package_without_an_office_document_stays_an_archive(make_zip: Pack) -> None:
    assert sniff(make_zip({"a.txt": "x"})) not in {DOCX, XLSX}


def workbook(change: Callable[[Worksheet], None]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.append(["岗位", "要求"])
    change(sheet)
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize("ending", ["xlsx", "xls"])
def test_struck_cells_and_words_of_a_sheet_are_left_out(
    converted_from: Callable[[bytes, str, str], bytes], ending: str
) -> None:
    def change(sheet: Worksheet) -> None:
        sheet.append(["会计", DEMAND])
        sheet["B2"].font = Font(strike=True)
        sheet.append(["出纳", CellRichText(TextBlock(InlineFont(strike=True), DEMAND), "不限")])
        sheet.append(["保管", DEMAND])
        sheet["B4"].font = Font(strike=False, bold=True)

    body = workbook(change)
    body = converted_from(body, "xlsx", "xls") if ending == "xls" else body
    assert extract(body).text.split("\n") == [
        "岗位\t要求",
        "岗位：会计",
        "岗位：出纳\t要求：不限",
        f"岗位：保管\t要求：{DEMAND}",
    ]


def test_comments_of_a_sheet_are_read(converted_from: Callable[[bytes, str, str], bytes]) -> None:
    def change(sheet: Worksheet) -> None:
        sheet.append(["会计", "见批注"])
        sheet["B2"].comment = Comment(DEMAND, "x")

    body = workbook(change)
    assert extract(body).text.split("\n")[-1] == f"批注：{DEMAND}"
    assert DEMAND in extract(converted_from(body, "xlsx", "xls")).text


def test_text_boxes_of_a_sheet_are_read(make_zip: Pack) -> None:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    box = (
        '<xdr:wsDr xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing" '
        'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><xdr:sp><xdr:txBody>'
        f"<a:p><a:r><a:t>{DEMAND[:5]}</a:t></a:r><a:r><a:t>{DEMAND[5:]}</a:t></a:r></a:p></xdr:txBody></xdr:sp></xdr:wsDr>"
    )
    cell = '<c r="A1" t="inlineStr"><is><t>岗位表</t></is></c>'
    body = make_zip(
        {
            "[Content_Types].xml": contents("xl/book2.xml", "spreadsheetml.sheet.main+xml"),
            "_rels/.rels": related(("r1", "officeDocument", "xl/book2.xml")),
            "xl/book2.xml": f'<workbook xmlns="{space}" xmlns:r="{OFFICE}"><sheets>'
            '<sheet name="一" sheetId="1" r:id="r1"/></sheets></workbook>',
            "xl/_rels/book2.xml.rels": related(("r1", "worksheet", "worksheets/sheet1.xml")),
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{space}"><sheetData><row r="1">{cell}</row>'
            "</sheetData></worksheet>",
            "xl/worksheets/_rels/sheet1.xml.rels": related(("d", "drawing", "../drawings/drawing1.xml")),
            "xl/drawings/drawing1.xml": box,
        }
    )
    assert sniff(body) == XLSX
    assert extract(body).text == f"岗位表\n\n{DEMAND}"


@pytest.mark.parametrize("ending", ["doc", "rtf", "docx"])
@pytest.mark.parametrize("marks", ["<w:strike/>", "<w:vanish/>", "<w:dstrike/>"])
def test_struck_and_hidden_words_are_left_out_of_older_files_too(
    make_zip: Pack, converted_from: Callable[[bytes, str, str], bytes], ending: str, marks: str
) -> None:
    runs = f"<w:p><w:r><w:t>要求：</w:t></w:r><w:r><w:rPr>{marks}</w:rPr><w:t>{DEMAND}</w:t></w:r>"
    body = word(make_zip, f"{runs}<w:r><w:t>不限。</w:t></w:r></w:p>" + paragraph("其他。"))
    older = converted_from(body, "docx", ending) if ending != "docx" else body
    assert extract(older).text.split() == ["要求：不限。", "其他。"]


def test_rtf_says_itself_where_a_line_through_words_ends() -> None:
    def escaped(text: str) -> bytes:
        return "".join(f"\\'{byte:02x}" for byte in text.encode("gbk")).encode()

    body = (
        b"{\\rtf1\\ansi\\ansicpg936 " + escaped("甲") + b"{\\strike " + escaped(DEMAND) + b"}" + escaped("乙")
    )
    body += b"\\strike\\u20250?\\strike0 " + escaped("丙") + b"\\par}"
    assert extract(body).text == "甲乙丙"


def test_comments_of_an_old_word_file_are_read(
    make_zip: Pack, converted_from: Callable[[bytes, str, str], bytes]
) -> None:
    comment = f'<w:comment w:id="0" w:author="x">{paragraph(DEMAND)}</w:comment>'
    anchored = '<w:p><w:r><w:t>公告正文</w:t></w:r><w:r><w:commentReference w:id="0"/></w:r></w:p>'
    body = word(
        make_zip,
        anchored,
        ("a", "comments", "comments.xml"),
        parts={"comments.xml": story(comment, "comments")},
    )
    types = (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        'wordprocessingml.document.main+xml"/><Override PartName="/word/comments.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.wordprocessingml.comments+xml"/></Types>'
    )
    with zipfile.ZipFile(BytesIO(body)) as package:
        whole = {name: package.read(name) for name in package.namelist()} | {
            "[Content_Types].xml": types.encode()
        }
    assert DEMAND in extract(converted_from(make_zip(whole), "docx", "doc")).text


@pytest.mark.parametrize("ending", ["docx", "doc"])
def test_headers_and_footers_are_read_once_behind_the_text(
    converted_from: Callable[[bytes, str, str], bytes], ending: str
) -> None:
    document = Document()
    document.add_paragraph("示例县招聘公告")
    section = document.sections[0]
    section.header.paragraphs[0].text = "示例县招聘公告"
    section.footer.paragraphs[0].text = "第1页 共3页"
    section.footer.add_paragraph(DEMAND)
    stream = BytesIO()
    document.save(stream)
    body = stream.getvalue() if ending == "docx" else converted_from(stream.getvalue(), "docx", ending)
    assert extract(body).text.split("\n") == ["示例县招聘公告", f"页眉页脚：{DEMAND}"]
