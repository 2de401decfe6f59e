"""The list of cases at the desk: what is in it, in which order, what is done with many, what is exported."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from openpyxl import load_workbook
from sqlmodel import Session, select

from cases.handling import assign
from settings.model import Settings
from storage.tables import SavedView
from tests.alerts.stored import Posting, mention
from tests.console.hostile import PAYLOADS
from tests.console.visitor import TEXT, Fields, Page, Room, Seat
from vocabulary.codes import CaseState, Severity

QUERIES = 12
"""Of one page of the list, however long it is."""
SEVERITIES = ("high", "medium", "critical")
MADE = {
    "script",
    "img",
    "svg",
    "iframe",
    "object",
    "embed",
    "style",
    "video",
    "math",
    "base",
    "marquee",
    "noscript",
}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    changed = settings.supervisors[1].model_copy(update={"regions": ("220000",)})
    return settings.model_copy(update={"supervisors": (settings.supervisors[0], changed)})


def _fill(room: Room, count: int) -> list[int]:
    """So many open cases, the last one first in the list."""
    found = []
    for number in range(count):
        text = f"{TEXT}\n第{number}号"
        posting = Posting(
            text,
            title=f"招聘公告第{number}号",
            publisher=f"单位{number}",
            url=f"https://hr.example.com/{number}",
        )
        found.append(room.report(posting, mention(text, severity=Severity(SEVERITIES[number % 3]))))
    return found


def _ids(page: Page) -> list[int]:
    """The cases that the list shows."""
    ticks = [values for values in page.attributes("input") if values.get("name") == "case"]
    return [int(str(values["value"])) for values in ticks]


def _bulk(seat: Seat, path: str, cases: list[int], **fields: str) -> tuple[str, Fields]:
    page = seat.page(path)
    action, hidden = next(form for form in page.forms if "once" in form[1])
    return action, {**hidden, "case": [str(case) for case in cases], **fields}


def test_who_has_not_entered_sees_no_list(room: Room) -> None:
    room.report()
    for path in ("/cases", "/register.xlsx", "/register.csv"):
        answer = room.get(room.url + path)
        assert answer.status_code == 401
        assert "会计" not in answer.text
    assert room.post("/cases", {"case": "1", "step": "confirm"}).status_code == 401
    assert room.state(1) is CaseState.FOUND


def test_pages_of_the_list_hold_every_case_once_in_every_order(room: Room) -> None:
    today = room.context.now().date()
    changes: list[dict[str, object]] = [{"severity": SEVERITIES[number % 3]} for number in range(54)]
    for number in range(10):
        changes[number]["deadline"] = today + timedelta(days=number % 4)
    cases = room.copies(changes)
    seat = room.enter("wang@example.com")
    for order in ("newest", "oldest", "severity", "deadline", "changed"):
        first = seat.page(f"/cases?order={order}")
        (following,) = [link["href"] for link in first.attributes("a") if link.get("rel") == "next"]
        shown = [*_ids(first), *_ids(seat.page(str(following)))]
        assert len(_ids(first)) == 50
        assert sorted(shown) == cases, order
    assert _ids(seat.page("/cases?order=severity"))[0] == cases[3]
    assert _ids(seat.page("/cases?order=deadline"))[:3] == [cases[1], cases[5], cases[9]]


def test_filters_and_words_narrow_the_list_and_stand_in_its_address(room: Room) -> None:
    cases = _fill(room, 6)
    seat = room.enter("wang@example.com")
    assert _ids(seat.page("/cases?severity=critical")) == [cases[5], cases[2]]
    assert _ids(seat.page("/cases?q=%E5%8D%95%E4%BD%8D4")) == [cases[4]]
    assert _ids(seat.page(f"/cases?q={cases[5]}")) == [cases[5]]
    assert _ids(seat.page("/cases?region=220000")) == []
    assert _ids(seat.page("/cases?publisher=%E5%8D%95%E4%BD%8D3&severity=high")) == [cases[3]]
    narrowed = seat.page("/cases?severity=critical&q=%E5%8D%95%E4%BD%8D2")
    chips = [str(link["href"]) for link in narrowed.attributes("a") if "chip" in str(link.get("class"))]
    assert [parse_qs(urlsplit(chip).query) for chip in chips] == [
        {"state": ["open"], "q": ["单位2"]},
        {"state": ["open"], "severity": ["critical"]},
    ]
    assert "没有符合条件的案件" in seat.page("/cases?q=%E6%B2%A1%E6%9C%89").words
    nonsense = "/cases?order=x&severity=y&region=%3Cz&after=%00.x&size=9999999&age=-1&from=x&q=%22%28%29%2A"
    assert seat.get(nonsense).status_code == 200


def test_a_supervisor_sees_their_own_cases_and_those_handed_to_them(room: Room) -> None:
    elsewhere, theirs = room.copies([{"region": "220102"}])
    seat = room.enter("li@example.com")
    assert _ids(seat.page("/cases?state=all")) == [theirs]
    rows = list(csv.reader(io.StringIO(seat.get("/register.csv").content.decode("utf-8-sig"))))
    assert [row[1] for row in rows[1:]] == [str(theirs)]
    action, fields = _bulk(seat, "/cases", [elsewhere, theirs], step="confirm")
    refused = seat.post(action, fields)
    assert refused.status_code == 409
    assert "没有这一案件" in refused.text
    assert room.state(elsewhere) is CaseState.FOUND
    assert room.state(theirs) is CaseState.CONFIRMED
    with room.context.transaction() as session:
        assign(session, elsewhere, "li@example.com", actor="wang@example.com", now=room.context.now())
    assert elsewhere in _ids(seat.page("/cases"))
    assert set(_ids(room.enter("admin@example.com").page("/cases"))) >= {elsewhere, theirs}
    assert set(_ids(room.enter("chu@example.com").page("/cases"))) >= {elsewhere, theirs}


def test_many_are_decided_with_one_reason(room: Room) -> None:
    cases = _fill(room, 5)
    seat = room.enter("wang@example.com")
    action, fields = _bulk(
        seat, "/cases", cases[:3], step="dismiss", note="属于岗位名称", dismissal="job_title"
    )
    answer = seat.post(action, fields)
    assert answer.status_code == 303
    assert "已处理3项：排除。" in seat.page(answer.headers["Location"]).words
    assert [room.state(case) for case in cases] == [CaseState.DISMISSED] * 3 + [CaseState.FOUND] * 2
    events = [room.events(case)[-1] for case in cases[:3]]
    assert {each.actor for each in events} == {"wang@example.com"}
    assert all("属于岗位名称" in each.note for each in events)
    before = [len(room.events(case)) for case in cases]
    assert seat.post(action, fields).status_code == 303, "the same form again is no error"
    assert [len(room.events(case)) for case in cases] == before


def test_a_case_that_does_not_allow_the_step_keeps_no_other_from_it(room: Room) -> None:
    cases = _fill(room, 3)
    seat = room.enter("wang@example.com")
    seat.post(*_bulk(seat, "/cases", cases[:1], step="confirm"))
    refused = seat.post(*_bulk(seat, "/cases", cases, step="confirm"))
    assert refused.status_code == 409
    assert "已处理2项，1项没有处理" in refused.text
    assert f"案件{cases[0]}：目前为“已确认”，不能“确认属实”。" in refused.text
    assert {room.state(case) for case in cases} == {CaseState.CONFIRMED}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"step": ""}, "没有这样的处理步骤"),
        ({"step": "overdue"}, "没有这样的处理步骤"),
        ({"step": "dismiss"}, "须写明理由"),
        ({"step": "ask"}, "须写明整改期限"),
        ({"step": "ask", "deadline": "2020-01-01"}, "已过"),
        ({"step": "confirm", "note": "x" * 1001}, "文字过长"),
        ({"step": "confirm", "case": []}, "请先选择要处理的案件"),
    ],
)
def test_an_incomplete_form_decides_nothing_and_keeps_what_was_ticked(
    room: Room, fields: dict[str, str], words: str
) -> None:
    case = room.report()
    seat = room.enter("wang@example.com")
    action, whole = _bulk(seat, "/cases", [case], **fields)
    answer = seat.post(action, whole)
    assert answer.status_code in {400, 422}
    assert words in answer.text
    ticks = [each for each in Page(answer.text).attributes("input") if each.get("name") == "case"]
    assert ["checked" in each for each in ticks] == [whole["case"] != []]
    assert room.state(case) is CaseState.FOUND


def test_a_form_without_its_key_or_from_elsewhere_decides_nothing(room: Room) -> None:
    case = room.report()
    seat, other = room.enter("wang@example.com"), room.enter("li@example.com")
    action, fields = _bulk(seat, "/cases", [case], step="confirm")
    assert seat.post(action, {**fields, "form_key": ""}).status_code == 403
    assert seat.post(action, {**fields, **other.key}).status_code == 403
    for headers in ({"Origin": "null"}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert seat.post(action, fields, **headers).status_code == 403
    assert room.state(case) is CaseState.FOUND
    assert seat.post(action, fields, Origin=room.url).status_code == 303


def test_what_is_shown_is_exported_as_the_offices_register(room: Room) -> None:
    cases = _fill(room, 5)
    seat = room.enter("wang@example.com")
    page = seat.page("/cases?severity=high&order=oldest")
    book, sheet = (str(link["href"]) for link in page.attributes("a") if "/register." in str(link["href"]))
    rows = list(csv.reader(io.StringIO(seat.get(sheet).content.decode("utf-8-sig"))))
    assert [row[1] for row in rows[1:]] == [str(cases[0]), str(cases[3])]
    answer = seat.get(book)
    assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''")
    table = load_workbook(io.BytesIO(answer.content)).active
    assert [row[1].value for row in list(table.rows)[2:]] == [cases[0], cases[3]]


def test_a_list_is_saved_under_a_name_for_its_owner_alone(room: Room) -> None:
    room.report()
    seat, other = room.enter("wang@example.com"), room.enter("chu@example.com")
    hidden = next(form for action, form in seat.page("/cases?severity=high").forms if action == "/views")
    assert seat.post("/views", {**hidden, "name": "高风险 <b>"}).status_code == 303
    page = seat.page("/cases?severity=high")
    assert "高风险 <b>" in page.words
    assert "高风险" not in other.page("/cases").words
    (delete,) = [action for action, _ in page.forms if action.endswith("/delete")]
    other.post(delete, other.key)
    with Session(room.engine) as session:
        assert len(session.exec(select(SavedView)).all()) == 1
    seat.post(delete, seat.key)
    assert "高风险" not in seat.page("/cases").words
    assert seat.post("/views", {**hidden, "name": " "}).status_code == 422


def test_a_longer_list_takes_no_more_queries(room: Room) -> None:
    seat = room.enter("wang@example.com")
    _fill(room, 3)
    with room.statements() as few:
        assert len(_ids(seat.page("/cases?size=100&q=%E5%8D%95%E4%BD%8D"))) == 3
    room.copies([{"assignee": f"{number}@example.com"} for number in range(90)])
    with room.statements() as many:
        assert len(_ids(seat.page("/cases?size=100"))) > 90
    assert len(many) <= len(few) <= QUERIES, few


def test_nothing_that_comes_from_outside_becomes_a_part_of_the_page(room: Room) -> None:
    assert len(PAYLOADS) >= 200
    names = ("title", "publisher", "qualification", "url")
    room.copies([{**dict.fromkeys(names, words), "assignee": words[:250]} for words in PAYLOADS])
    seat = room.enter("wang@example.com")
    after, seen = "/cases?size=200", 0
    while after:
        page = seat.page(after)
        seen += len(_ids(page))
        page.require_harmless()
        after = next((str(link["href"]) for link in page.attributes("a") if link.get("rel") == "next"), "")
    assert seen == len(PAYLOADS) + 1
