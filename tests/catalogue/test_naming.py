"""Spellings and bare forms."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.naming import LONGEST_NAME, bare_forms, fold, without_suffixes


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("《物业管理师》 证书", "物业管理师证书"),
        ("ＣＥＴ－４", "cet-4"),
        ("CET—4", "cet-4"),
        ("“一建”证", "一建证"),
        ("工程咨询（投资）", "工程咨询(投资)"),
        ("健康证。", "健康证"),
    ],
)
def test_spellings_of_one_name_fold_to_one(written: str, folded: str) -> None:
    assert fold(written) == folded


def test_suffixes_are_taken_off_one_at_a_time() -> None:
    assert without_suffixes("心理咨询师职业资格证书") == [
        "心理咨询师职业资格证书",
        "心理咨询师职业资格",
        "心理咨询师职业资格证",
        "心理咨询师职业",
        "心理咨询师职业证",
        "心理咨询师",
        "心理咨询师证",
    ]


def test_the_closest_form_comes_first() -> None:
    forms = list(bare_forms("国家二级心理咨询师证书"))
    assert forms[0] == "国家二级心理咨询师证书"
    assert "心理咨询师" in forms
    assert forms.index("二级心理咨询师") < forms.index("心理咨询师")


@pytest.mark.parametrize(
    "written",
    [
        "一、二级建造师",
        "一级建造师",
        "中级建造师",
        "建造师（二级）",
        "初、中级建造师",
        "二级以上建造师",
        "江苏省建造师",
    ],
)
def test_levels_and_provinces_are_taken_off(written: str) -> None:
    assert "建造师" in list(bare_forms(fold(written)))


@given(st.text(alphabet="一二三级、初中高证书（）国家助理的师 资格", max_size=200))
def test_any_text_gives_few_forms_and_no_error(text: str) -> None:
    forms = list(bare_forms(fold(text)))
    assert len(forms) < 60 * LONGEST_NAME
    assert all(forms)


def test_a_sentence_is_no_name_and_costs_nothing() -> None:
    hostile = fold("一、" * 500_000 + "级")
    begun = time.process_time()
    assert list(bare_forms(hostile)) == []
    assert time.process_time() - begun < 0.1
