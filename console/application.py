"""The console's routes, and what holds for every answer: headers, limits, the log, the count."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
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
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alerts.metrics.collected import Metrics
from console import (
    account_page,
    answering,
    case_answers,
    case_merging,
    catalogue_deciding,
    catalogue_page,
    catalogue_verifying,
    desk_case,
    desk_list,
    entering,
    exceptions,
    identity_provider,
    pages,
    people,
    people_editing,
    picture,
    publishing,
    report_list,
    reporting,
    selfcheck,
    signing_in,
    source_editing,
    sources,
    today,
    trends,
)
from console.api import answers
from console.api.application import PATH, build_api, refuse, show_openapi
from console.context import Context
from console.desk import Desk
from console.frontage import POLICY, desk_of
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
An archived page says a stricter policy of its own.
"""
_NAMES: Mapping[object, str] = {
    entering.show_welcome: "welcome",
    entering.enter: "enter",
    entering.leave: "leave",
    entering.change_language: "language",
    signing_in.show_login: "login",
    signing_in.take_login: "login",
    identity_provider.begin: "oidc",
    identity_provider.come_back: "oidc",
    signing_in.show_invitation: "invitation",
    signing_in.take_invitation: "invitation",
    signing_in.show_first_account: "first",
    signing_in.take_first_account: "first",
    account_page.show_account: "account",
    account_page.change_password: "account",
    account_page.sign_out_everywhere: "account",
    account_page.switch_second_factor: "account",
    account_page.change_leave: "account",
    account_page.make_token: "account",
    account_page.withdraw_token: "account",
    today.show_today: "today",
    desk_list.show_cases: "cases",
    desk_list.decide_on_many: "bulk",
    desk_list.save_view: "view",
    desk_list.delete_view: "view",
    desk_list.download_workbook: "register",
    desk_list.download_csv: "register",
    desk_case.show_desk_case: "desk_case",
    desk_case.take_step_at_desk: "desk_step",
    desk_case.hand_over: "handling",
    desk_case.accept_case: "handling",
    desk_case.ask_for_time: "handling",
    desk_case.answer_for_time: "handling",
    desk_case.note_case: "handling",
    desk_case.except_case: "handling",
    case_merging.merge_case: "handling",
    case_merging.split_case: "handling",
    desk_case.decide_on_answer: "handling",
    case_answers.send_answer_file: "answer_file",
    answering.show_answering: "answer",
    answering.take_answer: "answer",
    publishing.show_published: "published",
    publishing.show_publication: "published",
    publishing.send_feed: "published",
    publishing.make_public: "handling",
    publishing.download_announcement: "announcement",
    reporting.show_reporting: "report",
    reporting.take_report: "report",
    reporting.show_receipt: "receipt",
    report_list.show_reports: "reports",
    report_list.read_contact: "reports",
    desk_case.show_text: "text",
    desk_case.show_archived: "archive",
    desk_case.send_archived: "archive",
    **dict.fromkeys((picture.ask_for_picture, picture.send_picture), "picture"),
    desk_case.download_notice: "notice",
    desk_case.download_evidence: "evidence",
    exceptions.show_exceptions: "exceptions",
    exceptions.end_standing: "exceptions",
    trends.show_trends: "trends",
    catalogue_page.show_catalogue: "catalogue",
    catalogue_deciding.decide_on_proposal: "catalogue",
    catalogue_deciding.confirm_at_desk: "catalogue",
    catalogue_verifying.verify_at_desk: "catalogue",
    catalogue_verifying.take_back_at_desk: "catalogue",
    sources.show_sources: "sources",
    sources.show_source: "source",
    sources.visit_now: "visit_now",
    source_editing.show_adding: "source",
    source_editing.look_at_site: "source_look",
    source_editing.add_source: "source_change",
    source_editing.change_source: "source_change",
    source_editing.remove_source: "source_change",
    **dict.fromkeys((people.show_people, people.show_new_person, people.show_new_chat), "people"),
    **dict.fromkeys((people.show_person, people.show_chat), "people"),
    **dict.fromkeys(people_editing.CHANGES, "people_change"),
    people_editing.try_out: "people_trial",
    selfcheck.show_form: "check",
    selfcheck.check: "check",
    pages.show_case: "case",
    pages.take_case_step: "step",
    pages.send_new_link: "link",
    pages.show_list: "list",
    show_openapi: "api",
    answers.read_me: "api",
    answers.read_cases: "api",
    answers.read_one: "api",
    answers.take: "api",
}
_TWO_LENGTHS = PlainTextResponse("two lengths of one request", 400, {**HEADERS, "Connection": "close"})
_STATIC = StaticFiles(directory=Path(__file__).parent / "static")

log = structlog.get_logger()


def build_application(context: Callable[[], Context], metrics: Metrics) -> ASGIApp:
    """The whole console as an ASGI application.

    Where ``console.base_url`` has a path, the pages are served below that path and without it, because some
    reverse proxies take it away and some do not.
    """
    desk = Desk(context)
    routes: list[BaseRoute] = [
        *_desk_routes(),
        *_case_routes(),
        *_people_routes(),
        *_account_routes(),
        *_link_routes(),
        *_public_routes(),
        Mount(PATH, build_api(desk)),
        Mount("/static", _STATIC),
    ]
    if desk.prefix:
        routes.insert(0, Mount(desk.prefix, routes=routes[:]))
    application = Starlette(
        routes=routes,
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=_hosts(desk.settings), www_redirect=False)
        ],
        exception_handlers={
            HTTPException: _show_http_error,
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
    """The desk, for those who have entered: the way in, lists of cases, and what is beside them."""
    return [
        Route("/", entering.show_welcome),
        Route("/enter", entering.enter),
        Route("/leave", entering.leave, methods=["POST"]),
        Route("/language", entering.change_language, methods=["POST"]),
        Route("/today", today.show_today),
        Route("/cases", desk_list.show_cases, methods=["GET"]),
        Route("/cases", desk_list.decide_on_many, methods=["POST"]),
        Route("/views", desk_list.save_view, methods=["POST"]),
        Route("/views/{view:int}/delete", desk_list.delete_view, methods=["POST"]),
        Route("/register.xlsx", desk_list.download_workbook),
        Route("/register.csv", desk_list.download_csv),
        Route("/check", selfcheck.show_form, methods=["GET"]),
        Route("/check", selfcheck.check, methods=["POST"], max_body_size=selfcheck.BODY_BYTES),
        Route("/reports", report_list.show_reports),
        Route("/reports/{report:int}/contact", report_list.read_contact, methods=["POST"]),
        Route("/catalogue", catalogue_page.show_catalogue),
        Route("/catalogue/proposals/{proposal:int}", catalogue_deciding.decide_on_proposal, methods=["POST"]),
        Route("/catalogue/rows", catalogue_deciding.confirm_at_desk, methods=["POST"]),
        Route("/catalogue/verified", catalogue_verifying.verify_at_desk, methods=["POST"]),
        Route("/catalogue/verified/end", catalogue_verifying.take_back_at_desk, methods=["POST"]),
        Route("/trends", trends.show_trends),
        Route("/exceptions", exceptions.show_exceptions),
        Route("/exceptions/{exception:int}/end", exceptions.end_standing, methods=["POST"]),
        Route("/sources", sources.show_sources),
        Route("/sources/{source}", sources.show_source),
        Route("/sources/{source}/visit", sources.visit_now, methods=["POST"]),
        Route("/sources/{source}/change", source_editing.change_source, methods=["POST"]),
        Route("/sources/{source}/remove", source_editing.remove_source, methods=["POST"]),
        Route("/new-source", source_editing.show_adding, methods=["GET"]),
        Route("/new-source", source_editing.look_at_site, methods=["POST"]),
        Route("/new-source/add", source_editing.add_source, methods=["POST"]),
    ]


def _case_routes() -> list[BaseRoute]:
    """A case at the desk: what is decided about it, and what is kept of it."""
    return [
        Route("/cases/{case:int}", desk_case.show_desk_case, methods=["GET"]),
        Route("/cases/{case:int}/step", desk_case.take_step_at_desk, methods=["POST"]),
        Route("/cases/{case:int}/assign", desk_case.hand_over, methods=["POST"]),
        Route("/cases/{case:int}/accept", desk_case.accept_case, methods=["POST"]),
        Route("/cases/{case:int}/extend", desk_case.ask_for_time, methods=["POST"]),
        Route("/cases/{case:int}/answer", desk_case.answer_for_time, methods=["POST"]),
        Route("/cases/{case:int}/note", desk_case.note_case, methods=["POST"]),
        Route("/cases/{case:int}/except", desk_case.except_case, methods=["POST"]),
        Route("/cases/{case:int}/merge", case_merging.merge_case, methods=["POST"]),
        Route("/cases/{case:int}/split", case_merging.split_case, methods=["POST"]),
        Route("/cases/{case:int}/answers/{answer:int}", desk_case.decide_on_answer, methods=["POST"]),
        Route("/cases/{case:int}/answers/files/{file:int}", case_answers.send_answer_file),
        Route("/cases/{case:int}/publication", publishing.make_public, methods=["POST"]),
        Route("/cases/{case:int}/announcement.docx", publishing.download_announcement),
        Route("/cases/{case:int}/notice", desk_case.download_notice, methods=["POST"]),
        Route("/cases/{case:int}/evidence.zip", desk_case.download_evidence),
        Route("/cases/{case:int}/text/{version:int}", desk_case.show_text),
        Route("/cases/{case:int}/archived/{version:int}", desk_case.show_archived),
        Route("/archive/{case:int}/{version:int}", desk_case.send_archived),
        Route("/archive/{case:int}/{version:int}/picture", picture.ask_for_picture, methods=["POST"]),
        Route("/archive/{case:int}/{version:int}/picture.png", picture.send_picture),
    ]


def _people_routes() -> list[BaseRoute]:
    """Who is told, for the administrator."""
    post = ["POST"]
    return [
        Route("/people", people.show_people),
        Route("/people/test", people_editing.try_out, methods=post),
        Route("/new-supervisor", people.show_new_person, methods=["GET"]),
        Route("/new-supervisor", people_editing.add_person, methods=post),
        Route("/supervisors/{person:int}", people.show_person, methods=["GET"]),
        Route("/supervisors/{person:int}", people_editing.change_person, methods=post),
        Route("/supervisors/{person:int}/remove", people_editing.remove_person, methods=post),
        Route("/new-chat", people.show_new_chat, methods=["GET"]),
        Route("/new-chat", people_editing.add_group, methods=post),
        Route("/chats/{chat:int}", people.show_chat, methods=["GET"]),
        Route("/chats/{chat:int}", people_editing.change_group, methods=post),
        Route("/chats/{chat:int}/remove", people_editing.remove_group, methods=post),
    ]


def _public_routes() -> list[BaseRoute]:
    """What people outside the office open."""
    return [
        Route("/answer", answering.show_answering, methods=["GET"]),
        Route("/answer", answering.take_answer, methods=["POST"], max_body_size=answering.BODY_BYTES),
        Route("/report", reporting.show_reporting, methods=["GET"]),
        Route("/report", reporting.take_report, methods=["POST"], max_body_size=reporting.BODY_BYTES),
        Route("/receipt", reporting.show_receipt),
        Route("/published", publishing.show_published),
        Route("/published.atom", publishing.send_feed),
        Route("/published/{publication:int}", publishing.show_publication),
    ]


def _account_routes() -> list[BaseRoute]:
    """Signing in, and one's own account."""
    post = ["POST"]
    return [
        Route("/login", signing_in.show_login, methods=["GET"]),
        Route("/login", signing_in.take_login, methods=post),
        Route("/welcome", signing_in.show_invitation, methods=["GET"]),
        Route("/welcome", signing_in.take_invitation, methods=post),
        Route("/first", signing_in.show_first_account, methods=["GET"]),
        Route("/first", signing_in.take_first_account, methods=post),
        Route("/oidc", identity_provider.begin),
        Route("/oidc/callback", identity_provider.come_back),
        Route("/account", account_page.show_account),
        Route("/account/password", account_page.change_password, methods=post),
        Route("/account/sign-out-everywhere", account_page.sign_out_everywhere, methods=post),
        Route("/account/second-factor", account_page.switch_second_factor, methods=post),
        Route("/account/leave", account_page.change_leave, methods=post),
        Route("/account/tokens", account_page.make_token, methods=post),
        Route("/account/tokens/withdraw", account_page.withdraw_token, methods=post),
    ]


async def _show_http_error(request: Request, error: Exception) -> Response:
    """As JSON below the interface's address: one with a line break leads past where it is mounted."""
    of_api = (f"{PATH}/", f"{desk_of(request).prefix}{PATH}/")
    show = refuse if request.scope["path"].startswith(of_api) else pages.show_http_error
    return await show(request, error)


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
        if {b"content-length", b"transfer-encoding"} <= {name for name, _ in scope["headers"]}:
            # Two servers that each believe the other length take one request for two.
            await _TWO_LENGTHS(scope, receive, send)
            self._note("other", _TWO_LENGTHS.status_code, 0)
            return
        began = time.monotonic()

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
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
