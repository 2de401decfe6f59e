"""Where the console is served: ports, addresses, proxies, and what mails know of them."""

from __future__ import annotations

import dataclasses
import socket
from pathlib import Path

import pytest
import structlog

from alerts.delivery.links import console_address, last_served
from jobs.context import Context
from settings.errors import StartError
from tests.console.visitor import Page, port_of, served
from vocabulary.codes import CaseState


def test_a_default_port_that_is_taken_moves_and_is_taken_again_at_the_next_start(context: Context) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with served(context, is_default=True, port=port) as room:
            moved = room.url
            assert port_of(moved) != port
            assert console_address(room.context.settings) == moved
            assert room.link(1).startswith(f"{moved}/cases/1/open?token=")
            assert room.get(f"{moved}/").status_code == 200
    with served(context, is_default=True, port=port) as room:
        assert room.url == moved


def test_a_port_that_was_written_and_is_taken_is_refused(context: Context) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match=f"console.port = {port}"):
            served(context, port=port).__enter__()


def test_another_configured_port_forgets_the_one_of_the_last_time(context: Context) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with served(context, port=0):
        pass
    with served(context, port=port) as room:
        assert port_of(room.url) == port


@pytest.mark.parametrize(
    "remembered", ["", "x", "127.0.0.1:0 http://127.0.0.1:99999", "127.0.0.1:0 é", "a b c"]
)
def test_a_spoilt_memory_of_the_last_time_is_no_matter(context: Context, remembered: str) -> None:
    (context.settings.storage.directory / "console.address").write_bytes(remembered.encode("gb18030"))
    with served(context) as room:
        assert room.get(f"{room.url}/").status_code == 200
        kept = last_served(context.settings.storage.directory)
        assert kept is not None
        assert kept.url == room.url


def test_behind_a_proxy_a_taken_port_is_an_error(context: Context) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match=f"console.port = {port}"):
            served(context, port=port, base_url="https://q.example.com").__enter__()


def test_an_address_of_no_machine_is_an_error(context: Context) -> None:
    with pytest.raises(StartError, match=r"console.host = '192.0.2.1'"):
        served(context, host="192.0.2.1").__enter__()


@pytest.mark.parametrize("host", ["::1", "localhost", "127.0.0.2"])
def test_any_address_of_this_machine_will_do(context: Context, host: str) -> None:
    if host == "::1" and not _has_ipv6():
        pytest.skip("this machine has no IPv6 loopback to listen on")
    with served(context, host=host) as room:
        case = room.report()
        room.follow(room.take(room.link(case), "confirm"))
        assert room.state(case) is CaseState.CONFIRMED


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as tried:
            tried.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.parametrize("keeps_path", [True, False])
def test_a_proxy_may_serve_it_in_a_folder(context: Context, keeps_path: bool) -> None:
    with served(context, base_url="https://q.example.com/watch/") as room:
        case = room.report()
        link = room.link(case)
        assert link.startswith("https://q.example.com/watch/cases/1/open?token=")
        outside = "https://q.example.com" if keeps_path else "https://q.example.com/watch"

        def through(url: str) -> str:
            """The address at which the proxy asks the console."""
            return url.replace(outside, room.url) if url.startswith("https") else room.url + url

        host = {"Host": "q.example.com"}
        page = Page(room.get(through(link), **host).text)
        (style,) = [values["href"] for values in page.attributes("link") if values["rel"] == "stylesheet"]
        assert style == "/watch/static/console.css"
        assert room.get(room.url + str(style), **host).status_code == 200
        action, hidden = next(form for form in page.forms if form[1]["step"] == "confirm")
        assert action == "/watch/cases/1"
        done = room.post(action, hidden, Origin="https://q.example.com", **host)
        assert done.headers["Location"].startswith("/watch/cases/1/open?token=")
        assert room.state(case) is CaseState.CONFIRMED


def test_without_a_console_mails_have_no_buttons(context: Context, tmp_path: Path) -> None:
    with served(context) as room:
        off = room.context.settings.console.model_copy(update={"enabled": False})
        settings = room.context.settings.model_copy(update={"console": off})
        assert console_address(settings) == ""
        assert console_address(room.context.settings) == room.url


def test_mails_that_leave_this_machine_have_buttons_only_with_an_address(context: Context) -> None:
    smtp = context.settings.mail.model_copy(update={"channel": "smtp"})
    away = dataclasses.replace(context, settings=context.settings.model_copy(update={"mail": smtp}))
    with structlog.testing.capture_logs() as logged:
        with served(away) as room:
            assert console_address(room.context.settings) == ""
        with served(away, base_url="https://q.example.com") as room:
            assert console_address(room.context.settings) == "https://q.example.com"
    assert [line["event"] for line in logged].count("mails_have_no_buttons") == 1
