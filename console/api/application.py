"""The interface's routes, and its errors as ``application/problem+json``."""

from __future__ import annotations

from http import HTTPStatus

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from console.api import answers
from console.api.openapi import describe
from console.api.schema import ProblemOut
from console.desk import Desk

PATH = "/api/v1"
log = structlog.get_logger()


def build_api(desk: Desk) -> Starlette:
    """The interface as an application of its own, to be mounted at ``PATH``."""
    api = Starlette(
        routes=[
            Route("/openapi.json", show_openapi),
            Route("/me", answers.read_me),
            Route("/cases", answers.read_cases),
            Route("/cases/{case:int}", answers.read_one),
            Route("/cases/{case:int}/steps", answers.take, methods=["POST"]),
        ],
        exception_handlers={
            HTTPException: refuse,
            SQLAlchemyError: _busy,
            Exception: _broken,
        },
    )
    api.state.desk = desk
    return api


def show_openapi(request: Request) -> Response:
    """The description of the interface, for everybody: it says nothing of what is kept here."""
    desk: Desk = request.app.state.desk
    return JSONResponse(describe(f"{desk.prefix}{PATH}"))


async def refuse(request: Request, error: Exception) -> Response:  # noqa: ARG001 - Starlette's signature
    """Why something was not done, as the interface says it."""
    if not isinstance(error, HTTPException):
        return _problem(500)
    return _problem(error.status_code, error.detail, dict(error.headers or {}))


async def _busy(request: Request, error: Exception) -> Response:  # noqa: ARG001
    # Not the whole error, which quotes what somebody sent.
    log.error("console_database_failed", why=str(getattr(error, "orig", None) or type(error).__name__))
    return _problem(503, "the database did not answer; nothing was changed", {"Retry-After": "30"})


async def _broken(request: Request, error: Exception) -> Response:  # noqa: ARG001
    return _problem(500, "the log says what broke")


def _problem(status: int, detail: str = "", headers: dict[str, str] | None = None) -> Response:
    title = HTTPStatus(status).phrase
    problem = ProblemOut(title=title, status=status, detail="" if detail == title else detail)
    return JSONResponse(
        problem.model_dump(), status_code=status, headers=headers, media_type="application/problem+json"
    )
