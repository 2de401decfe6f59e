from __future__ import annotations

import gzip
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from crawling.fetching.advice import ADVICE, advice
from crawling.fetching.fetcher import Fetcher
from crawling.fetching.model import Fetched, FetchError, FetchingStoppedError
from settings.model import Fetching
from tests.parts.loopback import Site, answer, redirect
from vocabulary.codes import Outcome, PageKind
from vocabulary.names import names_of

Waits = list[float]


@pytest.fixture
def waits() -> Waits:
    return []


@pytest.fixture
def fetcher(fetching: Fetching, waits: Waits) -> Iterator[Fetcher]:
    running = Fetcher(fetching, sleep=waits.append)
    yield running
    running.close()


def page(fetcher: Fetcher, url: str) -> Fetched:
    return fetcher.fetch(url, kind=PageKind.PAGE)


def failure(fetcher: Fetcher, url: str) -> FetchError:
    with pytest.raises(FetchError) as caught:
        page(fetcher, url)
    return caught.value


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


def test_a_list_page_that_timed_out_is_asked_once_more(fetching: Fetching, site: Site) -> None:
    asked: list[str] = []

    def slow_at_first(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        if len(asked) == 1:
            handler.close_connection = True
            handler.connection.settimeout(10)
            handler.connection.recv(1)
            return
        answer("<p>the list</p>")(handler)

    site["/list/"] = slow_at_first
    fetcher = Fetcher(fetching.model_copy(update={"timeout_seconds": 0.3}), sleep=lambda _: None)
    fetched = fetcher.fetch(f"{site.address}/list/", kind=PageKind.LIST)
    fetcher.close()
    assert fetched.body == b"<p>the list</p>"
    assert len(asked) == 2


def _drip(handler: BaseHTTPRequestHandler, until: threading.Event) -> None:
    while not until.wait(0.1):
        handler.wfile.write(b"x")
        handler.wfile.flush()


def _dripping_body(handler: BaseHTTPRequestHandler, until: threading.Event) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    _drip(handler, until)


def _dripping_headers(handler: BaseHTTPRequestHandler, until: threading.Event) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    _drip(handler, until)


@pytest.mark.parametrize("drip", [_dripping_body, _dripping_headers], ids=["body", "headers"])
def test_a_slow_drip_ends_when_its_time_is_over(
    site: Site, fetching: Fetching, drip: Callable[[BaseHTTPRequestHandler, threading.Event], None]
) -> None:
    over = threading.Event()
    site["/robots.txt"] = answer("", status=404)
    site["/slow"] = lambda handler: drip(handler, over)
    fetcher = Fetcher(fetching.model_copy(update={"total_seconds": 1.0}))
    began = time.monotonic()
    error = failure(fetcher, f"{site.address}/slow")
    over.set()
    fetcher.close()
    assert error.outcome is Outcome.TIMEOUT
    assert time.monotonic() - began < 2.5


def test_zeros_without_end_are_too_large(site: Site, fetching: Fetching) -> None:
    def plain(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        for _ in range(200):
            handler.wfile.write(bytes(1 << 20))

    site["/plain"] = plain
    site["/bomb"] = answer(
        gzip.compress(bytes(200 << 20), 9), media_type="text/html", Content_Encoding="gzip"
    )
    fetcher = Fetcher(fetching.model_copy(update={"max_bytes": 1 << 20}))
    errors = [failure(fetcher, f"{site.address}{path}") for path in ("/plain", "/bomb")]
    fetcher.close()
    assert [error.outcome for error in errors] == [Outcome.TOO_LARGE] * 2
    assert all(error.bytes_read < (1 << 20) + (1 << 18) for error in errors)


def test_a_declared_length_over_the_limit_is_not_read_at_all(site: Site, fetcher: Fetcher) -> None:
    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(200 << 20))
        handler.end_headers()

    site["/a"] = send
    assert failure(fetcher, f"{site.address}/a").outcome is Outcome.TOO_LARGE


def test_broken_compression_is_undecodable(site: Site, fetcher: Fetcher) -> None:
    site["/a"] = answer(b"this is no gzip", Content_Encoding="gzip")
    assert failure(fetcher, f"{site.address}/a").outcome is Outcome.UNDECODABLE


def test_an_empty_answer_is_empty(site: Site, fetcher: Fetcher) -> None:
    site["/a"] = answer(" \r\n ")
    assert failure(fetcher, f"{site.address}/a").outcome is Outcome.EMPTY


@pytest.mark.parametrize("charset", ["utf-8", "gb18030"])
@pytest.mark.parametrize(
    "body",
    [
        "<html><head><title>提示</title></head><body>您的访问被拦截，事件编号 77</body></html>",
        "<html><title>拦截</title><body>您的访问请求可能对网站造成安全威胁，请求已被WAF拦截</body></html>",
        "<html><script>var arg1='AB'; setCookie('acw_sc__v2', x);</script><body></body></html>",
        "<html><script>document.cookie='__jsl_clearance_s=1';location.href=location</script></html>",
        "<html><body><div id='captcha'>请完成安全验证后继续</div></body></html>",
    ],
)
def test_a_block_page_is_no_content(site: Site, fetcher: Fetcher, body: str, charset: str) -> None:
    site["/a"] = answer(body.encode(charset), media_type="text/html")
    assert failure(fetcher, f"{site.address}/a").outcome is Outcome.BLOCKED


def test_an_article_about_firewalls_is_content(site: Site, fetcher: Fetcher) -> None:
    article = "<html><body><p>" + "各单位应当检查网站防火墙，避免访问验证失效。" * 30 + "</p></body></html>"
    site["/a"] = answer(article)
    assert page(fetcher, f"{site.address}/a").status == 200


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
