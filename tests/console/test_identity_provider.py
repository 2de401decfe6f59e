"""Signing in at the office's identity provider: a real one, over real sockets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from joserfc.jwk import RSAKey
from pydantic import SecretStr

from accounts import people
from accounts.people import Person
from settings.accounts import Oidc
from tests.console.provider import Provider, serve_provider
from tests.console.visitor import Room, Seat
from vocabulary.people import Role


@pytest.fixture
def provider(room: Room) -> Iterator[Provider]:
    context = room.context
    with serve_provider() as provider:
        provider.claims["email"] = "Wang@example.com"
        provider.exp = int(context.now().timestamp()) + 300
        oidc = Oidc(issuer=provider.issuer, client_id="qualwatch", client_secret=SecretStr("geheim"))
        rules = context.settings.accounts.model_copy(update={"oidc": oidc})
        object.__setattr__(context.settings, "accounts", rules)
        with context.transaction() as session:
            person = Person("wang@example.com", "王科长", Role.REVIEWER)
            people.add(session, person, actor="root", now=context.now())
        yield provider


def _go(seat: Seat, path: str = "/oidc") -> tuple[int, str]:
    """The way there and back; the answer to coming back."""
    there = seat.get(path).headers["Location"]
    back = seat.get(there).headers["Location"]
    answer = seat.get(back)
    return answer.status_code, answer.headers.get("Location", "")


def test_whom_the_provider_names_is_let_in_with_the_rights_of_their_account(
    room: Room, provider: Provider
) -> None:
    seat = Seat(room.url)
    assert "统一身份认证" in seat.page("/login").words
    assert _go(seat, "/oidc?next=/account") == (303, "/account")
    assert "王科长" in seat.first().words
    assert seat.session.cookies.keys() == ["qualwatch_session"]


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"email": "nobody@example.com"}, 403),
        ({"email_verified": False}, 502),
        ({"email": 17}, 502),
        ({"nonce": "another"}, 502),
        ({"aud": "another"}, 502),
        ({"azp": "another"}, 502),
        ({"iss": "https://elsewhere.example"}, 502),
        ({"exp": 1}, 502),
    ],
    ids=str,
)
def test_a_token_that_is_not_for_us_lets_nobody_in(
    room: Room, provider: Provider, claims: dict[str, Any], status: int
) -> None:
    provider.claims |= claims
    seat = Seat(room.url)
    assert _go(seat) == (status, "")
    assert seat.get("/").headers["Location"] == "/login"


def test_a_token_of_another_signer_lets_nobody_in(room: Room, provider: Provider) -> None:
    provider.signing_key = RSAKey.generate_key(2048, {"kid": "one"})
    assert _go(Seat(room.url))[0] == 502


def test_who_was_sent_back_without_having_gone_is_not_let_in(room: Room, provider: Provider) -> None:
    victim, attacker = Seat(room.url), Seat(room.url)
    back = attacker.get(attacker.get("/oidc").headers["Location"]).headers["Location"]
    assert victim.get(back).status_code == 502
    victim.get("/oidc")
    assert victim.get(back).status_code == 502, "of another way there"
    assert victim.get("/").headers["Location"] == "/login"


def test_a_provider_that_is_down_or_another_one_is_said(room: Room, provider: Provider) -> None:
    provider.issuer = "https://elsewhere.example"
    assert Seat(room.url).get("/oidc").status_code == 502


def test_without_a_provider_there_is_no_way_there(room: Room) -> None:
    assert room.get(f"{room.url}/oidc").headers["Location"] == "/login"
    assert room.get(f"{room.url}/oidc/callback?code=x&state=y").status_code == 502
