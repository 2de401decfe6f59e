"""Accounts, passwords, sessions and tokens, on each database."""

from __future__ import annotations

from pathlib import Path

import pyotp
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select

from accounts import people, second_factor, sessions, tokens
from accounts.errors import AccountError
from accounts.passwords import check_password, hash_password, is_password
from accounts.people import Person
from accounts.sign_in import FOR_ONE_ACCOUNT, FROM_ONE_PLACE, Refused
from storage.sealing import Seal
from storage.tables import Account, AccountSession, AuditEntry
from tests.accounts.office import NOW, PASSWORD, RULES, Office
from vocabulary.people import AuditKind, Role


def test_a_password_is_kept_as_argon2id_and_known_again_however_a_keyboard_writes_it() -> None:
    kept = hash_password("ｃａｆé-二零二六年")
    assert kept.startswith("$argon2id$")
    assert is_password(kept, "café-二零二六年")
    assert not is_password(kept, "cafe-二零二六年")
    assert not is_password("", "")
    assert not is_password("garbage", PASSWORD)


@pytest.mark.parametrize(
    "password", ["短", "aaaaaaaaaaaa", "1234567890", "abcdefghijk", "abababababab", "my-wang-1987", "x" * 129]
)
def test_a_password_that_is_guessed_at_once_is_refused(password: str) -> None:
    with pytest.raises(AccountError):
        check_password(password, "Wang@example.com", 10)


def test_a_new_account_is_entered_by_its_link_once(office: Office) -> None:
    with office.transaction() as session:
        account = people.add(
            session, Person(" Wang@Example.com", "王科长", Role.REVIEWER), actor="root", now=NOW
        )
        token = people.invite(session, account, RULES, now=NOW)
    assert account.email == "wang@example.com"
    assert office.sign_in("wang@example.com", "") is Refused.WRONG
    with office.transaction() as session:
        invited = people.invited(session, token, NOW)
        assert invited is not None
        people.choose_password(session, invited, PASSWORD, RULES, now=NOW)
        assert people.invited(session, token, NOW) is None
    assert office.who(str(office.sign_in("WANG@example.com"))) == "wang@example.com"


def test_a_link_ends_and_a_later_one_ends_the_earlier(office: Office) -> None:
    account = office.employ("wang@example.com")
    with office.transaction() as session:
        account = session.get_one(Account, account.id)
        earlier = people.invite(session, account, RULES, now=NOW)
        later = people.invite(session, account, RULES, now=NOW)
    office.wait(hours=RULES.invitation_hours)
    with office.transaction() as session:
        assert people.invited(session, earlier, NOW) is None
        assert people.invited(session, later, NOW) is not None
        assert people.invited(session, later, office.now) is None
        assert people.invited(session, "", NOW) is None


def test_the_same_address_has_one_account(office: Office) -> None:
    office.employ("wang@example.com")
    with pytest.raises(AccountError, match="已有账号"):
        office.employ("WANG@example.com")
    with pytest.raises(AccountError, match="不是邮箱地址"):
        office.employ("wang")


def test_a_session_ends_with_its_day_when_left_alone_and_when_told(office: Office) -> None:
    office.employ("wang@example.com")
    token = str(office.sign_in("wang@example.com"))
    office.wait(minutes=RULES.idle_minutes - 1)
    assert office.who(token) == "wang@example.com"
    office.wait(minutes=1)
    assert office.who(token) is None
    first, second = str(office.sign_in("wang@example.com")), str(office.sign_in("wang@example.com"))
    with office.transaction() as session:
        sessions.end(session, first, now=office.now, origin="")
    assert [office.who(each) for each in (first, second)] == [None, "wang@example.com"]
    third = str(office.sign_in("wang@example.com"))
    with office.transaction() as session:
        account = people.get(session, "wang@example.com")
        assert sessions.end_all(session, account, actor=account.email, now=office.now) == 2
    assert [office.who(each) for each in (second, third)] == [None, None]


def test_a_session_in_use_ends_all_the_same(office: Office) -> None:
    office.employ("wang@example.com")
    token = str(office.sign_in("wang@example.com"))
    for _ in range(RULES.session_hours):
        assert office.who(token) == "wang@example.com"
        office.wait(hours=1)
        with office.transaction() as session:
            found = sessions.find(session, token, RULES, office.now)
            if found is not None:
                assert sessions.is_to_be_noted(found, office.now)
                sessions.note(session, found, office.now)
    assert office.who(token) is None


def test_the_database_keeps_nothing_that_opens_a_session(office: Office) -> None:
    office.employ("wang@example.com")
    token = str(office.sign_in("wang@example.com"))
    with office.transaction() as session:
        (kept,) = session.exec(select(AccountSession)).all()
        assert token not in str(kept.model_dump())
    assert office.who(kept.digest) is None


def test_who_is_disabled_or_reset_is_out_at_once(office: Office) -> None:
    office.employ("boss@example.com", Role.ADMINISTRATOR)
    office.employ("wang@example.com")
    token = str(office.sign_in("wang@example.com"))
    with office.transaction() as session:
        people.disable(session, people.get(session, "wang@example.com"), actor="root", now=NOW)
    assert office.who(token) is None
    assert office.sign_in("wang@example.com") is Refused.WRONG
    with office.transaction() as session:
        people.enable(session, people.get(session, "wang@example.com"), actor="root", now=NOW)
    token = str(office.sign_in("wang@example.com"))
    with office.transaction() as session:
        people.reset(session, people.get(session, "wang@example.com"), actor="root", now=NOW)
    assert office.who(token) is None
    assert office.sign_in("wang@example.com") is Refused.WRONG


def test_the_last_administrator_stays(office: Office) -> None:
    office.employ("boss@example.com", Role.ADMINISTRATOR)
    with pytest.raises(AccountError, match="唯一的管理员"), office.transaction() as session:
        people.disable(session, people.get(session, "boss@example.com"), actor="root", now=NOW)


def test_wrong_tries_are_counted_for_account_and_machine_and_forgiven_after_a_while(office: Office) -> None:
    office.employ("wang@example.com")
    for _ in range(FROM_ONE_PLACE):
        assert office.sign_in("wang@example.com", "wrong") is Refused.WRONG
    assert office.sign_in("wang@example.com") is Refused.THROTTLED
    # Somebody who guesses elsewhere does not lock out its owner.
    assert office.who(str(office.sign_in("wang@example.com", origin="192.0.2.8")))
    office.wait(minutes=15)
    assert office.who(str(office.sign_in("wang@example.com")))


def test_a_crowd_of_machines_does_not_try_more(office: Office) -> None:
    office.employ("wang@example.com")
    with office.transaction() as session:
        for number in range(FOR_ONE_ACCOUNT):
            session.add(
                AuditEntry(
                    at=NOW,
                    kind=AuditKind.SIGN_IN_REFUSED,
                    subject="wang@example.com",
                    origin=f"198.51.100.{number}",
                )
            )
    assert office.sign_in("wang@example.com", origin="203.0.113.1") is Refused.THROTTLED


def test_an_address_without_account_is_answered_like_a_wrong_password(office: Office) -> None:
    for _ in range(FROM_ONE_PLACE):
        assert office.sign_in("nobody@example.com") is Refused.WRONG
    assert office.sign_in("nobody@example.com") is Refused.THROTTLED


def test_a_code_is_asked_for_and_taken_once(office: Office) -> None:
    account = office.employ("wang@example.com")
    secret = second_factor.new_secret()
    code = pyotp.TOTP(secret).at(NOW)
    with office.transaction() as session:
        account = session.get_one(Account, account.id)
        assert not second_factor.switch_on(
            session, account, secret, "000000", office.seal, now=NOW, origin=""
        )
        assert second_factor.switch_on(session, account, secret, code, office.seal, now=NOW, origin="")
        assert secret not in account.totp_secret
    assert office.sign_in("wang@example.com") is Refused.CODE
    assert office.sign_in("wang@example.com", code=code) is Refused.WRONG, "it was taken already"
    office.wait(seconds=30)
    assert office.sign_in("wang@example.com", "wrong", pyotp.TOTP(secret).at(office.now)) is Refused.WRONG
    code = pyotp.TOTP(secret).at(office.now)
    assert office.who(str(office.sign_in("wang@example.com", code=f"{code[:3]} {code[3:]}")))
    assert office.sign_in("wang@example.com", code=code) is Refused.WRONG
    assert "svg" in second_factor.picture_of(secret, "wang@example.com")
    office.wait(seconds=30)
    office.seal = Seal(Path(), Fernet.generate_key().decode())
    code = pyotp.TOTP(secret).at(office.now)
    assert office.sign_in("wang@example.com", code=code) is Refused.SEALED
    assert office.sign_in("wang@example.com", "wrong", code) is Refused.WRONG


def test_who_has_to_set_up_a_code_is_said_by_the_rules() -> None:
    boss, wang = (Account(email=role, name=role, role=role) for role in (Role.ADMINISTRATOR, Role.REVIEWER))
    asked = {
        rule: [
            second_factor.is_missing(each, RULES.model_copy(update={"second_factor": rule}))
            for each in (boss, wang)
        ]
        for rule in ("optional", "administrators", "all")
    }
    assert asked == {"optional": [False, False], "administrators": [True, False], "all": [True, True]}


def test_a_token_acts_for_its_account_until_it_ends(office: Office) -> None:
    account = office.employ("wang@example.com")
    with office.transaction() as session:
        token = tokens.make(session, account, "台账\n同步", RULES, reads_only=True, actor="w", now=NOW)
        bearer = tokens.find(session, token, NOW)
        assert bearer is not None
        assert (bearer.account.email, bearer.token.name) == ("wang@example.com", "台账 同步")
        office.wait(days=RULES.token_days)
        assert tokens.find(session, token, office.now) is None
        tokens.withdraw(session, account, bearer.token.id or 0, actor="w", now=NOW)
        assert tokens.find(session, token, NOW) is None


@pytest.mark.parametrize("change", ["UPDATE audit_entry SET actor = ''", "DELETE FROM audit_entry"])
def test_the_trail_is_written_and_never_changed(office: Office, change: str) -> None:
    office.employ("wang@example.com")
    office.sign_in("wang@example.com", "wrong")
    office.sign_in("wang@example.com")
    written = [AuditKind.ACCOUNT_ADDED, AuditKind.SIGN_IN_REFUSED, AuditKind.SIGNED_IN]
    assert office.trail(actor="wang@example.com") == written
    with pytest.raises(DBAPIError, match="append-only"), Session(office.engine) as session, session.begin():
        session.execute(text(change))
    assert office.trail() == written


def test_the_trail_cannot_be_emptied_at_once(office: Office) -> None:
    if office.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has no TRUNCATE")
    office.employ("wang@example.com")
    with pytest.raises(DBAPIError, match="append-only"), Session(office.engine) as session, session.begin():
        session.execute(text("TRUNCATE audit_entry"))
