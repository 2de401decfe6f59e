"""Texts and files of mails as mailers really pack them."""

from __future__ import annotations

import base64
import io
import quopri

import pytest
from PIL import Image

from assessment.messages import open_message
from tests.extraction.compound import compound_file

POSTING = "某公司招聘会计，须持有会计从业资格证书。"
HEAD = b"From: a@example.com\r\nSubject: x\r\nMIME-Version: 1.0\r\n"


def packed(kind: str, *parts: bytes) -> bytes:
    body = b"".join(b"--bb\r\n" + part + b"\r\n" for part in parts)
    return HEAD + f"Content-Type: multipart/{kind}; boundary=bb\r\n\r\n".encode() + body + b"--bb--\r\n"


def part(media_type: str, body: bytes | str, *headers: str) -> bytes:
    lines = "".join(f"{line}\r\n" for line in (f"Content-Type: {media_type}", *headers)) + "\r\n"
    return lines.encode() + (body.encode() if isinstance(body, str) else body)


def in_base64(media_type: str, body: bytes, *headers: str) -> bytes:
    return part(media_type, base64.encodebytes(body), "Content-Transfer-Encoding: base64", *headers)


def texts(raw: bytes) -> list[str]:
    return [each.body.decode("utf-8", "replace").strip() for each in open_message(raw).parts]


def picture(side: int) -> bytes:
    drawn = io.BytesIO()
    Image.new("L", (side, side), 255).save(drawn, "PNG")
    return drawn.getvalue()


PLAIN = part("text/plain; charset=utf-8", POSTING)
HTML = part("text/html; charset=utf-8", f"<p>{POSTING}</p>")
TEXT = b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
INNER = b"From: z@example.com\r\nSubject: posting\r\n" + TEXT + POSTING.encode()


@pytest.mark.parametrize(
    "last",
    [
        part("text/calendar; method=REQUEST", "BEGIN:VCALENDAR\r\nEND:VCALENDAR"),
        part("text/html; charset=utf-8", "<html><head><title>x</title></head><body>&nbsp;<br></body></html>"),
        part("text/html; charset=utf-8", ""),
        part("text/x-amp-html", "<html amp4email><p>某公司</p></html>"),
        part("text/plain", " "),
    ],
)
def test_an_alternative_that_says_nothing_hides_no_other(last: bytes) -> None:
    assert texts(packed("alternative", PLAIN, HTML, last)) == [f"<p>{POSTING}</p>"]
    assert texts(packed("alternative", PLAIN, last)) == [POSTING]


def test_an_alternative_that_says_much_more_is_read_too() -> None:
    assert texts(packed("alternative", PLAIN, part("text/html", "<p>hi</p>"))) == [POSTING]
    short = part("text/html; charset=utf-8", "<p>" + POSTING + "</p>")
    longer = part("text/plain; charset=utf-8", POSTING * 3)
    assert len(texts(packed("alternative", longer, short, part("text/calendar", "x")))) == 1


def test_a_file_among_alternatives_is_read() -> None:
    pdf = in_base64("application/pdf; name=a.pdf", b"%PDF-1.4 x")
    assert len(texts(packed("alternative", PLAIN, pdf))) == 2


@pytest.mark.parametrize(
    "headers",
    [
        ("Content-ID: <f_1>", "Content-Disposition: attachment; filename=p.png"),
        ("Content-ID: <f_1>",),
        ("Content-ID: <f_1>", "Content-Disposition: inline; filename=p.png"),
    ],
)
def test_a_picture_with_a_content_id_is_read_unless_it_is_an_ornament(headers: tuple[str, ...]) -> None:
    large = in_base64("image/png; name=p.png", picture(600), *headers)
    assert len(open_message(packed("related", HTML, large)).parts) == 2
    small = in_base64("image/png; name=p.png", picture(40), *headers)
    is_attached = any("attachment" in line for line in headers)
    assert len(open_message(packed("related", HTML, small)).parts) == 1 + is_attached


@pytest.mark.parametrize(
    "inner",
    [
        in_base64("application/octet-stream; name=a.eml", INNER),
        in_base64("application/octet-stream", INNER, "Content-Disposition: attachment"),
        in_base64("text/plain; name=a.eml", INNER),
        in_base64("message/rfc822", INNER),
        part("message/rfc822", quopri.encodestring(INNER), "Content-Transfer-Encoding: quoted-printable"),
        part("message/rfc822", INNER),
        part("message/global", INNER),
        in_base64("application/octet-stream; name=a.eml", b"From z@example.com Thu Nov 26 2026\r\n" + INNER),
        in_base64("application/octet-stream; name=a.mht", packed("related", PLAIN)),
    ],
)
def test_a_mail_in_a_mail_is_read_however_it_is_packed(inner: bytes) -> None:
    assert texts(packed("mixed", part("text/plain", "see"), inner)) == ["see", POSTING]


def test_parts_without_their_boundary_are_found() -> None:
    raw = packed("mixed", PLAIN).replace(b"; boundary=bb", b"")
    assert texts(raw) == [POSTING]
    assert texts(packed("mixed", PLAIN).replace(b"boundary=bb", b"boundary=other")) == [POSTING]


def test_base64_that_does_not_say_so_is_no_text() -> None:
    assert texts(HEAD + TEXT + base64.encodebytes(POSTING.encode())) == [POSTING]


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("在http://a.example.cn/n/1.html请查看。", ["http://a.example.cn/n/1.html"]),
        ("http://a.example.cn请查看", ["http://a.example.cn/"]),
        ("见www.example.cn/n/1.html谢谢", ["http://www.example.cn/n/1.html"]),
        (
            "http://a.example.cn/n?id=1和http://b.example.cn/",
            ["http://a.example.cn/n?id=1", "http://b.example.cn/"],
        ),
        ("【https://a.example.cn/n/1.html】", ["https://a.example.cn/n/1.html"]),
        ("http://a.example.cn/n/1.html，", ["http://a.example.cn/n/1.html"]),
        ("http://a.example.cn/公告/1.html看", ["http://a.example.cn/%E5%85%AC%E5%91%8A/1.html"]),
    ],
)
def test_an_address_ends_where_chinese_words_go_on(text: str, links: list[str]) -> None:
    raw = HEAD + TEXT + text.encode()
    assert list(open_message(raw).links) == links


def test_a_mail_that_outlook_saved_is_read_with_its_files_and_names_no_writer() -> None:
    inner = {"__substg1.0_1000001F": "内层：须持有会计从业资格证书。".encode("utf-16-le")}
    saved = compound_file(
        {
            "__properties_version1.0": b"",
            "__substg1.0_0037001F": "招聘邮件".encode("utf-16-le"),
            "__substg1.0_0C1A001F": "欧阳示例".encode("utf-16-le"),
            "__substg1.0_1000001F": "外层：请看附件。".encode("utf-16-le"),
            "__attach_version1.0_#00000000": {
                "__substg1.0_3707001F": "岗位表.txt".encode("utf-16-le"),
                "__substg1.0_37010102": "附件：须持有物业管理师证书。".encode(),
            },
            "__attach_version1.0_#00000001": {"__substg1.0_3701000D": inner},
        }
    )
    raw = packed(
        "mixed",
        part("text/plain; charset=utf-8", "请看邮件。"),
        in_base64("application/octet-stream", saved, 'Content-Disposition: attachment; filename="1.msg"'),
    )
    read = [text.rstrip("\x00\r\n") for text in texts(raw)]
    assert read == [
        "请看邮件。",
        "外层：请看附件。",
        "附件：须持有物业管理师证书。",
        "内层：须持有会计从业资格证书。",
    ]
