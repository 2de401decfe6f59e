"""The console's socket, its thread, and its end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import threading
from collections.abc import Iterator

import structlog
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from alerts.delivery.links import ServedAt, console_address, last_served, remember_served
from alerts.metrics.collected import Metrics
from console.application import build_application
from jobs.context import Context
from jobs.runtime import ServedConsole, StartError
from settings.console import Console

PORTS_TRIED = 20
"""Ports after the wanted one that are tried before any free one is taken."""
CONNECTION_SECONDS = 60.0
"""Longest life of a connection, so that nobody holds one by sending a byte now and then."""
CONNECTIONS = 100
HEADER_BYTES = 16 * 1024
_END_SECONDS = 2
_DEAD = "the console has ended, and the buttons of mails open nothing: see the log, and start qualwatch again"

log = structlog.get_logger()


@contextlib.contextmanager
def serve_console(context: Context, metrics: Metrics) -> Iterator[ServedConsole]:
    """Serve the console while the block runs; its address there has no slash at the end.

    The address is remembered for mails. Raises ``StartError`` where it cannot be served.
    """
    console, directory = context.settings.console, context.settings.storage.directory
    with contextlib.closing(_listen(console, last_served(directory))) as listening:
        url = _address(listening)
        remember_served(directory, ServedAt(_asked(console), url))
        if not console_address(context.settings):
            log.warning("mails_have_no_buttons", advice="write console.base_url: mails leave this machine")
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
                limit_concurrency=CONNECTIONS,
                h11_max_incomplete_event_size=HEADER_BYTES,
                timeout_graceful_shutdown=_END_SECONDS,
            )
        )
        thread = threading.Thread(target=server.run, args=([listening],), name="console", daemon=True)
        thread.start()
        try:
            yield ServedConsole(url, lambda: [] if thread.is_alive() else [_DEAD])
        finally:
            server.should_exit = True
            thread.join()


class _PatientForAWhile(H11Protocol):
    """uvicorn waits as long as it takes for the rest of a request; here a connection ends in any case."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._end = self.loop.call_later(CONNECTION_SECONDS, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end.cancel()
        super().connection_lost(exc)


def _listen(console: Console, last: ServedAt | None) -> socket.socket:
    """A socket at the wanted port, or at the one that earlier mails name, or at the next free one."""
    wanted = _wanted_ports(console, last)
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
