"""Hostile attachments, built when the tests run: bombs, entities, liars, broken and nested ones."""

from __future__ import annotations

import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from http.server import BaseHTTPRequestHandler
from io import BytesIO
from pathlib import Path

import docx
import openpyxl

from tests.extraction.pictures import png_that_claims
from tests.extraction.rar_files import rar5
from tests.jobs.traps import TEXT, Trap
from tests.parts.loopback import Answer, answer
from vocabulary.codes import Outcome

_ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    + "]><x>&a9;</x>"
).encode()
_OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def zipped(members: Mapping[str, bytes]) -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def with_part(package: bytes, name: str, data: bytes) -> bytes:
    """An office file with one part put in another's place."""
    with zipfile.ZipFile(BytesIO(package)) as old:
        parts = {part: old.read(part) for part in old.namelist()}
    return zipped(parts | {name: data})


def a_docx() -> bytes:
    document, stream = docx.Document(), BytesIO()
    document.add_paragraph("示例市某局招聘文员，学历不限。")
    document.save(stream)
    return stream.getvalue()


def an_xlsx() -> bytes:
    workbook, stream = openpyxl.Workbook(), BytesIO()
    workbook.create_sheet("职位表", 0).append(["岗位", "文员"])
    workbook.save(stream)
    return stream.getvalue()


def an_ofd(document: bytes) -> bytes:
    root = (
        b'<?xml version="1.0"?><ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016" Version="1.0"><ofd:DocBody>'
        b"<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>"
    )
    return zipped({"OFD.xml": root, "Doc_0/Document.xml": document})


def a_pdf_of(pages: int) -> bytes:
    """A PDF whose page tree names one page, one pixel high, ``pages`` times."""
    kids = b"[" + b"3 0 R " * pages + b"]"
    objects = (
        b"1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n",
        b"2 0 obj<</Type/Pages/Count %d/Kids%s>>endobj\n" % (pages, kids),
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 1]>>endobj\n",
    )
    body, offsets = b"%PDF-1.4\n", []
    for item in objects:
        offsets.append(len(body))
        body += item
    table = b"xref\n0 4\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % at for at in offsets)
    return body + table + b"trailer<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % len(body)


def _lying_zip() -> bytes:
    """A member that declares 10 bytes and unpacks to 80 MB."""
    body = bytearray(zipped({"名单.txt": bytes(80 << 20)}))
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        where = body.index(mark) + at
        body[where : where + 4] = struct.pack("<I", 10)
    return bytes(body)


def _nested(depth: int) -> bytes:
    body = zipped({"底.txt": "须持有会计从业资格证".encode()})
    for level in range(depth):
        body = zipped({f"第{level}层.zip": body})
    return body


def _bomb_docx() -> bytes:
    paragraphs = b"<w:p><w:r><w:t>" + b"A" * 1000 + b"</w:t></w:r></w:p>"
    document = f'<w:document xmlns:w="{_W}"><w:body>'.encode() + paragraphs * 300_000
    return with_part(a_docx(), "word/document.xml", document)


def _bomb_xlsx() -> bytes:
    cells = b"<c t='inlineStr'><is><t>A</t></is></c>" * 8_000_000
    sheet = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row>'
    return with_part(an_xlsx(), "xl/worksheets/sheet1.xml", sheet + cells)


def _bomb_tarball() -> bytes:
    stream = BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz", compresslevel=1) as archive:
        entry = tarfile.TarInfo("a.txt")
        entry.size = 300 << 20
        with Path("/dev/zero").open("rb") as zeros:
            archive.addfile(entry, zeros)
    return stream.getvalue()


def _in_docx(document: bytes) -> bytes:
    return with_part(a_docx(), "word/document.xml", document)


_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FILES: dict[str, Callable[[], bytes]] = {
    "bomb.docx": _bomb_docx,
    "bomb.xlsx": _bomb_xlsx,
    "bomb.ofd": lambda: an_ofd(bytes(300 << 20)),
    "bomb.zip": lambda: zipped({f"{n}.txt": bytes(60 << 20) for n in range(6)}),
    "lying.zip": _lying_zip,
    "crowd.zip": lambda: zipped({f"{n}.txt": b"x" for n in range(30_000)}),
    "entities.docx": lambda: _in_docx(_ENTITIES),
    "outside.docx": lambda: _in_docx(_OUTSIDE),
    "entities.xlsx": lambda: with_part(an_xlsx(), "xl/worksheets/sheet1.xml", _ENTITIES),
    "entities.ofd": lambda: an_ofd(_ENTITIES),
    "outside.ofd": lambda: an_ofd(_OUTSIDE),
    "cut.docx": lambda: a_docx()[:3000],
    "cut.xlsx": lambda: an_xlsx()[:2000],
    "cut.zip": lambda: zipped({"a.txt": b"x" * 5000})[:60],
    "cut.pdf": lambda: a_pdf_of(3)[:90],
    "cut.doc": lambda: _OLE + b"\xff" * 3000,
    "cut.xls": lambda: _OLE + "Workbook".encode("utf-16-le") * 100,
    "deep.rtf": lambda: b"{\\rtf1" + b"{\\b" * 100_000,
    "pages.pdf": lambda: a_pdf_of(1_000_000),
    "program.pdf": lambda: b"MZ" + bytes(range(256)) * 20,
    "empty.docx": lambda: b"",
    "empty.zip": lambda: zipped({}),
    "page.pdf": TEXT.encode,
    "archive.rar": lambda: b"Rar!\x1a\x07\x01\x00" + bytes(200),
    "locked.rar": lambda: rar5({"a.txt": b"words"}, hides="contents"),
    "bomb.tgz": _bomb_tarball,
    "bomb.png": lambda: png_that_claims(30_000, 30_000),
    "thin.png": lambda: png_that_claims(30_000_000, 1),
    "cut.jpg": lambda: b"\xff\xd8\xff\xe0" + bytes(99),
}
_OUTCOMES = {
    **dict.fromkeys(("empty.docx", "empty.zip", "thin.png"), Outcome.EMPTY),
    **dict.fromkeys(("bomb.png", "cut.jpg"), Outcome.UNDECODABLE),
}


def file_traps() -> Iterator[Trap]:
    """Attachments that cannot be read: each is listed as such, alone."""
    for name, build in _FILES.items():
        outcome = _OUTCOMES.get(name, Outcome.UNREADABLE_ATTACHMENT)
        yield Trap(f"/files/{name}", outcome, built(build))
    yield from _hostile_names()


_MADE: list[Callable[[], bytes]] = []


def make_files() -> None:
    """Make every file now: the largest take longer than the client would wait."""
    for made in _MADE:
        made()


def built(build: Callable[[], bytes]) -> Answer:
    """A file that is made when it is first asked for."""
    made = cache(build)
    _MADE.append(made)

    def send(handler: BaseHTTPRequestHandler) -> None:
        answer(made(), media_type="application/octet-stream")(handler)

    return send


def _hostile_names() -> Iterator[Trap]:
    """Files that can be read, whatever their servers and makers call them."""
    good = a_docx()

    def named(value: str, body: bytes = good) -> Answer:
        return answer(body, media_type="application/octet-stream", Content_Disposition=value)

    escaping = {
        "../../../etc/passwd.txt": "文员".encode() * 9,
        "/abs\x1b[2J\u202etxt.exe.txt": "文员".encode() * 9,
    }
    traps = {
        "traversal.docx": named('attachment; filename="../../../../etc/cron.d/x.docx"'),
        "nul.docx": named('attachment; filename="a\\\x00b.docx"'),
        "long.docx": named(f'attachment; filename="{"x" * 20_000}.docx"'),
        "charset.docx": named("attachment; filename*=no-such-charset'zh'%ff%fe.docx"),
        "broken-header.docx": named("attachment; filename*0*=utf-8''a; filename*1=%; filename*x=y; ;;="),
        "folded.docx": named("attachment; filename=a.docx\r\n Set-Cookie: x=y"),
        "gbk.docx": named("attachment; filename=" + "职位表.docx".encode("gbk").decode("latin-1")),
        "members.zip": named("attachment", zipped(escaping)),
        "nested.zip": named("attachment", _nested(2)),
        "nested-deep.zip": named("attachment", _nested(9)),
    }  # fmt: skip
    for name, send in traps.items():
        yield Trap(f"/names/{name}", Outcome.OK, send)
