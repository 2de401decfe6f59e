"""Makes the attachments of the sample site anew: ``python -m sample.build``.

The files in ``files/`` are committed; this is how they came about. It needs the development tools and, for
the Word 97 file, LibreOffice. Building again with the same versions gives the same bytes.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from docx import Document
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table

FILES = Path(__file__).parent / "files"
WRITTEN = datetime(2026, 9, 1, 9, 0)  # noqa: DTZ001 - Office files keep no time zone

Rows = Sequence[Sequence[str]]

CENTRE_POSITIONS: Rows = (
    ("岗位代码", "岗位名称", "人数", "学历", "专业", "其他要求"),
    ("A01", "出纳", "1", "大专及以上", "财务会计类", "持有会计从业资格证书，熟悉财务软件"),
    ("A02", "心理服务岗", "1", "本科及以上", "心理学类", "须持有二级心理咨询师证书，具有两年以上工作经历"),
    ("A03", "综合文秘", "1", "本科及以上", "不限", "具有初级社会工作者证书者优先"),
    ("A04", "设备维护", "1", "高中及以上", "不限", "须持有低压电工证，能值夜班"),
)
COMMUNITY_POSITIONS: Rows = (
    ("序号", "职位", "人数", "资格条件", "其他要求"),
    ("1", "社区事务岗", "8", "大专以上学历", "年龄35周岁以下"),
    ("2", "劳动关系协调岗", "2", "大专以上学历", "须持有三级劳动关系协调员职业资格证书"),
    ("3", "社区康复岗", "2", "医学类大专以上学历", "有驾驶证者优先"),
)
TENDER_CONDITIONS: Rows = (
    ("序号", "审查项目", "资格条件", "证明材料"),
    ("1", "主体资格", "具有独立法人资格", "营业执照复印件"),
    ("2", "项目经理", "须具有物业管理师注册证书", "证书复印件"),
    ("3", "法律事务负责人", "须具有企业法律顾问执业资格证书", "证书复印件"),
    ("4", "秩序维护主管", "持有保安员证", "证书复印件"),
)
LIBRARY_POSITIONS: Rows = (
    ("职位", "人数", "资格条件", "其他要求"),
    ("人事干事", "1", "本科以上学历", "须持有二级企业人力资源管理师职业资格证书"),
    ("读者服务", "1", "大专以上学历", "普通话二级甲等以上"),
    ("电工", "1", "高中以上学历", "须持有低压电工证"),
)


def main() -> None:
    """Write every file of ``files/``."""
    FILES.mkdir(exist_ok=True)
    _write_workbook(FILES / "positions.xlsx", "岗位一览表", CENTRE_POSITIONS)
    _write_pdf(FILES / "positions.pdf", "示例市样例区2026年社区工作者招聘职位表", COMMUNITY_POSITIONS)
    _write_word(
        FILES / "tender.docx",
        "示例市市民中心物业服务采购项目招标文件",
        "第三章　资格审查。投标人不满足下列任何一项资格条件的，其投标无效。",
        TENDER_CONDITIONS,
    )
    _write_word_97(
        FILES / "positions.doc",
        "示例市图书馆公开招聘合同制人员职位表",
        "以下职位的资格条件须同时满足。",
        LIBRARY_POSITIONS,
    )
    # Half a file, so that users see what becomes of an attachment that nobody can open.
    whole = (FILES / "tender.docx").read_bytes()
    (FILES / "broken.docx").write_bytes(whole[: len(whole) // 2])


def _write_workbook(path: Path, title: str, rows: Rows) -> None:
    book = Workbook()
    sheet = book.active
    sheet.title = title
    sheet.append([f"示例市机关事务服务中心{title}"])
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(rows[0]))
    sheet["A1"].font = Font(bold=True, size=14)
    sheet["A1"].alignment = Alignment(horizontal="center")
    for row in rows:
        sheet.append(list(row))
    for cell in sheet[2]:
        cell.font = Font(bold=True)
    for letter, width in zip("ABCDEF", (10, 14, 6, 12, 14, 46), strict=True):
        sheet.column_dimensions[letter].width = width
    book.properties.creator = "示例市机关事务服务中心"
    book.properties.created = WRITTEN
    book.save(path)
    book.close()
    _settle_times(path)


def _write_pdf(path: Path, title: str, rows: Rows) -> None:
    # A font that every reader of PDF brings along: nothing of a font's licence enters the repository.
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    cell = ParagraphStyle("cell", fontName="STSong-Light", fontSize=10.5, leading=16, wordWrap="CJK")
    head = ParagraphStyle("head", parent=cell, fontSize=16, leading=24, alignment=1, spaceAfter=14)
    table = Table(
        [[Paragraph(text, cell) for text in row] for row in rows],
        colWidths=(40, 120, 40, 170, 300),
        repeatRows=1,
    )
    table.setStyle([("GRID", (0, 0), (-1, -1), 0.5, "black"), ("VALIGN", (0, 0), (-1, -1), "MIDDLE")])
    document = SimpleDocTemplate(str(path), pagesize=landscape(A4), title=title, invariant=1)
    document.build([Paragraph(title, head), table])


def _write_word(path: Path, title: str, text: str, rows: Rows) -> None:
    document = Document()
    document.add_heading(title, level=1)
    document.add_paragraph(text)
    table = document.add_table(rows=0, cols=len(rows[0]), style="Table Grid")
    for row in rows:
        for cell, words in zip(table.add_row().cells, row, strict=True):
            cell.text = words
    properties = document.core_properties
    properties.author, properties.title = "示例市公共资源交易中心", title
    properties.created = properties.modified = WRITTEN
    document.save(str(path))
    _settle_times(path)


def _write_word_97(path: Path, title: str, text: str, rows: Rows) -> None:
    office = shutil.which("soffice")
    if office is None:
        raise SystemExit(
            "the Word 97 file needs LibreOffice: on Debian run 'apt-get install libreoffice-writer'"
        )
    with TemporaryDirectory() as folder:
        newer = Path(folder) / f"{path.stem}.docx"
        _write_word(newer, title, text, rows)
        profile = f"-env:UserInstallation={(Path(folder) / 'profile').as_uri()}"
        command = [
            office,
            profile,
            "--headless",
            "--convert-to",
            "doc:MS Word 97",
            "--outdir",
            folder,
            str(newer),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=120)  # noqa: S603 - no outside input
        shutil.copyfile(newer.with_suffix(".doc"), path)


def _settle_times(path: Path) -> None:
    """Pack an Office file anew with one fixed time in it, so that building again changes nothing."""
    with ZipFile(path) as old:
        parts = [(name, old.read(name)) for name in old.namelist()]
    with ZipFile(path, "w") as new:
        for name, content in parts:
            info = ZipInfo(name, WRITTEN.timetuple()[:6])
            info.compress_type = ZIP_DEFLATED
            new.writestr(info, _settled(name, content))


def _settled(name: str, content: bytes) -> bytes:
    """openpyxl writes the time of saving whatever it is told; set it back."""
    if name != "docProps/core.xml":
        return content
    return re.sub(
        rb"(<dcterms:modified [^>]*>)[^<]*", rb"\g<1>" + f"{WRITTEN:%Y-%m-%dT%H:%M:%SZ}".encode(), content
    )


if __name__ == "__main__":
    main()
