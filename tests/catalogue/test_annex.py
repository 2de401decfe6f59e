"""Official lists, as rows and lines that extraction gives."""

import pytest

from catalogue.annex import read_annex
from catalogue.annex_items import Annex, AnnexItem
from catalogue.annex_lines import rows_of_text

PAGE = """索 引 号：000014349/2016-00199\t主题分类：人力资源
标 题：关于取消一批职业资格的决定\t发文字号：国发〔2016〕99号
一、各部门要做好后续衔接工作，加强事中事后监管。
附件
取消的职业资格许可和认定事项目录
一、取消的专业技术人员职业资格许可和认定事项（共计2项）
序号\t职业资格名称\t实施部门（单位）\t资格类别\t设定依据\t处理决定
序号：1\t职业资格名称：竹编 检测师\t实施部门（单位）：林产部门\t资格类别：准入类\t处理决定：取消
序号：2\t职业资格名称：古琴修复师\t实施部门（单位）：文化部门\t资格类别：水平评价类\t处理决定：取消
二、取消的技能人员职业资格许可和认定事项（共计1项）
序号：3\t职业资格名称：蓑衣编织工\t实施部门（单位）：林产部门\t资格类别：水平评价类\t处理决定：取消
"""


def _names(annex: Annex) -> list[str]:
    return [item.name for item in annex.items]


def test_labelled_table_rows_become_items_with_their_part() -> None:
    annex = read_annex(rows_of_text(PAGE))
    assert annex.items == (
        AnnexItem("1", "竹编检测师", "", "准入类", "专业技术", "林产部门"),
        AnnexItem("2", "古琴修复师", "", "水平评价类", "专业技术", "文化部门"),
        AnnexItem("3", "蓑衣编织工", "", "水平评价类", "技能", "林产部门"),
    )
    assert annex.count == 3
    assert annex.missing == ()


def test_cells_under_a_heading_are_read_by_their_place() -> None:
    rows = [["序号", "名称", "类别", "部门"], ["1", "竹编检测师", "准入类", "林产部门"], ["", "", "", ""]]
    assert read_annex(rows).items == (AnnexItem("1", "竹编检测师", "", "准入类", "", "林产部门"),)


def test_rows_without_any_heading_are_read_by_their_number() -> None:
    annex = read_annex([["1", "竹编检测师", "准入类"], ["3", "古琴修复师"]])
    assert _names(annex) == ["竹编检测师", "古琴修复师"]
    assert annex.missing == (2,)


def test_a_numbered_list_gives_names_with_their_remarks() -> None:
    text = "附件\n1．竹编检测师（准入类，林产部门）\n2、古琴修复师\n（3）蓑衣编织工（文化部）"
    items = read_annex(rows_of_text(text)).items
    assert [(item.seq, item.name, item.category) for item in items] == [
        ("1", "竹编检测师", "准入类"),
        ("2", "古琴修复师", ""),
        ("3", "蓑衣编织工", ""),
    ]
    assert items[2].department == "文化部"


def test_a_list_without_numbers_begins_after_its_title() -> None:
    text = "本通知自印发之日起施行\n职业资格取消目录\n竹编检测师\n古琴修复师\n扫一扫：手机打开"
    assert _names(read_annex(rows_of_text(text))) == ["竹编检测师", "古琴修复师"]


def test_a_table_wins_over_the_numbered_paragraphs_of_the_decision() -> None:
    text = "1．高度重视\n2．认真组织\n序号\t名称\t类别\n1\t竹编检测师\t准入类"
    assert _names(read_annex(rows_of_text(text))) == ["竹编检测师"]


def test_names_grouped_under_one_item_count_once() -> None:
    rows = [
        ["seq", "item", "name", "category"],
        ["1", "编织人员", "蓑衣编织工", ""],
        ["1", "编织人员", "竹编工", ""],
    ]
    annex = read_annex(rows)
    assert len(annex.items) == 2
    assert annex.count == 1


def test_rows_of_other_documents_are_left_out_and_counted() -> None:
    rows = [
        ["name", "document_no"],
        ["竹编检测师", "国发〔2016〕68号"],
        ["古琴修复师", "国发〔2014〕27号"],
        ["蓑衣编织工", ""],
    ]
    annex = read_annex(rows, "国发[2016]68号")
    assert _names(annex) == ["竹编检测师"]
    assert annex.other_documents == 2


def test_totals_and_repeated_rows_are_no_items() -> None:
    rows = [["序号", "名称"], ["1", "竹编检测师"], ["1", "竹编检测师"], ["", "合计"]]
    assert _names(read_annex(rows)) == ["竹编检测师"]


@pytest.mark.parametrize(
    "text", ["", "\n\n", "各省、自治区、直辖市人民政府：\n现将有关事项通知如下。\n一、总体要求"]
)
def test_a_text_without_a_list_gives_no_items(text: str) -> None:
    assert read_annex(rows_of_text(text)).count == 0


def test_hostile_lines_are_read_in_linear_time() -> None:
    text = "（" * 20_000 + "\n" + "1" * 20_000 + "\n" + "\t".join("部" * 20_000) + "\n" + "一、" * 20_000
    assert read_annex(rows_of_text(text)).count == 0


def test_numbers_may_begin_again_in_every_part_and_their_gaps_are_found() -> None:
    rows = [
        ["序号", "职业资格名称", "资格类别"],
        ["一、取消的专业技术人员职业资格许可和认定事项（共计2项）"],
        ["1", "竹编检测师", "准入类"],
        ["2", "古琴修复师", "水平评价类"],
        ["二、取消的技能人员职业资格许可和认定事项（共计3项）"],
        ["1", "蓑衣编织工", "水平评价类"],
        ["3", "竹编工", "水平评价类"],
    ]
    annex = read_annex(rows)
    assert annex.count == 4
    assert annex.missing == (2,)
    assert annex.misfits == ("“二、取消的技能人员职业资格许可和认定事项（共计3项）”应有3项，读到2项。",)


def test_footnotes_totals_and_marks_are_no_part_of_the_list() -> None:
    rows = [
        ["序号", "名 称", "资格类别"],
        ["1", "竹编检测师*", "准入类"],
        ["注：带*的项目另有规定。"],
        ["续表"],
        ["序号", "名称", "资格类别"],
        ["2", "古琴修复师①", "水平评价类"],
        ["①此项自公布之日起取消。"],
        ["", "（共计2项）", ""],
    ]
    annex = read_annex(rows)
    assert _names(annex) == ["竹编检测师", "古琴修复师"]
    assert annex.loose == ()


def test_a_row_that_a_page_cut_in_two_is_one_again() -> None:
    rows = [
        ["序号", "职业资格名称", "实施部门", "资格类别"],
        ["1", "竹编制品质量", "林产", "准入类"],
        ["", "检测师", "部门", ""],
        ["2", "古琴修复师", "文化", "水平评价类"],
        ["", "", "部门", ""],
    ]
    annex = read_annex(rows)
    assert [(item.name, item.department) for item in annex.items] == [
        ("竹编制品质量检测师", "林产部门"),
        ("古琴修复师", "文化部门"),
    ]


def test_names_that_share_a_number_are_one_item() -> None:
    rows = [
        ["序号", "职业资格名称", "资格类别"],
        ["1", "竹编检测师", "准入类"],
        ["", "藤编检测师", "准入类"],
        ["2", "古琴修复师", "水平评价类"],
    ]
    annex = read_annex(rows)
    assert _names(annex) == ["竹编检测师", "藤编检测师", "古琴修复师"]
    assert annex.count == 2


def test_a_row_that_may_be_a_rest_or_a_name_of_its_own_is_left_to_a_person() -> None:
    rows = [
        ["序号", "职业资格名称", "资格类别"],
        ["1", "竹编检测师", "准入类"],
        ["", "培训考核人员", ""],
        ["2", "古琴修复师", "水平评价类"],
    ]
    annex = read_annex(rows)
    assert annex.unclear == ("培训考核人员",)


def test_an_edition_groups_its_single_items_under_their_names() -> None:
    rows = [
        ["序号", "名称", "具体项目", "部门", "类别"],
        ["1", "编织人员资格", "蓑衣编织工", "林产部门", "准入类"],
        ["", "", "竹编工", "", ""],
        ["2", "古琴修复师", "", "文化部门", "准入类"],
    ]
    annex = read_annex(rows)
    assert [(item.item, item.name, item.category) for item in annex.items] == [
        ("编织人员资格", "蓑衣编织工", "准入类"),
        ("编织人员资格", "竹编工", "准入类"),
        ("", "古琴修复师", "准入类"),
    ]
    assert annex.count == 2


def test_batches_are_kept_with_their_items() -> None:
    rows = [
        ["序号", "职业资格名称", "退出时间"],
        ["第一批（1项）"],
        ["1", "蓑衣编织工", ""],
        ["第二批（1项）"],
        ["2", "竹编工", "2020年12月31日前"],
    ]
    assert [item.part for item in read_annex(rows).items] == ["第一批", "2020年12月31日前"]


def test_a_single_character_below_a_name_is_left_to_a_person() -> None:
    rows = [
        ["序号", "名称", "具体项目", "类别"],
        ["1、", "编织人员资格", "蓑衣编织人", "准入类"],
        ["", "", "员", ""],
        ["2、", "古琴修复师", "", "准入类"],
    ]
    annex = read_annex(rows)
    assert annex.unclear == ("员",)
    assert (annex.count, annex.missing) == (2, ())
