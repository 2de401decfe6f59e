"""A hostile site: what broken servers and attackers answer, each trap with the outcome it must end in.

Every trap is one address. Those about files stand in ``trap_files.py``; here are those about addresses, time,
HTTP and the pages themselves.
"""

from __future__ import annotations

import gzip
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler

from tests.parts.loopback import Answer, Site, answer, redirect
from vocabulary.codes import Outcome

TEXT = "<html><head><title>示例市某局公告</title></head><body><p>某局招聘文员，学历不限。</p></body></html>"
NAMES = {
    "private.example.cn": ["10.1.2.3"],
    "mixed.example.cn": ["203.0.114.7", "127.0.0.1"],
    "mapped.example.cn": ["::ffff:169.254.169.254"],
    "nat64.example.cn": ["64:ff9b::a9fe:a9fe"],
}
"""What hostile names resolve to."""
ROBOTS: dict[str, tuple[Outcome, Answer]] = {}
"""Names of the hostile site itself that differ in their robots.txt, and how a page there must end."""
_REFUSED = {
    "loopback": "http://127.0.0.1:1/",
    "loopback-by-name": "http://localhost:1/",
    "loopback-with-dot": "http://localhost.:1/",
    "loopback-short": "http://127.1:1/",
    "loopback-decimal": "http://2130706433:1/",
    "loopback-hex": "http://0x7f000001:1/",
    "loopback-octal": "http://0177.0.0.1:1/",
    "loopback-ipv6": "http://[::1]:1/",
    "loopback-mapped": "http://[::ffff:127.0.0.1]:1/",
    "loopback-mapped-hex": "http://[::ffff:7f00:1]:1/",
    "loopback-nat64": "http://[64:ff9b::7f00:1]:1/",
    "loopback-6to4": "http://[2002:7f00:1::]:1/",
    "metadata": "http://169.254.169.254/latest/meta-data/",
    "metadata-of-another-cloud": "http://100.100.100.200/latest/meta-data/",
    "metadata-decimal": "http://2852039166/latest/meta-data/",
    "private-a": "http://10.0.0.1/",
    "private-b": "http://172.16.0.1/",
    "private-c": "http://192.168.1.1/",
    "shared-address-space": "http://100.64.0.1/",
    "unspecified": "http://0.0.0.0:1/",
    "link-local-ipv6": "http://[fe80::1]:1/",
    "unique-local-ipv6": "http://[fd00:ec2::254]/",
    "multicast": "http://224.0.0.1:1/",
    "broadcast": "http://255.255.255.255:1/",
    "userinfo-hides-host": "http://www.gov.cn@127.0.0.1:1/",
    "file-scheme": "file:///etc/passwd",
    "ftp-scheme": "ftp://127.0.0.1/",
    "gopher-scheme": "gopher://127.0.0.1:25/_MAIL",
    "javascript-scheme": "javascript:alert(1)",
    "data-scheme": "data:text/html,<p>x</p>",
}
"""Addresses that nobody may be led to; each is the target of a redirect."""


@dataclass(frozen=True, slots=True)
class Trap:
    """One address of the hostile site and how asking for it must end."""

    path: str
    outcome: Outcome
    send: Answer
    needs_resolver: bool = False
    """Whether it is a trap only where :data:`NAMES` resolve."""
    asks_to_wait: bool = False
    """Whether it has the whole host left alone, for minutes of real time."""


def raw(*pieces: bytes, endless: bool = False, every: float = 0.0) -> Answer:
    """These bytes and the end of the connection; ``endless``: the last piece again and again."""

    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        for piece in pieces:
            handler.wfile.write(piece)
        handler.wfile.flush()
        pause = threading.Event()
        while endless:
            handler.wfile.write(pieces[-1])
            handler.wfile.flush()
            if every:
                pause.wait(every)

    return send


def silence(handler: BaseHTTPRequestHandler) -> None:
    """Nothing at all until the client has enough."""
    handler.close_connection = True
    handler.connection.settimeout(30)
    handler.connection.recv(1)


def _moving_on(handler: BaseHTTPRequestHandler) -> None:
    """A redirect to an address that nobody was sent to before."""
    path, _, step = handler.path.partition("?")
    redirect(f"{path}?{int(step or 0) + 1}")(handler)


def _cookie_wall(handler: BaseHTTPRequestHandler) -> None:
    """Sends everybody to where they are, with another cookie each time."""
    seen = len(handler.headers.get("Cookie", ""))
    redirect(handler.path, Set_Cookie=f"wall={'x' * (seen + 1)}")(handler)


def _cookie_bomb(handler: BaseHTTPRequestHandler) -> None:
    """As many and as large cookies as a client takes, and then a redirect to where they are to be sent."""
    if handler.headers.get("Cookie"):
        answer(TEXT)(handler)
        return
    handler.send_response(302)
    handler.send_header("Location", handler.path)
    for number in range(90):
        handler.send_header("Set-Cookie", f"c{number}={'x' * 60_000}")
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def address_traps() -> Iterator[Trap]:
    for name, target in _REFUSED.items():
        path = f"/to/{name}.html"
        yield Trap(path, Outcome.REFUSED_ADDRESS, redirect(target))
    for name in NAMES:
        yield Trap(
            f"/to/{name}.html", Outcome.REFUSED_ADDRESS, redirect(f"http://{name}/"), needs_resolver=True
        )
    private = "http://192.168.0.1/admin"
    refresh = f'<meta http-equiv="refresh" content="0;url={private}">'
    yield Trap("/to/refresh.html", Outcome.REFUSED_ADDRESS, answer(refresh))
    yield Trap("/to/second-hop.html", Outcome.REFUSED_ADDRESS, redirect("/to/metadata.html"))
    yield Trap("/to/unknown-name.html", Outcome.ERROR, redirect("http://no-such-name.invalid/"))
    yield Trap("/to/overlong-label.html", Outcome.ERROR, redirect(f"http://{'a' * 300}.cn/"))
    yield Trap("/to/backslash.html", Outcome.ERROR, redirect("http://127.0.0.1:1\\@no-such-name.invalid/"))
    digits = "http://１２７.０.０.１:1/".encode().decode("latin-1")
    yield Trap("/to/full-width-digits.html", Outcome.ERROR, redirect(digits))
    yield Trap("/to/no-port.html", Outcome.ERROR, redirect("http://127.0.0.1:99999999/"))
    yield Trap("/to/nowhere.html", Outcome.ERROR, redirect("http://[::1"))
    yield Trap("/circle/itself.html", Outcome.ERROR, redirect("/circle/itself.html"))
    yield Trap("/circle/back.html", Outcome.ERROR, redirect("/circle/forth.html"))
    yield Trap("/circle/forth.html", Outcome.ERROR, redirect("/circle/back.html"))
    yield Trap(
        "/circle/refresh.html",
        Outcome.ERROR,
        answer('<meta http-equiv="refresh" content="0;url=/circle/refresh.html">'),
    )
    yield Trap("/circle/cookie-wall.html", Outcome.ERROR, _cookie_wall)
    yield Trap("/circle/endless.html", Outcome.ERROR, _moving_on)
    yield Trap("/away/front-page.html", Outcome.GONE, redirect("/"))


_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
_CHUNKED = _HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
_ZEROS = bytes(1 << 20)


@cache
def _packed(encoding: str, times: int) -> bytes:
    """``times`` MB of nothing, packed."""
    packer = zlib.compressobj(1, wbits=31 if encoding == "gzip" else 15)
    return b"".join(packer.compress(_ZEROS) for _ in range(times)) + packer.flush()


def _bomb(encoding: str, times: int = 300) -> Answer:
    """A small answer that unpacks to ``times`` MB."""
    return answer(_packed(encoding, times), Content_Encoding=encoding)


def _bomb_in_a_bomb() -> Answer:
    """The same, packed once more: a few kilobytes on the wire."""
    inner = _packed("gzip", 300)
    packed = zlib.compress(inner, 9)
    return answer(packed, Content_Encoding="gzip, deflate")


def transport_traps() -> Iterator[Trap]:
    packed = gzip.compress(TEXT.encode())
    timeout, large, error = Outcome.TIMEOUT, Outcome.TOO_LARGE, Outcome.ERROR
    yield Trap("/slow/silent.html", timeout, silence)
    yield Trap("/slow/status.html", timeout, raw(b"HTTP/1.1 200 ", b"O", endless=True, every=0.1))
    yield Trap("/slow/header.html", timeout, raw(_HEAD + b"X: ", b"x", endless=True, every=0.1))
    yield Trap("/slow/body.html", timeout, raw(_HEAD + b"\r\n", b"x", endless=True, every=0.1))
    yield Trap("/slow/chunks.html", timeout, raw(_CHUNKED, b"1\r\nx\r\n", endless=True, every=0.1))
    yield Trap("/endless/continue.html", timeout, raw(b"HTTP/1.1 100 Continue\r\n\r\n", endless=True))
    yield Trap("/endless/headers.html", error, raw(_HEAD, b"X-A: b\r\n", endless=True))
    yield Trap("/endless/status.html", error, raw(b"HTTP/1.1 200 ", b"O" * 65536, endless=True))
    yield Trap("/endless/body.html", large, raw(_HEAD + b"\r\n", _ZEROS, endless=True))
    yield Trap(
        "/endless/chunks.html", large, raw(_CHUNKED, b"ffff\r\n" + bytes(0xFFFF) + b"\r\n", endless=True)
    )
    yield Trap("/endless/trailers.html", timeout, raw(_CHUNKED + b"0\r\n", b"X: y\r\n", endless=True))
    yield Trap("/huge/header.html", error, raw(_HEAD + b"X: " + b"x" * (1 << 20) + b"\r\n\r\nx"))
    yield Trap("/huge/declared.html", large, raw(_HEAD + b"Content-Length: 99999999999\r\n\r\n<p>x"))
    yield Trap("/huge/gzip.html", large, _bomb("gzip"))
    yield Trap("/huge/deflate.html", large, _bomb("deflate"))
    yield Trap("/huge/gzip-in-deflate.html", large, _bomb_in_a_bomb())
    yield Trap(
        "/huge/many-encodings.html",
        Outcome.UNDECODABLE,
        answer(packed, Content_Encoding="gzip," * 99 + "gzip"),
    )
    yield Trap(
        "/broken/gzip.html", Outcome.UNDECODABLE, answer(packed[:-20] + b"\xff" * 20, Content_Encoding="gzip")
    )
    yield Trap("/broken/no-gzip.html", Outcome.UNDECODABLE, answer(TEXT, Content_Encoding="gzip"))
    yield Trap(
        "/broken/brotli.html",
        Outcome.UNDECODABLE,
        answer(b"\x0b\x02\x80\xff\xfe\x00hello\x03", Content_Encoding="br"),
    )
    yield Trap("/broken/truncated-chunks.html", error, raw(_CHUNKED + b"ff\r\n<p>half"))
    yield Trap("/broken/chunk-size.html", error, raw(_CHUNKED + b"xyz\r\n<p>x</p>\r\n0\r\n\r\n"))
    yield Trap("/broken/truncated.html", error, raw(_HEAD + b"Content-Length: 5000\r\n\r\n<p>half"))
    yield Trap(
        "/broken/negative-length.html", Outcome.OK, raw(_HEAD + b"Content-Length: -5\r\n\r\n" + TEXT.encode())
    )
    lying = TEXT.encode() * 3
    short = _HEAD + b"Content-Length: 40\r\n\r\n" + lying
    yield Trap("/lying/short.html", Outcome.EMPTY, raw(short))
    yield Trap(
        "/lying/twice.html", error, raw(_HEAD + b"Content-Length: 5\r\nContent-Length: 900\r\n\r\n" + lying)
    )
    both = _CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Length: 3\r\n\r\n")
    chunk = f"{len(lying):x}\r\n".encode() + lying + b"\r\n0\r\n\r\n"
    yield Trap("/lying/both.html", Outcome.OK, raw(both + chunk))
    yield Trap("/lying/chunk-size.html", error, raw(_CHUNKED + b"ffffffffffffffff\r\n" + lying))
    yield Trap(
        "/lying/wide-chunk-size.html", error, raw(_CHUNKED + b"0" * (1 << 20) + b"5\r\n<p>x\r\n0\r\n\r\n")
    )
    yield Trap("/huge/cookies.html", error, _cookie_bomb)
    yield Trap("/broken/no-http.html", error, raw(b"SSH-2.0-OpenSSH_9.2\r\n"))
    yield Trap("/broken/hung-up.html", error, raw(b""))


def status_traps(busy: str) -> Iterator[Trap]:
    """``busy`` is another address of the same site, with a pace of its own."""
    ends = {
        Outcome.EMPTY: (204,),
        Outcome.ERROR: (304, 400, 500, 502, 599),
        Outcome.BLOCKED: (401, 403, 405, 412, 418, 451, 521),
        Outcome.GONE: (404, 410),
    }
    for outcome, status in ((outcome, status) for outcome, all_of in ends.items() for status in all_of):
        body = b"" if status in {204, 304} else b"<p>no</p>"
        yield Trap(f"/status/{status}.html", outcome, answer(body, status=status))
    for name, status, value, outcome in (
        ("in-a-year", 503, "31536000", Outcome.ERROR),
        ("for-ever", 429, "9" * 400, Outcome.BLOCKED),
        ("last-day", 503, "Fri, 31 Dec 9999 23:59:59 GMT", Outcome.ERROR),
        ("no-day", 503, "Fri, 99 Foo 99999 99:99:99 +9999999", Outcome.ERROR),
        ("negative", 429, "-5", Outcome.BLOCKED),
        ("words", 503, "sp\u00e4ter\u00b2", Outcome.ERROR),
    ):
        path = f"/wait/{name}.html"
        here = answer("<p>later</p>", status=status, Retry_After=value)
        yield Trap(f"/to-wait/{name}.html", outcome, redirect(busy + path), asks_to_wait=True)
        yield Trap(path, outcome, here, asks_to_wait=True)


def page_traps() -> Iterator[Trap]:
    def html(body: str) -> Answer:
        return answer(f"<html><head><title>提示</title></head><body>{body}</body></html>")

    blocked, empty, gone, broken = Outcome.BLOCKED, Outcome.EMPTY, Outcome.GONE, Outcome.UNDECODABLE
    yield Trap("/wall/challenge.html", blocked, html("<script>$_ts=window['$_ts'];x()</script>"))
    yield Trap("/wall/captcha.html", blocked, html("<div class='h-captcha'></div>请完成安全验证"))
    firewall = "<html><title>网站防火墙</title><p>您的请求可能存在威胁，已被拦截</p></html>"
    yield Trap("/wall/firewall.html", blocked, answer(firewall.encode("gbk"), media_type="text/html"))
    yield Trap("/wall/often.html", blocked, html("访问过于频繁，请稍后再试"))
    form = "<form action=login><input name=user><input type='password' name=p><button>登录</button></form>"
    yield Trap("/wall/login.html", blocked, html(f"<h1>用户登录</h1>{form}"))
    yield Trap("/wall/to-login.html", blocked, redirect("/wall/login.html"))
    yield Trap("/forbidden/a.html", Outcome.FORBIDDEN_BY_ROBOTS, answer(TEXT))
    yield Trap("/to/forbidden.html", Outcome.FORBIDDEN_BY_ROBOTS, redirect("/forbidden/a.html"))
    yield Trap("/gone/soft.html", gone, html("<h2>抱歉，您访问的页面不存在或已被删除！</h2>"))
    yield Trap("/gone/soft-english.html", gone, html("<h1>404 Not Found</h1>"))
    yield Trap("/empty/nothing.html", empty, answer(b""))
    yield Trap("/empty/spaces.html", empty, answer(b" \r\n\t" * 100))
    yield Trap("/empty/script.html", empty, answer("<html><body><script>draw()</script></body></html>"))
    yield Trap("/empty/nul.html", empty, answer(bytes(5000)))
    yield Trap("/text/noise.html", broken, answer(bytes((128, 255)) * 2_500, media_type="text/html"))
    yield Trap("/text/program.html", broken, answer(b"MZ" + bytes(range(256)) * 20, media_type="text/html"))
    impossible = f"<html><body>{'&#0;&#x110000;&#xD800;' * 2_000}"
    yield Trap("/text/no-characters.html", broken, answer(impossible))
    yield Trap("/text/picture.html", broken, answer(b"\x89PNG\r\n\x1a\n" + bytes(400)))
    yield from _readable_pages()


def _readable_pages() -> Iterator[Trap]:
    """Pages that are ugly but can be read: refusing them would be silent loss."""
    notice = "示例市某局招聘文员，学历不限。"
    hostile_title = "公告\x1b[2J\u202e\u2066\x07\x00<script>alert(1)</script>"
    pages: dict[str, Answer] = {
        "charset-unknown": answer(TEXT, media_type="text/html; charset=../../etc/passwd"),
        "charset-wrong": answer(TEXT.encode("gbk"), media_type="text/html; charset=utf-8"),
        "charset-huge": answer(TEXT, media_type=f"text/html; charset={'x' * 5000}"),
        "type-wrong": answer(TEXT, media_type="application/pdf"),
        "type-missing": answer(TEXT, media_type=""),
        "half-broken": answer(
            TEXT.encode("gbk")[:-1] + b"\xff<p>" + notice.encode("gbk") * 20, media_type="text/html"
        ),
        "title": answer(f"<html><head><title>{hostile_title}</title></head><body>{notice}</body></html>"),
        "million-deep": answer("<html><body>" + "<b>" * 1_000_000 + notice),
        "deep": answer("<html><body>" + "<div>" * 50_000 + notice),
        "tables": answer("<html><body>" + "<table><tr><td>" * 3_000 + notice),
        "attributes": answer(f"<html><body><p {' '.join(f'a{n}=1' for n in range(50_000))}>{notice}"),
        "links": answer(f"<html><body>{notice}" + "<a href='/x.html'>更多</a>" * 50_000),
        "entities": answer(f"<html><body>{notice}" + "&nbsp;&amp;&lt;&#x4e00;" * 20_000),
        "comment": answer(f"<html><body>{notice}<!-- {'<!-- ' * 50_000}"),
        "never-ending": answer(f"<p>{notice}" + "<title>" * 12_000 + "<script " * 9_000 + "<" * 80_000),
        "one-line": answer("<html><body><p>" + "须持有会计从业资格证" * 20_000),
        "etag": answer(TEXT, ETag='"' + "x" * 9_000 + '"', Last_Modified="\xff yesterday"),
        "cookies": answer(TEXT, Set_Cookie="a=" + "x" * 60_000),
    }  # fmt: skip
    for name, send in pages.items():
        yield Trap(f"/odd/{name}.html", Outcome.OK, send)


def endless_calendar(handler: BaseHTTPRequestHandler) -> None:
    """A month with its events, and the next month, for ever."""
    month = int(handler.path.partition("?month=")[2] or 0)
    events = "".join(
        f"<li><a href='/event/{month}-{day}.html'>第{month}次会议公告之{day}</a><i>2026-11-0{day}</i></li>"
        for day in range(1, 5)
    )
    below = f"<a href='/calendar/?month={month + 1}'>下一页</a>"
    answer(f"<html><title>日历</title><ul>{events}</ul>{below}</html>")(handler)


def robots_traps(port: int) -> Iterator[Trap]:
    """Pages behind a robots.txt that is itself a trap; ``port`` is the site's."""
    for name, (outcome, _) in ROBOTS.items():
        yield Trap(
            f"/robots/{name.partition('.')[0]}.html",
            outcome,
            redirect(f"http://{name}:{port}/fine.html"),
            needs_resolver=True,
        )


_RULES = answer("User-agent: *\nDisallow: /forbidden/\n", media_type="text/plain")
_long = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
ROBOTS |= {
    "sick.example.cn": (Outcome.FORBIDDEN_BY_ROBOTS, answer("later", status=503)),
    "broken.example.cn": (Outcome.FORBIDDEN_BY_ROBOTS, answer("<p>bug", status=500)),
    "circling.example.cn": (Outcome.ERROR, redirect("/robots.txt")),
    "onward.example.cn": (Outcome.ERROR, _moving_on),
    "inward.example.cn": (Outcome.REFUSED_ADDRESS, redirect("http://169.254.169.254/robots.txt")),
    "filed.example.cn": (Outcome.REFUSED_ADDRESS, redirect("file:///etc/passwd")),
    "dripping.example.cn": (Outcome.TIMEOUT, raw(_long, b"x", endless=True, every=0.1)),
    # What a robots.txt says beyond 500 KB need not be read (RFC 9309): the pages are, on another site.
    "endless.example.cn": (Outcome.MOVED, raw(_long, b"Allow: /\n" * 9_000, endless=True)),
    "absent.example.cn": (Outcome.MOVED, answer("no", status=404)),
    "noise.example.cn": (Outcome.MOVED, answer(bytes(range(256)) * 2_000, media_type="text/plain")),
    "page.example.cn": (Outcome.MOVED, answer(TEXT)),
    "nobody.example.cn": (
        Outcome.FORBIDDEN_BY_ROBOTS,
        answer("User-agent: *\nDisallow: /\n" * 9_000, media_type="text/plain"),
    ),
}


def _robots_by_name(handler: BaseHTTPRequestHandler) -> None:
    name = handler.headers.get("Host", "").partition(":")[0]
    (ROBOTS[name][1] if name in ROBOTS else _RULES)(handler)


def set_up(site: Site, traps: list[Trap]) -> None:
    """Have ``site`` answer with ``traps``, and list them all at ``/list/`` before an endless calendar."""
    for trap in traps:
        site[trap.path] = trap.send
    rows = "".join(
        f"<li><a href='{trap.path}'>示例市某局公告{number}</a><span>2026-11-01</span></li>"
        for number, trap in enumerate(traps, 1)
    )
    below = "<a href='/calendar/?month=1'>下一页</a>"
    site["/list/"] = answer(f"<html><title>公告</title><ul>{rows}</ul>{below}</html>")
    site["/calendar/"] = endless_calendar
    site["/robots.txt"] = _robots_by_name
    site["/fine.html"] = answer(TEXT)
    site["/"] = answer(TEXT)
