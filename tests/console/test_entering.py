"""Coming to the desk by a link, and what the cookie opens."""

from __future__ import annotations

from console.viewer import viewer_by_email
from tests.console.visitor import Room, token_of


def test_a_link_opens_the_desk_for_its_owner_for_a_day(room: Room) -> None:
    seat = room.enter("wang@example.com")
    assert "王科长" in seat.first().words
    cookie = seat.cookie
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "lax"
    room.wait(hours=11)
    assert "请从邮件进入" in seat.first().words


def test_a_link_that_was_changed_or_is_old_opens_nothing(room: Room) -> None:
    link = room.desk_link("wang@example.com")
    assert room.get(f"{link[:-3]}abc").status_code == 403
    assert room.get(f"{room.url}/enter").status_code == 403
    other_kind = token_of(room.link(room.report()))
    assert room.get(f"{room.url}/enter?token={other_kind}").status_code == 403
    room.wait(minutes=31)
    answer = room.get(link)
    assert answer.status_code == 403
    assert not answer.cookies


def test_a_cookie_of_ones_own_making_is_nobodys(room: Room) -> None:
    seat = room.enter("wang@example.com")
    cookie = seat.cookie
    for value in ("", "x", f"{cookie.value}x", token_of(room.desk_link("li@example.com"))):
        answer = room.get(f"{room.url}/", Cookie=f"{cookie.name}={value}")
        assert "请从邮件进入" in answer.text


def test_who_leaves_the_configuration_leaves_the_desk(room: Room) -> None:
    settings = room.context.settings
    assert viewer_by_email(settings, "wang@example.com", "key") is not None
    others = tuple(each for each in settings.supervisors if each.email != "wang@example.com")
    assert (
        viewer_by_email(settings.model_copy(update={"supervisors": others}), "wang@example.com", "key")
        is None
    )


def test_leaving_closes_the_desk_in_this_browser(room: Room) -> None:
    seat = room.enter("wang@example.com")
    assert seat.post("/leave", {}).status_code == 403
    assert seat.post("/leave", seat.key, Origin="null").status_code == 403
    assert "王科长" in seat.first().words
    assert seat.post("/leave", seat.key).status_code == 303
    assert "请从邮件进入" in seat.first().words


def test_the_desk_speaks_english_by_a_switch(room: Room) -> None:
    seat = room.enter("wang@example.com")
    back = next(hidden["back"] for _, hidden in seat.first().forms if "back" in hidden)
    assert seat.post("/language", {**seat.key, "code": "en", "back": back}).headers["Location"] == "/today"
    assert 'lang="en"' in seat.get("/today").text
    assert "Today" in seat.first().words
    seat.post("/language", {**seat.key, "code": "xx", "back": "/"})
    assert "Today" in seat.first().words


def test_the_way_back_leads_to_no_other_site(room: Room) -> None:
    seat = room.enter("wang@example.com")
    elsewhere = (
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\evil.example",
        "x",
        "/\n/x",
    )
    for back in elsewhere:
        assert (
            seat.post("/language", {**seat.key, "code": "en", "back": back}).headers["Location"] == "/today"
        )
    assert seat.post("/language", {**seat.key, "code": "en", "back": "/?a=1"}).headers["Location"] == "/?a=1"
