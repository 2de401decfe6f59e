"""Links that open nothing say so, and say what to do; everything else that comes from outside too."""

from __future__ import annotations

import pytest
from itsdangerous import URLSafeSerializer
from sqlmodel import Session, select

from alerts.delivery.links import ExpiredLink, read_link
from settings.model import Settings
from storage.tables import OutboxMessage
from tests.alerts.reading import as_mail, html_of, text_of
from tests.console.visitor import Page, Room, token_of
from vocabulary.codes import CaseState


def _letters(room: Room, template: str = "new_link") -> list[OutboxMessage]:
    with Session(room.engine, expire_on_commit=False) as session:
        return list(session.exec(select(OutboxMessage).where(OutboxMessage.template == template)).all())


def test_a_link_that_was_changed_says_what_to_do(room: Room) -> None:
    case = room.report()
    link, token = room.link(case), token_of(room.link(case))
    elsewhere = URLSafeSerializer("guess", salt="qualwatch.alerts.links")
    own = [case, "open", "wang@example.com", 9_999_999_999]
    forged = (
        "",
        "x",
        token[:-3],
        token[: len(token) // 2],
        token + "x",
        "%00",
        "%F0%9F%92%A3",
        "x" * 4000,
        str(elsewhere.dumps(own)),
    )
    for bad in forged:
        answer = room.get(link.replace(token, bad))
        assert answer.status_code == 403, bad
        assert "请回到邮件，直接点击按钮" in answer.text
        assert "会计" not in answer.text
        taken = room.post(f"/cases/{case}", {"token": bad, "step": "confirm"})
        assert taken.status_code == 403
    assert room.get(link.partition("?")[0]).status_code == 403
    assert room.state(case) is CaseState.FOUND


def test_a_link_opens_its_own_page_only(room: Room) -> None:
    case = room.report()
    link, token = room.link(case), token_of(room.link(case))
    for path in (
        "/cases/2/open",
        "/cases/1/dismiss",
        "/cases/01/open",
        "/cases/１/open",
        f"/cases/{'9' * 9000}/open",
    ):
        assert room.get(f"{room.url}{path}?token={token}").status_code == 403, path[:40]
    assert room.post("/cases/2", {"token": token, "step": "confirm"}).status_code == 403
    assert room.get(link).status_code == 200


def test_an_expired_link_offers_a_new_one_by_mail(room: Room) -> None:
    case = room.report()
    link = room.link(case, "dismiss")
    room.wait(days=14)
    answer = room.get(link)
    assert answer.status_code == 410
    page = Page(answer.text)
    assert "已超过有效期" in page.words
    assert "会计" not in page.words
    assert room.post(f"/cases/{case}", {"token": token_of(link), "step": "confirm"}).status_code == 410
    ((action, hidden),) = page.forms
    sent = room.post(action, hidden)
    assert sent.status_code == 200
    assert "新的链接已发往 wang@example.com" in sent.text
    (letter,) = _letters(room)
    assert letter.recipient == "wang@example.com"
    mail = as_mail(letter)
    assert mail["Subject"] == "【新链接】案件1：会计从业资格｜福安市某某医院"
    assert mail["List-Unsubscribe"] == "<mailto:admin@example.com?subject=unsubscribe>"
    fresh = letter.payload["links"]["1"]
    for url in fresh.values():
        assert url in text_of(mail)
        assert f'href="{url}"' in html_of(mail)
    assert "王科长，您好" in text_of(mail)
    assert room.get(fresh["open"]).status_code == 200
    assert room.follow(room.take(fresh["dismiss"], "dismiss", note="误判"))


def test_new_links_are_sent_once_an_hour(room: Room) -> None:
    case = room.report()
    token = token_of(room.link(case))
    room.wait(days=15)
    for _ in range(5):
        assert room.post("/links", {"token": token}).status_code == 200
    assert len(_letters(room)) == 1
    room.wait(hours=1)
    room.post("/links", {"token": token})
    assert len(_letters(room)) == 2


def test_a_new_link_is_sent_for_no_forged_one_and_needs_none_while_the_old_one_holds(room: Room) -> None:
    case = room.report()
    link = room.link(case)
    assert room.post("/links", {"token": token_of(link)[:-2]}).status_code == 403
    answer = room.post("/links", {"token": token_of(link)})
    assert answer.status_code == 303
    assert "会计从业资格" in room.follow(answer).words
    assert _letters(room) == []


def test_who_has_left_opens_nothing(room: Room) -> None:
    case = room.report()
    for former in ("gone@example.com", "wang@example.com.evil.example"):
        link = room.link(case, to=former)
        assert room.get(link).status_code == 403
        assert "已不在监管人员之列" in room.get(link).text
        assert room.post(f"/cases/{case}", {"token": token_of(link), "step": "confirm"}).status_code == 403
    room.wait(days=15)
    assert "发送新链接" not in room.get(link).text
    assert room.post("/links", {"token": token_of(link)}).status_code == 403
    assert room.state(case) is CaseState.FOUND
    assert _letters(room) == []


@pytest.mark.parametrize("email", ["Li@Example.com", "chu@example.com", "admin@example.com"])
def test_whoever_gets_mails_may_open_cases(room: Room, email: str) -> None:
    case = room.report()
    room.follow(room.take(room.link(case, to=email), "confirm"))
    assert room.events(case)[-1].actor == email


def test_a_case_of_another_database_is_none(room: Room) -> None:
    link = room.link(77)
    assert room.get(link).status_code == 404
    assert room.post("/cases/77", {"token": token_of(link), "step": "confirm"}).status_code == 404
    room.wait(days=15)
    assert room.post("/links", {"token": token_of(link)}).status_code == 404


def test_an_expired_link_tells_what_it_was(room: Room, settings: Settings) -> None:
    token = token_of(room.link(7))
    room.wait(days=14)
    with pytest.raises(ExpiredLink) as caught:
        read_link(settings, token, room.context.now())
    assert (caught.value.link.case_id, caught.value.link.recipient) == (7, "wang@example.com")
