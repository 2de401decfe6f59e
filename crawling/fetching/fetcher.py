"""Asking for one address, end to end: robots, pace, redirects, limits, retries, and what came of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests
from tenacity import RetryCallState, Retrying, stop_after_attempt

from crawling.fetching.addresses import AddressPolicy, Resolver, resolve
from crawling.fetching.failures import ask_again, ask_list_again, wait_before_retry
from crawling.fetching.judging import is_drawable, refuse_failure
from crawling.fetching.model import (
    PLAIN,
    Access,
    Asked,
    Fetched,
    FetchError,
    FetchingStoppedError,
    Redirect,
)
from crawling.fetching.names import Names
from crawling.fetching.pace import HostPace
from crawling.fetching.patience import Patience
from crawling.fetching.redirects import refresh_target
from crawling.fetching.robots import RobotsCache
from crawling.fetching.transport import Session, Transport, prepare
from settings.model import Fetching
from storage.host_pace import HostTurns
from vocabulary.codes import Outcome, PageKind

if TYPE_CHECKING:
    from crawling.fetching.browser.chromium import Chromium
    from crawling.fetching.browser.picture import Picture

_ATTEMPTS = 3
_ACCEPT = {
    PageKind.LIST: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    PageKind.PAGE: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    PageKind.ATTACHMENT: "*/*",
}


@dataclass(frozen=True, slots=True)
class _Errand:
    """What goes with every request on the way to one address."""

    headers: dict[str, str]
    access: Access
    robots: RobotsCache | None
    """None: robots.txt itself is asked for."""
    patience: Patience | None = None
    title: str = ""
    known_sha256: str = ""


class Fetcher:
    """Fetches addresses; one for the whole daemon, shared by its threads."""

    def __init__(
        self,
        settings: Fetching,
        *,
        resolver: Resolver = resolve,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] | None = None,
        own_hosts: Iterable[str] = (),
        turns: HostTurns | None = None,
    ) -> None:
        """``own_hosts`` (``host:port``) are served by this program itself: allowed, asked without pause.

        ``turns`` keeps the pause between requests to a host across programs.
        """
        self._settings = settings
        self._agent = settings.user_agent.replace("{contact}", settings.contact)
        self._own_hosts = frozenset(own_hosts)
        self.names = Names(resolver)
        policy = AddressPolicy((*settings.allow_private_hosts, *self._own_hosts), self.names.resolve)
        self._stopped = threading.Event()
        self._wait = sleep or self._wait_unless_stopped
        longest = settings.total_seconds + settings.timeout_seconds
        self._pace = HostPace(settings.delay_seconds, clock, self._sleep, turns, longest)
        self._clock = clock
        self._robots: dict[Access, RobotsCache] = {}
        self._lock = threading.Lock()
        self._transport = Transport(settings, policy, self._agent)
        self._browser: Chromium | None = None

    def fetch(
        self,
        url: str,
        *,
        kind: PageKind,
        etag: str = "",
        last_modified: str = "",
        access: Access = PLAIN,
        patience: Patience | None = None,
        title: str = "",
        known_sha256: str = "",
    ) -> Fetched:
        """Ask for ``url`` and give what answers, after redirects; ``access`` is what its source asks for.

        ``patience`` knows which hosts do not answer; without it they are asked all the same. ``title`` is the
        one that a list gives of a page: what shows it is no refusal. ``known_sha256`` is the digest of a body
        that was read before: a page that is this one again is not looked through for refusals.

        With ``etag`` or ``last_modified`` the answer may be :attr:`Fetched.unchanged`. Raises
        :class:`FetchError` with the outcome, or :class:`FetchingStoppedError` after :meth:`stop`.
        """
        wanted = {"Accept": _ACCEPT[kind]}
        is_drawn = access.browser and kind is not PageKind.ATTACHMENT
        if etag and not is_drawn:  # a page that scripts fill may change although its frame does not
            wanted["If-None-Match"] = etag
        if last_modified and not is_drawn:
            wanted["If-Modified-Since"] = last_modified
        again = ask_list_again if kind is PageKind.LIST else ask_again
        errand = _Errand(wanted, access, self._robots_for(access), patience, title, known_sha256)
        return self._ask(self._draw if is_drawn else self._read, url, errand, again)

    def stop(self) -> None:
        """Begin nothing more: waits end at once, exchanges under way may finish."""
        self._stopped.set()

    def abort(self) -> None:
        """End exchanges under way too."""
        self.stop()
        self._transport.expire_all()

    def close(self) -> None:
        self.stop()
        if self._browser is not None:
            self._browser.close()
        self._transport.close()

    def _wait_unless_stopped(self, seconds: float) -> None:
        self._stopped.wait(seconds)

    def _sleep(self, seconds: float) -> None:
        self._wait(seconds)
        self._go_on()

    def _go_on(self) -> None:
        if self._stopped.is_set():
            raise FetchingStoppedError

    def _ask(
        self,
        read: Callable[[str, _Errand], Fetched],
        url: str,
        errand: _Errand,
        again: Callable[[RetryCallState], bool],
    ) -> Fetched:
        """What ``read`` gives, tried again where ``again`` says so; what succeeds at once takes no detour."""
        try:
            return read(url, errand)
        except FetchError as error:
            failed = [error]

        def attempt() -> Fetched:
            if failed:
                raise failed.pop()
            return read(url, errand)

        retrying = Retrying(
            stop=stop_after_attempt(_ATTEMPTS),
            retry=again,
            wait=wait_before_retry,
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(attempt)

    def _robots_for(self, access: Access) -> RobotsCache:
        """The rules as ``access`` reads them: what came without a verified certificate binds nobody else."""
        with self._lock:
            plain = replace(access, browser=False)
            known = self._robots.get(plain)
            if known is None:
                read = partial(self._read_robots, plain)
                known = self._robots[plain] = RobotsCache(read, self._clock)
            return known

    def _read_robots(self, access: Access, url: str) -> bytes:
        """Robots.txt must not ask robots.txt; it obeys every other limit."""
        errand = _Errand({"Accept": "text/plain,*/*;q=0.8"}, access, None)
        return self._ask(self._read, url, errand, ask_again).body

    def _read(self, url: str, errand: _Errand) -> Fetched:
        return self._follow(url, errand, partial(self._accept, errand))

    def _accept(self, errand: _Errand, answer: Fetched) -> Fetched | Redirect:
        """What an answer comes to; raises :class:`FetchError` where it is no page."""
        known = errand.known_sha256
        if known and answer.status == HTTPStatus.OK and sha256(answer.body).hexdigest() == known:
            return answer
        refuse_failure(answer, self._pace.postpone, errand.title)
        target = refresh_target(answer.final_url, answer.body)
        return Redirect(answer.final_url, answer.status, target) if target else answer

    def _follow(self, url: str, errand: _Errand, accept: Callable[[Fetched], Fetched | Redirect]) -> Fetched:
        """What answers in the end; ``accept`` says what an answer comes to, while its host has its turn."""
        session = self._transport.session()
        redirects: list[Redirect] = []
        verified = True
        met: set[tuple[str, str]] = set()
        current = url
        while True:
            prepared = prepare(session, current, errand.headers)
            delay = self._leave_of(errand.robots, current) if errand.robots else 0.0
            # A site may set a cookie and send us to the same address again: that alone is no loop.
            here = (current, prepared.headers.get("Cookie", ""))
            if here in met:
                raise FetchError(Outcome.ERROR, f"redirects in a circle at {current}")
            met.add(here)
            with self._turn(current, delay):
                answer = self._exchange(session, prepared, errand)
                verified = verified and errand.access.verifies(prepared.url or current)
                if isinstance(answer, Fetched):
                    answer = accept(answer)
            if isinstance(answer, Fetched):
                return replace(answer, url=url, redirects=tuple(redirects), certificate_verified=verified)
            redirects.append(answer)
            if len(redirects) > self._settings.max_redirects:
                raise FetchError(Outcome.ERROR, f"more than {self._settings.max_redirects} redirects")
            current = answer.target

    def _exchange(
        self, session: Session, prepared: requests.PreparedRequest, errand: _Errand
    ) -> Fetched | Redirect:
        self._go_on()
        url, access, patience = prepared.url or "", errand.access, errand.patience
        if patience is not None:
            patience.require(url)
        failure = None
        try:
            return self._transport.exchange(
                session, prepared, verify=access.verifies(url), old_tls=access.takes_old_tls(url)
            )
        except FetchError as error:
            failure = error
            raise
        finally:
            if patience is not None:
                patience.note(url, failure)

    def _accept_frame(self, answer: Fetched) -> Fetched:
        if not is_drawable(answer):
            refuse_failure(answer, self._pace.postpone)
        return answer

    def _draw(self, url: str, errand: _Errand) -> Fetched:
        """The page as a browser shows it once its scripts have run; all of its requests are made here."""
        frame = self._follow(url, errand, self._accept_frame)
        if not is_drawable(frame):
            return frame
        drawn = self._chromium().draw(frame, partial(self._load, errand), self._stopped)
        refuse_failure(drawn, self._pace.postpone, errand.title)
        return drawn

    def picture(self, url: str, content_type: str, body: bytes) -> Picture:
        """What an archived page looks like; nothing is fetched. Raises :class:`FetchError`."""
        browser = self._chromium()
        from crawling.fetching.browser.picture import Archived  # noqa: PLC0415 - an extra, which is there

        return browser.picture(Archived(url, content_type, body), self._stopped)

    def _chromium(self) -> Chromium:
        """Started by the first page that needs it: a daemon without such a source never loads it."""
        try:
            from crawling.fetching.browser.chromium import Chromium  # noqa: PLC0415
        except ModuleNotFoundError as error:
            raise FetchError(
                Outcome.ERROR, "browser = true needs playwright: pip install 'qualwatch[browser]'"
            ) from error
        with self._lock:
            if self._browser is None:
                self._browser = Chromium(self._settings, self._agent)
            return self._browser

    def _load(self, errand: _Errand, asked: Asked) -> Fetched | Redirect:
        """What a page in the browser asks for: by every rule that holds for pages themselves.

        Another document waits for its turn; the parts of a page belong to the turn of their page. A redirect
        of a document is given back, so that the browser learns where it is; those of parts are followed.
        """
        session = self._transport.session()
        current, verified = asked, True
        for _ in range(self._settings.max_redirects + 1):
            prepared = prepare(
                session, current.url, current.headers, method=current.method, body=current.body
            )
            delay = self._leave_of(errand.robots, current.url) if errand.robots else 0.0
            with self._turn(current.url, delay) if asked.is_document else nullcontext():
                answer = self._exchange(session, prepared, errand)
            verified = verified and errand.access.verifies(prepared.url or current.url)
            if isinstance(answer, Fetched):
                return replace(answer, certificate_verified=verified)
            if asked.is_document:
                return answer
            current = current.after(answer)
        raise FetchError(Outcome.ERROR, f"more than {self._settings.max_redirects} redirects")

    def _turn(self, url: str, delay: float) -> AbstractContextManager[None]:
        parts = urlsplit(url)
        if parts.netloc in self._own_hosts:
            return nullcontext()
        return self._pace.turn(parts.hostname or "", at_least=delay)

    def _leave_of(self, robots: RobotsCache, url: str) -> float:
        """Seconds to leave between two requests; raises :class:`FetchError` where ``url`` is forbidden."""
        rules = robots.rules(url)
        product = self._agent.partition("/")[0]
        rules.check(url, product)
        return rules.delay(product)
