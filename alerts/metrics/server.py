"""``/metrics`` and ``/healthz`` over HTTP, for the machine itself and whoever scrapes it."""

from __future__ import annotations

import contextlib
import errno
import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from alerts.metrics.reserve import Reserve

CONNECTIONS = 32
"""At once; one more ends the one that has been open for longest."""
PORTS_TRIED = 20
"""Ports after the wanted one that are tried before any free one is taken."""
REQUEST_SECONDS = 10.0
_NO_DESCRIPTOR_SECONDS = 0.2

log = structlog.get_logger()
Health = Callable[[], Sequence[str]]
"""What is wrong at the moment, in words; empty where nothing is."""
Facts = Callable[[], Mapping[str, object]]
"""Figures beside that, as JSON takes them."""


class MetricsServer:
    """A running server; ``close`` ends it and its thread."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self._thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="metrics", daemon=True
        )
        self._thread.start()

    @property
    def port(self) -> int:
        """The port that was taken, which need not be the one asked for."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Address of the server without a path: ``http://127.0.0.1:9464``."""
        host = str(self._server.server_address[0])
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def close(self) -> None:
        """Stop answering and give the port back."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def serve_metrics(
    registry: CollectorRegistry,
    host: str,
    port: int,
    health: Health,
    *,
    facts: Facts = dict,
    may_move: bool = True,
) -> MetricsServer:
    """Serve ``registry`` at ``/metrics`` and ``health`` at ``/healthz`` (200, or 503 with what is wrong).

    ``facts`` stand beside that in the answer. ``port`` 0 takes any free one; where it is taken, the next free
    one is, if it ``may_move``. Raises ``OSError`` where ``host`` is no address of this machine, or
    the port is taken.
    """
    wanted = [port, *range(port + 1, min(port + PORTS_TRIED, 65536)), 0] if port and may_move else [port]
    for candidate in wanted[:-1]:
        try:
            return MetricsServer(_Server(host, candidate, registry, health, facts))
        except OSError as error:
            if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
                raise
            log.info("metrics_port_taken", port=candidate, why=error.strerror)
    return MetricsServer(_Server(host, wanted[-1], registry, health, facts))


class _Server(ThreadingHTTPServer):
    # Requests that hang must not hold up the end of the program.
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    """Who finds the queue full asks again after a second: five that say nothing would cost a scrape that."""

    def __init__(
        self, host: str, port: int, registry: CollectorRegistry, health: Health, facts: Facts
    ) -> None:
        self._open: dict[socket.socket, None] = {}
        self._counting = threading.Lock()
        self._reserve = Reserve()
        self.registry = registry
        self.health = health
        self.facts = facts
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _Request)

    def server_bind(self) -> None:
        # HTTPServer would ask the name service for the host's full name, which may take seconds.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def get_request(self) -> tuple[socket.socket, Any]:
        try:
            return super().get_request()
        except OSError as error:
            if error.errno not in {errno.EMFILE, errno.ENFILE}:
                raise
            if self._reserve.give_up():
                return super().get_request()
            time.sleep(_NO_DESCRIPTOR_SECONDS)  # what waits is asked for again and again
            raise

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread of its own; whoever says nothing makes room for whoever comes."""
        with self._counting:
            self._open[request] = None
            oldest = next(iter(self._open)) if len(self._open) > CONNECTIONS else None
        if oldest is not None:
            with contextlib.suppress(OSError):
                oldest.shutdown(socket.SHUT_RDWR)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._counting:
            self._open.pop(request, None)
        super().shutdown_request(request)
        self._reserve.take()

    def server_close(self) -> None:
        super().server_close()
        self._reserve.give_up()

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002 - socketserver's names
        if isinstance(sys.exception(), ConnectionError):  # who asked did not wait for the answer
            log.debug("metrics_asker_gone")
        else:
            log.warning("metrics_request_failed", exc_info=True)


class _Request(BaseHTTPRequestHandler):
    server: _Server
    timeout = REQUEST_SECONDS

    def do_GET(self) -> None:
        """Answer one request; also HEAD, whose body is left out."""
        path = urlsplit(self.path).path
        if path == "/metrics":
            self._answer(200, CONTENT_TYPE_LATEST, generate_latest(self.server.registry))
        elif path == "/healthz":
            problems = list(self.server.health())
            state = {"status": "failing" if problems else "ok", "problems": problems, **self.server.facts()}
            body = json.dumps(state, ensure_ascii=False).encode()
            self._answer(503 if problems else 200, "application/json; charset=utf-8", body)
        else:
            self._answer(404, "text/plain; charset=utf-8", b"look at /metrics or /healthz\n")

    do_HEAD = do_GET  # noqa: N815 - the name that http.server looks for

    def _answer(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Scrapes every few seconds are no news."""
