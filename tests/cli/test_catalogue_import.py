"""``qualwatch catalogue import``: annexes of every make, counted, kept and taken back."""

import csv
import json
import os
import subprocess
from collections.abc import Callable, Sequence
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from docx import Document
from openpyxl import Workbook
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import SimpleDocTemplate, Table, TableStyle
from typer.testing import Result

from cli.catalogue_import import app
from tests.catalogue import stored_lists
from tests.parts.commands import run_command
from tests.parts.loopback import Site, answer
from tests.parts.operators import Operator

SHARED = Path(__file__).parents[2].parent / "shared" / "catalogue"
NUMBER = "国发〔2016〕68号"
HEADING = ("序号", "职业资格名称", "实施部门（单位）", "资格类别", "设定依据", "处理决定")
CRAFTS = ("竹编", "藤编", "草编", "棕编", "柳编", "漆画", "剪纸", "皮影", "风筝", "灯彩")
MORE_CRAFTS = ("泥塑", "面塑", "糖画", "木雕", "石雕", "砖雕", "根雕", "核雕", "印钮")
TRADES = ("检测师", "修复师", "设计员", "鉴赏员", "编织工", "装裱工")
NAMES = [craft + trade for craft in CRAFTS + MORE_CRAFTS for trade in TRADES]
ROWS = [
    (str(number), name, f"第{number % 7 + 1}部门", "准入类" if number < 8 else "水平评价类", "无", "取消")
    for number, name in enumerate(NAMES, 1)
]


def _page(rows: Sequence[tuple[str, ...]]) -> bytes:
    """A page in the make of the State Council's library: a table of facts, then the text with its annex."""
    heading, *body = (
        "<tr>"
        + "".join(f'<td style="border:1px solid"><p><span>{cell}</span></p></td>' for cell in row)
        + "</tr>"
        for row in (HEADING, *rows)
    )
    middle = '<tr><td colspan="6"><p>二、取消的技能人员职业资格许可和认定事项</p></td></tr>'
    return f"""<!DOCTYPE html><html><head><meta charset="utf-8"><title>取消一批职业资格</title></head><body>
    <div class="nav"><a href="/">首页</a> <a href="/zhengce/">政策</a></div>
    <table class="bd1"><tr><td><b>索 引 号：</b></td><td>000014349/2016-00233</td></tr>
    <tr><td><b>发文字号：</b></td><td>{NUMBER}</td></tr></table>
    <td class="b12c" id="UCAP-CONTENT"><p>各部门要认真做好落实工作。</p>
    <p>1．加强组织领导；</p><p>2．强化监督检查。</p>
    <p>附件</p><p>一、取消的专业技术人员职业资格许可和认定事项</p>
    <table border="1"><tbody>{heading}{"".join(body[:7])}{middle}{"".join(body[7:])}</tbody></table></td>
    <p>扫一扫在手机打开当前页</p></body></html>""".encode()


def _list_page() -> bytes:
    items = "".join(f"<p>{number}．{name}（{kind}，{body}）</p>" for number, name, body, kind, _, _ in ROWS)
    return f'<html><meta charset="gb2312"><body><p>附件</p>{items}</body></html>'.encode("gb18030")


def _csv() -> bytes:
    text = StringIO()
    csv.writer(text).writerows([HEADING, *ROWS])
    return text.getvalue().encode("gb18030")


def _xlsx() -> bytes:
    book, body = Workbook(), BytesIO()
    sheet = book.active
    assert sheet is not None
    for row in [("取消的职业资格目录",), HEADING, *ROWS]:
        sheet.append(row)
    book.save(body)
    book.close()
    return body.getvalue()


def _docx() -> bytes:
    document, body = Document(), BytesIO()
    document.add_paragraph("附件")
    table = document.add_table(rows=0, cols=len(HEADING))
    for row in (HEADING, *ROWS):
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    document.save(body)
    return body.getvalue()


def _pdf() -> bytes:
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    body = BytesIO()
    table = Table([HEADING, *ROWS], repeatRows=1)
    table.setStyle(
        TableStyle([("FONT", (0, 0), (-1, -1), "STSong-Light"), ("GRID", (0, 0), (-1, -1), 1, colors.black)])
    )
    SimpleDocTemplate(body, pagesize=A4).build([table])
    return body.getvalue()


def _run(directory: Path, *arguments: str) -> Result:
    return stored_lists.run(app, directory, *arguments)


def _import(directory: Path, file: Path, *arguments: str, number: str = NUMBER) -> Result:
    return _run(directory, "import", str(file), "--document", number, *arguments)


@pytest.fixture
def imports(tmp_path: Path) -> Path:
    return tmp_path / "catalogue"


@pytest.fixture
def page(tmp_path: Path) -> Path:
    file = tmp_path / "annex.html"
    file.write_bytes(_page(ROWS))
    return file


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("annex.html", lambda: _page(ROWS)),
        ("list.html", _list_page),
        ("annex.csv", _csv),
        ("annex.xlsx", _xlsx),
        ("annex.docx", _docx),
        ("annex.pdf", _pdf),
    ],
)
def test_an_annex_of_any_make_is_read_counted_and_imported(
    tmp_path: Path, imports: Path, name: str, make: Callable[[], bytes]
) -> None:
    file = tmp_path / name
    file.write_bytes(make())
    shown = _import(imports, file, "--format", "json")
    assert shown.exit_code == 0, shown.output
    proposed = json.loads(shown.stdout)
    assert [each["name"] for each in proposed] == NAMES
    assert {each["change"] for each in proposed} == {"add"}
    assert [each["category"] for each in proposed] == [row[3] for row in ROWS]
    assert not stored_lists.kept(imports)
    assert "已导入114个名称" in _import(imports, file, "--accept").output
    assert "已公布（published）" in _run(imports, "lookup", "竹编检测师证书", "--as-of", "2026-11-01").output


def test_what_is_imported_holds_from_its_day_and_can_be_undone(imports: Path, page: Path) -> None:
    assert _import(imports, page, "--accept").exit_code == 0
    assert "已取消" in _run(imports, "lookup", "藤编检测师", "--as-of", "2018-01-01").output
    assert "水平评价类职业资格" in _run(imports, "lookup", "印钮装裱工", "--as-of", "2016-11-30").output
    assert NUMBER in _run(imports, "imports").output
    assert _import(imports, page, "--accept").exit_code == 1
    assert _run(imports, "undo", NUMBER).exit_code == 0
    assert _run(imports, "lookup", "藤编检测师").exit_code == 1
    assert _import(imports, page, "--accept").exit_code == 0


def test_a_list_with_another_count_is_refused(tmp_path: Path, imports: Path) -> None:
    file = tmp_path / "annex.html"
    file.write_bytes(_page(ROWS[:50] + ROWS[51:]))
    result = _import(imports, file, "--accept")
    assert result.exit_code == 1
    assert "读到113项" in result.stderr
    assert "应为114项" in result.stderr
    assert "缺51" in result.stderr
    assert not stored_lists.kept(imports)


def test_known_entries_are_settled_altered_or_left_as_they_are(tmp_path: Path, imports: Path) -> None:
    known = {0: "营销师", 1: "模具设计师", 2: "餐厅服务员", 3: "网络工程师"}
    rows = [(row[0], known.get(at, row[1]), *row[2:]) for at, row in enumerate(ROWS)]
    file = tmp_path / "annex.html"
    file.write_bytes(_page(rows))
    proposed = json.loads(_import(imports, file, "--format", "json").stdout)
    assert [each["change"] for each in proposed[:4]] == ["settle", "alter", "confirm", "add"]
    assert _import(imports, file, "--accept").exit_code == 0
    answer = json.loads(_run(imports, "lookup", "模具设计师", "--format", "json").output)[0]
    assert (answer["status"], answer["document"], answer["evidence"]) == ("cancelled", NUMBER, "published")
    assert (
        json.loads(_run(imports, "lookup", "网络工程师", "--format", "json").output)[0]["status"]
        == "cancelled"
    )


def test_a_conflict_with_a_published_list_needs_a_persons_word(tmp_path: Path, imports: Path) -> None:
    file = tmp_path / "annex.html"
    file.write_bytes(_page([("1", "物业管理师", *ROWS[0][2:]), *ROWS[1:]]))
    refused = _import(imports, file, "--accept")
    assert refused.exit_code == 1
    assert "物业管理师" in refused.stderr
    assert not stored_lists.kept(imports)
    assert _import(imports, file, "--accept", "--accept-conflicts").exit_code == 0


def test_a_name_that_stands_twice_is_refused(tmp_path: Path, imports: Path) -> None:
    file = tmp_path / "annex.html"
    file.write_bytes(_page([*ROWS[:-1], ("114", "竹编检测师", "另一部门", "准入类", "无", "取消")]))
    result = _import(imports, file, "--accept")
    assert result.exit_code == 1
    assert "清单重复或读错" in result.stderr


def test_a_provinces_own_list_is_verified_against_its_own_total(tmp_path: Path, imports: Path) -> None:
    file = tmp_path / "annex2.html"
    file.write_bytes(_page(ROWS[:71]))
    province = ("--region", "220000", "--accept")
    assert _import(imports, file, *province, number="吉政办发[2017]54号").exit_code == 0
    assert _run(imports, "lookup", "竹编检测师").exit_code == 1
    found = _run(imports, "lookup", "竹编检测师", "--region", "220100")
    assert found.exit_code == 0
    assert "吉政办发〔2017〕54号" in found.output
    assert _run(imports, "undo", "吉政办发〔2017〕54号@220000").exit_code == 0


def test_a_document_without_a_known_total_must_be_described(imports: Path, page: Path) -> None:
    refused = _import(imports, page, number="国发〔2027〕1号")
    assert refused.exit_code == 2
    assert "--items" in refused.output
    described = ("--items", "114", "--date", "2027-01-05", "--effect", "cancelled")
    assert _import(imports, page, *described, number="国发〔2027〕1号").exit_code == 0
    assert _import(imports, page, "--items", "113").exit_code == 2


@pytest.mark.parametrize(
    "body", [b"", b"\x00\x01\x02\x03" * 100, b"PK\x03\x04broken", "没有清单的通知。".encode()]
)
def test_a_file_without_a_list_is_refused(tmp_path: Path, imports: Path, body: bytes) -> None:
    file = tmp_path / "annex.doc"
    file.write_bytes(body)
    result = _import(imports, file, "--accept")
    assert result.exit_code in {1, 2}
    assert result.stderr
    assert not stored_lists.kept(imports)


def test_a_file_that_is_not_there_and_an_address_inside_the_house_exit_2(
    imports: Path, tmp_path: Path
) -> None:
    assert _import(imports, tmp_path / "nothing.html").exit_code == 2
    address = _run(imports, "import", "http://127.0.0.1:9/annex.html", "--document", NUMBER)
    assert address.exit_code == 2


def test_an_imported_list_counts_for_check(tmp_path: Path, page: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        return run_command(arguments, tmp_path, os.environ)

    posting = tmp_path / "posting.txt"
    posting.write_text("某公司招聘\n任职要求：须持有竹编检测师资格证书。", encoding="utf-8")
    check = ("check", str(posting), "--as-of", "2026-11-01", "--format", "json")
    before = json.loads(run(*check).stdout)
    assert [finding["status"] for finding in before["findings"]] != ["cancelled"]
    imported = run("catalogue", "import", str(page), "--document", NUMBER, "--accept")
    assert imported.returncode == 0, imported.stderr
    after = json.loads(run(*check).stdout)
    assert [finding["status"] for finding in after["findings"]] == ["cancelled"]
    assert after["findings"][0]["qualification"] == "竹编检测师"


@pytest.mark.parametrize(
    ("path", "make", "media_type"),
    [
        ("/content_5144.html", lambda: _page(ROWS), "text/html"),
        ("/list.html", _list_page, "text/html"),
        ("/files/annex.pdf", _pdf, "application/pdf"),
        ("/files/annex.docx", _docx, "application/octet-stream"),
        ("/files/annex.xlsx", _xlsx, "application/vnd.ms-excel"),
    ],
)
def test_an_annex_at_an_address_goes_the_whole_way(
    operator: Operator, site: Site, path: str, make: Callable[[], bytes], media_type: str
) -> None:
    operator.configure(site=site)
    site[path] = answer(make(), media_type=media_type)
    command = ("catalogue", "import", site.address + path, "--document", NUMBER)
    shown = operator.run(*command)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.count("新增\t") == len(ROWS)
    assert "尚未导入" in shown.stdout
    accepted = operator.run(*command, "--accept")
    assert accepted.returncode == 0, accepted.stderr
    listed = operator.run("catalogue", "imports").stdout
    assert f"{NUMBER}\t114\t" in listed
    assert site.address + path in listed
    assert operator.run("catalogue", "lookup", "竹编检测师").returncode == 0
    assert operator.run("catalogue", "undo", NUMBER).returncode == 0
    assert operator.run("catalogue", "lookup", "竹编检测师").returncode == 1


def test_a_page_whose_list_is_attached_names_its_files(operator: Operator, site: Site) -> None:
    operator.configure(site=site)
    link = "<a href='/files/annex.xlsx'>附件</a> <a href='/about.html'>关于本站</a>"
    site["/notice.html"] = answer(f"<html><body><p>现予公布，详见附件。</p>{link}</body></html>")
    ran = operator.run("catalogue", "import", f"{site.address}/notice.html", "--document", NUMBER, "--accept")
    assert ran.returncode == 1
    assert f"清单可能在该页面的附件中：\n  {site.address}/files/annex.xlsx\n" in ran.stderr


def test_an_address_that_answers_badly_is_told(operator: Operator, site: Site) -> None:
    operator.configure(site=site)
    site["/blocked.html"] = answer("no", status=412)
    for path, said in (("/blocked.html", "412"), ("/nothing.html", "404")):
        ran = operator.run("catalogue", "import", site.address + path, "--document", NUMBER)
        assert ran.returncode == 2
        assert said in ran.stderr
        assert "Traceback" not in ran.stderr


@pytest.mark.skipif(not SHARED.is_dir(), reason="the lists that the project was given do not lie beside it")
def test_the_given_lists_are_read_and_only_the_complete_one_is_accepted(imports: Path) -> None:
    edition = _import(
        imports, SHARED / "national-2021.csv", "--accept", number="国家职业资格目录（2021年版）"
    )
    assert edition.exit_code == 0
    assert "新增0" in edition.output
    for number in ("国发〔2014〕50号", "国发〔2015〕41号", "国发〔2016〕35号", NUMBER):
        assert _import(imports, SHARED / "cancelled-national.csv", "--accept", number=number).exit_code == 1
