"""Word, Excel, RTF, OFD and WPS files: what offices attach to their notices."""

from __future__ import annotations

import contextlib
import datetime
import random
import resource
import zipfile
from collections.abc import Callable, Mapping
from datetime import date
from io import BytesIO

import docx
import openpyxl
import pytest

from extraction import ExtractionError, UnreadableError, UnsupportedFormatError, extract

HEADED = "单位：市图书馆\t岗位：会计\t人数：1\t其他要求：持有会计从业资格证"
Convert = Callable[[str], bytes]
Pack = Callable[[Mapping[str, str | bytes]], bytes]
WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def word_text(pack: Pack, body: str) -> str:
    return extract(
        pack({"word/document.xml": f"<w:document {WORD}><w:body>{body}</w:body></w:document>"})
    ).text


def workbook_bytes(*rows: list[object]) -> bytes:
    workbook = openpyxl.Workbook()
    for row in rows:
        workbook.active.append(row)
    stream = BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def test_docx_gives_paragraphs_and_headed_positions(docx_bytes: bytes) -> None:
    extracted = extract(docx_bytes, name="公告.docx")
    lines = extracted.text.split("\n")
    assert lines[:2] == ["某市事业单位公开招聘公告", "一、报考者应当持有相应证书。"]
    assert HEADED in lines
    assert (extracted.title, extracted.days.printed) == (lines[0], date(2018, 3, 5))


@pytest.mark.parametrize("ending", ["doc", "rtf"])
def test_old_word_files_say_the_same_as_the_new_one(
    ending: str, converted: Convert, docx_bytes: bytes
) -> None:
    extracted = extract(converted(ending), name=f"公告.{ending}")
    assert extracted.text.replace("\n\n", "\n") == extract(docx_bytes).text
    assert extracted.title == "某市事业单位公开招聘公告"


def test_a_wps_file_of_words_make_is_read_by_its_content(converted: Convert) -> None:
    assert HEADED in extract(converted("doc"), name="岗位表.wps").text


def test_a_file_is_what_it_holds_and_not_what_it_is_called(docx_bytes: bytes, converted: Convert) -> None:
    assert HEADED in extract(docx_bytes, media_type="application/msword", name="a.doc").text
    assert HEADED in extract(converted("rtf"), media_type="text/html", name="a.doc").text
    page = "<table><tr><td>岗位</td><td>要求</td></tr><tr><td>会计</td><td>会计证</td></tr></table>".encode(
        "gb18030"
    )
    assert extract(page, media_type="application/vnd.ms-excel", name="表.xls").text == (
        "岗位\t要求\n岗位：会计\t要求：会计证"
    )


@pytest.mark.parametrize("ending", ["xlsx", "xls"])
def test_each_row_of_a_sheet_stands_beside_its_headings(
    ending: str, xlsx_bytes: bytes, request: pytest.FixtureRequest
) -> None:
    body = xlsx_bytes if ending == "xlsx" else request.getfixturevalue("converted")("xls")
    extracted = extract(body, name=f"职位表.{ending}")
    lines = extracted.text.split("\n")
    assert HEADED in lines
    assert lines[0] == "职位表"
    assert "咨询电话：0431-00000000" in lines
    assert extracted.title == "某市2026年公开招聘职位表"


def test_cells_of_a_sheet_read_as_people_see_them() -> None:
    body = workbook_bytes(
        ["岗位", "报名日期", "人数", "备注"],
        ["出纳\n（财务科）", datetime.date(2026, 3, 1), 2, "证书\u202e须\u200b真"],
    )
    assert (
        extract(body).text.split("\n")[1]
        == "岗位：出纳 （财务科）\t报名日期：2026-03-01\t人数：2\t备注：证书须真"
    )


def test_merged_cells_of_word_reach_every_row() -> None:
    document = docx.Document()
    table = document.add_table(rows=3, cols=3)
    texts = [["单位", "岗位", "资格条件"], ["市图书馆", "会计", "会计证"], ["", "司机", "驾照"]]
    for row, cells in zip(table.rows, texts, strict=True):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    stream = BytesIO()
    document.save(stream)
    assert "单位：市图书馆\t岗位：司机\t资格条件：驾照" in extract(stream.getvalue()).text.split("\n")


def test_deleted_hidden_and_repeated_words_of_word_are_left_out(make_zip: Pack) -> None:
    mc = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    body = f"""<w:p><w:r><w:t>持有</w:t></w:r><w:del><w:r><w:delText>会计证</w:delText></w:r></w:del>
    <w:r><w:rPr><w:vanish/></w:rPr><w:t>藏</w:t></w:r>
    <w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>电工证</w:t></w:r>
    <w:r><w:instrText>PAGE</w:instrText></w:r></w:p>
    <w:p><mc:AlternateContent {mc}><mc:Choice><w:p><w:r><w:t>文本框</w:t></w:r></w:p></mc:Choice>
    <mc:Fallback><w:p><w:r><w:t>文本框</w:t></w:r></w:p></mc:Fallback></mc:AlternateContent></w:p>"""
    assert word_text(make_zip, body) == "持有电工证\n文本框"


def test_words_split_into_runs_stay_whole(make_zip: Pack) -> None:
    body = (
        "<w:p>"
        + "".join(f"<w:r><w:rPr><w:b/></w:rPr><w:t>{letter}</w:t></w:r>" for letter in "会计证")
        + "</w:p>"
    )
    assert word_text(make_zip, body) == "会计证"


def test_chinese_escapes_of_rtf_are_read() -> None:
    escaped = "".join(f"\\'{byte:02x}" for byte in "应持有电工证".encode("gbk"))
    body = rf"{{\rtf1\ansi\ansicpg936{{\fonttbl{{\f0\fcharset134 SimSun;}}}}\f0 {escaped}\par}}".encode()
    assert extract(body).text == "应持有电工证"


def test_ofd_gives_its_lines_in_order(ofd_bytes: bytes) -> None:
    extracted = extract(ofd_bytes, name="通知.ofd")
    assert extracted.text == "关于规范职业资格的通知\n不得要求持有会计从业资格证"
    assert extracted.title == "关于规范职业资格的通知"


@pytest.mark.parametrize("ending", ["doc", "xls", "docx", "xlsx", "ofd"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_file_cut_short_is_refused_with_advice(
    ending: str, share: float, request: pytest.FixtureRequest
) -> None:
    if ending in {"doc", "xls"}:
        body = request.getfixturevalue("converted")(ending)
    else:
        body = request.getfixturevalue(f"{ending}_bytes")
    cut = body[: int(len(body) * share)]
    with pytest.raises(UnreadableError, match="fetch it again"):
        extract(cut, name=f"a.{ending}")


def test_an_rtf_file_cut_short_gives_what_is_left(converted: Convert) -> None:
    body = converted("rtf")
    assert extract(body[: int(len(body) * 0.95)]).text.startswith("某市事业单位公开招聘公告")


@pytest.mark.parametrize("ending", ["doc", "xls", "rtf", "docx", "xlsx", "ofd"])
def test_a_file_with_wrong_bytes_is_read_or_refused(ending: str, request: pytest.FixtureRequest) -> None:
    if ending in {"doc", "xls", "rtf"}:
        body = request.getfixturevalue("converted")(ending)
    else:
        body = request.getfixturevalue(f"{ending}_bytes")
    chance = random.Random(20170714)  # noqa: S311  (the same damage in every run)
    for damage in (3, 30, 300):
        for _ in range(20):
            wrong = bytearray(body)
            for _ in range(damage):
                wrong[chance.randrange(len(wrong))] = chance.randrange(256)
            with contextlib.suppress(ExtractionError):
                assert extract(bytes(wrong), name=f"a.{ending}").text


def test_an_encrypted_word_file_asks_for_an_open_copy(converted: Convert) -> None:
    body = bytearray(converted("doc"))
    header = body.index(b"\xec\xa5", 512)
    body[header + 0x0B] |= 0x01
    with pytest.raises(UnreadableError, match="password"):
        extract(bytes(body))


def test_an_encrypted_docx_asks_for_an_open_copy(converted: Convert) -> None:
    name, encrypted = ("WordDocument".encode("utf-16-le"), "EncryptedPackage".encode("utf-16-le"))
    body = bytearray(converted("doc"))
    entry = body.index(name)
    body[entry : entry + len(encrypted)] = encrypted
    body[entry + 64] = len(encrypted) + 2
    with pytest.raises(UnreadableError, match="password"):
        extract(bytes(body), name="岗位表.docx")


def test_an_older_word_file_says_so(converted: Convert) -> None:
    body = bytearray(converted("doc"))
    header = body.index(b"\xec\xa5", 512)
    body[header + 2 : header + 4] = (0x65).to_bytes(2, "little")
    with pytest.raises(UnreadableError, match="older than Word 97"):
        extract(bytes(body))


@pytest.mark.parametrize("part", ["word/document.xml", "xl/workbook.xml", "OFD.xml"])
def test_entity_bombs_are_refused(part: str, make_zip: Pack) -> None:
    entities = "".join(f'<!ENTITY a{level} "{f"&a{level - 1};" * 10}">' for level in range(1, 12))
    bomb = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "证">{entities}]><x>&a11;</x>'
    with pytest.raises(UnreadableError, match="entities"):
        extract(make_zip({part: bomb}))


def test_an_outside_entity_is_refused(make_zip: Pack) -> None:
    leak = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><w:document><w:p>&a;</w:p></w:document>'
    with pytest.raises(UnreadableError, match="entities"):
        extract(make_zip({"word/document.xml": leak}))


@pytest.mark.parametrize("part", ["word/document.xml", "xl/workbook.xml", "OFD.xml"])
def test_decompression_bombs_are_refused(part: str) -> None:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package, package.open(part, "w") as member:
        for _ in range(257):
            member.write(bytes(2**20))
    with pytest.raises(UnreadableError, match="bomb"):
        extract(stream.getvalue())


def test_a_package_that_lies_about_its_size_is_refused(xlsx_bytes: bytes) -> None:
    body = bytearray(xlsx_bytes)
    entry = body.rindex(b"xl/workbook.xml") - 46
    assert body[entry : entry + 4] == b"PK\x01\x02"
    body[entry + 24 : entry + 28] = (10).to_bytes(4, "little")
    with pytest.raises(UnreadableError, match="damaged"):
        extract(bytes(body))


def test_word_tables_nested_without_end_are_refused(make_zip: Pack) -> None:
    with pytest.raises(UnreadableError, match="damaged"):
        word_text(make_zip, "<w:tbl><w:tr><w:tc>" * 100_000)


def test_a_sheet_with_one_far_cell_costs_no_memory() -> None:
    workbook = openpyxl.Workbook()
    workbook.active["A1"] = "岗位"
    workbook.active["XFD1048576"] = "会计证"
    stream = BytesIO()
    workbook.save(stream)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with contextlib.suppress(ExtractionError):
        extract(stream.getvalue())
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KiB


@pytest.mark.parametrize(
    ("body", "advice"),
    [
        (b"Rar!\x1a\x07\x01\x00" + bytes(60), "one by one"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(60), "one by one"),
        (b"MZ\x90\x00\x03\x04" + bytes(60), "PDF"),
        (bytes(range(1, 32)) * 9 + bytes(60), "by hand"),
        (b'<?xml version="1.0"?><rss><channel/></rss>', "feed"),
    ],
)
def test_what_nothing_reads_says_what_to_do(body: bytes, advice: str) -> None:
    with pytest.raises(UnsupportedFormatError, match=advice):
        extract(body, media_type="application/msword", name="附件.doc")


def test_a_file_beyond_the_limit_is_refused_unread() -> None:
    with pytest.raises(UnreadableError, match="64 MB"):
        extract(b"%PDF-1.4" + bytes(64 * 2**20))
