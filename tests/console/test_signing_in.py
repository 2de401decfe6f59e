"""Signing in, one's own account, and what mails open where there are accounts."""

from __future__ import annotations

from typing import Any

import pyotp
import pytest
from cryptography.fernet import Fernet
from sqlmodel import Session

from accounts import people
from accounts.people import Person
from alerts.delivery.links import first_account_link, invitation_link
from storage.audit import read_trail
from tests.accounts.office import KEPT, PASSWORD
from tests.alerts.stored import Posting
from tests.console.visitor import TEXT, Page, Room, Seat, token_of
from vocabulary.codes import CaseState
from vocabulary.people import AuditKind, Role

WRONG = "秋天里的第19只云雀"


def employ(room: Room, email: str, role: Role = Role.REVIEWER, *regions: str) -> None:
    """An account with a password."""
    context = room.context
    with context.transaction() as session:
        account = people.add(session, Person(email, "", role, regions), actor="root", now=context.now())
        account.password_hash = KEPT
        session.add(account)


def sign_in(room: Room, email: str, path: str = "/login", **fields: str) -> Seat:
    seat = Seat(room.url)
    answer = seat.send(path, email=email, **{"password": PASSWORD, **fields})
    assert answer.status_code == 303, answer.text
    return seat


def trail(room: Room) -> list[AuditKind]:
    with Session(room.engine) as session:
        return [entry.kind for entry in read_trail(session)][::-1]


def test_the_first_account_is_made_by_the_link_of_the_start_once(room: Room) -> None:
    link = first_account_link(room.context.settings, room.context.now())
    seat = Seat(room.url)
    form = seat.page(link)
    assert "admin@example.com" in str(form.attributes("input"))
    refused = seat.send(link, email="boss@example.com", name="主任", password=PASSWORD, again="x")
    assert (refused.status_code, "两次输入的密码不一致" in refused.text) == (422, True)
    done = seat.send(link, email="boss@example.com", name="主任", password=PASSWORD, again=PASSWORD)
    assert done.status_code == 303
    assert "主任" in seat.first().words
    assert Seat(room.url).get(link).status_code == 403
    assert (
        Seat(room.url).post("/first", {"token": token_of(link), "email": "x@example.com"}).status_code == 403
    )
    assert trail(room) == [AuditKind.ACCOUNT_ADDED, AuditKind.PASSWORD_SET]


@pytest.mark.parametrize("token", ["", "x", "made-elsewhere"])
def test_a_link_to_the_first_account_that_was_made_elsewhere_makes_none(room: Room, token: str) -> None:
    assert room.get(f"{room.url}/first?token={token}").status_code == 403
    fields = {"token": token, "email": "a@example.com", "password": PASSWORD, "again": PASSWORD}
    assert room.post("/first", fields).status_code == 403
    assert trail(room) == []


def test_a_one_time_link_opens_once(room: Room) -> None:
    context = room.context
    employ(room, "wang@example.com")
    with context.transaction() as session:
        account = people.get(session, "wang@example.com")
        token = people.invite(session, account, context.settings.accounts, now=context.now())
    link = invitation_link(context.settings, token)
    seat = Seat(room.url)
    assert seat.send(link, password=WRONG, again=PASSWORD).status_code == 422
    assert seat.send(link, password=WRONG, again=WRONG).status_code == 303
    assert "wang" in seat.first().words
    assert Seat(room.url).get(link).status_code == 403
    again = {"token": token_of(link), "password": PASSWORD, "again": PASSWORD}
    assert Seat(room.url).post("/welcome", again).status_code == 403


def test_one_signs_in_is_known_and_signs_out(room: Room) -> None:
    employ(room, "wang@example.com")
    outside = Seat(room.url)
    assert outside.get("/").headers["Location"] == "/login"
    seat = sign_in(room, "Wang@example.com")
    cookies: list[Any] = list(seat.session.cookies)
    (cookie,) = cookies
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "lax"
    page = seat.first()
    assert "wang" in page.words
    assert seat.post("/leave", {}).status_code == 403, "a form of another site"
    kept = seat.session.cookies.copy()
    assert seat.post("/leave", seat.key).status_code == 303
    assert seat.get("/").headers["Location"] == "/login"
    seat.session.cookies.update(kept)
    assert seat.get("/").headers["Location"] == "/login", "the session has ended, not only the cookie"


def test_what_is_wrong_is_not_said_and_many_tries_are_refused(room: Room) -> None:
    employ(room, "wang@example.com")
    for email in ("wang@example.com", "nobody@example.com"):
        answer = Seat(room.url).send("/login", email=email, password=WRONG)
        assert answer.status_code == 401
        assert "邮箱、密码或动态验证码不正确。" in answer.text
    for _ in range(4):
        Seat(room.url).send("/login", email="wang@example.com", password=WRONG)
    refused = Seat(room.url).send("/login", email="wang@example.com", password=PASSWORD)
    assert refused.status_code == 429
    assert not refused.cookies


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "x"])
def test_signing_in_leads_to_no_other_site(room: Room, elsewhere: str) -> None:
    employ(room, "wang@example.com")
    fields = {"email": "wang@example.com", "password": PASSWORD, "next": elsewhere}
    assert room.post("/login", fields).headers["Location"] == "/today"
    assert room.post("/login", fields, Origin="https://evil.example").status_code == 403
    assert room.post("/login", fields, Origin="null").status_code == 403


def test_a_session_ends(room: Room) -> None:
    employ(room, "wang@example.com")
    seat = sign_in(room, "wang@example.com")
    for _ in range(2):
        room.wait(minutes=119)
        assert seat.get("/account").status_code == 200, "it is in use"
    room.wait(minutes=121)
    assert seat.get("/account").headers["Location"] == "/login?next=%2Faccount"


def test_signing_out_everywhere_and_another_password_end_all_sessions(room: Room) -> None:
    employ(room, "wang@example.com")
    one, other = sign_in(room, "wang@example.com"), sign_in(room, "wang@example.com")
    assert one.page("/account").words.count("python-requests") == 2
    assert one.send("/account", "/account/sign-out-everywhere").status_code == 303
    assert {each.get("/").headers.get("Location") for each in (one, other)} == {"/login"}
    one, other = sign_in(room, "wang@example.com"), sign_in(room, "wang@example.com")
    new = {"new": "夏天里的第18只云雀", "again": "夏天里的第18只云雀"}
    refused = one.send("/account", "/account/password", password=WRONG, **new)
    assert (refused.status_code, "目前的密码不正确" in refused.text) == (422, True)
    assert one.send("/account", "/account/password", password=PASSWORD, **new).status_code == 303
    assert one.get("/account").status_code == 200
    assert other.get("/").headers["Location"] == "/login"
    assert sign_in(room, "wang@example.com", password=new["new"])


def test_a_code_is_set_up_asked_for_and_switched_off(room: Room) -> None:
    employ(room, "wang@example.com")
    seat = sign_in(room, "wang@example.com")
    page = seat.page("/account")
    assert "svg" in page.names()
    secret = next(hidden["secret"] for _, hidden in page.forms if "secret" in hidden)
    wrong = seat.send("/account", "/account/second-factor", password=PASSWORD, code="000000")
    assert wrong.status_code == 422
    code = pyotp.TOTP(secret).at(room.context.now())
    path = "/account/second-factor"
    fields = {**seat.key, "secret": secret, "password": PASSWORD, "code": code}
    assert seat.post(path, fields).status_code == 303
    asked = Seat(room.url).send("/login", email="wang@example.com", password=PASSWORD)
    assert (asked.status_code, "请输入验证器上的动态验证码" in asked.text) == (401, True)
    room.wait(seconds=30)
    code = pyotp.TOTP(secret).at(room.context.now())
    fields = {"email": "wang@example.com", "password": PASSWORD, "code": code}
    key = room.context.settings.storage.directory / "contact.key"
    kept = key.read_bytes()
    key.write_bytes(Fernet.generate_key())
    refused = Seat(room.url).send("/login", **fields)
    assert (refused.status_code, "密钥已经更换" in refused.text) == (503, True)
    key.write_bytes(kept)
    assert sign_in(room, "wang@example.com", code=code)
    assert seat.send("/account", path, password=PASSWORD).status_code == 303
    assert sign_in(room, "wang@example.com")
    assert AuditKind.SECOND_FACTOR_OFF in trail(room)


def test_without_accounts_the_pages_of_accounts_lead_nowhere(room: Room) -> None:
    assert room.get(f"{room.url}/login").headers["Location"] == "/today"
    seat = room.enter("wang@example.com")
    assert seat.get("/account").headers["Location"] == "/"


def test_a_link_of_the_desk_opens_nothing_where_there_are_accounts(room: Room) -> None:
    earlier = room.enter("wang@example.com")
    employ(room, "li@example.com")
    assert room.get(room.desk_link("wang@example.com")).headers["Location"] == "/login"
    assert earlier.get("/").headers["Location"] == "/login"


def test_a_mail_shows_its_case_and_acts_only_after_signing_in_and_for_whoever_does(room: Room) -> None:
    case = room.report()
    link = room.link(case, "dismiss")
    employ(room, "li@example.com")
    page = Page(room.get(link).text)
    assert "会计从业资格证" in page.marked
    assert page.steps() == []
    fields = {"token": token_of(link), "step": "dismiss", "note": "误判"}
    login = f"/login?next=%2Fcases%2F{case}"
    assert room.post(f"/cases/{case}", fields).headers["Location"] == login
    assert room.state(case) is CaseState.FOUND
    (offered,) = [str(each["href"]) for each in page.attributes("a") if "/login" in str(each["href"])]
    seat = sign_in(room, "li@example.com", offered)
    assert seat.get(link).headers["Location"] == f"/cases/{case}"
    assert seat.post(f"/cases/{case}", fields).headers["Location"] == f"/cases/{case}"
    assert room.state(case) is CaseState.FOUND, "a form of a mail acts for nobody"
    answer = seat.send(f"/cases/{case}", f"/cases/{case}/step", step="dismiss", note="误判")
    assert answer.status_code == 303
    assert room.state(case) is CaseState.DISMISSED
    assert room.events(case)[-1].actor == "li@example.com", "the mail was wang's"
    assert trail(room)[-1] is AuditKind.DECIDED


def test_rights_hold_on_every_page_and_for_every_form(room: Room) -> None:
    case = room.report()  # in 350900
    employ(room, "boss@example.com", Role.ADMINISTRATOR)
    employ(room, "look@example.com", Role.VIEWER)
    employ(room, "jilin@example.com", Role.REVIEWER, "220000")
    viewer, stranger = sign_in(room, "look@example.com"), sign_in(room, "jilin@example.com")
    path = f"/cases/{case}"
    assert viewer.page(path).steps() == []
    assert viewer.post(f"{path}/step", {**viewer.key, "step": "confirm"}).status_code == 403
    assert stranger.get(path).status_code == 404
    assert stranger.post(f"{path}/step", {**stranger.key, "step": "confirm"}).status_code == 404
    assert "会计从业资格" not in stranger.page("/cases").words
    assert "会计从业资格" not in stranger.get("/register.csv").text
    assert "会计从业资格" in viewer.get("/register.csv").text
    assert room.state(case) is CaseState.FOUND
    link = room.link(case)
    room.wait(days=20)
    boss = sign_in(room, "boss@example.com")
    assert boss.get(link).headers["Location"] == path, "the account opens it, however old the link is"
    assert "confirm" in boss.page(path).steps()


def test_a_substitute_acts_while_the_other_is_away(room: Room) -> None:
    case = room.report(Posting(TEXT))
    path = f"/cases/{case}"
    employ(room, "fujian@example.com", Role.REVIEWER, "350000")
    employ(room, "jilin@example.com", Role.REVIEWER, "220000")
    seat = sign_in(room, "jilin@example.com")
    assert seat.get(path).status_code == 404
    absent = sign_in(room, "fujian@example.com")
    days = {"since": "2026-11-02", "until": "2026-11-06"}
    answer = absent.send("/account", "/account/leave", to="jilin@example.com", **days)
    assert answer.status_code == 303
    assert "jilin@example.com" in absent.page("/account").words
    assert seat.get(path).status_code == 200
    assert absent.send("/account", "/account/leave").status_code == 303
    assert seat.get(path).status_code == 404
    days = {"since": "2026-11-03", "until": "2026-11-03"}
    absent.send("/account", "/account/leave", to="jilin@example.com", **days)
    assert seat.get(path).status_code == 404, "not yet"


def test_who_needs_a_code_sets_it_up_first(room: Room) -> None:
    case = room.report()
    employ(room, "boss@example.com", Role.ADMINISTRATOR)
    rules = room.context.settings.accounts.model_copy(update={"second_factor": "administrators"})
    object.__setattr__(room.context.settings, "accounts", rules)
    seat = sign_in(room, "boss@example.com")
    for path in ("/today", "/cases", f"/cases/{case}", "/register.csv"):
        assert seat.get(path).headers.get("Location") == "/account", path
    assert "请先启用动态验证码" in seat.page("/account").words
    fields = {"step": "confirm", **seat.key_of("/account")}
    assert seat.post(f"/cases/{case}/step", fields).headers["Location"] == "/account"
    assert room.state(case) is CaseState.FOUND


def test_what_may_hold_personal_data_is_written_down_when_it_is_read(room: Room) -> None:
    case = room.report()
    employ(room, "wang@example.com")
    seat = sign_in(room, "wang@example.com")
    seat.page(f"/cases/{case}")
    before = len(trail(room))
    assert seat.get("/register.csv?state=all").status_code == 200
    assert seat.get(f"/cases/{case}/evidence.zip").status_code == 200
    assert trail(room)[before:] == [AuditKind.EXPORTED, AuditKind.READ]
    with Session(room.engine) as session:
        read, exported, *_ = read_trail(session)
    assert (read.actor, read.case_id, read.origin) == ("wang@example.com", case, "127.0.0.1")
    assert exported.detail == "state=all"


def test_a_token_is_shown_once_and_withdrawn(room: Room) -> None:
    employ(room, "wang@example.com")
    seat = sign_in(room, "wang@example.com")
    shown = seat.send("/account", "/account/tokens", name="台账")
    assert "qw_" in shown.text
    page = seat.page("/account")
    assert "qw_" not in page.html
    assert "台账" in page.words
    assert seat.send("/account", "/account/tokens/withdraw").status_code == 303
    assert "台账" not in seat.page("/account").words
    assert trail(room)[-2:] == [AuditKind.TOKEN_MADE, AuditKind.TOKEN_WITHDRAWN]


def test_pages_of_accounts_speak_english_and_say_nothing_of_others(room: Room) -> None:
    employ(room, "wang@example.com")
    page = Page(room.get(f"{room.url}/login?language=en").text)
    assert "Password" in page.words
    wrong = {"email": '"><script>alert(1)</script>', "password": "x"}
    answer = room.post("/login?language=en", wrong)
    assert "<script" not in answer.text
    assert "is not right" in answer.text
