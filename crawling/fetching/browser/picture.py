"""A picture of a page as it was archived: its bytes and nothing else, without scripts and without a network.

Chromium is handed the archived answer for the first document; every other request, of whatever kind, is ended
before it leaves, and what Chromium would send by itself has nowhere to go (``chromium``).
"""

from __future__ import annotations

import struct
from contextlib import suppress
from dataclasses import dataclass

from playwright.async_api import Browser, BrowserContext, Error, Page, Route

from crawling.fetching.model import FetchError
from vocabulary.codes import Outcome

WIDTH = 1280
HEIGHT = 8_000
"""Pixels of a picture at most; a longer page is cut."""
LARGEST = 12 * 1024 * 1024
"""Bytes of a picture."""
_VIEW = 900
_LOAD_SECONDS = 10.0
_PICTURE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Archived:
    """An answer as it was archived."""

    url: str
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG of it."""

    png: bytes
    width: int
    height: int
    is_cut: bool
    """Whether the page is longer."""
    browser: str


class Photograph:
    """One page on its way to a picture; used in the browser's event loop alone."""

    def __init__(self, page: Archived) -> None:
        self._page = page
        self._is_first = True
        self._context: BrowserContext | None = None
        self.refused = 0
        """Requests that the page would have made."""

    async def draw(self, browser: Browser, agent: str) -> Picture:
        """The picture; raises :class:`FetchError`."""
        self._context = await browser.new_context(
            user_agent=agent,
            locale="zh-CN",
            viewport={"width": WIDTH, "height": _VIEW},
            java_script_enabled=False,
            offline=True,
            service_workers="block",
            accept_downloads=False,
            reduced_motion="reduce",
        )
        await self._context.route("**/*", self._answer)
        await self._context.route_web_socket("**/*", lambda socket: socket.close())
        page = await self._context.new_page()
        try:
            await page.goto(self._page.url, wait_until="domcontentloaded", timeout=_LOAD_SECONDS * 1000)
            return await self._taken(page, f"Chromium {browser.version}")
        except Error as error:
            if not browser.is_connected():
                raise
            said = str(error).strip().partition("\n")[0][:200]
            raise FetchError(Outcome.ERROR, f"no picture can be taken of the page: {said}") from error

    async def close(self) -> None:
        if self._context is not None:
            await self._context.close()

    async def _taken(self, page: Page, browser: str) -> Picture:
        session = await page.context.new_cdp_session(page)
        size = (await session.send("Page.getLayoutMetrics"))["cssContentSize"]
        whole = max(int(size["height"]), 1)
        height = min(whole, HEIGHT)
        png = await page.screenshot(
            type="png",
            full_page=True,
            clip={"x": 0, "y": 0, "width": WIDTH, "height": height},
            animations="disabled",
            timeout=_PICTURE_SECONDS * 1000,
        )
        if len(png) > LARGEST:
            raise FetchError(Outcome.TOO_LARGE, f"the picture is larger than {LARGEST} bytes")
        width, height = struct.unpack(">II", png[16:24])
        return Picture(png, width, height, whole > height, browser)

    async def _answer(self, route: Route) -> None:
        """Give the page its own bytes, once; whatever else is asked for is not had."""
        with suppress(Error):
            request = route.request
            is_page = request.is_navigation_request() and request.frame.parent_frame is None
            if self._is_first and is_page and request.method == "GET":
                self._is_first = False
                headers = {"content-type": self._page.content_type}
                await route.fulfill(status=200, headers=headers, body=self._page.body)
                return
            self.refused += 1
            await route.abort(
                "aborted"
            )  # any other failure of a document puts a page of its own in its place
