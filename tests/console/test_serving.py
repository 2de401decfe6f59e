"""What holds for every answer, and against whoever means no good."""

from __future__ import annotations

import contextlib
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
import structlog
from sqlalchemy import Engine
from sqlmodel import Session

from alerts.metrics.collected import Metrics
from cases.history import mark_notified
from console import serving
from console.serving import serve_console
from jobs.context import Context
from tests.console.visitor import Page, Room, port_of, served, token_of
from vocabulary.codes import CaseState

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)


def _raw(room: Room, request: bytes) -> bytes:
    """What the console answers to bytes."""
    with socket.create_connection(("127.0.0.1", port_of(room.url)), timeout=10) as connection:
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
    with served(context) as room:
        for beginning in (b"", b"GET /ca", head + b"Content-Length: 500\r\n\r\ntoken=x"):
            began = time.monotonic()
            assert _raw(room, beginning) == b""
            assert time.monotonic() - began < 5
        assert room.get(f"{room.url}/").status_code == 200


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_crowd_that_says_nothing_keeps_nobody_out_and_takes_few_descriptors(context: Context) -> None:
    with served(context) as room, contextlib.ExitStack() as stack:
        before, crowd = _descriptors(), 3 * serving.CONNECTIONS
        for number in range(crowd):
            stack.enter_context(socket.create_connection(("127.0.0.1", port_of(room.url)), timeout=5))
            if number % serving.ACCEPTED_AT_ONCE == 0:  # who is answered knows that all before were let in
                began = time.monotonic()
                assert room.get(f"{room.url}/").status_code == 200
                assert time.monotonic() - began < 5
        ours = _descriptors() - before - crowd
        assert ours <= serving.CONNECTIONS + serving.ACCEPTED_AT_ONCE


def test_whoever_sends_no_request_is_cut_off(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "HEAD_SECONDS", 0.3)
    with served(context) as room:
        assert _raw(room, b"GET / HTTP/1.1\r\nHost: loc") == b""
        assert room.get(f"{room.url}/").status_code == 200


def test_ending_waits_for_nobody(context: Context) -> None:
    with contextlib.ExitStack() as stack:
        with served(context) as room:
            address = ("127.0.0.1", port_of(room.url))
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


def test_the_end_of_the_console_is_a_problem(context: Context) -> None:
    with serve_console(lambda: context, Metrics(context.engine, (), context.now)) as served:
        assert list(served.problems()) == []
    (problem,) = served.problems()
    assert "start qualwatch again" in problem
