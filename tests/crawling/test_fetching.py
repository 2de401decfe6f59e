"""A fetcher against a real server: pages, redirects, refusals, robots, pace."""

from __future__ import annotations

import re
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler

import pytest

from crawling.fetching.advice import ADVICE, advice
from crawling.fetching.fetcher import Fetcher
from crawling.fetching.model import FetchingStoppedError
from settings.model import Fetching
from tests.crawling.asking import Waits, failure, page
from tests.parts.loopback import Site, answer, redirect
from vocabulary.codes import Outcome, PageKind
from vocabulary.names import names_of


def test_a_page_comes_with_everything_that_evidence_needs(site: Site, fetcher: Fetcher) -> None:
    site["/a"] = answer("<p>公告</p>", ETag='"7"', X_Twice="1")
    fetched = page(fetcher, f"{site.address}/a#part")
    assert fetched.body == "<p>公告</p>".encode()
    assert (fetched.status, fetched.media_type, fetched.charset) == (200, "text/html", "utf-8")
    assert fetched.final_url == f"{site.address}/a"
    assert fetched.header("etag") == '"7"'
    sent = dict(fetched.request_headers)
    assert sent["User-Agent"] == "Qualwatch/0.1 (+mailto:qualwatch@localhost)"
    assert fetched.started_at.tzinfo is not None


def test_a_page_that_did_not_change_is_not_sent_again(site: Site, fetcher: Fetcher) -> None:
    def send(handler: BaseHTTPRequestHandler) -> None:
        known = handler.headers["If-None-Match"] == '"7"'
        answer(b"" if known else b"text", status=304 if known else 200, ETag='"7"')(handler)

    site["/a"] = send
    first = page(fetcher, f"{site.address}/a")
    again = fetcher.fetch(f"{site.address}/a", kind=PageKind.PAGE, etag=first.header("ETag"))
    assert not first.unchanged
    assert again.unchanged
    assert again.body == b""


def test_redirects_are_followed_and_remembered(site: Site, fetcher: Fetcher) -> None:
    site["/a"] = redirect("/b?x=1", status=301)
    site["/b"] = answer("here")
    fetched = page(fetcher, f"{site.address}/a")
    assert fetched.final_url == f"{site.address}/b?x=1"
    assert [(hop.status, hop.target) for hop in fetched.redirects] == [(301, f"{site.address}/b?x=1")]


def test_a_cookie_that_opens_the_same_address_is_no_loop(site: Site, fetcher: Fetcher) -> None:
    def send(handler: BaseHTTPRequestHandler) -> None:
        if "seen=1" in (handler.headers["Cookie"] or ""):
            answer("open")(handler)
        else:
            redirect("/a", Set_Cookie="seen=1")(handler)

    site["/a"] = send
    assert page(fetcher, f"{site.address}/a").body == b"open"


@pytest.mark.parametrize(
    "tag",
    [
        '<meta http-equiv="refresh" content="0; url=/b">',
        "<META HTTP-EQUIV='Refresh' CONTENT='1;URL=b'>",
        '<meta name="x"><meta http-equiv=refresh content="3, url=&#39;./b&#39;">',
    ],
)
def test_a_page_that_only_sends_us_on_is_followed(site: Site, fetcher: Fetcher, tag: str) -> None:
    site["/a"] = answer(f"<html><head>{tag}</head><body>正在跳转</body></html>")
    site["/b"] = answer("here")
    assert page(fetcher, f"{site.address}/a").body == b"here"


def test_a_page_that_renews_itself_is_read(site: Site, fetcher: Fetcher) -> None:
    site["/a"] = answer('<meta http-equiv="refresh" content="300; url=/b"><p>公告</p>')
    site["/c"] = answer('<meta http-equiv="refresh" content="5; url=/b">' + "<p>公告全文</p>" * 100)
    assert page(fetcher, f"{site.address}/a").final_url.endswith("/a")
    assert page(fetcher, f"{site.address}/c").final_url.endswith("/c")


def test_a_page_that_sends_us_to_itself_is_a_loop(site: Site, fetcher: Fetcher) -> None:
    site["/a"] = answer('<meta http-equiv="refresh" content="0; url=/a">')
    assert "circle" in failure(fetcher, f"{site.address}/a").detail


@pytest.mark.parametrize("location", ["/公告.html".encode(), "/公告.html".encode("gbk")])
def test_an_address_in_the_encoding_of_its_site_is_followed(
    site: Site, fetcher: Fetcher, location: bytes
) -> None:
    site["/a"] = redirect(location.decode("latin-1"))
    site["/%E5%85%AC%E5%91%8A.html"] = answer("here")
    assert page(fetcher, f"{site.address}/a").body == b"here"


@pytest.mark.parametrize(
    ("first", "second"), [("/loop", "/loop"), ("/loop", "/other")], ids=["itself", "in a circle"]
)
def test_a_redirect_loop_ends_as_error(site: Site, fetcher: Fetcher, first: str, second: str) -> None:
    site[first] = redirect(second)
    site[second] = redirect(first)
    error = failure(fetcher, f"{site.address}{first}")
    assert error.outcome is Outcome.ERROR
    assert "circle" in error.detail


def test_an_endless_redirect_ends_at_its_limit(site: Site, fetcher: Fetcher) -> None:
    def send(handler: BaseHTTPRequestHandler) -> None:
        redirect(f"/next?{len(site.asked)}")(handler)

    site["/next"] = send
    assert "more than 5 redirects" in failure(fetcher, f"{site.address}/next").detail
    assert len(site.paths()) == 6


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (404, Outcome.GONE),
        (410, Outcome.GONE),
        (412, Outcome.BLOCKED),
        (403, Outcome.BLOCKED),
        (400, Outcome.ERROR),
    ],
)
def test_a_refusal_is_asked_once_and_has_its_outcome(
    site: Site, fetcher: Fetcher, waits: Waits, status: int, outcome: Outcome
) -> None:
    site["/a"] = answer("<p>no</p>", status=status)
    error = failure(fetcher, f"{site.address}/a")
    assert (error.outcome, error.status) == (outcome, status)
    assert site.paths() == ["/a"]
    assert waits == []


def test_a_server_error_is_asked_again_with_growing_waits(site: Site, fetcher: Fetcher, waits: Waits) -> None:
    site["/a"] = answer("broken", status=500)
    error = failure(fetcher, f"{site.address}/a")
    assert (error.outcome, error.status) == (Outcome.ERROR, 500)
    assert site.paths() == ["/a"] * 3
    assert len(waits) == 2
    assert 1 <= waits[0] < waits[1]


def test_a_server_that_recovers_is_read(site: Site, fetcher: Fetcher) -> None:
    def send(handler: BaseHTTPRequestHandler) -> None:
        answer("late", status=503 if len(site.paths()) < 2 else 200)(handler)

    site["/a"] = send
    assert page(fetcher, f"{site.address}/a").body == b"late"


def test_retry_after_decides_how_long_to_wait(site: Site, fetcher: Fetcher, waits: Waits) -> None:
    site["/a"] = answer("slow down", status=429, Retry_After="17")
    assert failure(fetcher, f"{site.address}/a").outcome is Outcome.BLOCKED
    assert [wait for wait in waits if wait >= 17][:1] == [17]


def test_a_server_that_wants_an_hour_is_left_alone(site: Site, fetcher: Fetcher) -> None:
    site["/a"] = answer("maintenance", status=503, Retry_After="3600")
    error = failure(fetcher, f"{site.address}/a")
    assert error.retry_after == 3600
    assert site.paths() == ["/a"]


def test_a_host_that_does_not_answer_is_an_error(fetching: Fetching, waits: Waits) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    settings = fetching.model_copy(update={"allow_private_hosts": ("127.0.0.1",)})
    fetcher = Fetcher(settings, sleep=waits.append)
    error = failure(fetcher, f"http://127.0.0.1:{port}/")
    fetcher.close()
    assert error.outcome is Outcome.ERROR
    assert "refused" in error.detail


def test_a_host_that_says_nothing_times_out(fetching: Fetching) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        settings = fetching.model_copy(
            update={"allow_private_hosts": (f"127.0.0.1:{port}",), "timeout_seconds": 0.3}
        )
        fetcher = Fetcher(settings)
        error = failure(fetcher, f"http://127.0.0.1:{port}/")
        fetcher.close()
    assert error.outcome is Outcome.TIMEOUT


@pytest.mark.parametrize(
    "nonsense",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 9\r\n\r\n<p>x</p>",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    ],
)
def test_a_server_that_talks_nonsense_is_not_asked_again(
    site: Site, fetcher: Fetcher, waits: Waits, nonsense: bytes
) -> None:
    def talk(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        handler.wfile.write(nonsense)

    site["/a"] = talk
    assert failure(fetcher, f"{site.address}/a").outcome is Outcome.ERROR
    assert waits == []


def test_a_connection_that_breaks_is_tried_again(site: Site, fetcher: Fetcher, waits: Waits) -> None:
    def break_off(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n<p>half")

    site["/a"] = break_off
    assert failure(fetcher, f"{site.address}/a").outcome is Outcome.ERROR
    assert len(waits) == 2


def test_a_name_that_does_not_exist_is_not_asked_again(fetching: Fetching, waits: Waits) -> None:
    errors = {"gone.invalid": socket.EAI_NONAME, "busy.invalid": socket.EAI_AGAIN}

    def resolver(host: str, _: int) -> list[str]:
        raise socket.gaierror(errors[host], "no")

    fetcher = Fetcher(fetching, resolver=resolver, sleep=waits.append)
    assert failure(fetcher, "http://gone.invalid/").outcome is Outcome.ERROR
    assert waits == []
    assert failure(fetcher, "http://busy.invalid/").outcome is Outcome.ERROR
    assert waits
    fetcher.close()


def test_what_robots_txt_forbids_is_not_asked(site: Site, fetcher: Fetcher) -> None:
    site["/robots.txt"] = answer("User-agent: *\nDisallow: /inner/\n", media_type="text/plain")
    site["/inner/a"] = answer("secret")
    site["/open"] = answer("open")
    assert failure(fetcher, f"{site.address}/inner/a").outcome is Outcome.FORBIDDEN_BY_ROBOTS
    assert page(fetcher, f"{site.address}/open").body == b"open"
    assert [path for path, _ in site.asked] == ["/robots.txt", "/open"]


def test_robots_txt_holds_on_every_hop(site: Site, fetcher: Fetcher) -> None:
    site["/robots.txt"] = answer("User-agent: Qualwatch\nDisallow: /inner/\n", media_type="text/plain")
    site["/a"] = redirect("/inner/a")
    assert failure(fetcher, f"{site.address}/a").outcome is Outcome.FORBIDDEN_BY_ROBOTS


def test_robots_txt_that_cannot_be_read_forbids(site: Site, fetcher: Fetcher) -> None:
    site["/robots.txt"] = answer("broken", status=500)
    site["/a"] = answer("text")
    error = failure(fetcher, f"{site.address}/a")
    assert error.outcome is Outcome.FORBIDDEN_BY_ROBOTS
    assert "500" in error.detail


def test_robots_txt_is_asked_again_after_a_day(site: Site, fetching: Fetching) -> None:
    now = 1000.0
    site["/a"] = answer("text")
    fetcher = Fetcher(fetching, clock=lambda: now)
    page(fetcher, f"{site.address}/a")
    page(fetcher, f"{site.address}/a")
    assert [path for path, _ in site.asked].count("/robots.txt") == 1
    now += 25 * 3600
    page(fetcher, f"{site.address}/a")
    fetcher.close()
    assert [path for path, _ in site.asked].count("/robots.txt") == 2


def test_one_host_is_asked_slowly_by_all_threads_together(site: Site, fetching: Fetching) -> None:
    """Between the end of one request and the start of the next lies the delay, whoever asks."""
    site["/a"] = answer("text")
    fetcher = Fetcher(fetching.model_copy(update={"delay_seconds": 0.15}))
    began = time.monotonic()
    threads = [threading.Thread(target=page, args=(fetcher, f"{site.address}/a")) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    fetcher.close()
    assert len(site.asked) == 5  # robots.txt is one of them
    assert time.monotonic() - began >= 4 * 0.15


def test_a_crawl_delay_of_the_site_is_obeyed(site: Site, fetcher: Fetcher, waits: Waits) -> None:
    site["/robots.txt"] = answer("User-agent: *\nCrawl-delay: 7\n", media_type="text/plain")
    site["/a"] = answer("text")
    page(fetcher, f"{site.address}/a")
    page(fetcher, f"{site.address}/a")
    assert waits
    assert 6 < max(waits) <= 7


def test_waiting_ends_when_the_daemon_ends(site: Site, fetching: Fetching) -> None:
    site["/a"] = answer("text")
    fetcher = Fetcher(fetching.model_copy(update={"delay_seconds": 60.0}))
    site["/robots.txt"] = answer("", status=404)
    threading.Timer(0.3, fetcher.stop).start()
    began = time.monotonic()
    with pytest.raises(FetchingStoppedError):
        page(fetcher, f"{site.address}/a")
    fetcher.close()
    assert time.monotonic() - began < 5
    assert site.paths() == []


def test_every_outcome_has_a_name_and_says_what_to_do() -> None:
    assert set(ADVICE) == set(Outcome)
    assert all(re.search(r"[。]$", advice(outcome)) for outcome in Outcome)
    # Names stand in the columns of tables: words, no sentences.
    assert max(map(len, names_of(Outcome).values())) <= len("robots 禁止")
