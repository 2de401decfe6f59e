"""Encodings that contradict what is declared of them, or are declared by nobody."""

from __future__ import annotations

import pytest

from extraction.charset import decode

WORDS = "示例县公开招聘会计，须持有会计从业资格证书，报名时间另行通知。"
PAGE = f"<html><head><meta charset='{{}}'></head><body>{WORDS}</body></html>"


@pytest.mark.parametrize(
    ("body", "declared"),
    [
        (PAGE.format("utf-8").encode("gbk"), ""),
        (PAGE.format("gb2312").encode(), ""),
        (PAGE.format("gb2312").encode("gbk"), "utf-8"),
        (PAGE.format("utf-8").encode(), "gbk"),
        (PAGE.format("x").encode("gbk"), "iso-8859-1"),
        (PAGE.format("utf-16").encode("utf-16-le"), ""),
        (PAGE.format("utf-16").encode("utf-16-be"), ""),
        (PAGE.format("hz-gb-2312").encode("hz"), ""),
        (PAGE.format("x").encode("hz"), "hz-gb-2312"),
        (PAGE.format("utf-8").encode().decode("latin-1").encode(), "utf-8"),
    ],
)
def test_the_bytes_decide_whatever_is_declared(body: bytes, declared: str) -> None:
    assert WORDS in decode(body, declared)[0]


def test_a_text_with_latin_letters_is_left_as_it_is() -> None:
    for text in ("Café Müller à l’œuvre é", "~{ is no sign of HZ ~}", "<p>会计证</p>"):
        assert decode(text.encode())[0] == text
