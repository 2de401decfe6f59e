"""Signing in with an account, and choosing a password by a one-time link."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

import structlog
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from accounts import people, sessions
from accounts.errors import AccountError
from accounts.people import Person
from accounts.sign_in import Refused, Try, sign_in
from alerts.delivery.links import ForgedLink, read_first_account_link
from alerts.languages import Language
from console.desk import Desk
from console.frontage import (
    HOME,
    Fields,
    comes_from_our_page,
    desk_of,
    last,
    local_path,
    notice,
    read_fields,
    refuse_foreign,
    to,
)
from console.viewer import has_accounts, language_of, let_sign_in, origin_of, viewer_of
from storage.database import for_reading, one_transaction
from vocabulary.people import Role

_FIELDS = 10

log = structlog.get_logger()

Deed = Callable[[Desk, Request, Fields], Response]


def show_login(request: Request) -> Response:
    """The form in which one signs in; who has done so goes on."""
    desk = desk_of(request)
    back = local_path(request.query_params.get("next", HOME))
    if not has_accounts(desk) or viewer_of(desk, request) is not None:
        return to(desk, back)
    return _login(desk, request, back)


def show_invitation(request: Request) -> Response:
    """The form in which the owner of a new account chooses a password."""
    desk, token = desk_of(request), request.query_params.get("token", "")
    with Session(for_reading(desk.context.engine)) as session, session.begin():
        account = people.invited(session, token, desk.context.now())
        known = {"email": account.email, "name": account.name} if account else None
    if known is None:
        return _used_link(desk, language_of(request))
    return _password_form(desk, request, {"action": "/welcome", "token": token, **known})


def show_first_account(request: Request) -> Response:
    """The form in which the first account is made, by the link that the start prints."""
    desk, token = desk_of(request), request.query_params.get("token", "")
    email = _first_owner(desk, token)
    if email is None:
        return _used_link(desk, language_of(request))
    values = {"action": "/first", "token": token, "email": email, "name": "", "is_first": True}
    return _password_form(desk, request, values)


def _by_form(do: Deed) -> Callable[[Request], Awaitable[Response]]:
    """For forms of those who have not signed in yet."""

    @wraps(do)
    async def answer(request: Request) -> Response:
        desk = desk_of(request)
        if not comes_from_our_page(request):
            return refuse_foreign(desk, language_of(request))
        return await run_in_threadpool(do, desk, request, await read_fields(request, _FIELDS))

    return answer


@_by_form
def take_login(desk: Desk, request: Request, fields: Fields) -> Response:
    """Let somebody in, or say that it was not right, and never what of it."""
    back, context = local_path(last(fields, "next")), desk.context
    typed = Try(
        email=last(fields, "email"),
        password=last(fields, "password"),
        code=last(fields, "code"),
        origin=origin_of(request),
        agent=request.headers.get("user-agent", ""),
    )
    rules, now = desk.settings.accounts, context.now()
    done = sign_in(context.engine, context.transaction, typed, rules, now, desk.open_seal)
    if done is Refused.SEALED:
        log.error("second_factor_unreadable", mend="put contact.key back, or 'qualwatch user reset'")
    if isinstance(done, Refused):
        return _login(desk, request, back, email=typed.email, refused=done)
    response = to(desk, back)
    let_sign_in(desk, response, done)
    return response


@_by_form
@one_transaction
def take_invitation(desk: Desk, request: Request, fields: Fields) -> Response:
    """Keep the password that the owner of a new account chose, and let them in."""
    context, token, speech = desk.context, last(fields, "token"), language_of(request)
    known: dict[str, Any] = {"action": "/welcome", "token": token}
    try:
        with context.transaction() as session:
            account = people.invited(session, token, context.now())
            if account is None:
                return _used_link(desk, speech)
            known |= {"email": account.email, "name": account.name}
            return _begin(desk, request, session, account.email, _chosen(fields))
    except AccountError as error:
        return _password_form(desk, request, known, problem=speech.say(error.words, **error.values))


@_by_form
@one_transaction
def take_first_account(desk: Desk, request: Request, fields: Fields) -> Response:
    """Make the first account, an administrator's, and let its owner in."""
    context, token, speech = desk.context, last(fields, "token"), language_of(request)
    email, name = last(fields, "email").strip(), last(fields, "name").strip()
    known = {"action": "/first", "token": token, "email": email, "name": name, "is_first": True}
    if _first_owner(desk, token) is None:
        return _used_link(desk, speech)
    try:
        password = _chosen(fields)
        with context.transaction() as session:
            if people.exist(session):
                return _used_link(desk, speech)
            person = Person(email, name, Role.ADMINISTRATOR)
            account = people.add(session, person, actor=email, now=context.now())
            return _begin(desk, request, session, account.email, password)
    except AccountError as error:
        return _password_form(desk, request, known, problem=speech.say(error.words, **error.values))


def _begin(desk: Desk, request: Request, session: Session, email: str, password: str) -> Response:
    """Keep the first password of an account and sign its owner in."""
    now, rules, origin = desk.context.now(), desk.settings.accounts, origin_of(request)
    account = people.get(session, email)
    people.choose_password(session, account, password, rules, now=now, origin=origin)
    token = sessions.begin(session, account, rules, now, origin, request.headers.get("user-agent", ""))
    response = to(desk, HOME)
    let_sign_in(desk, response, token)
    return response


def _chosen(fields: Fields) -> str:
    """The password that was typed twice; raises ``AccountError``."""
    password = last(fields, "password")
    if password != last(fields, "again"):
        raise AccountError("两次输入的密码不一致")
    return password


def _first_owner(desk: Desk, token: str) -> str | None:
    """Whom the link to the first account is for; None where it is none, or there is an account."""
    try:
        email = read_first_account_link(desk.settings, token, desk.context.now())
    except ForgedLink:
        return None
    return None if has_accounts(desk) else email


def _login(
    desk: Desk, request: Request, back: str, *, email: str = "", refused: Refused | None = None
) -> Response:
    speech = language_of(request)
    words = {
        None: "",
        Refused.WRONG: speech.say("邮箱、密码或动态验证码不正确。"),
        Refused.CODE: speech.say("请输入验证器上的动态验证码和密码。"),
        Refused.THROTTLED: speech.say("尝试次数过多，请十五分钟后再试。"),
        Refused.SEALED: speech.say(
            "封存动态验证码的密钥已经更换，无法核对。请让管理员恢复密钥，或用 qualwatch user reset 重新设置。"
        ),
    }
    status = {None: 200, Refused.THROTTLED: 429, Refused.SEALED: 503}.get(refused, 401)
    values = {
        "next": back,
        "email": email[:254],
        "problem": words[refused],
        "asks_code": refused is Refused.CODE,
        "provider": desk.settings.accounts.oidc.label if desk.settings.accounts.oidc.issuer else "",
    }
    response = desk.page("login", values, status=status, speech=speech)
    if refused is Refused.THROTTLED:
        response.headers["Retry-After"] = "900"
    return response


def _password_form(desk: Desk, request: Request, known: dict[str, Any], *, problem: str = "") -> Response:
    values = {
        "is_first": False,
        "problem": problem,
        "shortest": desk.settings.accounts.password_length,
        **known,
    }
    return desk.page("password", values, status=422 if problem else 200, speech=language_of(request))


def _used_link(desk: Desk, speech: Language) -> Response:
    words = speech.say("链接不完整、已用过或已过期。请让管理员用 qualwatch user reset 重新生成。")
    return notice(desk, 403, speech.say("链接无效"), words, speech)
