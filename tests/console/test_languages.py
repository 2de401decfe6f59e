"""Pages in the language of whose link it is; quotes, names and the rule itself stay Chinese."""

from __future__ import annotations

import re

import pytest

from alerts.languages import language
from settings.model import Settings
from tests.console.visitor import Page, Room, token_of
from vocabulary.codes import CaseState

HAN = re.compile(r"[\u4e00-\u9fff]+")
ENGLISH = language("en")
UI_WORDS = {"".join(HAN.findall(words)) for words in ENGLISH.words} - {""}

IN_HISTORY = {"整改期限"}
"""A note that the program wrote stays as it was written, like everybody's."""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    changed = settings.supervisors[0].model_copy(update={"name": "Ms Wang", "language": "en"})
    return settings.model_copy(update={"supervisors": (changed, *settings.supervisors[1:])})


def _left(words: str) -> set[str]:
    """What the table has a word for, and is said in Chinese all the same."""
    return set(HAN.findall(words)) & UI_WORDS


def test_an_english_supervisor_gets_an_english_page_around_chinese_quotes(room: Room) -> None:
    case = room.report()
    answer = room.get(room.link(case))
    page = Page(answer.text)
    assert '<html lang="en">' in answer.text
    for words in (
        "Case 1",
        "A cancelled qualification is required for a post",
        "cancelled, since 5 November 2017, by 中华人民共和国会计法（2017年修正）",
        "Gist of the rule",
        "会计从业资格自2017年11月5日起取消，用人单位不得将其作为招聘条件。",
        "2 November 2026 09:30",
        "Recorded in the name of Ms Wang",
    ):
        assert words in page.words
    assert page.marked == ["会计从业资格证"]
    assert _left(page.words) == set()


def test_every_step_and_refusal_is_said_in_english(room: Room) -> None:
    case = room.report()
    link = room.link(case)
    steps: tuple[tuple[str, dict[str, str], str], ...] = (
        ("confirm", {}, "Noted: Confirm."),
        ("ask", {"deadline": "2026-11-20"}, "18 day(s) left"),
        ("rectified", {}, "Noted: Note as rectified."),
        ("publish", {}, "Noted: Publish."),
        ("close", {}, "Noted: Close."),
        ("reopen", {"note": "x"}, "Noted: Reopen."),
        ("dismiss", {"note": "x"}, "Noted: Dismiss."),
    )
    refused = room.take(link, "dismiss")
    assert refused.status_code == 422
    assert "“Dismiss” needs a reason." in refused.text
    for step, fields, words in steps:
        shown = room.follow(room.take(link, step, **fields))
        assert words in shown.words
        assert _left(shown.words) <= IN_HISTORY, step
    assert room.state(case) is CaseState.DISMISSED
    late = room.post("/cases/1", {"token": token_of(link), "step": "dismiss", "note": "y"})
    assert late.status_code == 409
    assert "The case is now “dismissed”, so that “Dismiss” is no longer possible." in late.text


def test_an_expired_link_is_explained_in_its_readers_language(room: Room) -> None:
    link = room.link(room.report())
    room.wait(days=30)
    expired = room.get(link)
    assert expired.status_code == 410
    assert "The link has expired" in expired.text
    assert _left(Page(expired.text).words) == set()
    sent = room.post("/links", {"token": token_of(link)})
    assert "A new link is on its way to wang@example.com" in sent.text


def test_the_colleagues_page_of_the_same_case_stays_chinese(room: Room) -> None:
    shown = room.get(room.link(room.report(), to="li@example.com")).text
    assert '<html lang="zh-CN">' in shown
    assert "判断依据" in shown
    assert "Gist of the rule" not in shown


def test_nobody_knows_who_holds_a_forged_link_and_hears_chinese(room: Room) -> None:
    forged = room.get(room.link(room.report()) + "x")
    assert forged.status_code == 403
    assert '<html lang="zh-CN">' in forged.text
