"""Texts that explain to readers, points in any text, and half-width marks: what they say demands nothing."""

from __future__ import annotations

from datetime import date

import pytest

from detection import scan
from detection.rulebook import both_widths
from vocabulary.codes import DocumentKind, Usage

TODAY = date(2026, 11, 1)


@pytest.mark.parametrize(
    "text",
    [
        "青禾园保育员招聘\n一、要求解读\n保育员是幼儿园不可或缺的一员，招聘标准备受关注。应聘者必须持有保育员资格证，"
        "这是多数岗位的起点。",
        "财务岗位的招聘条件，需根据企业规模而定。通常要求大专以上学历。部分岗位需持有会计从业资格证。",
        "消防岗位在现代社会中扮演着重要角色，本文介绍其薪资水平。证书要求：持有会计从业资格证。",
    ],
)
def test_an_article_demands_nothing_whatever_words_of_hiring_it_uses(text: str) -> None:
    result = scan(text, as_of=TODAY)
    assert [mention.usage for mention in result.mentions] == [Usage.INFORMATIVE]
    assert not [mention for mention in result.findings if mention.severity.is_alert]


@pytest.mark.parametrize("points", ["得33分", "得**分", "加1.25分", "得 5 分"])
def test_points_are_a_preference_in_whatever_text_they_stand(points: str) -> None:
    text = f"青禾街道保洁服务更正公告\n（一）评分内容：\n1、具有物业管理师证书的，{points}，本小项最高100分。"
    assert [mention.usage for mention in scan(text, as_of=TODAY).mentions] == [Usage.PREFERRED]


def test_a_school_that_one_wants_to_open_is_a_licence_and_no_advert() -> None:
    text = (
        "条件如下:\n(一)有健全的教学、学员、质量管理组织。\n(二)教学人员应当持有机动车驾驶培训教练员证,"
        "年龄不超过60周岁。\n(三)培训场地符合要求。"
    )
    result = scan(text, as_of=TODAY, title="开办驾校需要什么条件")
    assert result.facts.document_kind is DocumentKind.PERMIT_GUIDE
    assert [mention.usage for mention in result.mentions] == [Usage.PERMIT]


def test_a_certificate_satisfied_by_a_title_as_well_is_one_of_several_in_laws_too() -> None:
    text = "第九条 机构负责人应当具有高级工程师职称或者物业管理师证书。"
    assert {mention.usage for mention in scan(text, as_of=TODAY).mentions} == {Usage.ALTERNATIVE}


def test_marks_count_in_either_width() -> None:
    assert both_widths(["近日，", "要求："]) == ["近日，", "近日,", "要求：", "要求:"]
