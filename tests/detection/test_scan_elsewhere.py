"""What texts of other sites than job boards do with a certificate: guides, tenders, notices, articles.

``texts_elsewhere.jsonl`` has one text a line: title, text, the certificate looked at, and its usage.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from detection import scan
from eval.scoring import read_lines
from vocabulary.codes import Status, Usage

DAY = date(2026, 11, 1)
CASES = read_lines(Path(__file__).with_name("texts_elsewhere.jsonl"))


@pytest.mark.parametrize("case", CASES, ids=[(case["title"] or case["text"])[:16] for case in CASES])
def test_a_text_of_another_site_is_read_as_what_it_is(case: dict[str, str]) -> None:
    mentions = scan(case["text"], as_of=DAY, title=case["title"]).mentions
    said = {mention.quote: mention.usage for mention in reversed(mentions)}
    assert said.get(case["quote"]) is Usage(case["usage"]), said


def test_a_kind_won_narrowly_raises_no_alert_by_itself() -> None:
    bare = "会计从业资格证班，周末上课。老师讲解，学员满意。"
    result = scan(bare, as_of=DAY, title="兴趣课")
    (mention,) = result.mentions
    assert result.facts.narrow
    assert mention.usage is Usage.OFFERED
    assert not mention.severity.is_alert
    assert mention.needs_review
    plain = scan(f"{bare}学费八百元，试听免费，招生对象不限，包过。", as_of=DAY, title="兴趣课")
    assert not plain.facts.narrow
    assert any(mention.severity.is_alert for mention in plain.mentions)


def test_a_preference_in_brackets_reaches_what_stands_in_the_brackets() -> None:
    said = {
        mention.quote: mention.usage
        for mention in scan("招聘会计：持会计证（有初级职称者优先），月薪面议。", as_of=DAY).mentions
    }
    assert said == {"会计证": Usage.REQUIRED, "初级职称": Usage.PREFERRED}


def _standings(text: str, title: str) -> dict[str, tuple[Status, Usage]]:
    found = scan(text, as_of=DAY, title=title).mentions
    return {mention.quote: (mention.status, mention.usage) for mention in found}


def test_a_paper_of_posts_takes_their_standing_and_the_posts_are_no_papers() -> None:
    text = "办理条件：\n1、持有岗位证书的现场管理人员不少于8人，且施工员、质量员、资料员等人员齐全。"
    assert _standings(text, "幕墙资质的办理条件") == {"岗位证书": (Status.OFF_CATALOGUE, Usage.PERMIT)}


def test_a_generic_word_that_heads_examples_or_a_list_is_no_mention() -> None:
    text = "办理条件：\n职业资格证书\n负责人应持有相关执业资格证书，如注册会计师证、税务师证等。"
    found = _standings(text, "代理记账许可的办理条件")
    assert set(found) == {"注册会计师证", "税务师证"}
    assert {usage for _, usage in found.values()} == {Usage.ALTERNATIVE}


def test_the_short_word_behind_a_certificate_is_no_other_way_to_meet_a_condition() -> None:
    found = _standings("准备材料：三名从业人员的会计证/资格证、场地证明。", "代理记账许可证办理流程")
    assert found["会计证"] == (Status.CANCELLED, Usage.PERMIT)


def test_renting_needs_somebody_who_offers_or_seeks() -> None:
    told = "一级建造师挂靠要当心。很多人把证书挂在公司，出了事要担责任。"
    sought = "长期收一级建造师挂靠，待遇优厚，电话：见下。"
    assert _standings(told, "")["一级建造师"][1] is Usage.INFORMATIVE
    assert _standings(sought, "")["一级建造师"][1] is Usage.RENTING


def test_a_country_s_examination_and_what_a_certificate_is_said_to_be_are_no_certificates() -> None:
    law = "第五条 想当报关员的人应当参加本关的培训,并参加报关员资格全国统一考试,获得《报关员资格证》。"
    assert _standings(law, "报关员管理办法") == {"报关员资格证": (Status.CANCELLED, Usage.PERMIT)}
    told = "按摩师证是一种职业资格证书,说明持证人会按摩。"
    assert set(_standings(told, "按摩师证有什么用")) == {"按摩师证"}


def test_a_paper_of_those_who_run_a_building_site_has_their_standing() -> None:
    guide = "企业资质标准：（三）有上岗证的施工现场管理人员不少于20人，其中施工人员、质量人员齐全。"
    assert _standings(guide, "企业资质标准") == {"上岗证": (Status.OFF_CATALOGUE, Usage.PERMIT)}


@pytest.mark.parametrize(
    ("condition", "quote"),
    [
        ("持有资格证书的专职会计人员不少于3人", "资格证书"),
        ("统计人员必须经考核取得上岗证", "上岗证"),
        ("持有《资格证书》的报关从业人员不少于2人", "资格证书"),
    ],
)
def test_a_generic_word_is_the_paper_of_the_field_whose_people_hold_it(condition: str, quote: str) -> None:
    said = _standings(
        f"一、办理条件\n1、有固定场所；\n2、{condition}。\n二、申请材料：申请表。", "许可办理指南"
    )
    assert said == {quote: (Status.CANCELLED, Usage.PERMIT)}


def test_a_generic_word_of_another_trade_in_the_sentence_stays_generic() -> None:
    said = _standings(
        "一、办理条件\n会计人员3名，施工人员有职业资格证书。\n二、申请材料：申请表。", "许可办理指南"
    )
    assert all(status is not Status.CANCELLED for status, _ in said.values())
