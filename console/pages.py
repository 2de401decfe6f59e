"""The pages: each takes a request and answers it.

A GET changes nothing, because mail programs follow links.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import structlog
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from alerts.delivery.links import ExpiredLink, ExpiredListLink, ForgedLink, Link, LinkRefused, Purpose
from alerts.languages import Language, language
from alerts.notifications.letters import shown
from alerts.notifications.new_link import send_link
from console.case_page import read_case_page, step_banner
from console.decisions import FORM_FIELDS, NOTE_LIMIT, Form, Refusal, decide
from console.desk import Desk, FormerRecipient
from console.frontage import (
    Fields,
    comes_from_our_page,
    desk_of,
    last,
    notice,
    read_fields,
    refuse_foreign,
    to,
)
from console.link_visitor import Visitor, identify
from console.list_page import read_list_page
from storage.database import for_reading
from vocabulary.codes import Step
from vocabulary.presentation import displayable

_FIELDS = 10
"""Fields that a form may have; ours have five."""
log = structlog.get_logger()
_BLANK = Form(step="", note="", deadline="", after="")


def show_case(request: Request) -> Response:
    """The case of a signed link, with the forms of the steps that may follow."""
    desk, token = desk_of(request), request.query_params.get("token", "")
    try:
        visitor = identify(desk, request, token, request.path_params["case"])
        if request.path_params["purpose"] != visitor.link.purpose:
            raise ForgedLink("the link was made for another page")
    except LinkRefused as error:
        return _refused_link(desk, error, token)
    if visitor.is_signed_in:
        return to(desk, f"/cases/{visitor.link.case_id}")
    return _case_page(desk, visitor, token, done=request.query_params.get("done", ""))


def show_list(request: Request) -> Response:
    """All cases of a letter, behind its signed link."""
    desk, token = desk_of(request), request.query_params.get("token", "")
    try:
        link, recipient = desk.identify_list(token)
    except LinkRefused as error:
        return _refused_link(desk, error, token)
    speech, number = language(recipient.language), request.query_params.get("page", "1")
    page = int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 1
    with Session(for_reading(desk.context.engine)) as session, session.begin():
        values = read_list_page(
            session, link.message_key, page, desk.settings, speech, now=desk.context.now()
        )
    if values is None:
        words = speech.say("这封邮件的清单已不再保存，请使用最近一封邮件中的按钮。")
        return notice(desk, 404, speech.say("没有这一清单"), words, speech)
    reader = shown(recipient.name or recipient.email, 60)
    return desk.page("list", {**values, "token": token, "recipient": reader}, speech=speech)


async def take_case_step(request: Request) -> Response:
    """Take a step of a case, and show the case as it is then."""
    desk = desk_of(request)
    if not comes_from_our_page(request):
        return refuse_foreign(desk, advice="请从邮件中的按钮打开案件后再处理。")
    fields = await read_fields(request, _FIELDS)
    case = request.path_params["case"]
    return await run_in_threadpool(_take_case_step, desk, request, case, fields)


def _take_case_step(desk: Desk, request: Request, case: str, fields: Fields) -> Response:
    token = last(fields, "token")
    try:
        visitor = identify(desk, request, token, case)
    except LinkRefused as error:
        return _refused_link(desk, error, token)
    link, recipient = visitor.link, visitor.recipient
    if not visitor.may_act:
        # A form of before there were accounts, or of a mail that was passed on: nobody stands behind it.
        there = f"/cases/{link.case_id}"
        return to(desk, there if visitor.is_signed_in else f"/login?{urlencode({'next': there})}")
    form = Form(*(last(fields, name) for name in FORM_FIELDS))
    refusal = decide(desk.context, link.case_id, link.recipient, form, language(recipient.language))
    if refusal is not None:
        return _case_page(desk, visitor, token, refusal=refusal, form=form)
    # The browser asks anew, so that reloading the page repeats nothing.
    query = urlencode({"token": token, "done": form.step})
    return RedirectResponse(f"{desk.prefix}/cases/{link.case_id}/{link.purpose}?{query}", status_code=303)


async def send_new_link(request: Request) -> Response:
    """Write a mail with fresh links to whoever had an expired one."""
    desk = desk_of(request)
    if not comes_from_our_page(request):
        return refuse_foreign(desk, advice="请从邮件中的按钮重新打开。")
    fields = await read_fields(request, _FIELDS)
    return await run_in_threadpool(_send_new_link, desk, last(fields, "token"))


def _send_new_link(desk: Desk, token: str) -> Response:
    try:
        link = desk.identify(token)[0]
    except ExpiredLink as expired:
        link = expired.link
    except LinkRefused as error:
        return _refused_link(desk, error, token)
    else:
        query = urlencode({"token": token})
        return RedirectResponse(f"{desk.prefix}/cases/{link.case_id}/{link.purpose}?{query}", status_code=303)
    try:
        recipient = desk.recipient(link)
    except FormerRecipient as error:
        return _refused_link(desk, error, token)
    now = desk.context.now()
    known = desk.context.write(
        lambda session: send_link(session, link.case_id, recipient, desk.settings, now)
    )
    speech = language(recipient.language)
    if not known:
        return _no_case(desk, speech)
    words = speech.say(
        "新的链接已发往 {email}，请在几分钟后查收邮件。一小时内至多发送一封。",
        email=displayable(link.recipient, limit=120),
    )
    return notice(desk, 200, speech.say("请查收邮件"), words, speech)


async def show_http_error(request: Request, error: Exception) -> Response:
    """Answers of the framework itself, such as an unknown address."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    words = {
        404: ("没有这个页面", "请从邮件中的“打开案件”按钮进入。"),
        405: ("不能这样打开", "请从邮件中的“打开案件”按钮进入，再在页面上处理。"),
        413: ("提交的内容过长", "请返回上一页，缩短文字后重新提交。"),
    }
    title, sentence = words.get(status, ("请求有误", "请从邮件中的按钮重新打开。"))
    answer = notice(desk_of(request), status, title, sentence)
    answer.headers.update(getattr(error, "headers", None) or {})
    return answer


async def show_busy(request: Request, error: Exception) -> Response:
    """The database did not answer: nothing was changed, and it may be tried again."""
    # Not the whole error, which quotes what somebody typed.
    log.error("console_database_failed", why=str(getattr(error, "orig", None) or type(error).__name__))
    return notice(desk_of(request), 503, "系统繁忙", "没有作任何更改，请稍后重试。")


async def show_breakdown(request: Request, error: Exception) -> Response:  # noqa: ARG001 - Starlette's signature
    """Something broke that nobody thought of; the log says what."""
    return notice(desk_of(request), 500, "程序出错", "请稍后重试；仍然如此时，请联系系统管理员查看日志。")


def _case_page(
    desk: Desk,
    visitor: Visitor,
    token: str,
    *,
    done: str = "",
    refusal: Refusal | None = None,
    form: Form = _BLANK,
) -> Response:
    link, recipient = visitor.link, visitor.recipient
    context, speech = desk.context, language(recipient.language)
    with Session(for_reading(context.engine)) as session, session.begin():
        page = read_case_page(session, link.case_id, desk.settings, context.now(), speech)
    if page is None:
        return _no_case(desk, speech)
    wanted = form.step or (Step.DISMISS.value if link.purpose is Purpose.DISMISS else "")
    values = {
        **page,
        "token": token,
        "recipient": shown(recipient.name or recipient.email, 60),
        "banner": step_banner(page["events"], done, recipient.email, speech),
        "hint": _hint(page, link, done, speech),
        "problem": refusal.sentence if refusal else "",
        "form": form,
        "wanted": "" if done else wanted,
        "note_limit": NOTE_LIMIT,
        "layout": "frame.html",
        "viewer": None,
        "sign_in": "" if visitor.may_act else f"/cases/{link.case_id}",
    }
    return desk.page("case", values, status=refusal.status if refusal else 200, speech=speech)


def _hint(page: dict[str, Any], link: Link, done: str, speech: Language) -> str:
    """Why the form that the button promised is not there: mails grow old."""
    if (
        done
        or link.purpose is not Purpose.DISMISS
        or Step.DISMISS in {each["step"] for each in page["steps"]}
    ):
        return ""
    return speech.say("案件目前为“{state}”，不需要再排除。", state=page["case"]["state_name"])


def _refused_link(desk: Desk, error: LinkRefused, token: str) -> Response:
    if isinstance(error, ExpiredLink):
        try:
            recipient = desk.recipient(error.link)
        except FormerRecipient as former:
            return _refused_link(desk, former, token)
        values = {
            "token": token,
            "email": displayable(recipient.email, limit=120),
            "case_id": error.link.case_id,
        }
        return desk.page("expired", values, status=410, speech=language(recipient.language))
    if isinstance(error, ExpiredListLink):
        words = "清单的链接已过期。请使用最近一封邮件中的按钮；每周汇总中列有待核查最久的案件，并附新的链接。"
        return notice(desk, 410, "链接已过期", words)
    if isinstance(error, FormerRecipient):
        words = "该链接的收件人已不在监管人员之列，不能再打开案件。如有疑问，请联系系统管理员。"
        return notice(desk, 403, "链接已停用", words)
    words = (
        "链接不完整或已被改动。请回到邮件，直接点击按钮；如果是复制的链接，请确认复制了整条，没有断行。"
        "仍打不开时，请使用最近一封邮件中的按钮，或联系系统管理员。"
    )
    return notice(desk, 403, "链接无效", words)


def _no_case(desk: Desk, speech: Language) -> Response:
    words = speech.say("案件可能属于另一套系统。请使用最近一封邮件中的按钮。")
    return notice(desk, 404, speech.say("没有这一案件"), words, speech)
