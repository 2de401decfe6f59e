"""Hundreds of hosts of one list each, which cost next to nothing: what is measured is who asks them."""

from __future__ import annotations

import asyncio
import random
import socket
import threading
from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit

SHOWN = 1
"""Postings on each list; a new one takes the place of the oldest."""
NEWS, VIOLATIONS = 0.02, 0.1
"""Share of the lists with a new posting in each round, and of these with a violation."""
_MOST_HOSTS = 250
_END_OF_HEAD = b"\r\n\r\n"
_NOT_HERE = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


class Lists:
    """``count`` lists, each on a host of its own, some of which publish something in each round.

    All hosts are addresses of this machine, and one loop of events answers for all of them.
    """

    def __init__(self, count: int, seed: int) -> None:
        """Lists beyond the first 250 share the hosts of those."""
        self._chance = random.Random(seed)  # noqa: S311 - the same news in every run
        self._newest = [SHOWN] * count
        self._doors = [
            socket.create_server((f"127.0.3.{number + 1}", 0)) for number in range(min(_MOST_HOSTS, count))
        ]
        self.connections = 0
        """Open at the moment."""
        self._over = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))
        self._thread.start()

    def hosts(self) -> Sequence[str]:
        """As a configuration allows them."""
        return ["{}:{}".format(*door.getsockname()) for door in self._doors]

    def sources(self, every_hours: int) -> str:
        """As sources of a configuration."""
        hosts = self.hosts()
        return "".join(
            f'[[sources]]\nname = "list{number}"\nurl = "http://{hosts[number % len(hosts)]}/list{number}/"\n'
            f"every_minutes = {every_hours * 60}\nadaptive = false\nregion = '350100'\n"
            for number in range(len(self._newest))
        )

    def go_on(self) -> None:
        """Publish a little."""
        for number in range(len(self._newest)):
            self._newest[number] += self._chance.random() < NEWS

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()
        self._loop.close()

    async def _serve(self) -> None:
        servers = [await asyncio.start_server(self._converse, sock=door) for door in self._doors]
        await self._over.wait()
        for server in servers:
            server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request after the other, until the other side hangs up."""
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(_END_OF_HEAD)
                writer.write(self._answer(head.decode("latin-1")))
        except (asyncio.IncompleteReadError, asyncio.CancelledError, OSError):
            writer.close()
        finally:
            self.connections -= 1

    def _answer(self, head: str) -> bytes:
        """The list or posting that the request names; unchanged, where the asker knows it."""
        asked = urlsplit(head.split(" ", 2)[1])
        if asked.path.startswith("/list"):
            return _page("招聘公告", self._rows(int(asked.path[5:-1])))
        if asked.path != "/post":
            return _NOT_HERE
        key = parse_qs(asked.query)["id"][0]
        if f'"{key}"' in head:
            return f'HTTP/1.1 304 Not Modified\r\nETag: "{key}"\r\n\r\n'.encode()
        return _page(_title(*key.split("-")), _posting(key), f'ETag: "{key}"\r\n')

    def _rows(self, number: int) -> str:
        newest = self._newest[number]
        rows = "".join(
            f"<li><a href='/post?id={number}-{each}'>{_title(number, each)}</a><span>2026-11-01</span></li>"
            for each in range(newest, newest - SHOWN, -1)
        )
        return f"<ul>{rows}</ul>"


def _posting(key: str) -> str:
    chance = random.Random(key)  # noqa: S311 - the same page whenever it is asked for
    words = "".join(chance.choices("协助完成日常工作熟悉财务软件能够独立处理各类账目整理档案接待来访", k=300))
    demand = "须持有会计从业资格证书" if chance.random() < VIOLATIONS else "高中以上学历"
    return f"<p>招聘出纳，{demand}。</p><p>{words}。</p>"


def _page(title: str, told: str, headers: str = "") -> bytes:
    body = f"<html><title>{title}</title><h1>{title}</h1>{told}</html>".encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n{headers}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def _title(number: object, each: object) -> str:
    return f"丙{number}商贸有限公司第{each}次招聘公告"
