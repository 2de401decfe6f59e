"""The console's socket, its thread, and its end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import resource
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from ipaddress import ip_address
from typing import NamedTuple

import structlog
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from alerts.delivery.links import ServedAt, console_address, last_served, remember_served
from alerts.metrics.collected import Metrics
from alerts.metrics.server import Health
from console.application import build_application
from console.context import Context
from settings.console import Console
from settings.errors import StartError
from settings.model import Settings

PORTS_TRIED = 20
"""Ports after the wanted one that are tried before any free one is taken."""
CONNECTION_SECONDS = 60.0
"""Longest life of a connection, so that nobody holds one by sending a byte now and then."""
HEAD_SECONDS = 10.0
"""Until its first request is there; who says nothing is no visitor."""
CONNECTIONS = 100
PER_ADDRESS = 20
"""Connections from one address, but this machine's: a proxy there speaks for everybody."""
ACCEPTED_AT_ONCE = 16
"""Sockets that are accepted before their connections are looked at."""
HEADER_BYTES = 16 * 1024
_END_SECONDS = 2
_DEAD = "the console has ended, and the buttons of mails open nothing: see the log, and start qualwatch again"

log = structlog.get_logger()


class ServedConsole(NamedTuple):
    """A console while it is served."""

    url: str
    problems: Health
    """Empty while it answers."""


@contextlib.contextmanager
def serve_console(
    context: Callable[[], Context],
    metrics: Metrics,
    *,
    is_for_mails: bool = True,
    listening: socket.socket | None = None,
) -> Iterator[ServedConsole]:
    """Serve the console while the block runs; its address there has no slash at the end.

    ``context`` is asked at each request, because the sources may have changed; the settings are those of its
    first answer. The address is remembered for mails where it ``is_for_mails``. ``listening``: of
    :func:`listen`, and closed here. Raises ``StartError``.
    """
    settings = context().settings
    with contextlib.closing(listening or listen(settings)) as there:
        url = _address(there)
        if is_for_mails:
            remember_served(settings.storage.directory, ServedAt(_asked(settings.console), url))
        if not console_address(settings):
            log.warning("mails_have_no_buttons", advice="write console.base_url: mails leave this machine")
        with serve_beside(context, metrics, there) as problems:
            yield ServedConsole(url, problems)


@contextlib.contextmanager
def serve_beside(
    context: Callable[[], Context], metrics: Metrics, listening: socket.socket
) -> Iterator[Health]:
    """Answer connections to a socket that listens already; what is wrong meanwhile, empty while it answers.

    Several processes may do so: whichever is free takes the next connection.
    """
    server = uvicorn.Server(
        uvicorn.Config(
            build_application(context, metrics),
            loop="asyncio",
            http=_PatientForAWhile,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            backlog=ACCEPTED_AT_ONCE,
            h11_max_incomplete_event_size=HEADER_BYTES,
            timeout_graceful_shutdown=_END_SECONDS,
        )
    )
    thread = threading.Thread(target=server.run, args=([listening],), name="console", daemon=True)
    thread.start()
    try:
        yield lambda: [] if thread.is_alive() else [_DEAD]
    finally:
        server.should_exit = True
        thread.join()


class _PatientForAWhile(H11Protocol):
    """uvicorn waits as long as it takes, for as many as come, and then refuses everybody.

    Here a connection ends in any case, and where there are too many the one that has been idle for longest
    makes room. So a crowd that says nothing keeps nobody out, and takes none of the daemon's descriptors.
    """

    is_cut = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._began = self.loop.time()
        self._ends = (
            self.loop.call_later(CONNECTION_SECONDS, self.cut),
            self.loop.call_later(HEAD_SECONDS, self._cut_if_silent),
        )
        there = [each for each in self.connections if isinstance(each, _PatientForAWhile) and not each.is_cut]
        own = [each for each in there if each.host == self.host]
        if len(own) > PER_ADDRESS and not _is_this_machine(self.host):
            _make_room(own, self)
        elif len(there) > most_connections():
            _make_room(there, self)

    def connection_lost(self, exc: Exception | None) -> None:
        for end in self._ends:
            end.cancel()
        super().connection_lost(exc)

    @property
    def host(self) -> str:
        """Where it comes from."""
        return self.client[0] if self.client else ""

    @property
    def is_idle(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    @property
    def began(self) -> float:
        return self._began

    def cut(self) -> None:
        """End it now."""
        self.is_cut = True
        self.transport.abort()

    def _cut_if_silent(self) -> None:
        if self.cycle is None:
            self.cut()


def _make_room(there: Sequence[_PatientForAWhile], newest: _PatientForAWhile) -> None:
    """End the connection that has been idle for longest; the newest where all others are being answered."""
    idle = [each for each in there if each.is_idle and each is not newest]
    min(idle, key=lambda each: each.began, default=newest).cut()


def most_connections() -> int:
    """A quarter of the descriptors that this program may have, and no more than CONNECTIONS."""
    descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if descriptors == resource.RLIM_INFINITY:
        return CONNECTIONS
    return max(1, min(CONNECTIONS, descriptors // 4))


def _is_this_machine(host: str) -> bool:
    return not host or ip_address(host).is_loopback


def listen(settings: Settings) -> socket.socket:
    """A socket at the wanted port, or at the one that earlier mails name, or at the next free one.

    Raises ``StartError``.
    """
    console = settings.console
    wanted = _wanted_ports(console, last_served(settings.storage.directory))
    for port in wanted:
        try:
            return _bind(console.host, port)
        except OSError as error:
            is_taken = error.errno in {errno.EADDRINUSE, errno.EACCES}
            if not is_taken or port == wanted[-1]:
                raise StartError(
                    f"console.host = {console.host!r}, console.port = {port} cannot be served at "
                    f"({error.strerror}): write an address of this machine and a free port"
                ) from error
            log.info("console_port_taken", port=port, why=error.strerror)
    raise AssertionError("there is always a port to try")


def _wanted_ports(console: Console, last: ServedAt | None) -> list[int]:
    if console.base_url or (console.port and "port" in console.model_fields_set):
        # What the operator wrote is kept or refused: a reverse proxy looks for it there and nowhere else.
        return [console.port]
    wanted = [*range(console.port, min(console.port + PORTS_TRIED, 65536)), 0] if console.port else [0]
    if last is not None and last.asked == _asked(console):
        port = last.url.rpartition(":")[2]
        if port.isascii() and port.isdecimal() and 0 < int(port) < 65536:
            wanted.insert(0, int(port))
    return wanted


def _asked(console: Console) -> str:
    return f"{console.host}:{console.port}"


def _bind(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(CONNECTIONS)
    except OSError:
        listening.close()
        raise
    return listening


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
