"""Mails whose headers say otherwise how their bodies are encoded, and those that Outlook packs."""

from __future__ import annotations

import base64
import io
import quopri
import struct

import pytest
from PIL import Image

from assessment.messages import open_message
from extraction import extract
from extraction.tnef import unpacked_rtf

POSTING = "示例公司招聘会计，须持有会计从业资格证书，待遇面议，有意者请联系我们。"
HEAD = b"From: a@example.com\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: "
PLAIN = HEAD + b"text/plain; charset=utf-8"
QUOTED = quopri.encodestring(POSTING.encode())
RTF = b"{\\rtf1\\ansi " + b"".join(b"\\u%d?" % ord(letter) for letter in POSTING) + b"}"


def read(raw: bytes) -> str:
    parts = open_message(raw).parts
    texts = [
        extract(each.body, media_type=each.media_type, charset=each.charset, name=each.name) for each in parts
    ]
    return "\n".join(text.text for text in texts)


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ("QUOTED-PRINTABLE ", QUOTED),
        ("quoted-printable", QUOTED.replace(b"=\n", b"= \r\n")),
        ("8bit", QUOTED),
        ("7bit", base64.encodebytes(POSTING.encode())),
        ("base64", POSTING.encode()),
        ("utf-8", POSTING.encode()),
    ],
)
def test_a_body_is_read_by_how_it_is_encoded(form: str, body: bytes) -> None:
    raw = PLAIN + f"\r\nContent-Transfer-Encoding: {form}\r\n\r\n".encode() + body
    assert read(raw) == POSTING
    if form == "8bit":
        assert read(PLAIN + b"\r\n\r\n" + body) == POSTING


def test_a_flowed_line_goes_on_in_the_next() -> None:
    flowed = POSTING.replace("从业资格", "从业 \r\n资格").encode()
    assert read(PLAIN + b"; format=flowed\r\n\r\n" + flowed) == POSTING


def test_addresses_that_only_a_comma_parts_are_two() -> None:
    links = b"http://a.example.com/1.html,http://a.example.com/2.html"
    assert len(open_message(PLAIN + b"\r\n\r\n" + links).links) == 2


def test_a_picture_within_the_markup_is_a_file() -> None:
    drawn = io.BytesIO()
    Image.effect_noise((600, 400), 50).save(drawn, "PNG")
    source = f"data:image/png;base64,{base64.b64encode(drawn.getvalue()).decode()}"
    raw = HEAD + f"text/html\r\n\r\n<p>x</p><img src='{source}'>".encode()
    assert [part.name for part in open_message(raw).parts if part.is_file] == ["图片.png"]


def attribute(level: int, number: int, data: bytes) -> bytes:
    return struct.pack("<BII", level, number, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def outlook(kind: int, number: int, value: bytes, *files: bytes) -> bytes:
    said = struct.pack("<IHHII", 1, kind, number, 1, len(value)) + value + bytes(-len(value) % 4)
    packed = struct.pack("<IH", 0x223E9F78, 1) + attribute(1, 0x69003, said)
    for file in files:
        packed += (
            attribute(2, 0x69002, bytes(14))
            + attribute(2, 0x18010, b"a.txt\x00")
            + attribute(2, 0x6800F, file)
        )
    return (
        HEAD
        + b"application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + (base64.encodebytes(packed))
    )


def lzfu(plain: bytes) -> bytes:
    """Packed without a back reference."""
    groups = b"".join(b"\x00" + plain[at : at + 8] for at in range(0, len(plain), 8))
    return struct.pack("<II4sI", len(groups) + 12, len(plain), b"LZFu", 0) + groups


@pytest.mark.parametrize(
    "raw",
    [
        outlook(0x1F, 0x1000, POSTING.encode("utf-16-le")),
        outlook(0x102, 0x1013, f"<p>{POSTING}</p>".encode("gbk")),
        outlook(0x102, 0x1009, lzfu(RTF)),
        outlook(0x1F, 0x1000, b"", POSTING.encode("gbk")),
    ],
)
def test_what_outlook_packs_is_read(raw: bytes) -> None:
    assert POSTING in read(raw)


def test_packed_rtf_refers_back() -> None:
    """The example of [MS-OXRTFCP], 4.1.1."""
    packed = (
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    unpacked = unpacked_rtf(bytes.fromhex(packed))
    assert unpacked == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"


def test_a_damaged_one_is_a_file_that_nobody_could_read() -> None:
    raw = outlook(0x102, 0x1009, lzfu(RTF)[:9])
    assert [part.name for part in open_message(raw).parts] == ["winmail.dat"]
