"""What every page of the desk does before it begins, and every form before it is believed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from alerts.languages import Language, language
from console.desk import Desk
from console.viewer import Viewer, has_accounts, is_own_form, viewer_of
from storage.database import one_transaction
from vocabulary.names import CHINESE

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
"""What pages may load: nothing but their own stylesheets and pictures."""
HOME = "/today"
"""Where somebody is led who has entered."""
ACCOUNT = "/account"
"""Password, second factor, sessions, tokens and substitute of who is signed in."""
FIELDS = 260
"""Fields that a form of the desk may have: two hundred cases decided together, and what is said of them."""

Fields = Mapping[str, Sequence[str]]
Page = Callable[[Desk, Viewer, Request], Response]
Deed = Callable[[Desk, Viewer, Request, Fields], Response]
_UNKNOWN_READER = language(CHINESE)


def desk_of(request: Request) -> Desk:
    desk: Any = request.app.state.desk
    if not isinstance(desk, Desk):
        raise TypeError("the application was built without its desk")
    return desk


def page(show: Page) -> Callable[[Request], Response]:
    """For those who have entered; ``show`` changes nothing."""

    @wraps(show)
    def answer(request: Request) -> Response:
        desk = desk_of(request)
        viewer = viewer_of(desk, request)
        if viewer is None:
            return outside(desk, request)
        return to(desk, ACCOUNT) if _is_held_up(desk, viewer, request) else show(desk, viewer, request)

    return answer


def form(do: Deed) -> Callable[[Request], Awaitable[Response]]:
    """For forms: sent by a page of ours to somebody who has entered, else nothing happens."""

    @wraps(do)
    async def answer(request: Request) -> Response:
        desk = desk_of(request)
        viewer = await run_in_threadpool(viewer_of, desk, request)
        if viewer is None:
            return await run_in_threadpool(outside, desk, request)
        if _is_held_up(desk, viewer, request):
            return to(desk, ACCOUNT)
        speech = viewer.speech
        if not comes_from_our_page(request):
            return refuse_foreign(desk, speech)
        fields = await read_fields(request)
        if not is_own_form(viewer, last(fields, "form_key")):
            words = speech.say("页面已过期，没有执行。请返回上一页，刷新后重新提交。")
            return notice(desk, 403, speech.say("页面已过期"), words, speech)
        return await run_in_threadpool(do, desk, viewer, request, fields)

    return answer


def deed(do: Deed) -> Callable[[Request], Awaitable[Response]]:
    """The same for those who may decide; begun again where another program wrote the same at this moment."""
    again = one_transaction(do)

    @form
    @wraps(do)
    def answer(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:
        return again(desk, viewer, request, fields) if viewer.may_decide else only_looking(desk, viewer)

    return answer


def administered(show: Page) -> Callable[[Request], Response]:
    """A page that only the administrator may open."""

    @page
    @wraps(show)
    def answer(desk: Desk, viewer: Viewer, request: Request) -> Response:
        return show(desk, viewer, request) if viewer.is_administrator else only_looking(desk, viewer)

    return answer


def administered_form(do: Deed) -> Callable[[Request], Awaitable[Response]]:
    """A form that only the administrator may send."""

    @wraps(do)
    def answer(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:
        return do(desk, viewer, request, fields) if viewer.is_administrator else only_looking(desk, viewer)

    return form(answer)


def _is_held_up(desk: Desk, viewer: Viewer, request: Request) -> bool:
    """Whether ``viewer`` has to set up a second factor first, for which this page is not."""
    path = request.url.path.removeprefix(desk.prefix)
    return viewer.lacks_code and not path.startswith((ACCOUNT, "/leave", "/language"))


async def read_fields(request: Request, at_most: int = FIELDS) -> Fields:
    """Every value of every field; files are none."""
    async with request.form(max_files=0, max_fields=at_most) as form:
        found: dict[str, list[str]] = {}
        for name, value in form.multi_items():
            if isinstance(value, str):
                found.setdefault(name, []).append(value)
        return found


def last(fields: Fields, name: str) -> str:
    """The last value of a field; empty where there is none."""
    return next(reversed(fields.get(name, ())), "")


def render(  # noqa: PLR0917 - as Starlette's own
    desk: Desk, viewer: Viewer, request: Request, template: str, values: Mapping[str, Any], status: int = 200
) -> Response:
    """A page of the desk, with what stands around each of them."""
    around = surroundings(desk, viewer, request)
    return desk.page(template, {**around, **values}, status=status, speech=viewer.speech)


def surroundings(desk: Desk, viewer: Viewer, request: Request) -> dict[str, Any]:
    """What ``desk.html`` needs."""
    return {
        "viewer": viewer,
        "role": viewer.speech.name(viewer.role),
        "here": path_of(desk, request),
    }


def to(desk: Desk, path: str) -> Response:
    """Send the browser on, so that reloading repeats nothing."""
    return RedirectResponse(f"{desk.prefix}{path}", status_code=303)


def local_path(typed: str) -> str:
    """A path of ours that somebody named to come back to; the first page where it is none."""
    is_path = typed.startswith("/") and not typed.startswith("//")
    is_plain = typed.isascii() and typed.isprintable() and "\\" not in typed and len(typed) < 2000
    return typed if is_path and is_plain else HOME


def path_of(desk: Desk, request: Request) -> str:
    """The address of a request, as ``to`` takes it."""
    path = request.url.path.removeprefix(desk.prefix)
    return f"{path}?{request.url.query}" if request.url.query else path


def outside(desk: Desk, request: Request) -> Response:
    """What somebody sees who has not entered, or not today."""
    if has_accounts(desk):
        # A form cannot be sent again after signing in; the page that it stood on can be opened again.
        back = path_of(desk, request) if request.method == "GET" else HOME
        return to(desk, f"/login?{urlencode({'next': back})}")
    words = (
        "请让管理员在服务器上运行 qualwatch case desk --to 您的邮箱，用打印的链接进入。"
        "邮件中的按钮仍可打开单个案件。"
    )
    return notice(desk, 401, "请先进入工作台", words)


def notice(
    desk: Desk, status: int, title: str, sentence: str, speech: Language = _UNKNOWN_READER
) -> Response:
    return desk.page("notice", {"title": title, "sentence": sentence}, status=status, speech=speech)


def no_case(desk: Desk, viewer: Viewer) -> Response:
    """Also for a case that exists and is not theirs: which numbers there are is nobody's business."""
    speech = viewer.speech
    words = speech.say("案件不存在，或不在您负责的地区和部门之内。")
    return notice(desk, 404, speech.say("没有这一案件"), words, speech)


def only_looking(desk: Desk, viewer: Viewer) -> Response:
    """What somebody sees who may look and not decide."""
    speech = viewer.speech
    return notice(desk, 403, speech.say("没有权限"), speech.say("您的账号只能查阅，不能办理。"), speech)


def refuse_foreign(desk: Desk, speech: Language = _UNKNOWN_READER, advice: str = "") -> Response:
    """What a form gets that does not come from a page of ours; ``advice``: what its sender can do."""
    title, sentence = speech.say("请求来自其他网站"), speech.say("为安全起见没有执行。")
    return notice(desk, 403, title, sentence + advice, speech)


def comes_from_our_page(request: Request) -> bool:
    """Whether a browser sent the form from a page of ours, as far as browsers say.

    Pages of ours tell their origin to each other; ``null`` is a page in a sandbox, or one without a place.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if origin == "null":
        return False
    if site is not None:
        return site in {"same-origin", "none"}
    if origin is None:
        return True
    base = urlsplit(desk_of(request).settings.console.base_url)
    own = {f"{base.scheme}://{base.netloc}", f"http://{request.headers.get('host', '')}"}
    return origin in own
