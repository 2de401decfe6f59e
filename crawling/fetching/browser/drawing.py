"""One page, drawn: its scripts run in a context of its own, and what they asked for is asked for here.

Every request of the page is taken from Chromium before it leaves and made by the fetcher, which resolves,
checks and connects by the same rules as for any page. What Chromium would send by itself meets a proxy that
does not listen.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import replace

from playwright.async_api import Browser, BrowserContext, CDPSession, Error, Page, Request, Route

from crawling.fetching.block_pages import block_reason, visible_bytes
from crawling.fetching.judging import is_markup
from crawling.fetching.model import Asked, Fetched, FetchError, FetchingStoppedError, Redirect
from crawling.listing.addresses import same_site
from settings.model import Fetching
from vocabulary.codes import Outcome

Load = Callable[[Asked], Fetched | Redirect]
"""Asks for something as the fetcher does; raises :class:`FetchError` and :class:`FetchingStoppedError`."""

_LOADED = frozenset({"document", "script", "stylesheet", "xhr", "fetch"})
"""What changes a page's words; pictures, fonts, films, sockets and beacons do not."""
_METHODS = frozenset({"GET", "HEAD", "POST"})
_MOST_REQUESTS = 100
_MOST_DOCUMENTS = 10
"""Documents that one page may lead to before it is drawn: a challenge and its answer need three."""
_QUIET_SECONDS = 1.0
"""A page that asks for nothing for so long has come to rest."""
_LOOK_SECONDS = 0.1
_OWN_HEADERS = frozenset(
    {"host", "connection", "content-length", "accept-encoding", "user-agent", "upgrade-insecure-requests"}
)
"""Headers that the fetcher writes itself."""
_OF_THE_WIRE = frozenset(
    {"content-encoding", "content-length", "transfer-encoding", "connection", "content-disposition"}
)
_NO_SIDE_DOORS = """for (const door of ['RTCPeerConnection', 'webkitRTCPeerConnection', 'WebTransport'])
    delete window[door];"""
_SERIALISED = """(() => {{
    const root = document.documentElement;
    const text = (document.doctype ? '<!DOCTYPE html>' : '') + (root ? root.outerHTML : '');
    return text.length > {limit} ? null : text;
}})()"""


class Drawing:
    """One page on its way; used in the browser's event loop alone."""

    def __init__(
        self, frame: Fetched, load: Load, threads: Executor, settings: Fetching, stopped: threading.Event
    ) -> None:
        """``frame`` is the page as it was sent."""
        self._document = frame
        self._load = load
        self._threads = threads
        self._settings = settings
        self._stopped = stopped
        self._context: BrowserContext | None = None
        self._session: CDPSession | None = None
        self._failure: FetchError | FetchingStoppedError | None = None
        self._is_first = True
        self._documents = self._requests = self._in_flight = self._bytes = 0
        self._redirects = list(frame.redirects)
        self._verified = frame.certificate_verified
        """Whether all of its documents and parts came from hosts whose certificates were verified."""
        self._active_at = 0.0

    async def draw(self, browser: Browser, agent: str) -> Fetched:
        """The page with what its scripts made of it; raises :class:`FetchError`."""
        self._context = await browser.new_context(
            user_agent=agent, locale="zh-CN", service_workers="block", accept_downloads=False
        )
        await self._context.add_init_script(_NO_SIDE_DOORS)
        await self._context.route("**/*", self._answer)
        page = await self._context.new_page()
        page.on(
            "crash", lambda _: self._fail(Outcome.TOO_LARGE, "the page crashed the browser: it is too large")
        )
        self._context.on("page", lambda other: asyncio.ensure_future(_close(other)))
        with suppress(Error):  # a page that moves on at once interrupts its own loading; failures are noted
            await page.goto(
                self._document.final_url, wait_until="commit", timeout=self._settings.timeout_seconds * 1000
            )
        text = await self._settled(page)
        return self._drawn(text, f"Chromium {browser.version}")

    async def close(self) -> None:
        if self._context is not None:
            await self._context.close()

    def _drawn(self, text: str, browser: str) -> Fetched:
        document, body = self._document, text.encode("utf-8", "replace")
        if len(body) > self._settings.max_bytes:
            raise self._too_large()
        return replace(
            document,
            body=body,
            sent=document.body,
            drawn_by=browser,
            redirects=tuple(self._redirects),
            certificate_verified=self._verified,
        )

    def _too_large(self) -> FetchError:
        limit = self._settings.max_bytes
        return FetchError(Outcome.TOO_LARGE, f"drawn, larger than {limit} bytes (fetching.max_bytes)")

    def _fail(self, outcome: Outcome, why: str) -> None:
        self._failure = self._failure or FetchError(outcome, why)

    async def _settled(self, page: Page) -> str:
        """The page's markup once it has come to rest, or as far as it has come when its time is over."""
        now = asyncio.get_running_loop().time
        until = now() + self._settings.timeout_seconds
        self._active_at = now()
        text = ""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if self._stopped.is_set():
                raise FetchingStoppedError
            if self._failure is not None:
                raise self._failure
            is_over = now() >= until
            if not is_over and (self._in_flight or now() - self._active_at < _QUIET_SECONDS):
                continue
            try:
                text = await self._markup(page)
            except Error:
                if page.is_closed() or (is_over and not text):
                    raise
                continue  # the page moved on meanwhile
            if is_over or (text and not self._is_still_waiting(text)):
                return text
            self._active_at = now()

    def _is_still_waiting(self, text: str) -> bool:
        """Whether nothing is shown yet, or a challenge that may let us in by and by."""
        body = text.encode("utf-8", "replace")
        return not visible_bytes(body) or bool(block_reason(self._document.status, body, markup=True))

    async def _markup(self, page: Page) -> str:
        """Serialised in a world of our own, whose functions the page's scripts cannot have replaced."""
        session = self._session = self._session or await page.context.new_cdp_session(page)
        tree = await session.send("Page.getFrameTree")
        frame = {"frameId": tree["frameTree"]["frame"]["id"], "worldName": "reading"}
        world = await session.send("Page.createIsolatedWorld", frame)
        asked = {
            "expression": _SERIALISED.format(limit=self._settings.max_bytes),
            "contextId": world["executionContextId"],
            "returnByValue": True,
        }
        answer = await session.send("Runtime.evaluate", asked)
        text = answer["result"].get("value")
        if text is None:
            raise self._too_large()
        return str(text)

    async def _answer(self, route: Route) -> None:
        """Answer one request of the page; whatever cannot be had looks to it like a broken connection."""
        self._in_flight += 1
        try:
            await self._fulfil(route, route.request)
        except FetchingStoppedError as error:
            self._failure = error
            await _refuse(route)
        except FetchError as error:
            if _is_document(route.request):
                self._failure = self._failure or error
            await _refuse(route)
        except Error:  # the page moved on and no longer waits for it
            return
        finally:
            self._in_flight -= 1
            self._active_at = asyncio.get_running_loop().time()

    async def _fulfil(self, route: Route, request: Request) -> None:
        is_document = _is_document(request)
        if is_document and self._is_first:
            self._is_first = False
            await _give(route, self._document)
            return
        self._count(request, is_document=is_document)
        asked = Asked(
            request.url,
            request.method,
            {name: value for name, value in request.headers.items() if _is_passed_on(name)},
            request.post_data_buffer,
            is_document,
        )
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(self._threads, self._load, asked)
        if isinstance(answer, Redirect):
            self._redirects.append(answer)
            await _send_on(route, answer)
            return
        self._verified = self._verified and answer.certificate_verified
        self._bytes += len(answer.body)
        if self._bytes > self._settings.max_bytes:
            raise FetchError(Outcome.TOO_LARGE, "the parts of the page are too large together")
        if is_document:
            if not is_markup(answer):  # a download: the page that offers it stays
                await _refuse(route)
                return
            self._take_place(answer)
        await _give(route, answer)

    def _take_place(self, answer: Fetched) -> None:
        before = self._document
        if answer.final_url != before.final_url:
            self._redirects.append(Redirect(before.final_url, before.status, answer.final_url))
        self._document = replace(answer, url=before.url)

    def _count(self, request: Request, *, is_document: bool) -> None:
        """Raise :class:`FetchError` for what a page may not ask for, or not so often."""
        if request.resource_type not in _LOADED or request.method not in _METHODS:
            raise FetchError(Outcome.ERROR, f"{request.method} of a {request.resource_type} is not asked for")
        if request.method == "POST" and not same_site(request.url, self._document.final_url):
            raise FetchError(Outcome.ERROR, f"the page would send something to {request.url[:80]}")
        self._requests += 1
        self._documents += is_document
        if self._documents > _MOST_DOCUMENTS:
            raise FetchError(Outcome.ERROR, f"the page moves on more than {_MOST_DOCUMENTS} times")
        if self._requests > _MOST_REQUESTS:
            raise FetchError(Outcome.ERROR, f"the page asks for more than {_MOST_REQUESTS} things")


def _is_document(request: Request) -> bool:
    return request.is_navigation_request() and request.frame.parent_frame is None


def _is_passed_on(name: str) -> bool:
    return name not in _OWN_HEADERS and not name.startswith(("sec-", "proxy-", ":"))


async def _give(route: Route, answer: Fetched) -> None:
    headers: dict[str, str] = {}
    for name, value in answer.headers:
        key = name.lower()
        if key in _OF_THE_WIRE:
            continue
        mark = "\n" if key == "set-cookie" else ", "
        headers[key] = f"{headers[key]}{mark}{value}" if key in headers else value
    await route.fulfill(status=answer.status, headers=headers, body=answer.body)


async def _send_on(route: Route, redirect: Redirect) -> None:
    """Chromium would follow a redirect by itself: a page that moves on asks for its target here."""
    target = json.dumps(redirect.target).replace("<", "\\u003c")
    headers = {"content-type": "text/html; charset=utf-8"}
    if redirect.cookies:
        headers["set-cookie"] = "\n".join(redirect.cookies)
    await route.fulfill(status=200, headers=headers, body=f"<script>location.replace({target})</script>")


async def _refuse(route: Route) -> None:
    with suppress(Error):
        await route.abort("aborted")


async def _close(page: Page) -> None:
    """Windows that a page opens are closed: there is nobody to look at them."""
    with suppress(Error):
        await page.close()
