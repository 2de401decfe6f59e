"""What holds for every answer, and against whoever means no good."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
import structlog
from sqlalchemy import Engine
from sqlmodel import Session

from alerts.delivery.links import console_address, last_served
from alerts.metrics.collected import Metrics
from cases.history import mark_notified
from console import serving
from console.serving import serve_console
from jobs.context import Context
from settings.console import Console
from settings.errors import StartError
from tests.console.visitor import Page, Room, token_of
from vocabulary.codes import CaseState

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)


def _port(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


@contextlib.contextmanager
def _served(context: Context, *, is_default: bool = False, **console: object) -> Iterator[Room]:
    """A console whose settings are changed; ``is_default``: as if nobody had written them."""
    changed = context.settings.console.model_copy(update=console)
    if is_default:
        changed = Console.model_construct(set(), **dict(changed))
    settings = context.settings.model_copy(update={"console": changed})
    there = dataclasses.replace(context, settings=settings)
    metrics = Metrics(context.engine, (), context.now)
    with serve_console(lambda: there, metrics) as (url, _):
        yield Room(url, there, metrics)


def _raw(room: Room, request: bytes) -> bytes:
    """What the console answers to bytes."""
    with socket.create_connection(("127.0.0.1", _port(room.url)), timeout=10) as connection:
        connection.sendall(request)
        answer = b""
        with contextlib.suppress(ConnectionError):
            while more := connection.recv(65536):
                answer += more
        return answer


def test_every_answer_has_the_headers(room: Room) -> None:
    link = room.link(room.report())
    answers = [
        room.get(link),
        room.get(f"{room.url}/"),
        room.get(f"{room.url}/nothing/here"),
        room.get(f"{room.url}/static/console.css"),
        room.get(link[:-4]),
        room.post("/cases/1", {"token": token_of(link), "step": "confirm"}),
        requests.put(link, timeout=10),
        room.get(link, Host="evil.example"),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 404, 200, 403, 303, 405, 400]
    for answer in answers:
        assert answer.headers["Content-Security-Policy"] == POLICY
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Server" not in answer.headers
        assert "Set-Cookie" not in answer.headers


def test_pages_bring_nothing_from_elsewhere_and_no_script(room: Room) -> None:
    page = Page(room.get(room.link(room.report())).text)
    for tag, name in (("link", "href"), ("img", "src"), ("form", "action")):
        for values in page.attributes(tag):
            assert str(values[name]).startswith("/")
            if tag == "link":
                assert room.get(room.url + str(values[name])).status_code == 200
    assert not page.names() & {"script", "style", "iframe"}
    assert not any("style" in values for _, values in page.tags)


def test_a_form_that_another_site_sends_is_refused(room: Room) -> None:
    case = room.report()
    fields = {"token": token_of(room.link(case)), "step": "confirm"}
    for headers in (
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
    ):
        assert room.post("/cases/1", fields, **headers).status_code == 403
        assert room.post("/links", fields, **headers).status_code == 403
    assert room.state(case) is CaseState.FOUND
    own = {"Sec-Fetch-Site": "same-origin", "Origin": room.url}
    assert room.post("/cases/1", fields, **own).status_code == 303
    assert room.post("/cases/1", fields, Origin=room.url).status_code == 303


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "a b", "[::1", "x" * 5000])
def test_another_name_of_the_host_is_refused(room: Room, host: str) -> None:
    link = room.link(room.report())
    path = f"{urlsplit(link).path}?{urlsplit(link).query}"
    answer = _raw(room, f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_long_forms_are_refused(room: Room) -> None:
    case = room.report()
    fields = {"token": token_of(room.link(case)), "step": "dismiss"}
    assert room.post("/cases/1", {**fields, "note": "x" * 70_000}).status_code == 413
    assert room.post("/cases/1", {**fields, **{f"f{n}": "x" for n in range(50)}}).status_code == 400
    endless = (b"note=" + b"x" * 60_000 for _ in range(50))
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    with contextlib.suppress(requests.ConnectionError):  # the answer comes before all is sent
        answer = requests.post(f"{room.url}/cases/1", data=endless, headers=form, timeout=10)
        assert answer.status_code == 413
    files = {"note": ("a.txt", b"x" * 100)}
    assert requests.post(f"{room.url}/cases/1", data=fields, files=files, timeout=10).status_code == 400
    assert requests.post(f"{room.url}/cases/1", data=b"\xff\x00{", timeout=10).status_code == 403
    assert room.state(case) is CaseState.FOUND


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 200_000 + b"\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /cases/1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /cases/1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        b"GET /%ff%fe/..%2f..%2fetc/passwd HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"GET /static/..%2f..%2fpages.py HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"GET /static/../pages.py HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused_and_the_next_one_answered(room: Room, request_: bytes) -> None:
    assert _raw(room, request_)[:13] in {b"HTTP/1.1 400 ", b"HTTP/1.1 404 "}
    assert room.get(f"{room.url}/").status_code == 200


def test_whoever_sends_slowly_is_cut_off(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "CONNECTION_SECONDS", 0.6)
    head = b"POST /cases/1 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    with _served(context) as room:
        for beginning in (b"", b"GET /ca", head + b"Content-Length: 500\r\n\r\ntoken=x"):
            began = time.monotonic()
            assert _raw(room, beginning) == b""
            assert time.monotonic() - began < 5
        assert room.get(f"{room.url}/").status_code == 200


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_crowd_that_says_nothing_keeps_nobody_out_and_takes_few_descriptors(context: Context) -> None:
    with _served(context) as room, contextlib.ExitStack() as stack:
        before, crowd = _descriptors(), 3 * serving.CONNECTIONS
        for _ in range(crowd):
            stack.enter_context(socket.create_connection(("127.0.0.1", _port(room.url)), timeout=5))
        for _ in range(5):
            began = time.monotonic()
            assert room.get(f"{room.url}/").status_code == 200
            assert time.monotonic() - began < 5
        ours = _descriptors() - before - crowd
        assert ours <= serving.CONNECTIONS + serving.ACCEPTED_AT_ONCE


def test_whoever_sends_no_request_is_cut_off(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "HEAD_SECONDS", 0.3)
    with _served(context) as room:
        assert _raw(room, b"GET / HTTP/1.1\r\nHost: loc") == b""
        assert room.get(f"{room.url}/").status_code == 200


def test_ending_waits_for_nobody(context: Context) -> None:
    with contextlib.ExitStack() as stack:
        with _served(context) as room:
            address = ("127.0.0.1", _port(room.url))
            open_ones = [stack.enter_context(socket.create_connection(address)) for _ in range(5)]
            open_ones[0].sendall(b"GET / HTTP/1.1\r\nHost: loc")
            time.sleep(0.2)
            began = time.monotonic()
        assert time.monotonic() - began < 8
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)


def test_the_log_and_the_count_hold_no_tokens(room: Room) -> None:
    link = room.link(room.report())
    with structlog.testing.capture_logs() as logged:
        room.get(link)
        room.get(link + "x")
        room.get(f"{room.url}/nothing?token={token_of(link)}")
        room.post("/cases/1", {"token": token_of(link), "step": "confirm"})
    lines = [line for line in logged if line["event"] == "console_request"]
    assert [(line["route"], line["status"]) for line in lines] == [
        ("case", 200),
        ("case", 403),
        ("other", 404),
        ("step", 303),
    ]
    assert token_of(link)[:20] not in str(logged)
    assert room.requests_counted("case", 200) == 1
    assert room.requests_counted("case", 403) == 1
    assert room.requests_counted("step", 303) == 1


def test_a_database_that_does_not_answer_is_said_and_nothing_is_lost(room: Room, engine: Engine) -> None:
    link = room.link(room.report())
    with engine.begin() as connection:
        connection.exec_driver_sql('ALTER TABLE "case" RENAME TO hidden')
    with structlog.testing.capture_logs() as logged:
        answer = room.get(link)
    assert [line["why"] for line in logged if line["event"] == "console_database_failed"] == [
        "no such table: case"
    ]
    assert answer.status_code == 503
    assert "请稍后重试" in answer.text
    assert "sqlite" not in answer.text.lower()
    with engine.begin() as connection:
        connection.exec_driver_sql('ALTER TABLE hidden RENAME TO "case"')
    assert room.get(link).status_code == 200


def test_what_nobody_thought_of_is_said_logged_and_counted(room: Room, engine: Engine) -> None:
    link = room.link(room.report())
    assert (
        room.metrics.registry.get_sample_value(
            "qualwatch_console_requests_total", {"route": "case", "status": "500"}
        )
        == 0
    )
    with engine.begin() as connection:
        connection.exec_driver_sql("""UPDATE "case" SET severity = 'unheard-of'""")
    with structlog.testing.capture_logs() as logged:
        answer = room.get(link)
        deadline = time.monotonic() + 10
        while not any(line["event"] == "console_failed" for line in logged):  # written after the answer
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert answer.status_code == 500
    assert "联系系统管理员查看日志" in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["Content-Security-Policy"] == POLICY
    (line,) = [line for line in logged if line["event"] == "console_failed"]
    assert line["route"] == "case"
    assert room.requests_counted("case", 500) == 1


def test_the_decision_is_counted_with_its_time(room: Room) -> None:
    case = room.report()
    with Session(room.engine) as session, session.begin():
        mark_notified(session, [case], message=1, recipient="wang@example.com", at=room.context.now())
    room.wait(hours=3)
    room.follow(room.take(room.link(case, "dismiss"), "dismiss", note="误判"))
    sample = room.metrics.registry.get_sample_value
    waited = {"severity": "high"}
    assert sample("qualwatch_mail_to_decision_seconds_sum", waited) == pytest.approx(3 * 3600, abs=1)
    assert sample("qualwatch_mail_to_decision_seconds_count", waited) == 1


def test_a_default_port_that_is_taken_moves_and_is_taken_again_at_the_next_start(context: Context) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with _served(context, is_default=True, port=port) as room:
            moved = room.url
            assert _port(moved) != port
            assert console_address(room.context.settings) == moved
            assert room.link(1).startswith(f"{moved}/cases/1/open?token=")
            assert room.get(f"{moved}/").status_code == 200
    with _served(context, is_default=True, port=port) as room:
        assert room.url == moved


def test_a_port_that_was_written_and_is_taken_is_refused(context: Context) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match=f"console.port = {port}"):
            _served(context, port=port).__enter__()


def test_another_configured_port_forgets_the_one_of_the_last_time(context: Context) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with _served(context, port=0):
        pass
    with _served(context, port=port) as room:
        assert _port(room.url) == port


@pytest.mark.parametrize(
    "remembered", ["", "x", "127.0.0.1:0 http://127.0.0.1:99999", "127.0.0.1:0 é", "a b c"]
)
def test_a_spoilt_memory_of_the_last_time_is_no_matter(context: Context, remembered: str) -> None:
    (context.settings.storage.directory / "console.address").write_bytes(remembered.encode("gb18030"))
    with _served(context) as room:
        assert room.get(f"{room.url}/").status_code == 200
        served = last_served(context.settings.storage.directory)
        assert served is not None
        assert served.url == room.url


def test_behind_a_proxy_a_taken_port_is_an_error(context: Context) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match=f"console.port = {port}"):
            _served(context, port=port, base_url="https://q.example.com").__enter__()


def test_an_address_of_no_machine_is_an_error(context: Context) -> None:
    with pytest.raises(StartError, match=r"console.host = '192.0.2.1'"):
        _served(context, host="192.0.2.1").__enter__()


@pytest.mark.parametrize("host", ["::1", "localhost", "127.0.0.2"])
def test_any_address_of_this_machine_will_do(context: Context, host: str) -> None:
    if host == "::1" and not _has_ipv6():
        pytest.skip("this machine has no IPv6 loopback to listen on")
    with _served(context, host=host) as room:
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
    with _served(context, base_url="https://q.example.com/watch/") as room:
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
    with _served(context) as room:
        off = room.context.settings.console.model_copy(update={"enabled": False})
        settings = room.context.settings.model_copy(update={"console": off})
        assert console_address(settings) == ""
        assert console_address(room.context.settings) == room.url


def test_mails_that_leave_this_machine_have_buttons_only_with_an_address(context: Context) -> None:
    smtp = context.settings.mail.model_copy(update={"channel": "smtp"})
    away = dataclasses.replace(context, settings=context.settings.model_copy(update={"mail": smtp}))
    with structlog.testing.capture_logs() as logged:
        with _served(away) as room:
            assert console_address(room.context.settings) == ""
        with _served(away, base_url="https://q.example.com") as room:
            assert console_address(room.context.settings) == "https://q.example.com"
    assert [line["event"] for line in logged].count("mails_have_no_buttons") == 1


def test_the_end_of_the_console_is_a_problem(context: Context) -> None:
    with serve_console(lambda: context, Metrics(context.engine, (), context.now)) as served:
        assert list(served.problems()) == []
    (problem,) = served.problems()
    assert "start qualwatch again" in problem
