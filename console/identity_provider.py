"""To the office's identity provider and back (``accounts.oidc``)."""

from __future__ import annotations

from datetime import timedelta

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from accounts.oidc import Begun, OidcError, finish
from accounts.oidc import begin as begin_there
from accounts.sign_in import Refused, sign_in_as
from alerts.delivery.links import ForgedLink, console_address, read_signed, sign
from console.desk import Desk
from console.frontage import HOME, desk_of, local_path, notice, to
from console.viewer import forget, has_accounts, language_of, let_sign_in, origin_of, remember

COOKIE = "qualwatch_oidc"
MINUTES = 10
"""How long somebody may take to sign in over there."""
_SALT = "qualwatch.console.oidc"
log = structlog.get_logger()


def begin(request: Request) -> Response:
    """Send the browser to the provider."""
    desk, back = desk_of(request), local_path(request.query_params.get("next", HOME))
    if not desk.settings.accounts.oidc.issuer or not has_accounts(desk):
        return to(desk, "/login")
    try:
        url, begun = begin_there(desk.settings.accounts.oidc, _callback(desk), back)
    except OidcError as error:
        return _failed(desk, request, error)
    response = RedirectResponse(url, status_code=303)
    until = desk.context.now() + timedelta(minutes=MINUTES)
    remember(desk, response, COOKIE, sign(desk.settings, _SALT, begun.dumps(), until), MINUTES * 60)
    return response


def come_back(request: Request) -> Response:
    """Let in whom the provider names, where there is an account for them."""
    desk, context = desk_of(request), desk_of(request).context
    rules = desk.settings.accounts
    try:
        kept = read_signed(desk.settings, _SALT, request.cookies.get(COOKIE, ""), context.now())
        begun = Begun.loads(kept)
        email = finish(rules.oidc, _callback(desk), request.url.query, begun, context.now())
    except ForgedLink:
        return _failed(desk, request, OidcError("the browser bears no state, or an old one"))
    except OidcError as error:
        return _failed(desk, request, error)
    agent = request.headers.get("user-agent", "")
    done = sign_in_as(
        context.transaction, email, rules, context.now(), origin=origin_of(request), agent=agent
    )
    if isinstance(done, Refused):
        speech = language_of(request)
        words = speech.say("这个邮箱没有账号，或账号已停用。请联系系统管理员。")
        return notice(desk, 403, speech.say("没有权限"), words, speech)
    response = to(desk, local_path(begun.next))
    let_sign_in(desk, response, done)
    forget(desk, response, COOKIE)
    return response


def _callback(desk: Desk) -> str:
    return f"{console_address(desk.settings)}/oidc/callback"


def _failed(desk: Desk, request: Request, error: OidcError) -> Response:
    log.warning("oidc_failed", why=str(error))
    speech = language_of(request)
    words = speech.say("统一身份认证没有成功，请重试或用密码登录")
    return notice(desk, 502, speech.say("登录没有成功"), words, speech)
