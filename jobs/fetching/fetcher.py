"""Asking for one address, end to end: robots, pace, redirects, limits, retries, and what came of it."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from urllib.parse import urldefrag, urlsplit

import requests
from tenacity import RetryCallState, Retrying, stop_after_attempt
from urllib3.exceptions import HTTPError

from jobs.fetching.addresses import AddressPolicy, Resolver, resolve
from jobs.fetching.block_pages import block_reason, is_login_page, is_missing_page
from jobs.fetching.connection import CheckedAdapter, ExchangeWatch
from jobs.fetching.failures import (
    LONGEST_WAIT,
    PAUSING,
    as_fetch_error,
    bad_status,
    may_be_asked_again,
    not_finished,
    seconds_to_wait,
    wait_before_retry,
)
from jobs.fetching.model import PLAIN, Access, Fetched, FetchError, FetchingStoppedError, PageKind, Redirect
from jobs.fetching.pace import HostPace, SharedTurns
from jobs.fetching.redirects import redirect_target, refresh_target
from jobs.fetching.robots import RobotsCache
from settings.model import Fetching
from storage.tables import Outcome

_ATTEMPTS = 3
_CHUNK = 64 * 1024
_BODY_IN_MEMORY = 4 * 1024 * 1024
_ACCEPT = {
    PageKind.LIST: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    PageKind.PAGE: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    PageKind.ATTACHMENT: "*/*",
}
_POOLS = 64
_CONNECTIONS_PER_POOL = 128
"""More than all threads of all visits: a connection thrown away would be opened again for the next page."""


class _Session(requests.Session):
    """Leaves redirects alone: each hop is asked for here, by the same rules as the first address."""

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002 - the signature of requests
        return None


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
        turns: SharedTurns | None = None,
    ) -> None:
        """``own_hosts`` (``host:port``) are served by this program itself: allowed, asked without pause.

        ``turns`` keeps the pause between requests to a host across programs.
        """
        self._settings = settings
        self._agent = settings.user_agent.replace("{contact}", settings.contact)
        self._own_hosts = frozenset(own_hosts)
        self._policy = AddressPolicy((*settings.allow_private_hosts, *self._own_hosts), resolver)
        self._stopped = threading.Event()
        self._wait = sleep or self._wait_unless_stopped
        self._pace = HostPace(settings.delay_seconds, clock, self._sleep, turns)
        self._clock = clock
        self._robots: dict[str, RobotsCache] = {}
        self._lock = threading.Lock()
        self._watch = ExchangeWatch()
        self._adapter = CheckedAdapter(pool_connections=_POOLS, pool_maxsize=_CONNECTIONS_PER_POOL)
        self._local = threading.local()

    def fetch(
        self,
        url: str,
        *,
        kind: PageKind,
        etag: str = "",
        last_modified: str = "",
        access: Access = PLAIN,
    ) -> Fetched:
        """Ask for ``url`` and give what answers, after redirects; ``access`` is what its source asks for.

        With ``etag`` or ``last_modified`` the answer may be :attr:`Fetched.unchanged`. Raises
        :class:`FetchError` with the outcome, or :class:`FetchingStoppedError` after :meth:`stop`.
        """
        wanted = {"Accept": _ACCEPT[kind]}
        if etag:
            wanted["If-None-Match"] = etag
        if last_modified:
            wanted["If-Modified-Since"] = last_modified
        again = _ask_list_again if kind is PageKind.LIST else _ask_again
        return self._retrying(again)(self._follow, url, wanted, access, self._robots_for(access))

    def stop(self) -> None:
        """Begin nothing more: waits end at once, exchanges under way may finish."""
        self._stopped.set()

    def abort(self) -> None:
        """End exchanges under way too."""
        self.stop()
        self._watch.expire_all()

    def close(self) -> None:
        self.stop()
        self._adapter.close()
        self._watch.close()

    def _wait_unless_stopped(self, seconds: float) -> None:
        self._stopped.wait(seconds)

    def _sleep(self, seconds: float) -> None:
        self._wait(seconds)
        self._go_on()

    def _go_on(self) -> None:
        if self._stopped.is_set():
            raise FetchingStoppedError

    def _retrying(self, again: Callable[[RetryCallState], bool]) -> Retrying:
        return Retrying(
            stop=stop_after_attempt(_ATTEMPTS),
            retry=again,
            wait=wait_before_retry,
            sleep=self._sleep,
            reraise=True,
        )

    def _robots_for(self, access: Access) -> RobotsCache:
        """The rules as ``access`` reads them: what came without a verified certificate binds nobody else."""
        with self._lock:
            known = self._robots.get(access.unverified_host)
            if known is None:
                read = partial(self._read_robots, Access(access.unverified_host))
                known = self._robots[access.unverified_host] = RobotsCache(read, self._clock)
            return known

    def _read_robots(self, access: Access, url: str) -> bytes:
        """Robots.txt must not ask robots.txt; it obeys every other limit."""
        return self._retrying(_ask_again)(
            self._follow, url, {"Accept": "text/plain,*/*;q=0.8"}, access, None
        ).body

    def _follow(
        self, url: str, wanted: dict[str, str], access: Access, robots: RobotsCache | None
    ) -> Fetched:
        session = self._session()
        redirects: list[Redirect] = []
        verified = True
        met: set[tuple[str, str]] = set()
        current = url
        while True:
            prepared = _prepare(session, current, wanted)
            delay = self._leave_of(robots, current) if robots else 0.0
            # A site may set a cookie and send us to the same address again: that alone is no loop.
            here = (current, prepared.headers.get("Cookie", ""))
            if here in met:
                raise FetchError(Outcome.ERROR, f"redirects in a circle at {current}")
            met.add(here)
            with self._turn(current, delay):
                self._go_on()
                is_trusted = access.verifies(prepared.url or current)
                answer = self._exchange(session, prepared, url, tuple(redirects), verify=is_trusted)
            verified = verified and is_trusted
            if isinstance(answer, Fetched):
                return replace(answer, certificate_verified=verified)
            redirects.append(answer)
            if len(redirects) > self._settings.max_redirects:
                raise FetchError(Outcome.ERROR, f"more than {self._settings.max_redirects} redirects")
            current = answer.target

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

    def _session(self) -> requests.Session:
        """This thread's session, without cookies of other addresses, proxies or netrc of this machine."""
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = _Session()
            session.trust_env = False
            session.headers.update({"User-Agent": self._agent, "Accept-Encoding": "gzip, deflate"})
            session.headers["Accept-Language"] = "zh-CN,zh;q=0.9"
            session.mount("http://", self._adapter)
            session.mount("https://", self._adapter)
            self._local.session = session
        session.cookies.clear()
        return session

    def _exchange(
        self,
        session: requests.Session,
        prepared: requests.PreparedRequest,
        asked: str,
        redirects: tuple[Redirect, ...],
        *,
        verify: bool,
    ) -> Fetched | Redirect:
        started = datetime.now(UTC)
        with self._watch.exchange(self._policy, self._settings.total_seconds) as exchange:
            try:
                response = session.send(
                    prepared,
                    stream=True,
                    allow_redirects=False,
                    verify=verify,
                    timeout=min(self._settings.timeout_seconds, self._settings.total_seconds),
                )
                try:
                    answer = self._read(response, asked, redirects, started)
                finally:
                    response.close()
            except FetchError:
                if not exchange.expired:
                    raise
            except (requests.RequestException, HTTPError, OSError, ValueError) as error:
                raise as_fetch_error(error, exchange, self._settings) from error
            else:
                if not exchange.expired:
                    return answer
            # Cut short, an answer of unknown length looks complete, and an empty one empty.
            raise not_finished(self._settings)

    def _read(
        self, response: requests.Response, asked: str, redirects: tuple[Redirect, ...], started: datetime
    ) -> Fetched | Redirect:
        target = redirect_target(response)
        if target:
            return Redirect(response.url, response.status_code, target)
        body = self._read_body(response)
        self._refuse_failure(response, body)
        target = refresh_target(response.url, body)
        if target:
            return Redirect(response.url, response.status_code, target)
        return Fetched(
            url=asked,
            final_url=response.url,
            status=response.status_code,
            reason=response.reason or "",
            headers=tuple(response.raw.headers.items()),
            body=body,
            request_headers=tuple((name, str(value)) for name, value in response.request.headers.items()),
            started_at=started,
            redirects=redirects,
        )

    def _read_body(self, response: requests.Response) -> bytes:
        limit = self._settings.max_bytes
        declared = response.headers.get("Content-Length", "")
        too_large = FetchError(
            Outcome.TOO_LARGE, f"larger than {limit} bytes (fetching.max_bytes)", status=response.status_code
        )
        if declared.isdecimal() and int(declared) > limit:
            raise too_large
        # On disk beyond a few MB: several endless bodies at once must not fill the memory.
        with tempfile.SpooledTemporaryFile(_BODY_IN_MEMORY) as body:
            for chunk in response.raw.stream(_CHUNK, decode_content=True):
                body.write(chunk)
                if body.tell() > limit:
                    too_large.bytes_read = body.tell()
                    raise too_large
            body.seek(0)
            return body.read()

    def _refuse_failure(self, response: requests.Response, body: bytes) -> None:
        status = response.status_code
        if status == HTTPStatus.NOT_MODIFIED and _is_conditional(response.request):
            return
        media_type = response.headers.get("Content-Type", "").lower()
        markup = "html" in media_type or body.lstrip()[:1] == b"<"
        blocked = block_reason(status, body, markup=markup)
        if not blocked and markup and is_login_page(body):
            blocked = "asks for a login"
        retry_after = seconds_to_wait(response.headers.get("Retry-After", ""))
        if status in PAUSING and retry_after:
            self._pace.postpone(urlsplit(response.url).hostname or "", min(retry_after, LONGEST_WAIT))
        if blocked:
            raise FetchError(
                Outcome.BLOCKED,
                f"the server {blocked} (status {status})",
                status=status,
                bytes_read=len(body),
                transient=may_be_asked_again(status, retry_after),
                retry_after=retry_after,
            )
        if not 200 <= status < 300:
            raise bad_status(status, retry_after, len(body))
        if not body.strip():
            raise FetchError(Outcome.EMPTY, "the answer is empty", status=status, bytes_read=len(body))
        if markup and is_missing_page(body):
            detail = f"the page says that it is not there (status {status})"
            raise FetchError(Outcome.GONE, detail, status=status, bytes_read=len(body))


def _ask_again(state: RetryCallState) -> bool:
    error = state.outcome.exception() if state.outcome else None
    return isinstance(error, FetchError) and error.transient


def _ask_list_again(state: RetryCallState) -> bool:
    """A list page that timed out is asked once more: without it the visit sees nothing of what is behind."""
    error = state.outcome.exception() if state.outcome else None
    timed_out = isinstance(error, FetchError) and error.outcome is Outcome.TIMEOUT
    return _ask_again(state) or (timed_out and state.attempt_number == 1)


def _is_conditional(request: requests.PreparedRequest) -> bool:
    """Whether "not modified" is an answer: to a plain request it would leave us without the page."""
    return "If-None-Match" in request.headers or "If-Modified-Since" in request.headers


def _prepare(session: requests.Session, url: str, headers: dict[str, str]) -> requests.PreparedRequest:
    try:
        if urlsplit(url).scheme not in {"http", "https"}:
            raise FetchError(Outcome.REFUSED_ADDRESS, f"only http and https are asked for, not {url[:80]!r}")
        return session.prepare_request(requests.Request("GET", urldefrag(url).url, headers=headers))
    except (requests.RequestException, ValueError) as error:
        raise FetchError(Outcome.ERROR, f"not an address that can be asked for: {error}") from error
