"""Coming to the desk and leaving it, and the language that it speaks."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from alerts.delivery.links import ForgedLink, read_desk_link
from alerts.recipients import addressee
from console.desk import Desk
from console.frontage import HOME, Fields, desk_of, form, last, local_path, notice, to
from console.viewer import Viewer, has_accounts, let_in, let_out, speak, viewer_of


def show_welcome(request: Request) -> Response:
    """What somebody sees who typed the address: the first page of the desk, or how to come there."""
    desk = desk_of(request)
    if viewer_of(desk, request) is not None:
        return to(desk, HOME)
    return to(desk, "/login") if has_accounts(desk) else desk.page("welcome", {})


def enter(request: Request) -> Response:
    """Open the desk for the owner of a link."""
    desk, token = desk_of(request), request.query_params.get("token", "")
    if has_accounts(desk):
        return to(desk, "/login")
    try:
        email = read_desk_link(desk.settings, token, desk.context.now())
    except ForgedLink:
        words = "链接不完整、已被改动或已过半小时。请让管理员重新运行 qualwatch case desk。"
        return notice(desk, 403, "链接无效", words)
    person = addressee(desk.settings, email)
    if person is None:
        return notice(desk, 403, "链接已停用", "该链接的持有人已不在监管人员之列。")
    response = to(desk, HOME)
    let_in(desk, response, person.email)
    return response


@form
def leave(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:  # noqa: ARG001
    """Close the desk in this browser."""
    response = to(desk, "/")
    let_out(desk, request, response)
    return response


@form
def change_language(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:  # noqa: ARG001
    """Speak another language from now on, on the page that was shown."""
    response = to(desk, local_path(last(fields, "back")))
    speak(desk, response, last(fields, "code"))
    return response
