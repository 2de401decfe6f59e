"""A real site that publishes violations one after the other, each unlike all others."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler

from tests.parts.loopback import Answer, Site, answer

NUMBER = re.compile(r"第(\d{4})号")
"""How a posting is known, in its title and so in every mail that tells of it."""
_SLOWEST_SECONDS = 0.15
_WORDS = (
    "协助部门完成日常工作熟悉财务软件能够独立处理各类账目"
    "具有良好沟通能力服从安排按时上报统计资料整理档案接待来访负责采购验收"
)


class Notices:
    """``count`` postings on ``lists`` lists, of which only those that are published are shown."""

    def __init__(self, count: int, lists: int, seed: int, name: str = "127.0.0.1") -> None:
        """``name`` is what its host is called."""
        self.name = name
        self.count = count
        self.lists = lists
        self.published = 0
        self._seed = seed
        self.site = Site()
        for number in range(lists):
            self.site[f"/list{number}/"] = self._list(number)
        for number in range(count):
            self.site[_path(number)] = self._posting(number)

    def urls(self) -> Sequence[str]:
        return [f"{self.address}{_path(number)}" for number in range(self.count)]

    def hosts(self) -> Sequence[str]:
        """Hosts of it, as a configuration allows them."""
        return [f"{self.name}:{self.site.port}"]

    @property
    def address(self) -> str:
        return f"http://{self.name}:{self.site.port}"

    def sources(self) -> str:
        """The lists as sources of a configuration."""
        return "".join(
            f'[[sources]]\nname = "list{number}"\nurl = "{self.address}/list{number}/"\n'
            "every_minutes = 1\nadaptive = false\nregion = '350100'\n"
            for number in range(self.lists)
        )

    def publish_some(self) -> None:
        """One posting more on every list, while there are any."""
        self.published = min(self.count, self.published + self.lists)

    def close(self) -> None:
        self.site.close()

    def _list(self, number: int) -> Answer:
        def send(handler: BaseHTTPRequestHandler) -> None:
            shown = [each for each in range(self.published) if each % self.lists == number]
            rows = "".join(
                f"<li><a href='{_path(each)}'>{_title(each)}</a><span>2026-11-01</span></li>"
                for each in shown
            )
            answer(f"<html><title>招聘公告</title><h1>招聘公告</h1><ul>{rows}</ul></html>")(handler)
            handler.close_connection = True  # the next visit has to find its way anew

        return send

    def _posting(self, number: int) -> Answer:
        chance = random.Random(f"{self._seed}/{number}")  # noqa: S311 - the same pages in every run
        duties = "".join(f"<p>{each}、{''.join(chance.choices(_WORDS, k=30))}。</p>" for each in range(1, 12))
        page = answer(
            f"<html><title>{_title(number)}</title><h1>{_title(number)}</h1>"
            f"<p>丙{number:04d}商贸有限公司招聘出纳{chance.randint(1, 9)}名，须持有会计从业资格证书。</p>"
            f"{duties}</html>"
        )

        def send(handler: BaseHTTPRequestHandler) -> None:
            time.sleep(chance.random() * _SLOWEST_SECONDS)
            page(handler)
            handler.close_connection = True

        return send


class Silence:
    """Hosts that list pages and never answer for one of them."""

    def __init__(self, hosts: int, pages: int) -> None:
        self.hosts = hosts
        self.asked = 0
        """Pages asked for in vain."""
        self._over = threading.Event()
        self._sites = [Site(at=(f"127.0.2.{number + 1}", 0)) for number in range(hosts)]
        for site in self._sites:
            rows = "".join(
                f"<li><a href='/silent/{page}.html'>第{page}则招聘公告</a>2026-11-01</li>"
                for page in range(pages)
            )
            site["/"] = answer(f"<html><title>招聘公告</title><ul>{rows}</ul></html>")
            for page in range(pages):
                site[f"/silent/{page}.html"] = self._say_nothing

    def allowed(self) -> Sequence[str]:
        """As a configuration allows them."""
        return [site.host for site in self._sites]

    def sources(self) -> str:
        """As sources of a configuration."""
        return "".join(
            f'[[sources]]\nname = "silent{number}"\nurl = "{site.address}/"\nevery_minutes = 1\n'
            "adaptive = false\nregion = '350100'\n"
            for number, site in enumerate(self._sites)
        )

    def close(self) -> None:
        self._over.set()
        for site in self._sites:
            site.close()

    def _say_nothing(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked += 1
        self._over.wait(600)
        handler.close_connection = True


def _path(number: int) -> str:
    return f"/posts/{number:04d}.html"


def _title(number: int) -> str:
    return f"丙{number:04d}商贸有限公司第{number:04d}号招聘公告"
