"""A small site on loopback that answers as each test wants, over real sockets."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[BaseHTTPRequestHandler], None]


def answer(
    body: bytes | str = b"",
    *,
    status: int = 200,
    media_type: str = "text/html; charset=utf-8",
    **headers: str,
) -> Answer:
    """An answer with these parts; underscores in header names stand for hyphens."""
    data = body.encode() if isinstance(body, str) else body

    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", media_type)
        handler.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(data)

    return send


def redirect(target: str, status: int = 302, **headers: str) -> Answer:
    return answer(status=status, Location=target, **headers)


class Site:
    """Answers by path (with its query first, then without); 404 for the rest; remembers what was asked."""

    def __init__(self, tls: ssl.SSLContext | None = None, at: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        """``tls`` holds the certificate of a site that is asked by https; ``at``: address and port."""
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.asked_at: list[float] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                site.asked.append((self.path, dict(self.headers.items())))
                site.asked_at.append(time.monotonic())
                send = site.answers.get(self.path) or site.answers.get(self.path.partition("?")[0])
                try:
                    (send or answer("not here", status=404))(self)
                except OSError:  # the client had enough
                    self.close_connection = True

            do_POST = do_GET  # noqa: N815 - the names of http.server

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Tests look at ``asked`` instead."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128  # whom five others keep out would ask again after a second

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that hangs up is what some tests are about."""

        self._server = Server(at, Handler)
        if tls is not None:
            # Shaken in the thread of each request: one client that refuses must not end the server.
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port = self._server.server_port
        self.host = f"{at[0]}:{self.port}"
        self.address = f"{'https' if tls else 'http'}://{self.host}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def __setitem__(self, path: str, send: Answer) -> None:
        self.answers[path] = send

    def paths(self) -> list[str]:
        """Paths asked for, robots.txt left out."""
        return [path for path, _ in self.asked if path != "/robots.txt"]

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
