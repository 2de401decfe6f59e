"""OpenDocument: texts, sheets and flat XML, built here."""

from __future__ import annotations

import struct
from io import BytesIO
from zipfile import ZipFile

import pytest

from extraction import UnreadableError, extract
from extraction.margins import MARK, printed_words
from extraction.workbook_binary import drawn_lines
from tests.extraction.compound import compound_file

SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "text", "table", "style")
)
STRUCK = (
    '<style:style style:name="T1"><style:text-properties style:text-line-through-style="solid"/>'
    "</style:style>"
    '<style:style style:name="T2"><style:text-properties text:display="none"/></style:style>'
)


def package(body: str, styles: str = "", **parts: str) -> bytes:
    content = f"<office:document-content {SPACES}><office:automatic-styles>{STRUCK}</office:automatic-styles>"
    stream = BytesIO()
    with ZipFile(stream, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr(
            "content.xml", f"{content}<office:body>{body}</office:body></office:document-content>"
        )
        if styles:
            archive.writestr(
                "styles.xml", f"<office:document-styles {SPACES}>{styles}</office:document-styles>"
            )
        for name, part in parts.items():
            archive.writestr(name.replace("__", "/"), part)
    return stream.getvalue()


def text_of(paragraphs: str, styles: str = "") -> list[str]:
    return extract(package(f"<office:text>{paragraphs}</office:text>", styles), name="a.odt").text.split("\n")


def test_paragraphs_are_lines_and_spans_tear_no_name() -> None:
    assert text_of(
        "<text:h>招聘公告</text:h><text:p>须持有<text:span>会计从</text:span><text:span>业资格</text:span>证书"
        '<text:s text:c="2"/>两名<text:line-break/>报名<text:tab/>从速</text:p>'
    ) == ["招聘公告", "须持有会计从业资格证书 两名", "报名 从速"]


def test_what_is_struck_hidden_or_deleted_is_left_out_and_a_comment_marked() -> None:
    assert text_of(
        "<text:tracked-changes><text:deletion><text:p>须持有证书</text:p></text:deletion></text:tracked-changes>"
        '<text:p>会计<text:span text:style-name="T1">须持证</text:span>一名<text:span text:style-name="T2">'
        "限男</text:span><office:annotation><text:p>待定</text:p></office:annotation>。</text:p>"
        '<text:p text:style-name="T1">持证优先</text:p>'
    ) == ["批注：待定", "会计一名。"]


def test_headers_stand_behind_the_text() -> None:
    styles = (
        "<office:master-styles><style:master-page><style:header><text:p>示例县人社局</text:p></style:header>"
        "<style:footer><text:p>第1页</text:p></style:footer></style:master-page></office:master-styles>"
    )
    assert text_of("<text:p>招聘公告</text:p>", styles) == ["招聘公告", f"{MARK}示例县人社局"]


def test_rows_of_sheets_stand_beside_their_headings() -> None:
    def row(*cells: str, **attributes: str) -> str:
        said = "".join(f' table:{name.replace("_", "-")}="{value}"' for name, value in attributes.items())
        inside = "".join(f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>" for cell in cells)
        return f"<table:table-row>{inside}<table:table-cell{said}/></table:table-row>"

    body = (
        '<office:spreadsheet><table:table table:name="岗位表">'
        + row("岗位", "要求", number_columns_repeated="16382")
        + row("会计", "须持有会计从业资格证书")
        + "</table:table></office:spreadsheet>"
    )
    text = extract(package(body), name="a.ods").text
    assert text.split("\n")[0] == "岗位表"
    assert "要求：须持有会计从业资格证书" in text


def test_the_same_in_one_piece_is_read() -> None:
    body = (
        f"<?xml version='1.0'?><office:document {SPACES}><office:body><office:text><text:p>招聘公告</text:p>"
    )
    flat = f"{body}</office:text></office:body></office:document>".encode()
    assert extract(flat, name="a.fodt").text == "招聘公告"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (package("<office:text/>", **{"META-INF__manifest.xml": "<encryption-data/>"}), "password"),
        (package("<office:text><text:p>招聘</office:text>"), "damaged"),
    ],
)
def test_what_is_locked_or_damaged_says_so(body: bytes, words: str) -> None:
    with pytest.raises(UnreadableError, match=words):
        extract(body, name="a.odt")


def test_codes_of_a_sheets_header_are_no_words() -> None:
    code = '&C&"宋体,常规"&12示例县招聘&K01+000须持证&R第&P页 A&&B'
    assert printed_words(code) == "示例县招聘 须持证 第 页 A&B"


def test_the_header_of_an_old_workbook_is_read() -> None:
    words = "&C招聘会计须持证".encode("utf-16-le")
    record = struct.pack("<HHHB", 0x0014, 3 + len(words), 9, 1) + words
    assert _drawn(record) == [f"{MARK}招聘会计须持证"]


def _drawn(stream: bytes) -> list[str]:
    return drawn_lines(compound_file({"Workbook": stream}))
