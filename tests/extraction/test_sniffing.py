"""What kind of file bytes are: content first, then the declared type, then the name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from extraction import sniff

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("body", "media_type", "name", "kind"),
    [
        (b"%PDF-1.7\n", "text/html", "a.doc", "application/pdf"),
        (b"\r\n\x00%PDF-1.4", "", "", "application/pdf"),
        (b"{\\rtf1 x}", "application/msword", "a.doc", "application/rtf"),
        (b"<html><table>", "application/vnd.ms-excel", "a.xls", "text/html"),
        (b"\xef\xbb\xbf <!-- x --> <!DOCTYPE HTML>", "", "", "text/html"),
        ("<html><p>公告</p>".encode("utf-16"), "", "", "text/html"),
        ("持有会计证".encode(), "text/html; charset=utf-8", "", "text/html"),
        ("持有会计证".encode(), "text/plain", "", "text/plain"),
        ("持有会计证".encode("gbk"), "", "说明.txt", "text/plain"),
        ("持有会计证".encode(), "", "index.shtml", "text/html"),
        (b'{"code": 0}', "application/json", "", "text/plain"),
        (bytes(range(256)) * 8, "", "a.bin", "application/octet-stream"),
        (bytes(range(256)) * 8, "text/plain", "a.txt", "application/octet-stream"),
        (b"\x01\x02\x00\x00" * 50, "text/html", "a.html", "application/octet-stream"),
        (b"PK\x03\x04 cut short", "", "公告.docx", DOCX),
        (b"PK\x03\x04 cut short", "", "公告.bin", "application/zip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 cut short", "", "公告.wps", "application/msword"),
    ],
)
def test_the_kind_of_a_file(body: bytes, media_type: str, name: str, kind: str) -> None:
    assert sniff(body, media_type, name) == kind


def test_an_archive_of_documents_is_no_document(
    docx_bytes: bytes, make_zip: Callable[[Mapping[str, str | bytes]], bytes]
) -> None:
    assert sniff(docx_bytes, name="a.zip") == DOCX
    assert sniff(make_zip({"a.docx": docx_bytes}), name="a.docx") == "application/zip"
