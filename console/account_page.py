"""One's own account: password, second factor, where one is signed in, substitute, tokens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from accounts import people, second_factor, sessions, tokens
from accounts.errors import AccountError
from accounts.leave import end_leave, set_leave
from accounts.passwords import is_password
from accounts.secrets import digest
from console.desk import Desk
from console.frontage import ACCOUNT, Fields, form, last, page, render, to
from console.viewer import SESSION_COOKIE, Viewer, let_sign_in, origin_of
from storage.database import for_reading, one_transaction
from storage.tables import Account
from vocabulary.areas import region_name
from vocabulary.presentation import displayable

_Change = Callable[[Session, Account], None]


@page
def show_account(desk: Desk, viewer: Viewer, request: Request) -> Response:
    """The account of who is signed in."""
    return _page(desk, viewer, request) if viewer.has_account else to(desk, "/")


@form
def change_password(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:
    """Take another password; every other browser is signed out, and this one gets a new session."""
    rules, now, origin = desk.settings.accounts, desk.context.now(), origin_of(request)
    kept: list[str] = []

    def change(session: Session, account: Account) -> None:
        _require_password(account, fields)
        if last(fields, "new") != last(fields, "again"):
            raise AccountError("两次输入的密码不一致")
        people.choose_password(session, account, last(fields, "new"), rules, now=now, origin=origin)
        agent = request.headers.get("user-agent", "")
        kept.append(sessions.begin(session, account, rules, now, origin, agent))

    response = _do(desk, viewer, request, change)
    if kept:
        let_sign_in(desk, response, kept[-1])
    return response


@form
def sign_out_everywhere(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:  # noqa: ARG001
    """End every session, this one too."""

    def change(session: Session, account: Account) -> None:
        now, origin = desk.context.now(), origin_of(request)
        sessions.end_all(session, account, actor=account.email, now=now, origin=origin)

    return _do(desk, viewer, request, change)


@form
def switch_second_factor(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:
    """Ask for codes from now on, or no longer."""
    now, origin = desk.context.now(), origin_of(request)

    def change(session: Session, account: Account) -> None:
        _require_password(account, fields)
        if account.totp_secret:
            second_factor.switch_off(session, account, now=now, origin=origin)
            return
        secret, code = last(fields, "secret"), last(fields, "code")
        seal = desk.open_seal()
        if not second_factor.switch_on(session, account, secret, code, seal, now=now, origin=origin):
            raise AccountError("动态验证码不正确：请重新扫描，并核对手机的时间")

    return _do(desk, viewer, request, change, secret=last(fields, "secret"))


@form
def change_leave(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:
    """Have somebody act for oneself while one is away, or end that."""
    now = desk.context.now().astimezone(ZoneInfo(desk.settings.time_zone))
    origin = origin_of(request)

    def change(session: Session, account: Account) -> None:
        if last(fields, "end"):
            end_leave(session, account, actor=account.email, now=now, origin=origin)
            return
        first, until = _day(last(fields, "since")), _day(last(fields, "until"))
        if first is None or until is None:
            raise AccountError("请写明从哪一天到哪一天")
        substitute = last(fields, "to")
        set_leave(session, account, substitute, first, until, actor=account.email, now=now, origin=origin)

    return _do(desk, viewer, request, change)


@form
def make_token(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:
    """Make a token, which this page shows and no other."""
    made: list[str] = []

    def change(session: Session, account: Account) -> None:
        token = tokens.make(
            session,
            account,
            last(fields, "name"),
            desk.settings.accounts,
            reads_only=last(fields, "writes") != "yes",
            actor=account.email,
            now=desk.context.now(),
            origin=origin_of(request),
        )
        made.append(token)

    response = _do(desk, viewer, request, change)
    return _page(desk, viewer, request, made=made[-1]) if made else response


@form
def withdraw_token(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:
    """End a token."""
    typed = last(fields, "token")
    number = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 10 else 0

    def change(session: Session, account: Account) -> None:
        now, origin = desk.context.now(), origin_of(request)
        tokens.withdraw(session, account, number, actor=account.email, now=now, origin=origin)

    return _do(desk, viewer, request, change)


@one_transaction
def _do(desk: Desk, viewer: Viewer, request: Request, change: _Change, *, secret: str = "") -> Response:
    """Change one's own account and show it anew, or say beside it why not."""
    if not viewer.has_account:
        return to(desk, "/")
    try:
        with desk.context.transaction() as session:
            change(session, people.get(session, viewer.email))
    except AccountError as error:
        return _page(
            desk, viewer, request, problem=viewer.speech.say(error.words, **error.values), secret=secret
        )
    return to(desk, f"{ACCOUNT}?done=1")


def _page(
    desk: Desk, viewer: Viewer, request: Request, *, problem: str = "", secret: str = "", made: str = ""
) -> Response:
    with Session(for_reading(desk.context.engine)) as session, session.begin():
        account = people.get(session, viewer.email)
        values = _values(desk, viewer, request, session, account)
    if not values["has_code"]:
        secret = secret if second_factor.is_secret(secret) else second_factor.new_secret()
        values |= {"secret": secret, "picture": second_factor.picture_of(secret, viewer.email)}
    values |= {"problem": problem, "made": made, "done": request.query_params.get("done") == "1"}
    return render(desk, viewer, request, "account", values, 422 if problem else 200)


def _values(
    desk: Desk, viewer: Viewer, request: Request, session: Session, account: Account
) -> dict[str, Any]:
    now, zone, speech = desk.context.now(), ZoneInfo(desk.settings.time_zone), viewer.speech
    own = digest(request.cookies.get(SESSION_COOKIE, ""))
    return {
        "regions": [region_name(code) for code in account.regions],
        "departments": [displayable(each, limit=40) for each in account.departments],
        "has_code": bool(account.totp_secret),
        "shortest": desk.settings.accounts.password_length,
        "sessions": [
            {
                "is_own": each.digest == own,
                "agent": each.agent,
                "origin": each.origin,
                "seen_at": speech.moment(each.seen_at.astimezone(zone)),
            }
            for each in sessions.of(session, account, desk.settings.accounts, now)
        ],
        "tokens": [
            {
                "id": each.id,
                "name": each.name,
                "reads_only": each.reads_only,
                "until": speech.day(each.until.astimezone(zone).date()),
                "used_at": speech.moment(each.used_at.astimezone(zone)) if each.used_at else "",
            }
            for each in tokens.of(session, account, now)
        ],
        "colleagues": [
            (each.email, each.name)
            for each in people.everybody(session)
            if each.disabled_at is None and each.email != account.email
        ],
        "substitute": account.substitute,
        "since": speech.day(account.leave_from),
        "until": speech.day(account.leave_until),
        "today": now.astimezone(zone).date().isoformat(),
    }


def _require_password(account: Account, fields: Fields) -> None:
    """A browser that was left open is not enough. Raises ``AccountError``."""
    if not is_password(account.password_hash, last(fields, "password")):
        raise AccountError("目前的密码不正确")


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed.strip())
    except ValueError:
        return None
