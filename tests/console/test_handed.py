"""Who is told by mail of what another did with a case: handed over, more time, an answer."""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests
from sqlmodel import Session, delete

from alerts.delivery.links import answer_code
from alerts.notifications.handed import tell_others
from cases.handling import ask_extension, assign
from storage.tables import CaseEvent, OutboxMessage
from tests.alerts.reading import as_mail, html_of, rows, text_of
from tests.console.hostile import PAYLOADS
from tests.console.visitor import Page, Room, Seat
from vocabulary.codes import EventKind
from vocabulary.names import CHINESE

MOMENT = timedelta(seconds=1)


def _told(room: Room) -> list[tuple[str, str]]:
    """To whom such a letter was written, and the first words of its subject."""
    return [(row.recipient, row.payload["subject"].split("】")[0] + "】") for row in _letters(room)]


def _letters(room: Room) -> list[OutboxMessage]:
    return [row for row in rows(room.engine) if row.template == "handed"]


def _do(seat: Seat, case: int, what: str, **fields: str) -> None:
    answer = seat.send(f"/cases/{case}", f"/cases/{case}/{what}", **fields)
    assert answer.status_code == 303, answer.text[:300]


@pytest.fixture
def asked(room: Room) -> int:
    """A case that was to be put right within nine days."""
    case, seat = room.report(), room.enter("wang@example.com")
    _do(seat, case, "step", step="confirm")
    _do(seat, case, "step", step="ask", deadline=str(room.context.now().date() + timedelta(days=9)))
    assert _told(room) == [], "steps are told otherwise"
    return case


def test_whoever_is_given_a_case_is_written_to_once_with_its_links(room: Room) -> None:
    case, seat = room.report(), room.enter("wang@example.com")
    _do(seat, case, "assign", to="li@example.com", note="请按属地办理")
    _do(seat, case, "note", note="已电话联系")
    (row,) = _letters(room)
    assert (row.recipient, row.payload["language"]) == ("li@example.com", CHINESE)
    mail = as_mail(row)
    for words in (html_of(mail), text_of(mail)):
        assert "请按属地办理" in words
        assert "wang@example.com" in words
    opening = [str(link["href"]) for link in Page(html_of(mail)).attributes("a") if link["href"]]
    own = next(address for address in opening if f"/cases/{case}/open" in address)
    assert room.get(own).status_code == 200


def test_nobody_is_written_to_of_what_they_did_themselves(room: Room) -> None:
    case, seat = room.report(), room.enter("wang@example.com")
    _do(seat, case, "assign", to="wang@example.com")
    _do(seat, case, "assign", to="")
    assert _told(room) == []


def test_who_may_grant_more_time_hears_of_the_wish_and_who_wished_of_the_answer(
    room: Room, asked: int
) -> None:
    seat, other = room.enter("wang@example.com"), room.enter("li@example.com")
    until = str(room.context.now().date() + timedelta(days=40))
    _do(seat, asked, "extend", until=until, note="单位正在整改")
    assert _told(room) == [("li@example.com", "【延期申请】")]
    _do(other, asked, "answer", granted="yes")
    assert _told(room)[1:] == [("wang@example.com", "【同意延期】")]
    later = str(room.context.now().date() + timedelta(days=60))
    _do(other, asked, "extend", until=later, note="再延")
    _do(seat, asked, "answer", granted="no", note="不宜再延")
    assert _told(room)[2:] == [("wang@example.com", "【延期申请】"), ("li@example.com", "【不同意延期】")]


def test_the_administrator_hears_of_a_wish_where_nobody_else_answers_for_the_case(
    room: Room, asked: int
) -> None:
    settings, now = room.context.settings, room.context.now()
    alone = settings.model_copy(update={"supervisors": settings.supervisors[:1]})
    until = now.date() + timedelta(days=40)
    with Session(room.engine) as session, session.begin():
        ask_extension(session, asked, until, actor="Wang@example.com", note="单位正在整改", now=now)
        written = [tell_others(session, asked, alone, now) for _ in range(2)]
    assert written == [1, 0], "told once, however often it is asked for"
    assert _told(room) == [("admin@example.com", "【延期申请】")]


def test_an_answer_of_the_addressee_reaches_whoever_has_the_case_in_hand(room: Room, asked: int) -> None:
    def answer(words: str) -> None:
        code = answer_code(room.context.settings, asked)
        said = {"code": code, "name": "张某", "words": words, "once": words}
        for _ in range(2):  # the same form twice is one answer
            sent = requests.post(f"{room.url}/answer", data=said, timeout=20, allow_redirects=False)
            assert sent.status_code == 303

    answer("已更正。")
    assert sorted(_told(room)) == [("li@example.com", "【整改反馈】"), ("wang@example.com", "【整改反馈】")]
    _do(room.enter("wang@example.com"), asked, "assign", to="li@example.com")
    answer("又更正。")
    assert _told(room)[2:] == [("li@example.com", "【转办】"), ("li@example.com", "【整改反馈】")]


def test_what_strangers_write_stays_words_in_the_letter(room: Room, asked: int) -> None:
    code = answer_code(room.context.settings, asked)
    said = {"code": code, "name": PAYLOADS[0][:60], "words": "x", "once": "1"}
    assert (
        requests.post(f"{room.url}/answer", data=said, timeout=20, allow_redirects=False).status_code == 303
    )
    assert len(_letters(room)) == 2
    for row in _letters(room):
        page = Page(html_of(as_mail(row)))
        assert not page.names() & {"script", "img", "svg", "iframe", "form"}
        assert not [name for _, values in page.tags for name in values if name.startswith("on")]


def test_what_a_visit_notes_meanwhile_hides_nothing_and_what_was_told_long_ago_is_told_no_more(
    room: Room,
) -> None:
    case, settings, now = room.report(), room.context.settings, room.context.now()
    with Session(room.engine) as session, session.begin():
        assign(session, case, "li@example.com", actor="wang@example.com", now=now)
        seen = CaseEvent(case_id=case, key="seen:9", kind=EventKind.SEEN, actor="system", at=now + MOMENT)
        session.add(seen)
        session.flush()
        assert tell_others(session, case, settings, now) == 1
    with Session(room.engine) as session, session.begin():
        session.execute(delete(OutboxMessage))  # as retention does after a year
        assert tell_others(session, case, settings, now + timedelta(days=400)) == 0
