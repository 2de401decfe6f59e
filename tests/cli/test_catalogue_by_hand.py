"""Lists that a person brings: photographs, sheets with merged cells, Word 97, a province's own."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import Workbook
from typer.testing import Result

from cli.catalogue_status import app
from tests.catalogue import stored_lists
from tests.catalogue.made_lists import (
    EDITION_HEADING,
    HEADING,
    MARK,
    approvals,
    docx,
    docx_of_annexes,
    ended_names,
    gazette,
    made_names,
    page,
    pdf_of_annexes,
    rows_of,
    several_annexes,
    table,
)
from tests.extraction.pictures import encoded, needs_fonts
from tests.extraction.pictures import table as drawn_table

FIRST, SECOND, THIRD = "国发〔2014〕27号", "国发〔2014〕50号", "国发〔2015〕11号"


@pytest.fixture
def imports(tmp_path: Path) -> Path:
    return tmp_path / "catalogue"


def _run(directory: Path, *arguments: str) -> Result:
    return stored_lists.run(app, directory, *arguments)


def _import(directory: Path, name: str, body: bytes, *arguments: str) -> Result:
    file = directory.parent / name
    file.write_bytes(body)
    return _run(directory, "import", str(file), *arguments, "--accept")


def _evidence(directory: Path, name: str, *arguments: str) -> str:
    said = _run(directory, "lookup", name, *arguments, "--format", "json").stdout
    found = json.loads(said[said.index("[\n") :])
    return str(found[0]["evidence"])


@needs_fonts
@pytest.mark.timeout(300)
def test_a_photograph_counts_only_once_a_person_compared_each_row(imports: Path) -> None:
    names = [f"{MARK}{craft}师" for craft in ("竹编", "藤编", "草编", "棕编", "柳编", "漆画", "剪纸", "皮影")]
    names += [f"{MARK}{craft}员" for craft in ("泥塑", "面塑", "木雕")]
    rows = [[str(seq), name, "某部", "水平评价类", "取消"] for seq, name in enumerate(names, 1)]
    picture = drawn_table([["序号", "项目名称", "部门", "资格类别", "处理决定"], *rows])
    ran = _import(imports, "gazette.png", encoded(picture, "PNG"), "--document", FIRST)
    assert ran.exit_code == 0, ran.output
    assert "由图片识别得到，证据为“未核实”" in ran.output
    assert _evidence(imports, names[0]) == "unverified"
    waiting = _run(imports, "confirm", FIRST)
    assert f"{len(names)}行由图片识别得到，待与原件" in waiting.output
    assert _run(imports, "status").exit_code == 1
    assert _run(imports, "confirm", FIRST, "1", "2").exit_code == 0
    assert (_evidence(imports, names[0]), _evidence(imports, names[2])) == ("published", "unverified")
    corrected = _run(imports, "confirm", FIRST, "--correct", f"3={MARK}蒲编师")
    assert "8行由图片识别得到" in corrected.output
    assert _evidence(imports, f"{MARK}蒲编师") == "published"
    assert _run(imports, "lookup", names[2]).exit_code == 1
    assert _run(imports, "confirm", FIRST, *map(str, range(4, 12))).output.endswith("11行全部核对过。\n")
    assert _run(imports, "confirm", FIRST, "12").exit_code == 1
    assert _run(imports, "confirm", SECOND).exit_code == 1


def _sheet() -> bytes:
    """A workbook whose numbers and items are merged over the rows of their names."""
    book, body = Workbook(), BytesIO()
    sheet = book.active
    assert sheet is not None
    sheet.append(("吉林省职业资格目录",))
    sheet.append(EDITION_HEADING)
    for seq, item, name, category in (
        (1, f"{MARK}编织人员", f"{MARK}竹编工", "准入类"),
        (None, None, f"{MARK}藤编工", None),
        (2, f"{MARK}修复师", None, "准入类"),
    ):
        sheet.append((seq, item, name, f"{MARK}部门", category))
    sheet.merge_cells("A3:A4")
    sheet.merge_cells("B3:B4")
    sheet.merge_cells("E3:E4")
    book.save(body)
    book.close()
    return body.getvalue()


def test_a_provinces_own_catalogue_holds_there_alone(imports: Path) -> None:
    described = ("--items", "2", "--date", "2018-01-01", "--effect", "edition", "--region", "220000")
    ran = _import(imports, "own.xlsx", _sheet(), "--document", "吉人社〔2018〕1号", *described)
    assert ran.exit_code == 0, ran.output
    assert _run(imports, "lookup", f"{MARK}藤编工").exit_code == 1
    found = json.loads(
        _run(imports, "lookup", f"{MARK}藤编工", "--region", "220100", "--format", "json").stdout
    )
    assert (found[0]["status"], found[0]["region"]) == ("access", "220000")
    assert _run(imports, "lookup", f"{MARK}藤编工", "--region", "130000").exit_code == 1


def test_another_provinces_cancelled_items_are_imported_the_same_way(imports: Path) -> None:
    names = made_names(15, "河北")
    body = page("", f"<p>河北省取消的职业资格许可和认定事项目录（共计15项）</p>{table(rows_of(names))}")
    described = ("--items", "15", "--date", "2017-01-01", "--effect", "cancelled", "--region", "130000")
    ran = _import(imports, "hebei.html", body, "--document", "冀政办字〔2017〕1号", *described)
    assert ran.exit_code == 0, ran.output
    assert _run(imports, "lookup", names[0], "--region", "130100").exit_code == 0
    assert _run(imports, "lookup", names[0], "--region", "220000").exit_code == 1
    assert _run(imports, "lookup", names[0]).exit_code == 1


def test_the_trap_of_approvals_that_bear_a_qualifications_name(imports: Path) -> None:
    third = ("--document", "国发〔2015〕11号")
    ran = _import(imports, "wrong.html", page("", approvals(67)), *third)
    assert ran.exit_code == 1
    assert "没有国发〔2015〕11号的职业资格目录" in ran.stderr
    names = ["物业管理师注册执业资格认定", *ended_names("国发〔2015〕11号", 66)]
    body = page("", f"<p>国务院决定取消的职业资格许可和认定事项目录</p>{table(rows_of(names))}")
    ran = _import(imports, "mixed.html", body, *third)
    assert ran.exit_code == 1
    assert "“物业管理师注册执业资格认定”是行政审批事项：审批的取消不是职业资格的取消" in ran.stderr
    only = ("--document", "国发〔2016〕9号")
    assert "不导入" in _import(imports, "nine.html", page("", approvals(152)), *only).stderr
    assert not stored_lists.kept(imports)
    day = ("--as-of", "2015-06-01", "--format", "json")
    [standing] = json.loads(_run(imports, "lookup", "物业管理师", *day).stdout)
    assert standing["status"] == "access"
    told = _run(imports, "lookup", "物业管理师").output
    assert "国发〔2015〕11号取消的是审批“物业管理师注册执业资格认定”" in told


def _as_word_97(body: bytes, folder: Path) -> bytes:
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("LibreOffice (soffice) is not installed: nothing here can write Word 97")
    (folder / "annex.docx").write_bytes(body)
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = [program, "--headless", profile, "--convert-to", "doc", "--outdir", str(folder)]
    subprocess.run([*command, str(folder / "annex.docx")], check=True, capture_output=True, timeout=100)
    return (folder / "annex.doc").read_bytes()


def test_word_97_with_a_row_cut_in_two_is_read(imports: Path, tmp_path: Path) -> None:
    names = ended_names(SECOND, 67)
    title = "国务院决定取消的职业资格许可和认定事项目录（共计67项）"
    body = _as_word_97(docx(title, rows_of(names), HEADING, split=30), tmp_path)
    ran = _import(imports, "annex.doc", body, "--document", SECOND)
    assert ran.exit_code == 0, ran.output
    assert "已导入67个名称" in ran.output
    assert _evidence(imports, names[30]) == "published"


def _word_97(names: Sequence[str], folder: Path) -> bytes:
    return _as_word_97(docx_of_annexes(names), folder)


@pytest.mark.parametrize("number", [SECOND, THIRD])
@pytest.mark.parametrize(
    ("file", "make"),
    [
        ("page.htm", lambda names, _: several_annexes("", names)),
        ("gazette.htm", lambda names, _: gazette("", names)),
        ("annexes.doc", _word_97),
        ("annexes.docx", lambda names, _: docx_of_annexes(names)),
        ("annexes.pdf", lambda names, _: pdf_of_annexes(names)),
    ],
)
def test_both_decisions_with_several_annexes_are_read_in_every_make(
    imports: Path, tmp_path: Path, number: str, file: str, make: Callable[[Sequence[str], Path], bytes]
) -> None:
    names = ended_names(number, 67)
    ran = _import(imports, file, make(names, tmp_path), "--document", number)
    assert ran.exit_code == 0, ran.output
    [imported] = stored_lists.kept(imports)
    assert [item.name for item in imported.items] == names
    assert not [item.name for item in imported.items if "审批" in item.name or item.name.endswith("奖")]
