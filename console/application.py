"""The console's routes, and what holds for every answer: headers, limits, the log, the count."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from itertools import product
from pathlib import Path
from urllib.parse import urlsplit

import anyio.to_thread
import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alerts.metrics.collected import Metrics
from console import entering, pages
from console.desk import Desk
from console.frontage import POLICY
from jobs.context import Context
from settings.model import Settings

BODY_BYTES = 64 * 1024
"""Longest form: a token, a date and a reason."""
WORKERS = 8
"""Requests that are answered at the same time; each holds a connection to the database."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
}
"""Of every answer: addresses of pages carry a token, so no other site is told them and they are kept nowhere.

A page says where it is to other pages of ours, so that a form whose origin is ``null`` is none of theirs.
"""
_NAMES: Mapping[object, str] = {
    entering.show_welcome: "welcome",
    entering.enter: "enter",
    entering.leave: "leave",
    entering.change_language: "language",
    pages.show_case: "case",
    pages.take_case_step: "step",
    pages.send_new_link: "link",
    pages.show_list: "list",
}
_STATIC = StaticFiles(directory=Path(__file__).parent / "static")

log = structlog.get_logger()


def build_application(context: Context, metrics: Metrics) -> ASGIApp:
    """The whole console as an ASGI application.

    Where ``console.base_url`` has a path, the pages are served below that path and without it, because some
    reverse proxies take it away and some do not.
    """
    desk = Desk(context)
    routes: list[BaseRoute] = [*_desk_routes(), *_link_routes(), Mount("/static", _STATIC)]
    if desk.prefix:
        routes.insert(0, Mount(desk.prefix, routes=routes[:]))
    application = Starlette(
        routes=routes,
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=_hosts(context.settings), www_redirect=False)
        ],
        exception_handlers={
            HTTPException: pages.show_http_error,
            SQLAlchemyError: pages.show_busy,
            Exception: pages.show_breakdown,
        },
        lifespan=_few_threads,
        max_body_size=BODY_BYTES,
    )
    application.state.desk = desk
    return _Watched(application, metrics)


def _link_routes() -> list[BaseRoute]:
    """What the links of mails open, each for its recipient."""
    return [
        Route("/cases/{case}/{purpose}", pages.show_case),
        Route("/cases/{case}", pages.take_case_step, methods=["POST"]),
        Route("/links", pages.send_new_link, methods=["POST"]),
        Route("/lists", pages.show_list),
    ]


def _desk_routes() -> list[BaseRoute]:
    """The desk, for those who have entered."""
    return [
        Route("/", entering.show_welcome),
        Route("/enter", entering.enter),
        Route("/leave", entering.leave, methods=["POST"]),
        Route("/language", entering.change_language, methods=["POST"]),
    ]


def _hosts(settings: Settings) -> list[str]:
    """Names under which the console answers: another one is a page elsewhere that leads browsers here."""
    own = urlsplit(settings.console.base_url).hostname or settings.console.host
    return [f"[{name}]" if ":" in name else name for name in (own, "localhost", "127.0.0.1", "::1")]


@asynccontextmanager
async def _few_threads(_application: Starlette) -> AsyncIterator[None]:
    anyio.to_thread.current_default_thread_limiter().total_tokens = WORKERS
    yield


class _Watched:
    """Adds the headers to every answer, counts it, and writes a line of the log without its token."""

    def __init__(self, application: ASGIApp, metrics: Metrics) -> None:
        self._application = application
        self._requests = metrics.console_requests
        for route, status in product((*_NAMES.values(), "static", "other"), ("500", "503")):
            # Prometheus sees no increase in a series that begins with its first failure.
            self._requests.labels(route, status)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        began = time.monotonic()

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
                self._note(_route(scope), message["status"], time.monotonic() - began)
            await send(message)

        try:
            await self._application(scope, receive, send_with_headers)
        except Exception:
            # The page that says so was sent; whoever reads the log needs the rest.
            log.exception("console_failed", route=_route(scope))

    def _note(self, route: str, status: int, seconds: float) -> None:
        self._requests.labels(route, str(status)).inc()
        log.info("console_request", route=route, status=status, milliseconds=round(1000 * seconds))


def _route(scope: Scope) -> str:
    endpoint = scope.get("endpoint")
    return "static" if endpoint is _STATIC else _NAMES.get(endpoint, "other")
