"""The site that spiders are measured on: a process of its own that answers from memory, all in GBK.

``python -m eval.bench_site PAGES LISTS`` prints its address; each list holds as many of the pages.
``/plain/`` sends every page whole, ``/tagged/`` sends an ETag and answers 304 where it is asked with it.
"""

from __future__ import annotations

import asyncio
import sys
from itertools import islice

from eval.corpus import generate_pool
from eval.quality import OWN

ITEMS = 100
"""Links of a list page."""
MODES = ("plain", "tagged")


def list_path(number: int) -> str:
    """The path, below its mode, of list page ``number``, counted from 0."""
    return "list/" if number == 0 else f"list/index_{number}.html"


def list_paths(count: int, lists: int) -> list[str]:
    """The first page of each list."""
    return [list_path(number * -(-count // lists // ITEMS)) for number in range(lists)]


def make_pages(count: int, lists: int = 1) -> dict[str, bytes]:
    """Every path below a mode with the page that stands there."""
    begins = set(list_paths(count, lists))
    records = list(islice(generate_pool(OWN.gold), count))
    pages = {}
    for number, record in enumerate(records):
        lines = "".join(f"<p>{line}</p>" for line in record["text"].split("\n"))
        title = _title(number, record["title"])
        said = f"<p>发布时间：2026-10-{number % 28 + 1:02d}　来源：示例市某局</p>"
        above = f"<html><head><title>{title}</title></head><body><a href='../list/'>首页</a>"
        pages[f"page/{number}.html"] = _gbk(f"{above}<h1>{title}</h1>{said}{lines}</body></html>")
    for first in range(0, count, ITEMS):
        rows = "".join(
            f"<li><a href='../page/{number}.html'>{_title(number, records[number]['title'])}</a>"
            f"<span>2026-10-{number % 28 + 1:02d}</span></li>"
            for number in range(first, min(first + ITEMS, count))
        )
        following = first // ITEMS + 1
        goes_on = following * ITEMS < count and list_path(following) not in begins
        onward = f"<a href='../{list_path(following)}'>下一页</a>" if goes_on else ""
        pages[list_path(first // ITEMS)] = _gbk(
            f"<html><head><title>通知公告</title></head><body><ul>{rows}</ul>{onward}</body></html>"
        )
    return pages


def _title(number: int, title: str) -> str:
    return f"示例市某单位{title or '公告'}（第{number}号）"


def _gbk(markup: str) -> bytes:
    return markup.replace("<html><head>", "<html><head><meta charset='gbk'>").encode("gb18030", "replace")


class _Answering(asyncio.Protocol):
    """HTTP/1.1 with connections kept open, as much of it as spiders ask."""

    def __init__(self, pages: dict[bytes, bytes]) -> None:
        self._pages = pages
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what TCP servers give
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received and self._transport is not None:
            request, _, self._received = self._received.partition(b"\r\n\r\n")
            self._transport.write(self._answer(request))

    def _answer(self, request: bytes) -> bytes:
        mode, _, path = request.split(b" ", 2)[1].lstrip(b"/").partition(b"/")
        body = self._pages.get(path)
        if body is None:
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        tag = b""
        if mode == b"tagged":
            tag = b'ETag: "%d"\r\n' % len(body)
            if b"\r\nif-none-match:" in request.lower():
                return b"HTTP/1.1 304 Not Modified\r\n" + tag + b"\r\n"
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n%sContent-Length: %d\r\n\r\n"
        return head % (tag, len(body)) + body


async def _serve(count: int, lists: int) -> None:
    pages = {path.encode(): body for path, body in make_pages(count, lists).items()}
    server = await asyncio.get_running_loop().create_server(lambda: _Answering(pages), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2])))
