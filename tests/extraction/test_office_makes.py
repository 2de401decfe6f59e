"""Files that programs of offices write otherwise than their formats say."""

from __future__ import annotations

import base64

import pytest

from extraction import extract
from extraction.readers.rtf import in_escapes

WORDS = "招聘会计一名，须持有会计从业资格证书。"
GBK = WORDS.encode("gbk")
ESCAPED = b"".join(b"\\'%02x" % byte for byte in GBK)
FONTS = b"{\\fonttbl{\\f0\\fcharset134 SimSun;}}"
UNICODE = b"".join(b"\\u%d?" % (ord(letter) - (65_536 if ord(letter) > 32_767 else 0)) for letter in WORDS)
PART = b"Content-Type: text/html; charset=gbk\r\n\r\n<p>" + GBK + b"</p>\r\n"
HEAD = b"MIME-Version: 1.0\r\nContent-Type: "
BODY = f"<w:body><w:p><w:r><w:t>{WORDS}</w:t></w:r></w:p></w:body>"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


@pytest.mark.parametrize(
    "body",
    [
        b"{\\rtf1\\ansi\\ansicpg1252" + FONTS + b"\\f0 " + ESCAPED + b"}",
        b"{\\rtf1\\ansi\\ansicpg936 " + GBK + b"}",
        b"{\\rtf1" + FONTS + b"\\f0 " + GBK + b"}",
        b"\r\n {\\rtf1\\ansi\\ansicpg936 " + ESCAPED + b"}",
        b"{\\rtf1\\ansi\\ansicpg936{\\upr{abc}{\\*\\ud{" + UNICODE + b"}}}}",
    ],
)
def test_rich_text_is_read_whatever_code_page_it_says(body: bytes) -> None:
    assert extract(body, name="a.doc").text == WORDS


def test_rich_text_whose_characters_end_in_letters_is_read() -> None:
    assert "杋证" in extract(b"{\\rtf1\\ansi\\ansicpg936 \\'96i\\'d6\\'a4 " + ESCAPED + b"}").text


def test_a_million_escapes_take_no_more_time_than_their_number_asks_for() -> None:
    assert len(in_escapes(b"{\\rtf1 " + b"\\'d5" * 200_000 + b"}")) > 800_000


def test_latin_rich_text_is_left_as_it_is() -> None:
    assert extract(b"{\\rtf1\\ansi\\ansicpg1252 Caf\\'e9 M\\'fcller}").text == "Café Müller"


@pytest.mark.parametrize(
    "body",
    [
        b"MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n"
        + PART
        + b"--b--",
        b"\xef\xbb\xbf" + HEAD + b"multipart/related; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: text/html\r\n\r\n<frameset><frame src=x></frameset>\r\n--b\r\n" + PART + b"--b--",
        HEAD
        + b"text/html; charset=gbk\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(b"<p>" + GBK + b"</p>"),
    ],
)
def test_a_web_archive_gives_the_page_that_says_most(body: bytes) -> None:
    assert extract(body, name="a.doc").text == WORDS


@pytest.mark.parametrize(
    "markup",
    [
        "<?mso-application progid='Word.Document'?>"
        "<w:wordDocument xmlns:w='http://schemas.microsoft.com/office/word/2003/wordml'>"
        f"{BODY}</w:wordDocument>",
        "<pkg:package xmlns:pkg='http://schemas.microsoft.com/office/2006/xmlPackage'>"
        "<pkg:part><pkg:xmlData>"
        f"<w:document xmlns:w='{WORD}'>{BODY}</w:document>"
        "</pkg:xmlData></pkg:part></pkg:package>",
        "<?mso-application progid='Excel.Sheet'?>"
        "<Workbook xmlns='urn:schemas-microsoft-com:office:spreadsheet'>"
        f"<Worksheet><Table><Row><Cell><Data>{WORDS}</Data></Cell></Row></Table></Worksheet></Workbook>",
    ],
)
def test_office_files_of_xml_that_is_not_packed_are_read(markup: str) -> None:
    assert extract(f"<?xml version='1.0'?>{markup}".encode(), name="a.doc").text == WORDS
