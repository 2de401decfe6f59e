"""Answers whose bytes are not as they should be: headers, robots.txt, pages that send their readers on."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from crawling.fetching.fetcher import Fetcher
from crawling.fetching.model import FetchError
from crawling.fetching.redirects import refresh_target
from settings.model import Fetching
from tests.parts.loopback import Site, answer
from vocabulary.codes import Outcome, PageKind

PAGE = "<html><body>须持有会计从业资格证书</body></html>".encode()


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    settings = Fetching(
        allow_private_hosts=("127.0.0.1",), delay_seconds=0, timeout_seconds=3, total_seconds=6
    )
    opened = Fetcher(settings, sleep=lambda _: None)
    yield opened
    opened.close()


Raw = Callable[[bytes], str]


@pytest.fixture
def raw() -> Iterator[Raw]:
    """Serves the bytes of one answer, whatever is asked, and keeps the connection open."""
    sockets: list[socket.socket] = []

    def serve(content: bytes) -> str:
        listening = socket.create_server(("127.0.0.1", 0))
        sockets.append(listening)

        def talk() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                sockets.append(connection)
                asked = connection.recv(4096)
                missing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                connection.sendall(missing if b"/robots.txt" in asked else content)
                if b"/robots.txt" in asked:
                    connection.close()

        threading.Thread(target=talk, daemon=True).start()
        return f"http://127.0.0.1:{listening.getsockname()[1]}/a.html"

    yield serve
    for each in sockets:
        each.close()


@pytest.mark.parametrize(
    "line",
    [
        b"X-Frame-Options : SAMEORIGIN",
        b"no colon at all",
        "服务器: x".encode(),
        b"X Header: y",
        b"\x00\x01: y",
        b"HTTP/1.1 200 OK",
        b"(comment): y",
    ],
)
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_malformed_header_line_hides_no_later_ones(
    fetcher: Fetcher, raw: Raw, line: bytes, framing: str
) -> None:
    body = gzip.compress(PAGE)
    if framing == "chunked":
        body, framed = f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n", b"Transfer-Encoding: chunked"
    else:
        framed = f"Content-Length: {len(body)}".encode()
    head = b"HTTP/1.1 200 OK\r\n" + line + b"\r\nContent-Type: text/html; charset=utf-8\r\n"
    url = raw(head + b"Content-Encoding: gzip\r\n" + framed + b"\r\n\r\n" + body)
    fetched = fetcher.fetch(url, kind=PageKind.PAGE)
    assert fetched.body == PAGE
    assert fetched.charset == "utf-8"


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_header_lines_that_go_on_and_answers_before_the_answer_are_read(
    fetcher: Fetcher, raw: Raw, end: bytes
) -> None:
    lines = [
        b"HTTP/1.1 100 Continue",
        b"X-First: 1",
        b"",
        b"HTTP/1.1 200 OK",
        b"  goes on with nothing",
        b"Content-Type: text/html;  ",
        b"\tcharset=utf-8",
        b"X-Twice: a",
        b"X-Twice: b",
        f"Content-Length: {len(PAGE)}".encode(),
        b"",
        PAGE,
    ]
    fetched = fetcher.fetch(raw(end.join(lines)), kind=PageKind.PAGE)
    assert fetched.body == PAGE
    assert fetched.charset == "utf-8"
    assert [value for name, value in fetched.headers if name == "X-Twice"] == ["a", "b"]
    assert not fetched.header("X-First")


@pytest.mark.parametrize("lines", [[b"X-Many: 1"] * 200, [b"X-Long: " + b"x" * 70_000]])
def test_an_answer_may_not_fill_the_memory_with_headers(
    fetcher: Fetcher, raw: Raw, lines: list[bytes]
) -> None:
    url = raw(b"\r\n".join([b"HTTP/1.1 200 OK", *lines, b"Content-Length: 1", b"", b"x"]))
    with pytest.raises(FetchError) as caught:
        fetcher.fetch(url, kind=PageKind.PAGE)
    assert caught.value.outcome is Outcome.ERROR


RULES = "User-agent: *\nDisallow: /inner/\n"


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbf" + RULES.encode(),
        b"\xff\xfe" + RULES.encode("utf-16-le"),
        b"\xef\xbb\xbf\xef\xbb\xbf" + RULES.encode(),
        ("# 不得抓取内部页面\n" + RULES).encode("gbk"),
        RULES.replace("\n", "\r").encode(),
    ],
)
def test_robots_txt_is_read_whatever_it_begins_with(site: Site, fetcher: Fetcher, body: bytes) -> None:
    site["/robots.txt"] = answer(body, media_type="text/plain")
    with pytest.raises(FetchError) as caught:
        fetcher.fetch(f"{site.address}/inner/a.html", kind=PageKind.PAGE)
    assert caught.value.outcome is Outcome.FORBIDDEN_BY_ROBOTS


@pytest.mark.parametrize(
    "page",
    [
        "<html><body><h2>抱歉，您访问的页面不存在</h2></body></html>",
        "<html><body>404 Not Found</body></html>",
        "<form><input type=password>请登录</form>",
        "<html><body>欢迎访问示例市人民政府门户网站" + "，机构概况，政务公开" * 80 + "</body></html>",
        '{"code": 404}',
        " ",
    ],
)
def test_a_page_in_place_of_robots_txt_is_no_rules(site: Site, fetcher: Fetcher, page: str) -> None:
    site["/robots.txt"] = answer(page)
    site["/a.html"] = answer(PAGE)
    assert fetcher.fetch(f"{site.address}/a.html", kind=PageKind.PAGE).body == PAGE


@pytest.mark.parametrize(
    "meta",
    [
        '<meta content="0;url=/real.html" http-equiv="refresh">',
        "<META CONTENT='1; URL=/real.html' HTTP-EQUIV='Refresh'/>",
        '<meta name=x http-equiv=refresh data-x="a>b" content="0; url=/real.html">',
        '<meta charset=utf-8><meta name=a content=x><meta http-equiv="refresh" content="0;url=real.html">',
        '<meta\ncontent="0,url=\'/real.html\'"\nhttp-equiv = "refresh">',
    ],
)
def test_a_page_that_sends_on_is_followed_in_whatever_order_it_says_so(meta: str) -> None:
    assert refresh_target("http://a.example.cn/x.html", meta.encode()) == "http://a.example.cn/real.html"
