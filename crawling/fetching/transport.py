"""One request and its answer: over checked connections, within the limits of size and time."""

from __future__ import annotations

import tempfile
import threading
from collections import OrderedDict
from datetime import UTC, datetime
from urllib.parse import urldefrag, urlsplit

import requests
from requests.adapters import BaseAdapter
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
_SCHEMES = ("https://", "http://")
_POOLS, _FEW = 64, 4
_CONNECTIONS_PER_POOL = 128
"""More than all threads of all visits: a connection thrown away would be opened again for the next page."""


class Session(requests.Session):
    """Leaves redirects alone: each hop is asked for here, by the same rules as the first address."""

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002 - the signature of requests
        return None


class Transport:
    """Asks for one address at a time per thread; one for the whole daemon, shared by its threads."""

    def __init__(self, settings: Fetching, policy: AddressPolicy, agent: str) -> None:
        self._settings = settings
        self._policy = policy
        self._agent = agent
        self._watch = ExchangeWatch()
        new = CheckedAdapter(pool_connections=_POOLS, pool_maxsize=_CONNECTIONS_PER_POOL)
        old = CheckedAdapter(pool_connections=_FEW, pool_maxsize=_CONNECTIONS_PER_POOL, old_tls=True)
        self._adapters: OrderedDict[str, BaseAdapter] = OrderedDict.fromkeys(_SCHEMES, new)
        self._old_adapters: OrderedDict[str, BaseAdapter] = OrderedDict.fromkeys(_SCHEMES, old)
        self._local = threading.local()

    def expire_all(self) -> None:
        """End the exchanges under way."""
        self._watch.expire_all()

    def close(self) -> None:
        for adapter in (*self._adapters.values(), *self._old_adapters.values()):
            adapter.close()
        self._watch.close()

    def session(self) -> Session:
        """This thread's session, without cookies of other addresses, proxies or netrc of this machine."""
        session: Session | None = getattr(self._local, "session", None)
        if session is None:
            session = Session()
            session.trust_env = False
            session.headers.update({"User-Agent": self._agent, "Accept-Encoding": "gzip, deflate"})
            session.headers["Accept-Language"] = "zh-CN,zh;q=0.9"
            self._local.session = session
        session.cookies.clear()
        return session

    def exchange(
        self, session: Session, prepared: requests.PreparedRequest, *, verify: bool, old_tls: bool = False
    ) -> Fetched | Redirect:
        """What answers, whatever its status. Raises :class:`FetchError` where nothing whole does."""
        session.adapters = self._old_adapters if old_tls else self._adapters
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
        # On disk beyond a few MB: several endless bodies at once must not fill the memory.
        with tempfile.SpooledTemporaryFile(_BODY_IN_MEMORY) as body:
            for chunk in response.raw.stream(_CHUNK, decode_content=True):
                body.write(chunk)
                if body.tell() > limit:
                    too_large.bytes_read = body.tell()
                    raise too_large
            body.seek(0)
            return body.read()


def prepare(
    session: requests.Session,
    url: str,
    headers: dict[str, str],
    *,
    method: str = "GET",
    body: bytes | None = None,
) -> requests.PreparedRequest:
    """A request for ``url``. Raises :class:`FetchError` for what is no address, or none of the web."""
    try:
        if urlsplit(url).scheme not in {"http", "https"}:
            raise FetchError(Outcome.REFUSED_ADDRESS, f"only http and https are asked for, not {url[:80]!r}")
        return session.prepare_request(
            requests.Request(method, urldefrag(url).url, headers=headers, data=body)
        )
    except (requests.RequestException, ValueError) as error:
        raise FetchError(Outcome.ERROR, f"not an address that can be asked for: {error}") from error
