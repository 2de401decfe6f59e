"""What a fetcher does with hosts that are slow, endless, broken or closed to programs."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

import pytest

from crawling.fetching.fetcher import Fetcher
from settings.model import Fetching
from tests.crawling.asking import failure, page
from tests.parts.loopback import Site, answer
from vocabulary.codes import Outcome, PageKind


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
