"""What a supervisor sees who follows a button, and does there."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from sqlmodel import Session, update

from cases.steps import take_step
from storage.tables import Case, Document
from tests.alerts.stored import NOW, Posting, mention, report
from tests.console.visitor import TEXT, Page, Room, token_of
from vocabulary.codes import CaseState, Step

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>\r\n\u202e{{ 7*7 }}'


def test_the_page_says_what_a_supervisor_needs(room: Room) -> None:
    answer = room.get(room.link(room.report()))
    assert answer.status_code == 200
    page = Page(answer.text)
    for words in (
        "案件 1",
        "王科长",
        "已发现",
        "会计从业资格",
        "招聘中要求已取消的职业资格",
        "福安市某某医院",
        "福建省宁德市",
        "已取消，自2017年11月5日起，依据中华人民共和国会计法（2017年修正）",
        "会计从业资格自2017年11月5日起取消，用人单位不得将其作为招聘条件。",
        "删除招聘条件中的会计从业资格证要求",
        "人社部发〔2017〕68号",
        "https://hr.example.com/notice/1.html",
        "证据编号",
        "2026年11月2日 09:30",
        "二、条件：须持有会计从业资格证，联系电话138******78",
        "一、出纳1名。",
    ):
        assert words in page.words
    assert page.marked == ["会计从业资格证"]
    assert "13812345678" not in answer.text
    (source,) = [link for link in page.attributes("a") if str(link["href"]).startswith("http")]
    assert (source["href"], source["rel"]) == ("https://hr.example.com/notice/1.html", "noreferrer noopener")
    assert page.steps() == ["confirm", "dismiss", "rectified"]
    assert page.open_steps() == []


def test_the_button_to_dismiss_opens_its_form_with_the_reason_in_focus(room: Room) -> None:
    page = Page(room.get(room.link(room.report(), "dismiss")).text)
    assert page.open_steps() == ["dismiss"]
    focused = [(tag, values["id"]) for tag, values in page.tags if "autofocus" in values]
    assert focused == [("textarea", "dismiss-note")]


def test_following_a_link_changes_nothing(room: Room) -> None:
    case = room.report()
    before = room.events(case)
    for purpose in ("open", "dismiss"):
        room.get(room.link(case, purpose))
        room.get(room.link(case, purpose) + "&done=dismiss&step=dismiss&note=x")
    assert room.events(case) == before
    assert room.state(case) is CaseState.FOUND


def test_a_case_goes_its_whole_way_from_one_link(room: Room) -> None:
    case = room.report()
    link = room.link(case)
    steps: tuple[tuple[str, dict[str, str], str], ...] = (
        ("confirm", {"note": "属实"}, "已确认"),
        ("ask", {"deadline": "2026-11-20"}, "责令整改中"),
        ("rectified", {}, "已整改"),
        ("close", {}, "已结案"),
        ("reopen", {"note": "又出现了"}, "已发现"),
    )
    for step, fields, state in steps:
        page = room.follow(room.take(link, step, **fields))
        assert "已记录：" in page.words
        assert state in page.words
    taken = room.events(case)[1:]
    assert {event.actor for event in taken} == {"wang@example.com"}
    kinds = [event.kind for event in taken]
    assert kinds == ["confirmed", "rectification_asked", "rectified", "closed", "reopened"]
    assert "整改期限：2026年11月20日" in taken[1].note


def test_a_reason_is_kept_and_shown(room: Room) -> None:
    case = room.report()
    page = room.follow(room.take(room.link(case, "dismiss"), "dismiss", note="本单位为\n会计师事务所"))
    assert room.state(case) is CaseState.DISMISSED
    assert "已记录：排除" in page.words
    assert "王科长（wang@example.com）：本单位为 会计师事务所" in page.words
    assert page.steps() == ["reopen"]


def test_an_old_button_to_dismiss_says_why_there_is_no_form(room: Room) -> None:
    case = room.report()
    link = room.link(case, "dismiss", to="li@example.com")
    room.take(room.link(case), "dismiss", note="误判")
    page = Page(room.get(link).text)
    assert "案件目前为“已排除”，不需要再排除。" in page.words
    assert page.open_steps() == []


@pytest.mark.parametrize("after", ["", "x", "-1", "9" * 5000, "\x00", "１", "'"])
def test_a_form_without_the_number_of_an_event_is_still_one_step(room: Room, after: str) -> None:
    case = room.report()
    fields = {"token": token_of(room.link(case)), "step": "confirm", "after": after}
    for _ in range(2):
        assert room.post(f"/cases/{case}", fields).status_code == 303
    assert [event.kind for event in room.events(case)] == ["found", "confirmed"]


def test_a_second_click_shows_the_state_and_is_no_error(room: Room) -> None:
    case = room.report()
    page = Page(room.get(room.link(case)).text)
    action, hidden = next(form for form in page.forms if form[1]["step"] == "confirm")
    answers = [room.post(action, hidden) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [303, 303, 303]
    assert [event.kind for event in room.events(case)] == ["found", "confirmed"]


def test_clicks_at_the_same_time_are_one_step(room: Room) -> None:
    case = room.report()
    page = Page(room.get(room.link(case)).text)
    action, hidden = next(form for form in page.forms if form[1]["step"] == "confirm")
    start, statuses = threading.Barrier(6), []

    def click() -> None:
        start.wait()
        statuses.append(room.post(action, hidden).status_code)

    threads = [threading.Thread(target=click) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [303] * 6
    assert [event.kind for event in room.events(case)] == ["found", "confirmed"]


def test_a_form_from_before_a_reopening_repeats_nothing(room: Room) -> None:
    case = room.report()
    page = Page(room.get(room.link(case)).text)
    action, hidden = next(form for form in page.forms if form[1]["step"] == "dismiss")
    room.post(action, {**hidden, "note": "误判"})
    room.follow(room.take(room.link(case), "reopen", note="看错了"))
    room.post(action, {**hidden, "note": "误判"})
    assert room.state(case) is CaseState.FOUND


def test_who_comes_second_is_told_the_state(room: Room) -> None:
    case = room.report()
    page = Page(room.get(room.link(case, to="li@example.com")).text)
    action, hidden = next(form for form in page.forms if form[1]["step"] == "confirm")
    room.follow(room.take(room.link(case, "dismiss"), "dismiss", note="误判"))
    refused = room.post(action, hidden)
    assert refused.status_code == 409
    assert "案件目前为“已排除”，不能再“确认属实”" in Page(refused.text).words
    assert "王科长（wang@example.com）：误判" in Page(refused.text).words
    assert room.state(case) is CaseState.DISMISSED


@pytest.mark.parametrize(
    ("state", "step", "fields", "sentence"),
    [
        (CaseState.FOUND, "dismiss", {"note": " \n"}, "须写明理由"),
        (CaseState.FOUND, "dismiss", {"note": "字" * 1001}, "至多1000字"),
        (CaseState.CONFIRMED, "ask", {"deadline": ""}, "须写明整改期限"),
        (CaseState.CONFIRMED, "ask", {"deadline": "下周"}, "须写明整改期限"),
        (CaseState.CONFIRMED, "ask", {"deadline": "2026-11-01"}, "已过"),
        (CaseState.CONFIRMED, "ask", {"deadline": "2206-11-20"}, "请核对年份"),
    ],
)
def test_what_is_missing_is_said_beside_what_was_typed(
    room: Room, state: CaseState, step: str, fields: dict[str, str], sentence: str
) -> None:
    case = room.report()
    with Session(room.engine) as session, session.begin():
        session.execute(update(Case).values(state=state))
    refused = room.take(room.link(case), step, **fields)
    page = Page(refused.text)
    assert refused.status_code == 422
    assert sentence in page.words
    assert page.open_steps() == [step]
    assert fields.get("note", "").strip() in page.words
    assert room.state(case) is state


@pytest.mark.parametrize("step", ["", "overdue", "found", "确认", "confirm'--"])
def test_a_step_that_no_person_takes_is_refused(room: Room, step: str) -> None:
    case = room.report()
    refused = room.post("/cases/1", {"token": token_of(room.link(case)), "step": step})
    assert refused.status_code == 400
    assert "没有这样的处理步骤" in refused.text
    assert room.state(case) is CaseState.FOUND


def test_the_day_of_a_deadline_is_the_offices_day(room: Room) -> None:
    case = room.report()
    room.take(room.link(case), "confirm")
    room.wait(hours=15)  # 00:30 of the 3rd in China, and still the 2nd in UTC
    assert room.take(room.link(case), "ask", deadline="2026-11-02").status_code == 422
    assert 'min="2026-11-03"' in room.get(room.link(case)).text
    assert room.take(room.link(case), "ask", deadline="2026-11-03").status_code == 303


def test_a_deadline_is_counted_down(room: Room) -> None:
    case = room.report()
    with Session(room.engine) as session, session.begin():
        take_step(session, case, Step.CONFIRM, actor="王", now=NOW)
        day = (NOW + timedelta(days=5)).date()
        take_step(session, case, Step.ASK, actor="王", now=NOW, deadline=day)
    # A Saturday: the period ends on the next office day.
    assert "2026年11月7日（休息日，顺延至2026年11月9日）" in room.get(room.link(case)).text
    assert "还有 7 天" in room.get(room.link(case)).text
    room.wait(days=7)
    assert "今天届满" in room.get(room.link(case)).text
    room.wait(days=2)
    assert "已逾期 2 天" in room.get(room.link(case)).text


def test_every_place_is_shown(room: Room) -> None:
    case = room.report()
    for number in range(2, 25):
        url = f"https://mirror{number}.example.com/1.html"
        seen = report(room.engine, room.context.settings, Posting(TEXT, url=url))
        assert seen.seen == (case,)
    page = Page(room.get(room.link(case)).text)
    assert "https://mirror2.example.com/1.html" in page.words
    assert page.words.count("取证") == 20
    assert "另有 4 处未列出" in page.words


def test_quotes_of_one_sentence_stand_in_it_together(room: Room) -> None:
    text = "条件：须持有会计从业资格证，无会计从业资格证者勿扰。另：会计从业资格证优先。"
    first, second = text.index("会计从业资格证"), text.index("会计从业资格证者")
    third = text.rindex("会计从业资格证")
    case = room.report(Posting(text), *(mention(text, start=at, end=at + 7) for at in (first, second, third)))
    page = Page(room.get(room.link(case)).text)
    assert page.marked == ["会计从业资格证"] * 3
    assert len(page.attributes("blockquote")) == 2


def test_words_from_outside_are_shown_and_do_nothing(room: Room) -> None:
    text = f"前文{HOSTILE}须持有会计从业资格证{HOSTILE}后文"
    posting = Posting(text, title=HOSTILE, publisher=HOSTILE, url="https://a.example/1?<script>")
    hostile = mention(
        text,
        qualification=HOSTILE,
        explanation=HOSTILE,
        advice=HOSTILE,
        legal_basis=(HOSTILE,),
        cue=HOSTILE,
        status_document=HOSTILE,
    )
    case = room.report(posting, hostile)
    page = room.follow(room.take(room.link(case, "dismiss"), "dismiss", note=HOSTILE))
    assert not page.names() & {"script", "img", "iframe", "object", "style"}
    assert "<script>alert(1)</script>" in page.words
    assert "{{ 7*7 }}" in page.words
    assert "\u202e" not in page.html
    events = {name for _, values in page.tags for name in values if name.startswith("on")}
    assert events == set()


def test_an_address_that_is_no_web_page_is_shown_and_not_linked(room: Room) -> None:
    case = room.report()
    with Session(room.engine) as session, session.begin():
        session.execute(update(Document).values(url="javascript:alert(1)"))
    page = Page(room.get(room.link(case)).text)
    assert "javascript:alert(1)" in page.words
    assert not any("javascript" in str(link["href"]) for link in page.attributes("a"))


def test_a_quote_without_an_end_is_cut(room: Room) -> None:
    text = "甲" * 5000 + "13812345678" + "会计从业资格证" * 1500 + "13812345678" + "乙" * 5000
    whole = mention(text, start=5011, end=5011 + 7 * 1500)
    case = room.report(Posting(text), whole)
    answer = room.get(room.link(case))
    assert answer.status_code == 200
    assert len(answer.text) < 12_000
    assert len("".join(Page(answer.text).marked)) < 600


def test_a_number_is_masked_wherever_the_excerpt_is_cut(room: Room) -> None:
    """Of a number that is shown in part, its middle is hidden too."""
    part = re.compile(r"(?<!\d)(1381[\d*]*|[\d*]*5678)(?!\d)")
    seen = set()
    for shift in range(60, 100):
        text = f"电话13812345678。{'甲' * shift}。须持有会计从业资格证。{'乙' * shift}电话13812345678。"
        case = room.report(Posting(text, url=f"https://a.example/{shift}", title=f"{shift}号公告"))
        words = Page(room.get(room.link(case)).text).words
        assert not part.search(words), shift
        seen |= set(re.findall(r"[\d*]*\*+[\d*]*", words))
    assert len(seen) > 5
