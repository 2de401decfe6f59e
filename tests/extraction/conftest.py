"""Files of every format, built when the tests run: nothing binary is kept in the repository."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path

import docx
import openpyxl
import pytest

POSITIONS = [
    ["单位", "岗位", "人数", "其他要求"],
    ["市图书馆", "会计", "1", "持有会计从业资格证"],
    ["市博物馆", "讲解员", "2", "普通话二级甲等"],
]
HEADED = "单位：市图书馆\t岗位：会计\t人数：1\t其他要求：持有会计从业资格证"


@pytest.fixture(scope="session")
def docx_bytes() -> bytes:
    """A notice with a title, a paragraph, a table of positions and a last line."""
    document = docx.Document()
    document.add_paragraph("某市事业单位公开招聘公告")
    document.add_paragraph("一、报考者应当持有相应证书。")
    table = document.add_table(rows=len(POSITIONS), cols=4)
    for row, texts in zip(table.rows, POSITIONS, strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    document.add_paragraph("发布时间：2018年3月5日")
    stream = BytesIO()
    document.save(stream)
    return stream.getvalue()


@pytest.fixture(scope="session")
def xlsx_bytes() -> bytes:
    """A workbook of two sheets: a title row above headings, then positions."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = "职位表"
    sheet.append(["附件1"])
    sheet.append(["某市2026年公开招聘职位表"])
    for row in POSITIONS:
        sheet.append(row)
    workbook.create_sheet("说明").append(["咨询电话：0431-00000000"])
    stream = BytesIO()
    workbook.save(stream)
    return stream.getvalue()


@pytest.fixture(scope="session")
def converted(
    tmp_path_factory: pytest.TempPathFactory, docx_bytes: bytes, xlsx_bytes: bytes
) -> Callable[[str], bytes]:
    """Bytes of the notice as ``doc`` or ``rtf``, or of the workbook as ``xls``, written by LibreOffice."""
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("LibreOffice (soffice) is not installed: nothing here can write Word 97, XLS or RTF")
    folder = tmp_path_factory.mktemp("office")
    (folder / "notice.docx").write_bytes(docx_bytes)
    (folder / "positions.xlsx").write_bytes(xlsx_bytes)

    def convert(ending: str) -> bytes:
        source = folder / ("positions.xlsx" if ending == "xls" else "notice.docx")
        target = source.with_suffix(f".{ending}")
        if not target.exists():
            profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
            command = [
                program,
                "--headless",
                profile,
                "--convert-to",
                ending,
                "--outdir",
                str(folder),
                str(source),
            ]
            subprocess.run(command, check=True, capture_output=True, timeout=100)
        return Path(target).read_bytes()

    return convert


@pytest.fixture(scope="session")
def converted_from(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bytes, str, str], bytes]:
    """What LibreOffice makes of a file: its bytes, its ending and the one that is wanted."""
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("LibreOffice (soffice) is not installed: nothing here can write Word 97, XLS or RTF")
    folder = tmp_path_factory.mktemp("converted")
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"

    def convert(body: bytes, ending: str, wanted: str) -> bytes:
        source = folder / f"{hashlib.sha256(body).hexdigest()[:16]}.{ending}"
        source.write_bytes(body)
        command = [
            program,
            "--headless",
            profile,
            "--convert-to",
            wanted,
            "--outdir",
            str(folder),
            str(source),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=100)
        return source.with_suffix(f".{wanted}").read_bytes()

    return convert


@pytest.fixture(scope="session")
def ofd_bytes() -> bytes:
    """One page of two lines, as GB/T 33190 packs it."""
    space = 'xmlns:ofd="http://www.ofdspec.org/2016"'
    lines = "".join(
        f'<ofd:TextObject ID="{number}" Boundary="20 {number * 10} 150 8" Font="1" Size="4">'
        f'<ofd:TextCode X="0" Y="5" DeltaX="g {len(text) - 1} 4">{text}</ofd:TextCode></ofd:TextObject>'
        for number, text in ((3, "关于规范职业资格的通知"), (4, "不得要求持有会计从业资格证"))
    )
    parts = {
        "OFD.xml": f"<ofd:OFD {space} DocType='OFD' Version='1.0'><ofd:DocBody><ofd:DocInfo>"
        "<ofd:DocID>1</ofd:DocID></ofd:DocInfo><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody>"
        "</ofd:OFD>",
        "Doc_0/Document.xml": f"<ofd:Document {space}><ofd:CommonData><ofd:PageArea>"
        "<ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:PageArea></ofd:CommonData><ofd:Pages>"
        '<ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages></ofd:Document>',
        "Doc_0/Pages/Page_0/Content.xml": f"<ofd:Page {space}><ofd:Content><ofd:Layer ID='2'>{lines}"
        "</ofd:Layer></ofd:Content></ofd:Page>",
    }
    return pack(parts)


def pack(parts: Mapping[str, str | bytes]) -> bytes:
    """A ZIP of the given parts."""
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return stream.getvalue()


@pytest.fixture(scope="session")
def make_zip() -> Callable[[Mapping[str, str | bytes]], bytes]:
    return pack
