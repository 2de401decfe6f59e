"""Serves the sample site on loopback: real sockets, conditional requests, nothing reachable from outside."""

from __future__ import annotations

import sys
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from sample.render import BOARD, NOTICES, Answer, render_site
from settings.sources import Selectors, Source, SourceKind

HOST = "127.0.0.1"
PORT_FILE = "sample-site.port"
"""In the daemon's directory: the port of the last time, so that its pages stay the same ones."""


class SampleSite:
    """The sample site while the ``with`` block runs.

    ``port`` 0 takes any free port; a port that is taken raises ``OSError``. The site answers GET and HEAD for
    the pages of ``pages/`` and the files of ``files/``, 304 to conditional requests, 404 to everything else.
    """

    def __init__(self, port: int = 0) -> None:
        self._server = _Server((HOST, port), _Handler)
        self._thread = Thread(target=self._server.serve_forever, args=(0.1,), name="sample-site", daemon=True)

    @property
    def address(self) -> str:
        """``http://127.0.0.1:PORT``, without a slash at the end."""
        return f"http://{self.host_and_port}"

    @property
    def host_and_port(self) -> str:
        """``127.0.0.1:PORT``, as ``fetching.allow_private_hosts`` wants it."""
        return f"{HOST}:{self._server.server_address[1]}"

    def sources(self, every_minutes: int = 5) -> tuple[Source, ...]:
        """The two lists as sources."""
        return sample_sources(self.address, every_minutes)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def remembered_sources(directory: Path, every_minutes: int) -> tuple[Source, ...]:
    """The sources of the site as the daemon of ``directory`` last served it; empty where it never did."""
    try:
        port = int((directory / PORT_FILE).read_text())
    except (OSError, ValueError):
        return ()
    return sample_sources(f"http://{HOST}:{port}", every_minutes)


def sample_sources(address: str, every_minutes: int) -> tuple[Source, ...]:
    """The two lists of the site at ``address``: one with links found automatically, one with selectors."""
    notices = Source(
        name="sample-notices",
        title=f"示例站点 · {NOTICES.list_title}",
        url=address + NOTICES.address_of(0),
        kind=SourceKind.NOTICES,
        every_minutes=every_minutes,
    )
    board = Source(
        name="sample-board",
        title=f"示例站点 · {BOARD.list_title}",
        url=address + BOARD.address_of(0),
        kind=SourceKind.JOBS,
        every_minutes=every_minutes,
        selectors=Selectors(items="table.jobs td.job a", next_page="a.next"),
    )
    return notices, board


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    """Closing waits for the answers under way, so that no socket is left behind."""

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self.answers = render_site()
        super().__init__(address, handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A visitor who goes away while being answered is no error; anything else is shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type] # wider than typeshed's


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "QualwatchSample"
    timeout = 5
    """A client that says nothing must not hold up the end of the program."""

    def do_GET(self) -> None:
        self._respond(with_body=True)

    def do_HEAD(self) -> None:
        self._respond(with_body=False)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing: the visitor's log already shows each request."""

    def _respond(self, *, with_body: bool) -> None:
        answer = self.server.answers.get(urlsplit(self.path).path)
        if answer is None:
            self.close_connection = True
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        unchanged = self._is_known(answer)
        self.send_response(HTTPStatus.NOT_MODIFIED if unchanged else HTTPStatus.OK)
        self.send_header("ETag", answer.etag)
        self.send_header("Last-Modified", format_datetime(answer.modified, usegmt=True))
        self.send_header("Connection", "close")
        if not unchanged:
            self.send_header("Content-Type", answer.media_type)
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if with_body and not unchanged:
            self.wfile.write(answer.body)

    def _is_known(self, answer: Answer) -> bool:
        """Whether the visitor has this answer already; the ETag outranks the date (RFC 9110, 13.1.3)."""
        tags = self.headers.get("If-None-Match")
        if tags is not None:
            return answer.etag in (tag.strip() for tag in tags.split(",")) or tags.strip() == "*"
        since = self.headers.get("If-Modified-Since")
        if since is None:
            return False
        try:
            return answer.modified <= parsedate_to_datetime(since)
        except (
            TypeError,
            ValueError,
        ):  # A date that cannot be read, or one without a zone, counts for nothing.
            return False
