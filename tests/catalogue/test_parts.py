"""One document, several annexes: only the list of qualifications counts."""

from datetime import date

import pytest

from catalogue.documents import Effect, OfficialDocument, find_document, official_documents
from catalogue.parts import Kind, choose_annex, kind_of, split_parts

DECISION = OfficialDocument("国发〔2014〕99号", date(2014, 10, 23), 2, "", Effect.CANCELLED)
APPROVALS = [
    ["附件1"],
    ["国务院决定取消和下放管理层级的行政审批项目目录"],
    ["（共计2项）"],
    ["序号", "项目名称", "审批部门"],
    ["1", "竹编检测师注册执业资格认定", "林产部门"],
    ["2", "竹编设备进口审批", "林产部门"],
]
AWARDS = [
    ["附件3"],
    ["国务院决定取消的评比达标表彰项目目录（共计1项）"],
    ["序号", "项目名称"],
    ["1", "竹编奖"],
]
QUALIFICATIONS = [
    ["附件2"],
    ["国务院决定取消的职业资格许可和认定事项目录"],
    ["（共计2项）"],
    ["序号", "项目名称", "资格类别"],
    ["1", "竹编检测师", "准入类"],
    ["2", "古琴修复师", "水平评价类"],
]
CONTENTS = [
    ["附件：1. 国务院决定取消和下放管理层级的行政审批项目目录（共计2项）"],
    ["2. 国务院决定取消的职业资格许可和认定事项目录（共计2项）"],
    ["3. 国务院决定取消的评比达标表彰项目目录（共计1项）"],
    ["国务院"],
]


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("国务院决定取消的职业资格许可和认定事项目录", Kind.ENDED),
        ("国务院决定取消和下放管理层级的行政审批项目目录", Kind.APPROVALS),
        ("国务院决定改为后置审批的工商登记前置审批事项目录", Kind.APPROVALS),
        ("国务院决定取消的评比达标表彰项目目录", Kind.AWARDS),
        ("国家职业资格目录（2021年版）", Kind.EDITION),
        ("水平评价类技能人员职业资格退出目录安排", Kind.EXITED),
        ("", Kind.UNTITLED),
    ],
)
def test_a_title_says_what_its_annex_lists(title: str, kind: Kind) -> None:
    assert kind_of(title) is kind


@pytest.mark.parametrize(
    "rows",
    [
        [*CONTENTS, *APPROVALS, *QUALIFICATIONS, *AWARDS],
        [*QUALIFICATIONS, *APPROVALS],
        [*APPROVALS, *AWARDS, *QUALIFICATIONS],
        QUALIFICATIONS[3:],
        [
            *APPROVALS,
            ["附件2"],
            ["国务院决定取消的职业资格许可"],
            ["和认定事项目录"],
            *QUALIFICATIONS[2:],
        ],
    ],
)
def test_the_annex_of_qualifications_is_taken_wherever_it_stands(rows: list[list[str]]) -> None:
    choice = choose_annex(rows, DECISION)
    assert not choice.problem
    assert [item.name for item in choice.annex.items] == ["竹编检测师", "古琴修复师"]
    assert choice.annex.misfits == ()


def test_an_annex_of_approvals_is_never_taken_though_its_count_is_right() -> None:
    choice = choose_annex(APPROVALS, DECISION)
    assert not choice.annex.items
    assert choice.problem.startswith("这里只有“国务院决定取消和下放管理层级的行政审批项目目录")
    untitled = choose_annex(APPROVALS[3:], DECISION)
    assert "行政审批事项目录，不是职业资格目录" in untitled.problem


def test_a_title_that_announces_another_total_is_told() -> None:
    rows = [["国务院决定取消的职业资格许可和认定事项目录（共计3项）"], *QUALIFICATIONS[3:]]
    [misfit] = choose_annex(rows, DECISION).annex.misfits
    assert "写明3项，读到2项" in misfit


def test_an_edition_in_two_parts_is_read_as_one() -> None:
    edition = OfficialDocument("某目录", date(2021, 11, 23), 2, "", Effect.EDITION)
    rows = [
        ["国家职业资格目录（2021年版）（专业技术人员职业资格）"],
        ["序号", "名称", "类别"],
        ["1", "竹编检测师", "准入类"],
        ["国家职业资格目录（2021年版）（技能人员职业资格）"],
        ["序号", "名称", "类别"],
        ["1", "竹编工", "准入类"],
    ]
    annex = choose_annex(rows, edition).annex
    assert [(item.name, item.domain) for item in annex.items] == [
        ("竹编检测师", "专业技术"),
        ("竹编工", "技能"),
    ]
    assert annex.count == 2


def test_parts_of_a_document_are_split_at_their_titles() -> None:
    parts = split_parts([["通知正文。"], *QUALIFICATIONS, *APPROVALS])
    assert [part.kind for part in parts] == [Kind.UNTITLED, Kind.ENDED, Kind.APPROVALS]
    assert parts[1].title == "国务院决定取消的职业资格许可和认定事项目录（共计2项）"


def test_batches_that_leave_on_days_of_their_own() -> None:
    document = find_document("人社厅发〔2020〕80号")
    assert document is not None
    assert document.items == 80
    assert document.since("第一批") == date(2020, 9, 30)
    assert document.since("2020年12月31日前") == date(2020, 12, 31)
    assert document.since("") == date(2020, 12, 31)
    assert official_documents()[-1].region
