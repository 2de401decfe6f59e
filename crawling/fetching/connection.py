"""Connections that go to checked addresses only and that end when their time is over.

urllib3 asks ``_new_conn`` for a connected socket; everything above it (TLS with the host's name and its
verification, keep-alive, HTTP) stays as it is.
"""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import threading
import time
import warnings
from collections.abc import Iterator
from contextvars import ContextVar
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import ConnectionPool, HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.ssl_ import create_urllib3_context

from crawling.fetching.addresses import AddressPolicy
from crawling.fetching.answer_headers import LenientResponse
from crawling.trust import tolerant

_ADDRESSES_TRIED = 3
"""Of a name with many addresses: more would multiply the connect timeout."""
_LEGACY_RENEGOTIATION = 0x4
"""``OP_LEGACY_SERVER_CONNECT``, which the ssl module names from Python 3.12."""
_LOOK_SECONDS = 0.2
"""How often the watch looks for exchanges whose time is over."""


class Exchange:
    """One request and its response: where it may connect to, and until when it may last."""

    def __init__(self, policy: AddressPolicy, deadline: float) -> None:
        self.policy = policy
        self.deadline = deadline
        """Of ``time.monotonic``."""
        self.expired = False
        self._lock = threading.Lock()
        self._handle: socket.socket | None = None

    def watch(self, sock: socket.socket) -> None:
        """Remember the socket by a handle of its own: wrapping it in TLS detaches the original.

        A kept-alive connection brings the TLS socket itself, which cannot be doubled: its descriptor can.
        """
        with self._lock:
            self._close_handle()
            self._handle = socket.socket(fileno=os.dup(sock.fileno()))

    def expire(self) -> None:
        """End the connection under a read that still waits."""
        with self._lock:
            self.expired = True
            if self._handle is not None:
                with contextlib.suppress(OSError):
                    self._handle.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with self._lock:
            self._close_handle()

    def _close_handle(self) -> None:
        if self._handle is not None:
            self._handle.close()
            self._handle = None


_current: ContextVar[Exchange] = ContextVar("exchange")


class ExchangeWatch:
    """Ends exchanges whose time is over, however slowly their bytes drip; one thread for all of them."""

    def __init__(self) -> None:
        self._active: set[Exchange] = set()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def exchange(self, policy: AddressPolicy, seconds: float) -> Iterator[Exchange]:
        """An exchange of at most ``seconds``; connections opened inside belong to it."""
        exchange = Exchange(policy, time.monotonic() + seconds)
        with self._lock:
            self._active.add(exchange)
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="exchange-watch", daemon=True)
                self._thread.start()
        token = _current.set(exchange)
        try:
            yield exchange
        finally:
            _current.reset(token)
            with self._lock:
                self._active.discard(exchange)
            exchange.close()

    def expire_all(self) -> None:
        """End every exchange now: the daemon has been told twice to stop."""
        with self._lock:
            active = list(self._active)
        for exchange in active:
            exchange.expire()

    def close(self) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(_LOOK_SECONDS):
            now = time.monotonic()
            with self._lock:
                over = [exchange for exchange in self._active if now >= exchange.deadline]
            for exchange in over:
                exchange.expire()


def _connect(connection: HTTPConnection) -> socket.socket:
    """Resolve, check and connect in one step, so that the address checked is the address used."""
    exchange = _current.get()
    port = connection.port
    try:
        addresses = exchange.policy.addresses(connection.host, port)
    except (socket.gaierror, UnicodeError) as error:
        reason = error if isinstance(error, socket.gaierror) else socket.gaierror(str(error))
        raise NameResolutionError(connection.host, connection, reason) from error
    timeout = connection.timeout if isinstance(connection.timeout, int | float) else None
    failure: OSError = OSError("the name has no address")
    for address in addresses[:_ADDRESSES_TRIED]:
        left = exchange.deadline - time.monotonic()
        if left <= 0:
            failure = TimeoutError("timed out")
            break
        limit = left if timeout is None else min(timeout, left)
        try:
            sock = socket.create_connection((address, port), limit)
        except OSError as error:
            failure = error
            continue
        sock.settimeout(timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        exchange.watch(sock)
        return sock
    if isinstance(failure, TimeoutError):
        raise ConnectTimeoutError(connection, f"no connection to {connection.host} in time") from failure
    raise NewConnectionError(connection, f"no connection to {connection.host}: {failure}") from failure


def _watch_reused(connection: HTTPConnection) -> None:
    """A kept-alive connection serves a new exchange, which must be able to end it too."""
    if connection.sock is not None:
        _current.get().watch(connection.sock)


class CheckedHttpConnection(HTTPConnection):
    response_class = LenientResponse

    def _new_conn(self) -> socket.socket:
        return _connect(self)

    def request(self, *args: Any, **kwargs: Any) -> None:
        _watch_reused(self)
        super().request(*args, **kwargs)


class CheckedHttpsConnection(HTTPSConnection):
    response_class = LenientResponse

    def _new_conn(self) -> socket.socket:
        return _connect(self)

    def request(self, *args: Any, **kwargs: Any) -> None:
        _watch_reused(self)
        super().request(*args, **kwargs)


class CheckedHttpPool(HTTPConnectionPool):
    ConnectionCls = CheckedHttpConnection


class CheckedHttpsPool(HTTPSConnectionPool):
    ConnectionCls = CheckedHttpsConnection

    def _validate_conn(self, conn: Any) -> None:
        """Connect early, as urllib3 does; an exception was asked for and shows elsewhere: no warning."""
        HTTPConnectionPool._validate_conn(self, conn)  # noqa: SLF001 - the place that urllib3 has for it
        if conn.is_closed:
            conn.connect()


def _trusted_roots() -> ssl.SSLContext:
    """Trusts what this machine trusts and what comes with the program: an office may have its own roots."""
    context = tolerant(create_urllib3_context())
    context.load_default_certs()
    context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    return context


def _of_old(context: ssl.SSLContext) -> ssl.SSLContext:
    """The context with what servers speak that nobody has renewed: TLS 1.0, short keys, SHA-1."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that it is old is what was asked for
        context.minimum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.options |= _LEGACY_RENEGOTIATION
    return context


def _trusting_anybody() -> ssl.SSLContext:
    context = create_urllib3_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class CheckedAdapter(HTTPAdapter):
    """Requests' transport over checked connections; safe to share between threads.

    With ``verify=False`` a request has connections of its own: none that was opened so serves another.
    """

    def __init__(self, pool_connections: int, pool_maxsize: int, *, old_tls: bool = False) -> None:
        """Connections to ``pool_connections`` hosts are kept open, those asked last."""
        self._old_tls = old_tls
        self._most = pool_connections
        self._pools: dict[tuple[str, str, Any], ConnectionPool] = {}
        """Those used lately, by scheme, host and port, and whether certificates are verified."""
        super().__init__(pool_connections=pool_connections, pool_maxsize=pool_maxsize)

    def get_connection_with_tls_context(
        self, request: PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """The connections to a host: to look them up by all that they depend on takes long."""
        site = urlsplit(request.url or "")
        key = site.scheme, site.netloc, verify
        known = self._pools.get(key)
        if known is not None:
            return known
        found = super().get_connection_with_tls_context(request, verify, proxies, cert)
        if len(self._pools) >= self._most:
            self._pools.clear()
        self._pools[key] = found
        return found

    def close(self) -> None:
        self._pools.clear()
        super().close()

    def build_connection_pool_key_attributes(
        self, request: PreparedRequest, verify: Any, cert: Any = None
    ) -> tuple[Any, Any]:
        host, tls = super().build_connection_pool_key_attributes(request, verify, cert)
        trusting: dict[str, Any] = {}
        if host["scheme"] == "https":
            context = self._trusted if verify is True else self._trusting_anybody
            trusting = {"ssl_context": context} if context is not None else {}
        return host, {**tls, **trusting}

    @cached_property
    def _trusted(self) -> ssl.SSLContext:
        """Read with the first host that speaks TLS: hundreds of roots take as long as many pages."""
        return _of_old(_trusted_roots()) if self._old_tls else _trusted_roots()

    @cached_property
    def _trusting_anybody(self) -> ssl.SSLContext | None:
        return _of_old(_trusting_anybody()) if self._old_tls else None

    def request_url(self, request: PreparedRequest, proxies: Any) -> str:  # noqa: ARG002 - there are none
        return request.path_url

    def build_response(self, req: PreparedRequest, resp: Any) -> Response:
        """The answer as its headers say it; cookies are the session's, and text is decoded elsewhere."""
        response = Response()
        response.status_code = resp.status
        response.headers = resp.headers
        response.raw = resp
        response.reason = resp.reason
        response.url = req.url or ""
        response.request = req
        return response

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        super().cert_verify(conn, url, verify, cert)  # type: ignore[no-untyped-call]
        conn.ca_certs = None  # they are in the context, read once instead of at every connection

    def init_poolmanager(
        self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any
    ) -> None:
        super().init_poolmanager(connections, maxsize, block, **pool_kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": CheckedHttpPool, "https": CheckedHttpsPool}
