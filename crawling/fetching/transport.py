"""One request and its answer: over checked connections, within the limits of size and time."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from urllib.parse import urldefrag, urlsplit

import requests
from requests.cookies import RequestsCookieJar, extract_cookies_to_jar
from urllib3.exceptions import HTTPError

from crawling.fetching.addresses import AddressPolicy
from crawling.fetching.connection import CheckedAdapter, ExchangeWatch
from crawling.fetching.failures import as_fetch_error, not_finished
from crawling.fetching.model import Fetched, FetchError, Redirect
from crawling.fetching.redirects import redirect_target
from settings.model import Fetching
from vocabulary.codes import Outcome

_CHUNK = 64 * 1024
_BODY_IN_MEMORY = 4 * 1024 * 1024
_PLAIN = re.compile(r"https?://[a-z0-9]+(?:[.-][a-z0-9]+)*(?::\d{2,5})?/[A-Za-z0-9/._~?=&-]*")
"""Addresses that are written already as requests would write them."""
HOSTS_KEPT, _OLD_HOSTS_KEPT = 64, 4
"""Hosts whose connections are kept open, at most, and those of old TLS."""
_CONNECTIONS_PER_POOL = 128
"""More than all threads of all visits: a connection thrown away would be opened again for the next page."""


class Session:
    """What goes with the requests for one address: headers, and the cookies that its hops have set."""

    def __init__(self, headers: dict[str, str]) -> None:
        self.headers = headers
        self.cookies = RequestsCookieJar()


class Transport:
    """Asks for one address at a time per thread; one for the whole daemon, shared by its threads."""

    def __init__(self, settings: Fetching, policy: AddressPolicy, agent: str) -> None:
        self._settings = settings
        self._policy = policy
        self._agent = agent
        self._watch = ExchangeWatch()
        new = CheckedAdapter(pool_connections=HOSTS_KEPT, pool_maxsize=_CONNECTIONS_PER_POOL)
        old = CheckedAdapter(
            pool_connections=_OLD_HOSTS_KEPT, pool_maxsize=_CONNECTIONS_PER_POOL, old_tls=True
        )
        self._adapter, self._old_adapter = new, old
        self._headers = {
            "User-Agent": agent,
            "Accept-Encoding": "gzip, deflate",
            "Accept": "*/*",
            "Connection": "keep-alive",
            "Accept-Language": "zh-CN,zh;q=0.9",
        }

    def expire_all(self) -> None:
        """End the exchanges under way."""
        self._watch.expire_all()

    def close(self) -> None:
        for adapter in (self._adapter, self._old_adapter):
            adapter.close()
        self._watch.close()

    def session(self) -> Session:
        """A session without cookies of other addresses; proxies and netrc of this machine play no part."""
        return Session(self._headers)

    def exchange(
        self, session: Session, prepared: requests.PreparedRequest, *, verify: bool, old_tls: bool = False
    ) -> Fetched | Redirect:
        """What answers, whatever its status. Raises :class:`FetchError` where nothing whole does."""
        adapter = self._old_adapter if old_tls else self._adapter
        started = datetime.now(UTC)
        with self._watch.exchange(self._policy, self._settings.total_seconds) as exchange:
            try:
                response = adapter.send(
                    prepared,
                    stream=True,
                    verify=verify,
                    timeout=min(self._settings.timeout_seconds, self._settings.total_seconds),
                )
                try:
                    if "Set-Cookie" in response.headers:
                        extract_cookies_to_jar(  # type: ignore[no-untyped-call]
                            session.cookies, prepared, response.raw
                        )
                    answer = self._read(response, started)
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

    def _read(self, response: requests.Response, started: datetime) -> Fetched | Redirect:
        target = redirect_target(response)
        if target:
            cookies = tuple(response.raw.headers.getlist("Set-Cookie"))
            return Redirect(response.url, response.status_code, target, cookies)
        body = self._read_body(response)
        return Fetched(
            url=response.url,
            final_url=response.url,
            status=response.status_code,
            reason=response.reason or "",
            headers=tuple(response.raw.headers.items()),
            body=body,
            request_headers=tuple((name, str(value)) for name, value in response.request.headers.items()),
            started_at=started,
        )

    def _read_body(self, response: requests.Response) -> bytes:
        limit = self._settings.max_bytes
        declared = response.headers.get("Content-Length", "")
        too_large = FetchError(
            Outcome.TOO_LARGE, f"larger than {limit} bytes (fetching.max_bytes)", status=response.status_code
        )
        if declared.isdecimal() and int(declared) > limit:
            raise too_large
        chunks: Iterator[bytes] = response.raw.stream(_CHUNK, decode_content=True)
        first, second = next(chunks, b""), next(chunks, b"")
        if not second and len(first) <= limit:
            return first
        # On disk beyond a few MB: several endless bodies at once must not fill the memory.
        with tempfile.SpooledTemporaryFile(_BODY_IN_MEMORY) as body:
            for chunk in chain((first, second), chunks):
                body.write(chunk)
                if body.tell() > limit:
                    too_large.bytes_read = body.tell()
                    raise too_large
            body.seek(0)
            return body.read()


def prepare(
    session: Session,
    url: str,
    headers: dict[str, str],
    *,
    method: str = "GET",
    body: bytes | None = None,
) -> requests.PreparedRequest:
    """A request for ``url``. Raises :class:`FetchError` for what is no address, or none of the web.

    As ``requests.Session.prepare_request`` makes it, without what no request here has.
    """
    try:
        if urlsplit(url).scheme not in {"http", "https"}:
            raise FetchError(Outcome.REFUSED_ADDRESS, f"only http and https are asked for, not {url[:80]!r}")
        prepared = requests.PreparedRequest()
        prepared.prepare_method(method)
        if _PLAIN.fullmatch(url) and "/." not in url:
            prepared.url = url
        else:
            prepared.prepare_url(urldefrag(url).url, None)
        prepared.prepare_headers({**session.headers, **headers})
        if session.cookies:
            prepared.prepare_cookies(session.cookies)
        if body is not None or method != "GET":
            prepared.prepare_body(body, None)
        if "@" in url:
            prepared.prepare_auth(None)
    except (requests.RequestException, ValueError) as error:
        raise FetchError(Outcome.ERROR, f"not an address that can be asked for: {error}") from error
    else:
        return prepared
