"""目录: how a certificate stood year by year, and what nobody has compared with its source."""

from __future__ import annotations

from catalogue.loading import load_catalogue
from tests.console.hostile import PAYLOADS
from tests.console.visitor import Room
from vocabulary.codes import Evidence


def test_a_certificates_life_stands_on_a_line_and_in_a_table(room: Room) -> None:
    seat = room.enter("wang@example.com")
    with room.statements() as said:
        page = seat.page("/catalogue?name=会计从业资格")
    assert len(said) <= 6
    page.require_harmless(allowed=frozenset({"svg"}))
    for words in ("会计从业资格", "已取消", "2017年11月5日"):
        assert words in page.words
    bars = [values for values in page.attributes("rect") if str(values["class"]).startswith("life-")]
    assert bars
    widths = [(int(str(each["x"])), int(str(each["width"]))) for each in bars]
    assert all(x >= 0 and width >= 2 for x, width in widths)
    assert "没有名称相符的证书" in seat.page("/catalogue?name=没有这种证").words


def test_what_waits_to_be_compared_is_listed_part_by_part(room: Room) -> None:
    seat = room.enter("wang@example.com")
    waiting = sum(
        period.evidence is not Evidence.PUBLISHED or bool(period.contested)
        for entry in load_catalogue().entries
        for period in entry.periods
    )
    first = seat.page("/catalogue")
    assert str(waiting) in first.words
    assert ("下一页" in first.words) is (waiting > 100)
    assert seat.get("/catalogue?after=999999").status_code == 200
    hostile = seat.page(f"/catalogue?name={PAYLOADS[0].replace('<', '%3C').replace('>', '%3E')}")
    hostile.require_harmless(allowed=frozenset({"svg"}))
