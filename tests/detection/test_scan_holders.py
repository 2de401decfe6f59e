"""Whose paper a certificate is, and what the shape of a sentence says of it."""

from datetime import date

import pytest

from detection import scan
from vocabulary.codes import Usage

DAY = date(2026, 11, 1)


def article(sentence: str) -> list[tuple[str, Usage]]:
    text = f"某省测试管理条例\n\n第一章 总则\n\n第七条 {sentence}\n\n第八条 本条例自公布之日起施行。\n"
    return [(each.quote, each.usage) for each in scan(text, as_of=DAY, title="某省测试管理条例").mentions]


@pytest.mark.parametrize(
    "sentence",
    [
        "承担测量任务的单位应当取得相应的资格证书。",
        "委托具有证券从业资格的评估机构办理。",
        "投标人应当具有相应的执业资格证书。",
        "参加一家有从业资格的期货、证券咨询机构。",
        "企业应当报送资质和资格证明。",
        "经营场所应当取得消防安全检查合格证后，方可营业。",
        "双方应当出示身份或者资格证明。",
    ],
)
def test_what_a_body_holds_is_no_mention(sentence: str) -> None:
    assert article(sentence) == []


@pytest.mark.parametrize(
    ("sentence", "quote", "usage"),
    [
        ("企业应当配备取得会计从业资格证书的人员。", "会计从业资格证书", Usage.PERMIT),
        ("服务单位聘用具有育婴员证书的人员从事照料。", "育婴员证书", Usage.PERMIT),
        ("村干部具备会计从业资格的，可以兼任出纳。", "会计从业资格", Usage.PERMIT),
        (
            "申请人应当具备下列条件：\n（一）年满十八周岁；\n（二）经考核，取得保育员证书。",
            "保育员证书",
            Usage.PERMIT,
        ),
        ("符合条件的公民，方可取得经纪人资格证书。", "经纪人资格证书", Usage.INFORMATIVE),
        ("单位对未取得医师执业证书的人员，不得聘任。", "医师执业证书", Usage.PERMIT),
    ],
)
def test_conditions_for_persons_are_read_by_their_shape(sentence: str, quote: str, usage: Usage) -> None:
    assert (quote, usage) in article(sentence)


def advert(sentence: str) -> dict[str, Usage]:
    text = f"会计从业资格证培训班招生\n机构：晨光培训学校\n颁发证书：会计从业资格证\n{sentence}\n"
    mentions = scan(text, as_of=DAY, title="会计从业资格证培训班招生").mentions
    return {each.quote: each.usage for each in mentions}


def test_a_school_s_staff_hold_what_they_have() -> None:
    held = advert("学校由一批注册税务师、注册会计师、土地估价师等专业人才组成。")
    assert held["注册税务师"] is Usage.HELD
    assert held["会计从业资格证"] is Usage.OFFERED


def test_conditions_of_entry_are_demands_in_an_advert_too() -> None:
    assert advert("办理条件：取得驾驶证3年以上。")["驾驶证"] is Usage.REQUIRED
    assert advert("学员需要取得驾驶证。")["驾驶证"] is Usage.REQUIRED
    assert advert("对象：想取得统计证的学员。")["统计证"] is Usage.OFFERED


def test_items_under_a_heading_of_extras_are_preferred() -> None:
    text = "任职要求：\n1、本科；\n加分项：\n1、有完整项目经验；\n2、持有心理咨询师证书；\n"
    mention = scan(text, as_of=DAY, title="招聘专员").mentions[0]
    assert mention.usage is Usage.PREFERRED


def test_a_renting_cue_of_another_matter_does_not_reach() -> None:
    sentence = "驾驶员将车辆转借他人或者将车辆交给无会计从业资格证的人员经营的，责令改正。"
    assert Usage.RENTING not in [usage for _, usage in article(sentence)]


@pytest.mark.parametrize(
    ("sentence", "names"),
    [
        ("本公司目前拥有一级建筑师2名，国家注册造价师1名，绘图员9名。", ["一级建筑师", "国家注册造价师"]),
        ("本公司团队由银行主管、注册会计师、执业律师等组成。", ["注册会计师", "执业律师"]),
        ("本公司有员工40人，其中药学专业人员9人，执业药师3人。", ["执业药师"]),
        ("本公司为注册会计师、造价工程师提供服务，由三个部门构成。", []),
    ],
)
def test_a_company_s_staff_hold_what_they_are_counted_as(sentence: str, names: list[str]) -> None:
    mentions = scan(f"公司简介\n{sentence}\n", as_of=DAY, title="公司简介").mentions
    assert [each.quote for each in mentions] == names
    assert {each.usage for each in mentions} <= {Usage.HELD}
