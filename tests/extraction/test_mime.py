"""Header lines and file names in every way in which mailers and servers have been seen to write them."""

from __future__ import annotations

import base64
import quopri
from email import message_from_bytes

import pytest

from extraction.mime import file_name_of, header_text, parameter

NAME = "李喆"
"""Its second character is in GBK and not in GB 2312."""


def packed(text: str, charset: str, declared: str = "", form: str = "B") -> str:
    raw = text.encode(charset)
    words = base64.b64encode(raw) if form == "B" else quopri.encodestring(raw, header=True)
    return f"=?{declared or charset}?{form}?{words.decode()}?="


def halves(text: str, charset: str, *, at: int) -> str:
    """A word that is cut in two between the bytes of one character."""
    raw = text.encode(charset)
    return "\r\n ".join(f"=?{charset}?B?{base64.b64encode(part).decode()}?=" for part in (raw[:at], raw[at:]))


@pytest.mark.parametrize(
    "written",
    [
        packed(NAME, "gbk", "gb2312"),
        packed(NAME, "gbk", "GB2312", "Q"),
        packed(NAME, "gbk", "utf-8"),
        packed(NAME, "gbk", "us-ascii"),
        packed(NAME, "gbk", "iso-8859-1"),
        packed(NAME, "gbk", "x-unknown"),
        packed(NAME, "utf-8", "gb2312"),
        packed(NAME, "utf-8", "utf-8*zh"),
        packed(NAME, "gb18030", "GB_2312"),
        packed(NAME, "gbk").removesuffix("?="),
        packed(NAME, "gbk").replace("=?=", "?="),
        packed(packed(NAME, "gbk", "gb2312"), "utf-8"),
        halves(NAME, "utf-8", at=2),
        halves(NAME, "gbk", at=1),
        f'"{packed(NAME, "gbk")}"',
        "=?gbk?B?wO6\r\n GtA==?=",
        "=?gbk?B?wO6G?= =?gbk?B?tA==?=",
        NAME.encode(),
        NAME.encode("gbk"),
        NAME.encode().decode("latin-1"),
    ],
)
def test_a_name_is_read_however_it_was_written(written: str | bytes) -> None:
    line = header_text(written)
    assert line.text.strip('"') == NAME
    assert line.is_whole


def test_base64_that_was_cut_itself_is_put_together() -> None:
    whole = base64.b64encode(NAME.encode()).decode()
    assert header_text(f"=?utf-8?B?{whole[:3]}?= =?utf-8?B?{whole[3:]}?=").text == NAME


def test_big5_and_old_escapes_are_read() -> None:
    assert header_text(packed("孫七", "big5")).text == "孫七"
    assert header_text("=?hz-gb-2312?Q?~{@n~}?=").text == "李"
    assert header_text("=?iso-8859-1?Q?Ren=E9e?=").text == "Renée"


def test_every_reading_of_doubtful_bytes_is_told() -> None:
    line = header_text("毛谭".encode("gbk"))
    assert "毛谭" in (line.text, *line.others)


@pytest.mark.parametrize(
    "written", ["=?utf-8?X?abc?=", "=?utf-8?B?****?=", "=?gbk?B?wO6G?=", b"\xc0\xee\x86"]
)
def test_what_cannot_be_decoded_says_so(written: str | bytes) -> None:
    assert not header_text(written).is_whole


@pytest.mark.parametrize(
    "written",
    [
        "attachment; filename*=GB2312''%C0%EE%86%B4.docx",
        "attachment; filename*0*=utf-8''%E6%9D%8E; filename*1*=%E5%96%86.docx",
        'attachment; filename="=?gb2312?B?wO6GtA==?=.docx"',
        'attachment; filename="%E6%9D%8E%E5%96%86.docx"',
        'attachment; filename="李喆.docx"'.encode(),
        'attachment; filename="李喆.docx"'.encode("gbk"),
        'attachment; filename="李喆.docx"'.encode().decode("latin-1"),
        "attachment; filename=李喆.docx".encode("gbk"),
    ],
)
def test_a_file_name_is_read_however_it_was_written(written: str | bytes) -> None:
    assert parameter(written, "filename").text == f"{NAME}.docx"


def test_a_part_may_name_its_file_in_its_type_alone() -> None:
    raw = 'Content-Type: application/msword; name="李喆.doc"\r\n\r\nx'.encode("gbk")
    assert file_name_of(message_from_bytes(raw)).text == f"{NAME}.doc"
    assert not file_name_of(message_from_bytes(b"Content-Type: text/plain\r\n\r\nx")).text
