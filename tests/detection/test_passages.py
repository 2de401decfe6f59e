"""Words from outside are cut, cleaned and masked before anybody reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vocabulary.presentation import PASSAGE_LIMIT, displayable, mask_personal_numbers, passage, safe_link


def test_a_passage_is_the_sentence_or_cell_of_its_quote() -> None:
    text = "甲。乙须有会计证；丙\n岗位\t 须有会计证 \t备注"
    first = text.index("会计证")
    assert passage(text, first, first + 3).text == "乙须有会计证"
    second = text.rindex("会计证")
    assert passage(text, second, second + 3).text == "须有会计证"


def test_a_sentence_without_end_is_cut() -> None:
    text = "长" * 5000 + "会计证" + "长" * 5000
    assert len(passage(text, 5000, 5003).text) == 3 + 2 * PASSAGE_LIMIT


@given(st.text(max_size=400), st.data())
def test_the_quote_stands_where_the_passage_says(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    around = passage(text, start, end)
    assert around.text[around.start : around.end] == text[start:end]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("电话13812345678。", "电话138******78。"),
        ("138-1234-5678", "138********78"),
        ("手机：138 1234 5678转", "手机：138********78转"),
        ("0591-87654321", "059********21"),
        ("（0431）88923456", "（043********56"),
        ("身份证35010219900307123X", "身份证350*************3X"),
        ("３５０１０２１９９００３０７１２３４", "３５０*************３４"),
        ("电话：8765-4321", "电话：8******21"),
        ("传真:7654321", "传真:7****21"),
    ],
)
def test_telephone_and_identity_numbers_are_masked(written: str, shown: str) -> None:
    assert mask_personal_numbers(written) == shown


@pytest.mark.parametrize(
    "written",
    [
        "2017-2018年",
        "人社部发〔2017〕68号",
        "2021-11-23",
        "证书编号20171105000123456789012",
        "月薪5000-8000元",
    ],
)
def test_other_numbers_stay(written: str) -> None:
    assert mask_personal_numbers(written) == written


@given(st.text(alphabet="0123456789-Xx １２3年 ", max_size=60))
def test_masking_keeps_every_offset(text: str) -> None:
    assert len(mask_personal_numbers(text)) == len(text)


def test_controls_and_direction_marks_are_not_shown() -> None:
    hostile = "某公司\r\nBcc: all@example.com\u202egpj.exe\u2066\u200b\x00\x1b[31m\ud800\u2028完"
    assert displayable(hostile) == "某公司 Bcc: all@example.comgpj.exe [31m 完"
    assert displayable("一二三四五", limit=4) == "一二三…"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,<b>",
        "https://bank.example@evil.example/",
        "http:///nohost",
        "https://a.example/\nX",
        "https://a.example/\u202egpj",
        "https://[::1",
        "//a.example/",
        "https://a.example/" + "x" * 3000,
    ],
)
def test_addresses_that_are_not_plainly_web_pages_become_no_links(url: str) -> None:
    assert safe_link(url) == ""


def test_a_web_address_is_a_link() -> None:
    assert safe_link("https://rsj.example.gov.cn/a?id=1&b=招聘") == "https://rsj.example.gov.cn/a?id=1&b=招聘"
