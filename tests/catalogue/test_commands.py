"""``qualwatch catalogue`` as it is typed."""

import json
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from catalogue.documents import Effect, find_document, normalise_number
from catalogue.editions import compare, read_editions
from catalogue.imported import ImportedItem, ImportedList
from cli.catalogue import app
from tests.catalogue import stored_lists
from vocabulary.codes import Status


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments, env={"QUALWATCH_STORAGE__DIRECTORY": "nothing-imported"})


def test_lookup_shows_status_date_document_and_evidence() -> None:
    result = _run("lookup", "物业管理师", "--as-of", "2018-01-01")
    assert result.exit_code == 0
    for words in ("已取消（cancelled）", "2016-06-08起", "国发〔2016〕35号", "已公布（published）", "沿革"):
        assert words in result.output


def test_lookup_of_an_earlier_day_shows_what_was_lawful_then() -> None:
    result = _run("lookup", "物业管理师", "--as-of", "2016-01-01")
    assert result.exit_code == 0
    assert "物业管理师：2016-01-01为“准入类职业资格”" in result.output


def test_lookup_warns_of_an_unverified_entry() -> None:
    assert "须由人工核对" in _run("lookup", "营销师证").output
    assert "须由人工核对" not in _run("lookup", "会计证", "--as-of", "2026-11-01").output


def test_lookup_writes_json_for_programs() -> None:
    (answer,) = json.loads(_run("lookup", "会计上岗证", "--as-of", "2026-11-01", "--format", "json").output)
    assert (answer["name"], answer["status"], answer["since"]) == ("会计从业资格", "cancelled", "2017-11-05")
    assert [period["status"] for period in answer["periods"]] == ["access", "cancelled"]
    assert answer["certain"] is True


def test_an_unknown_name_exits_1_with_near_names() -> None:
    result = _run("lookup", "物业管里师")
    assert result.exit_code == 1
    assert "物业管理师" in result.stderr
    nothing = _run("lookup", "zzzzzzzz", "--format", "json")
    assert (nothing.exit_code, json.loads(nothing.stdout)) == (1, [])


def test_a_day_that_is_none_is_a_usage_error() -> None:
    result = _run("lookup", "物业管理师", "--as-of", "2016年")
    assert result.exit_code == 2
    assert "2026-11-01" in result.output


def test_diff_shows_added_removed_renamed_and_changed_kind() -> None:
    rows = [line.split("\t") for line in _run("diff", "2017", "2021").output.splitlines()]
    changes = {(row[0], row[1]) for row in rows if len(row) == 3}
    assert {
        ("新增", "精算师"),
        ("新增", "矿业权评估师"),
        ("新增", "职业病诊断医师"),
        ("退出", "注册冶金工程师"),
        ("退出", "乡村兽医"),
        ("退出", "会计从业资格"),
        ("退出", "茶艺师"),
        ("更名", "专利代理师"),
        ("更名", "设备监理师"),
        ("类别调整", "设备监理师"),
        ("类别调整", "保安员"),
    } <= changes
    assert not {name for change, name in changes if change == "新增"} & {"教师资格", "建造师", "航空安全员"}
    assert "2017年版140项，2021年版72项" in _run("diff", "2017", "2021").output


def test_diff_can_be_read_by_programs_and_refuses_unknown_years() -> None:
    rows = json.loads(_run("diff", "2017", "2021", "--format", "json").output)
    assert {"change": "更名", "name": "专利代理师", "remark": "原名“专利代理人”"} in rows
    refused = _run("diff", "2017", "2020")
    assert refused.exit_code == 2
    assert "2017、2021" in refused.output


def test_nothing_changes_between_an_edition_and_itself() -> None:
    lines = read_editions()["2021"]
    changes = compare(lines, lines)
    assert (changes.added, changes.removed, changes.renamed, changes.changed_kind) == ((), (), (), ())


def test_imports_are_listed_and_undone(tmp_path: Path) -> None:
    item = ImportedItem("1", "竹编检测师", "竹编检测师", Status.CANCELLED, date(2016, 12, 1), "", "", "")
    stored_lists.keep(tmp_path, ImportedList("国发〔2016〕68号", "", "附件.html", date(2026, 11, 1), (item,)))

    def run(*words: str) -> Result:
        return stored_lists.run(app, tmp_path, *words)

    assert run("imports").output.split("\t")[:2] == ["国发〔2016〕68号", "1"]
    assert run("lookup", "竹编检测师").exit_code == 0
    assert "已撤销" in run("undo", "国发〔2016〕68号").output
    assert run("lookup", "竹编检测师").exit_code == 1
    assert "没有导入过清单" in run("imports").output
    again = run("undo", "国发〔2016〕68号")
    assert (again.exit_code, "已导入：无" in again.stderr) == (1, True)


def test_a_damaged_file_of_an_earlier_version_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "catalogue"
    folder.mkdir()
    (folder / "国发〔2016〕68号.csv").write_text("document\n", encoding="utf-8")
    for command in (("lookup", "物业管理师"), ("imports",)):
        result = stored_lists.run(app, tmp_path, *command)
        assert result.exit_code == 2
        assert "国发〔2016〕68号.csv" in result.stderr


@pytest.mark.parametrize(
    "written",
    ["国发〔2016〕68号", "国发[2016]68号", "国发（2016）68号", "国发 (2016) 68 号", "国发【2016】068号"],
)
def test_a_documents_number_is_known_however_it_is_written(written: str) -> None:
    document = find_document(written)
    assert document is not None
    assert (document.number, document.items, document.effect) == ("国发〔2016〕68号", 114, Effect.CANCELLED)


def test_a_provinces_document_is_known_in_its_province() -> None:
    document = find_document("吉政办发〔2017〕54号", "220000")
    assert document is not None
    assert document.items == 71
    assert find_document("吉政办发〔2017〕54号") is None
    assert normalise_number("国家职业资格目录（2021年版）") == "国家职业资格目录（2021年版）"


def test_a_catalogues_item_without_a_category_is_refused() -> None:
    assert Effect.EDITION.status("准入类") is Status.ACCESS
    with pytest.raises(ValueError, match="category"):
        Effect.EDITION.status("")
