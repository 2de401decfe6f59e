"""Markup that is nested without end or closes what is not open: read in linear time, nothing of it lost."""

from __future__ import annotations

import pytest

from extraction import extract
from extraction.nesting import within_reason

MANY = 30_000


@pytest.mark.parametrize(
    "markup",
    [
        "<b><i><u><a href=x>" * MANY + "</s></q>" * MANY,
        "<b><i><u><a>x</b></i></u></a>" * MANY,
        "<b><i><u><a>" * MANY + "</b></i></u></a>" * MANY,
        "<option>" * MANY + "<div>" * MANY + "</option>" * MANY,
        "<b>" + "<div>" * MANY + "</b><b>" * MANY,
        "<!--" * MANY,
        "<script>" * MANY,
        "<table><tr><td>" * MANY + "</span>" * MANY,
    ],
)
def test_a_page_without_end_is_read_to_its_end(markup: str) -> None:
    text = extract(f"<html><body><p>须持证</p>{markup}".encode(), media_type="text/html").text
    assert text.startswith("须持证")


def test_no_word_is_lost_where_elements_are_left_out() -> None:
    deep = "<div><b>" * 5_000 + "甲</b>乙</div>丙" + "</b></div>" * 4_999 + "</i>" * 3_000 + "<p>丁</p>"
    assert extract(deep.encode(), media_type="text/html").text.split() == ["甲乙", "丙", "丁"]


def test_pages_as_people_make_them_stay_as_they_are() -> None:
    rows = "<tr><td>甲<td>乙" * 3_000
    page = f"<html><body><table>{rows}</table><p>丙<p>丁<ul><li>戊<li>己</ul></body></html>"
    assert within_reason(page) == page
