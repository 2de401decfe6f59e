"""Chromium, started when a page needs it and ended when none did for a while; one page at a time."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Protocol, TypeVar

from playwright.async_api import Browser, Error, Playwright, async_playwright

from crawling.fetching.browser.drawing import Drawing, Load
from crawling.fetching.browser.picture import Archived, Photograph, Picture
from crawling.fetching.browser.processes import end_below, find_chromium, parent_of, private_megabytes
from crawling.fetching.model import Fetched, FetchError, FetchingStoppedError
from settings.model import Fetching
from vocabulary.codes import Outcome

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
_LOADS_AT_ONCE = 6
"""Parts of a page asked for at the same time, as many as browsers ask one host for."""
_IDLE_SECONDS = 60.0
_START_SECONDS = 30.0
_GRACE_SECONDS = 5.0
"""Beyond the time in which a page must come to rest: for its serialisation."""
_TIDY_SECONDS = 5.0
_MEMORY_LOOK_SECONDS = 0.25
_ARGUMENTS = (
    # Nothing leaves by itself: no name is resolved, and whatever goes round the proxy by UDP stays here.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-quic",
    "--no-pings",
    "--blink-settings=imagesEnabled=false",
    "--disable-gpu",
)


class _Drawn(Protocol[T_co]):
    """What is made with the browser, within one turn."""

    async def draw(self, browser: Browser, agent: str) -> T_co: ...

    async def close(self) -> None: ...


class Chromium:
    """The system's Chromium, driven by Playwright in a thread of its own; shared by all threads.

    It has a profile that is thrown away, the environment of a stranger, and its sandbox unless it runs as
    root, where Chromium has none.
    """

    def __init__(self, settings: Fetching, agent: str) -> None:
        self._settings = settings
        self._agent = agent
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="browser", daemon=True)
        self._threads = ThreadPoolExecutor(_LOADS_AT_ONCE, "browser-load")
        self._turn = asyncio.Semaphore(1)
        self._home = tempfile.TemporaryDirectory(prefix="qualwatch-browser-")
        # Bound and never listening: whoever is sent there is refused, and nobody else can take the port.
        self._nowhere = socket.socket()
        self._nowhere.bind(("127.0.0.1", 0))
        self._driver: Playwright | None = None
        self._browser: Browser | None = None
        self._root = 0
        """Process id of the driver, above all of Chromium's."""
        self._watching: asyncio.Task[None] | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._is_too_large = False
        self._thread.start()

    def draw(self, frame: Fetched, load: Load, stopped: threading.Event) -> Fetched:
        """The page ``frame`` as it looks once its scripts have run; ``load`` makes all of its requests.

        Raises :class:`FetchError`, or :class:`FetchingStoppedError` once ``stopped`` is set.
        """
        drawing = Drawing(frame, load, self._threads, self._settings, stopped)
        return asyncio.run_coroutine_threadsafe(self._draw(drawing, stopped), self._loop).result()

    def picture(self, page: Archived, stopped: threading.Event) -> Picture:
        """What an archived page looks like, of its own bytes alone; raises likewise."""
        photograph = Photograph(page)
        return asyncio.run_coroutine_threadsafe(self._draw(photograph, stopped), self._loop).result()

    def close(self) -> None:
        """End Chromium; pages under way end as stopped."""
        with suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(4 * _TIDY_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._threads.shutdown()
        self._nowhere.close()
        self._home.cleanup()

    async def _draw(self, drawing: _Drawn[T], stopped: threading.Event) -> T:
        async with self._turn:
            if stopped.is_set():
                raise FetchingStoppedError
            browser = await self._started()
            limit = self._settings.timeout_seconds + _GRACE_SECONDS
            task = asyncio.ensure_future(drawing.draw(browser, self._agent))
            try:
                if not (await asyncio.wait({task}, timeout=limit))[0]:
                    task.cancel()
                    raise FetchError(Outcome.TIMEOUT, f"the page's scripts had not ended after {limit:g} s")
                return task.result()
            except Error as error:
                raise self._failure(error, stopped) from error
            finally:
                await self._tidy(drawing)
                self._idle = self._loop.call_later(_IDLE_SECONDS, self._close_idle)

    def _failure(self, error: Error, stopped: threading.Event) -> Exception:
        if stopped.is_set():
            return FetchingStoppedError()
        if self._is_too_large:
            limit = self._settings.browser_megabytes
            return FetchError(
                Outcome.TOO_LARGE, f"drawing the page needs more than {limit} MB (fetching.browser_megabytes)"
            )
        return FetchError(Outcome.ERROR, f"the browser failed: {_said(error)}", transient=True)

    async def _tidy(self, drawing: _Drawn[T]) -> None:
        """Throw the page's context away; a page that does not let go takes the browser with it."""
        try:
            await asyncio.wait_for(drawing.close(), _TIDY_SECONDS)
        except (TimeoutError, Error):
            await self._kill()

    async def _started(self) -> Browser:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        if self._browser is not None and self._browser.is_connected():
            return self._browser
        await self._kill()
        program = find_chromium(self._settings.browser_path)
        self._is_too_large = False
        self._driver = await _start_driver()
        try:
            self._browser = await self._driver.chromium.launch(
                executable_path=program,
                chromium_sandbox=os.geteuid() != 0,
                proxy={"server": f"http://127.0.0.1:{self._nowhere.getsockname()[1]}"},
                args=[
                    *_ARGUMENTS,
                    f"--js-flags=--max-old-space-size={self._settings.browser_megabytes // 2}",
                ],
                env={"PATH": os.environ.get("PATH", os.defpath), "HOME": self._home.name, "LANG": "C.UTF-8"},
                timeout=_START_SECONDS * 1000,
                handle_sigint=False,
                handle_sigterm=False,
                handle_sighup=False,
            )
            session = await self._browser.new_browser_cdp_session()
            processes = await session.send("SystemInfo.getProcessInfo")
            browser = next(one["id"] for one in processes["processInfo"] if one["type"] == "browser")
            self._root = parent_of(browser)
        except (Error, OSError) as error:
            await self._kill()
            hint = "" if os.geteuid() == 0 else "; its sandbox needs user namespaces of the kernel"
            raise FetchError(Outcome.ERROR, f"{program} does not start: {_said(error)}{hint}") from error
        self._watching = asyncio.ensure_future(self._watch_memory())
        return self._browser

    async def _watch_memory(self) -> None:
        """End the browser before it takes the memory of everything else."""
        while True:
            await asyncio.sleep(_MEMORY_LOOK_SECONDS)
            if private_megabytes(self._root) > self._settings.browser_megabytes:
                self._is_too_large = True
                end_below(self._root)
                return

    def _close_idle(self) -> None:
        self._idle = None
        if not self._turn.locked():
            self._closing = asyncio.ensure_future(self._kill())

    async def _end(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        await self._kill()

    async def _kill(self) -> None:
        """End Chromium and its driver, whatever state they are in."""
        if self._watching is not None:
            self._watching.cancel()
            self._watching = None
        driver, root = self._driver, self._root
        self._driver, self._browser, self._root = None, None, 0
        if root:
            end_below(root)  # the driver lives on to throw the profile away
        if driver is not None:
            try:
                await asyncio.wait_for(driver.stop(), _TIDY_SECONDS)
            except (Error, TimeoutError):
                if root:
                    os.kill(root, signal.SIGKILL)


def _said(error: Exception) -> str:
    """The first line of what Playwright says: its log follows."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


async def _start_driver() -> Playwright:
    """Playwright's own program, which speaks with Chromium."""
    try:
        return await async_playwright().start()
    except Exception as error:  # Playwright raises no class of its own here
        raise FetchError(
            Outcome.ERROR, f"Playwright's driver does not start (apt-get install libatomic1): {_said(error)}"
        ) from error
