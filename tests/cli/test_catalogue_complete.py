"""``qualwatch catalogue complete`` against pages and files of the make of the real ones."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from typer.testing import Result

from catalogue.addresses import official_addresses
from catalogue.documents import find_document
from catalogue.editions import kind
from catalogue.loading import DATA
from cli.catalogue_status import app
from tests.catalogue import stored_lists
from tests.catalogue.made_lists import (
    EDITION_HEADING,
    HEADING,
    MARK,
    Row,
    approvals,
    docx,
    edition_lines,
    edition_rows,
    ended_names,
    gazette,
    made_names,
    page,
    pdf,
    rows_of,
    several_annexes,
    table,
)
from tests.parts.loopback import Site, answer, redirect
from tests.parts.operators import Operator

TOTALS = {
    "国发〔2014〕27号": 11,
    "国发〔2014〕50号": 67,
    "国发〔2015〕11号": 67,
    "国发〔2015〕41号": 62,
    "国发〔2016〕5号": 61,
    "国发〔2016〕35号": 47,
    "国发〔2016〕68号": 114,
}
TITLE = "国务院决定取消的职业资格许可和认定事项目录"
EDITION_2017, EDITION_2021 = "人社部发〔2017〕68号", "国家职业资格目录（2021年版）"
EXIT, JILIN, JILIN_ONE = "人社厅发〔2020〕80号", "吉政办发〔2017〕54号", "吉政办发〔2017〕54号附件1"


def _paths(number: str, region: str = "") -> list[str]:
    return [urlsplit(address).path for address in official_addresses(number, region)]


def _whole_page(number: str) -> bytes:
    names = ended_names(number, TOTALS[number])
    return page(number, f"<p>附件</p><p>{TITLE}（共计{len(names)}项）</p>{table(rows_of(names))}")


def _exit_rows() -> list[Row]:
    """The level items of 2017 with their occupations, and made ones up to the total of 80."""
    lines = [line for line in edition_lines("2017") if line.domain == "技能" and kind(line) == "水平评价类"]
    known = [row[:4] for row in edition_rows(lines)]
    last = int(known[-1][0])
    made = [(str(seq), name, "", "") for seq, name in enumerate(made_names(80 - last, "退出"), last + 1)]
    return [(*row, "第一批" if int(row[0]) <= 14 else "第二批") for row in [*known, *made]]


def _put_decisions(site: Site) -> None:
    """The seven decisions, each in another make and behind another obstacle."""
    numbers = list(TOTALS)
    site[_paths(numbers[0])[0]] = answer(_whole_page(numbers[0]))
    site[_paths(numbers[1])[0]] = answer(several_annexes(numbers[1], ended_names(numbers[1], 67)))
    # The annexes are files, and the wrong one is the first of them.
    wrong = docx(
        "国务院决定取消和下放管理层级的行政审批项目目录", rows_of([f"{n}审批" for n in made_names(67, "误")])
    )
    right = docx(f"{TITLE}（共计67项）", rows_of(ended_names(numbers[2], 67)), split=20)
    site["/files/1.docx"], site["/files/2.docx"] = answer(wrong), answer(right)
    links = '<p><a href="/files/1.docx">附件1</a> <a href="/files/2.docx">附件2</a></p>'
    site[_paths(numbers[2])[0]] = answer(page(numbers[2], links))
    # The first address is gone, the second one moved.
    site[_paths(numbers[3])[1]] = redirect("/zhengce/moved.htm", 301)
    site["/zhengce/moved.htm"] = answer(_whole_page(numbers[3]))
    # The first address is blocked; the other page links a PDF whose cells wrap and span rows.
    site[_paths(numbers[4])[0]] = answer("forbidden", status=412)
    annex = pdf([TITLE, "（共计61项）"], rows_of(ended_names(numbers[4], 61)), spans=[(2, 3, 5)])
    site["/files/annex.pdf"] = answer(annex, media_type="application/pdf")
    site[_paths(numbers[4])[1]] = answer(page(numbers[4], '<a href="/files/annex.pdf">附件</a>'))
    site[_paths(numbers[5])[0]] = answer(page(numbers[5], "<p>您访问的页面已迁移</p>"))
    site[_paths(numbers[5])[1]] = answer(_whole_page(numbers[5]))
    site[_paths(numbers[6])[2]] = answer(gazette(numbers[6], ended_names(numbers[6], 114)))


def _put_catalogues(site: Site) -> list[str]:
    """Both editions, the exit and Jilin's annexes; options for what has no known address."""
    rows_2017 = list(edition_rows(edition_lines("2017")))
    site["/made/2017.htm"] = answer(page("", f"<p>国家职业资格目录</p>{table(rows_2017, EDITION_HEADING)}"))
    exits = table(_exit_rows(), ("序号", "职业资格名称", "职业名称", "实施部门", "退出批次"))
    site["/made/80.htm"] = answer(page(EXIT, f"<p>水平评价类技能人员职业资格退出目录安排</p>{exits}"))
    file = _paths(EDITION_2021)[1]
    site[_paths(EDITION_2021)[0]] = answer(page("", f'<a href="{file}">国家职业资格目录（2021年版）.pdf</a>'))
    rows_2021 = list(edition_rows(edition_lines("2021")))
    site[file] = answer(pdf([EDITION_2021], rows_2021, EDITION_HEADING), media_type="application/pdf")
    two, one = _paths(JILIN, "220000")
    own = pdf(["附件2", "吉林省自行设置的职业资格许可和认定事项取消目录"], rows_of(made_names(71, "吉林")))
    site[two] = answer(own, media_type="application/pdf")
    who = [(str(n), name, f"{MARK}厅") for n, name in enumerate(made_names(434, "落实"), 1)]
    departments = pdf(
        ["附件1", "国务院取消职业资格许可和认定事项目录"], who, ("序号", "项目名称", "落实部门")
    )
    site[one] = answer(departments, media_type="application/pdf")
    given = ((EDITION_2017, "/made/2017.htm"), (EXIT, "/made/80.htm"))
    return [word for number, path in given for word in ("--address", f"{number}={site.address}{path}")]


def _complete(operator: Operator, site: Site, *words: str) -> subprocess.CompletedProcess[str]:
    return operator.run("catalogue", "complete", "--mirror", site.address, *words)


def _status(operator: Operator) -> dict[str, dict[str, object]]:
    listed = json.loads(operator.run("catalogue", "status", "--format", "json").stdout)
    return {each["document"]: each for each in listed}


@pytest.mark.long
@pytest.mark.timeout(300)
def test_every_list_is_fetched_checked_imported_and_can_be_taken_back(operator: Operator, site: Site) -> None:
    operator.configure(site=site)
    _put_decisions(site)
    given = _put_catalogues(site)
    before = _status(operator)
    assert sum(int(str(before[number]["published"])) for number in TOTALS) < 60
    shown = _complete(operator, site, *given)
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "12份核对无误，尚未导入" in shown.stdout
    assert not stored_lists.kept(operator.folder / "var")

    ran = _complete(operator, site, *given, "--accept")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    status = _status(operator)
    assert {number: status[number]["published"] for number in TOTALS} == TOTALS
    assert sum(TOTALS.values()) == 429
    assert (status[EDITION_2017]["published"], status[EDITION_2021]["published"]) == (140, 72)
    assert (status[JILIN]["published"], status[EXIT]["published"]) == (71, 80)
    assert all(each["complete"] and each["digest"] and each["imported_on"] for each in status.values())
    whole = operator.run("catalogue", "status")
    assert (whole.returncode, whole.stdout.splitlines()[-1]) == (0, "清单完整。")

    asked = len(site.paths())
    again = _complete(operator, site, *given, "--accept")
    assert (again.returncode, len(site.paths())) == (0, asked)
    assert again.stdout.count("导入") == 12
    only_there = f"{MARK}吉林竹编检测师"
    assert operator.run("catalogue", "lookup", only_there).returncode == 1
    assert operator.run("catalogue", "lookup", only_there, "--region", "220100").returncode == 0
    assert operator.run("catalogue", "complete", "--undo").returncode == 0
    assert _status(operator) == before


def _here(operator: Operator, *words: str) -> Result:
    """The command in this process: it starts often here."""
    return stored_lists.run(app, operator.folder / "var", *words)


def _fails(operator: Operator, site: Site, number: str, *words: str) -> str:
    config = str(operator.folder / "qualwatch.toml")
    asked = ("complete", "--mirror", site.address, "--document", number, "--accept", "--config", config)
    ran = _here(operator, *asked, *words)
    assert ran.exit_code == 1, ran.output
    assert not stored_lists.kept(operator.folder / "var")
    return ran.stdout


def test_what_does_not_work_costs_the_others_nothing(operator: Operator, site: Site) -> None:
    operator.configure(site=site)
    good, bad = "国发〔2014〕27号", "国发〔2016〕35号"
    site[_paths(good)[0]] = answer(_whole_page(good))
    ran = _complete(operator, site, "--document", good, "--document", bad, "--accept")
    assert ran.returncode == 1
    assert [each.document for each in stored_lists.kept(operator.folder / "var")] == [good]
    address = f"{site.address}{_paths(bad)[0]}"
    assert (
        f"请用浏览器打开 {address}，保存后运行 qualwatch catalogue import 文件 --document {bad}" in ran.stdout
    )
    site[_paths(bad)[0]] = answer(_whole_page(bad))
    assert _complete(operator, site, "--document", good, "--document", bad, "--accept").returncode == 0


def test_each_fault_is_refused_for_its_own_reason(operator: Operator, site: Site) -> None:
    operator.configure(site=site)
    number = "国发〔2016〕35号"
    names, path = ended_names(number, 47), _paths(number)[0]

    def put(body: str) -> None:
        site[path] = answer(page(number, body))

    put(f"<p>{TITLE}</p>{table(rows_of(names[:46]))}")
    assert "读到46项，国发〔2016〕35号应为47项" in _fails(operator, site, number)
    put(f"<p>{TITLE}（共计46项）</p>{table(rows_of(names))}")
    assert "写明46项，读到47项" in _fails(operator, site, number)
    rows = rows_of(names)
    put(f"<p>{TITLE}</p>{table([*rows[:5], ('48', *rows[5][1:]), *rows[6:]])}")
    assert "序号不连续，缺6" in _fails(operator, site, number)
    put(f"<p>{TITLE}</p>{table([*rows[:-1], ('47', names[0], *rows[-1][2:])])}")
    assert "清单重复或读错" in _fails(operator, site, number)
    put(approvals(47))
    assert "这里只有“国务院决定取消和下放管理层级的行政审批项目目录" in _fails(operator, site, number)
    unclear = [*rows[:5], ("", f"{MARK}考核人员", *[""] * (len(HEADING) - 2)), *rows[5:]]
    put(f"<p>{TITLE}</p>{table(unclear)}")
    assert "看不出是上一名称的续行还是另一名称" in _fails(operator, site, number)
    site[path] = answer("forbidden", status=412)
    said = _fails(operator, site, number)
    assert "拦截" in said
    assert "412" in said


def test_a_document_without_a_known_address_says_how_to_give_one(operator: Operator, site: Site) -> None:
    operator.configure(site=site)
    said = _fails(operator, site, EDITION_2017)
    assert f"没有已知的官方地址：请在发文机关网站按文号查找，再用 --address {EDITION_2017}=网址 重试" in said
    assert _here(operator, "complete", "--document", "国发〔2030〕1号").exit_code == 2
    assert _here(operator, "complete", "--address", "国发〔2014〕27号").exit_code == 2


def test_a_conflict_waits_for_a_persons_word(operator: Operator, site: Site) -> None:
    operator.configure(site=site)
    number = "国发〔2016〕68号"
    names = ["物业管理师", *ended_names(number, 113)]
    site[_paths(number)[0]] = answer(page(number, f"<p>{TITLE}</p>{table(rows_of(names))}"))
    assert "与已公布的文件冲突：物业管理师；核对后加 --accept-conflicts" in _fails(operator, site, number)
    assert _complete(operator, site, "--document", number, "--accept", "--accept-conflicts").returncode == 0


def test_a_cancellation_that_its_own_document_does_not_list_is_for_a_person(
    operator: Operator, site: Site
) -> None:
    operator.configure(site=site)
    number = "国发〔2014〕27号"
    names = made_names(11, "另")
    site[_paths(number)[0]] = answer(page(number, f"<p>{TITLE}</p>{table(rows_of(names))}"))
    ran = _complete(operator, site, "--document", number, "--accept")
    assert "附件中没有而现有数据归于此文件的：" in ran.stdout
    standing = json.loads(operator.run("catalogue", "lookup", "品牌管理师", "--format", "json").stdout)[0]
    assert not standing["certain"]
    assert "附件中没有此项" in standing["caution"]
    assert _status(operator)[number]["doubtful"] == 11


def test_the_official_totals_are_those_of_the_documents() -> None:
    documents = [find_document(number) for number in TOTALS]
    assert {each.number: each.items for each in documents if each} == TOTALS


def test_made_rows_never_ship() -> None:
    files = [*DATA.glob("*.csv"), *(Path(__file__).parents[2] / "cases").rglob("*.csv")]
    assert not [file.name for file in files if MARK in file.read_text(encoding="utf-8")]
