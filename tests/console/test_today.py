"""The first page of the day: what needs its reader, most urgent first."""

from __future__ import annotations

from datetime import timedelta

from cases.handling import ask_extension, assign
from cases.steps import take_step
from storage.tables import SourceTrouble
from storage.visits import record_fetch, start_visit
from tests.console.visitor import Page, Room
from vocabulary.codes import Outcome, Step, TroubleKind

QUERIES = 24
"""Of the page, however many cases there are."""


def _ask(room: Room, case: int, days: int) -> None:
    """Ask for a rectification within so many days of today, thirty days ago."""
    now = room.context.now()
    with room.context.transaction() as session:
        take_step(session, case, Step.CONFIRM, actor="wang@example.com", now=now)
        deadline = now.date() + timedelta(days=days)
        before = now - timedelta(days=30)
        take_step(session, case, Step.ASK, actor="wang@example.com", now=before, deadline=deadline)


def _headings(page: Page) -> list[str]:
    """The lists that are shown, by the query of their addresses."""
    links = [str(link["href"]) for link in page.attributes("a")]
    return list(dict.fromkeys(link.partition("?")[2] for link in links if link.startswith("/cases?")))


def test_a_day_without_work_says_so(room: Room) -> None:
    page = room.enter("wang@example.com").page("/today")
    assert "今天没有需要处理的事项。" in page.words
    assert "看不到的来源" not in page.words


def test_what_needs_its_reader_stands_there_most_urgent_first(room: Room) -> None:
    late, soon, later, new, confirmed, handed = room.copies([{}] * 5)
    _ask(room, soon, 5)
    _ask(room, later, 40)
    _ask(room, late, -2)
    now = room.context.now()
    with room.context.transaction() as session:
        take_step(session, late, Step.OVERDUE, actor="system", now=now)
        take_step(session, confirmed, Step.CONFIRM, actor="wang@example.com", now=now)
        assign(session, handed, "wang@example.com", actor="li@example.com", now=now)
        until = now.date() + timedelta(days=60)
        ask_extension(session, later, until, actor="li@example.com", note="x", now=now)
    seat = room.enter("wang@example.com")
    page = seat.page("/today")
    names = (
        "转给我、待签收",
        "逾期未整改",
        "延期待答复",
        "7 日内到期",
        "新发现，待核查",
        "已确认，待责令整改",
    )
    places = [page.words.index(name) for name in names]
    assert places == sorted(places)
    shown = []
    for query in _headings(page):
        ticks = seat.page(f"/cases?{query}").attributes("input")
        shown.append([int(str(each["value"])) for each in ticks if each.get("name") == "case"])
    assert shown == [[handed], [late], [later], [soon], [new, handed], [confirmed]]


def test_the_rest_of_a_long_list_is_behind_its_link(room: Room) -> None:
    room.copies([{}] * 8)
    page = room.enter("wang@example.com").page("/today")
    assert "查看全部 9 项" in page.words
    assert len([link for link in page.attributes("a") if str(link["href"]).startswith("/cases/")]) == 6


def test_the_administrator_sees_what_is_blind_and_what_only_a_person_reads(room: Room) -> None:
    now = room.context.now()
    with room.context.transaction() as session:
        detail = "<b>三次</b>都没有读到"
        trouble = SourceTrouble(source="fujian", kind=TroubleKind.FAILING, detail=detail, began_at=now)
        session.add(trouble)
        visit = start_visit(session, "fujian", now)
        record_fetch(session, visit, "https://hr.example.com/a.rar", Outcome.UNREADABLE_ATTACHMENT, now)
    page = room.enter("admin@example.com").page("/today")
    assert "<b>三次</b>都没有读到" in page.words
    assert "https://hr.example.com/a.rar" in page.words
    assert "看不到的来源" not in room.enter("wang@example.com").page("/today").words


def test_more_cases_take_no_more_queries(room: Room) -> None:
    seat = room.enter("admin@example.com")
    for case in room.copies([{}] * 40)[:4]:
        _ask(room, case, 3)
    with room.statements() as said:
        seat.page("/today")
    assert len(said) <= QUERIES, said
