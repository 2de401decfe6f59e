"""监督举报: where everybody reports a posting, and by the receipt sees what came of it.

What is reported goes the way of the public's mails; who reported is sealed and goes nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from alerts.languages import Language
from alerts.notifications.letters import shown
from assessment.messages import message_key
from cases.public_reports import (
    TooManyReports,
    add_report,
    find_report,
    new_receipt,
    receipt_digest,
)
from console.desk import Desk
from console.frontage import comes_from_our_page, desk_of, notice, refuse_foreign
from console.uploads import Upload, UploadRefused, read_uploads, require_taken, typed
from console.viewer import language_of, origin_of
from storage.database import for_reading, one_transaction
from storage.tables import PublicReport
from vocabulary.presentation import safe_link
from vocabulary.regions import known_regions

BODY_BYTES = 24 * 1024 * 1024
"""Longest form with its files."""
FILES = 2
WORDS = 4000
CONTACT = 200
_FIELDS = 8


def show_reporting(request: Request) -> Response:
    """Where a posting is reported."""
    desk = desk_of(request)
    return _page(desk, request, {}) if desk.settings.console.public_reports else _closed(desk, request)


async def take_report(request: Request) -> Response:
    """Keep a report, and show its receipt once: nobody can be told it again."""
    desk, speech = desk_of(request), language_of(request)
    if not desk.settings.console.public_reports:
        return _closed(desk, request)
    if not comes_from_our_page(request):
        return refuse_foreign(desk, speech)
    async with request.form(max_files=FILES, max_fields=_FIELDS) as form:
        files = await read_uploads(form, "file")
        said = {name: typed(form, name) for name in ("link", "words", "region", "contact")}
    return await run_in_threadpool(_take, desk, request, said, files)


def show_receipt(request: Request) -> Response:
    """What came of the report of a receipt."""
    desk, speech = desk_of(request), language_of(request)
    typed = request.query_params.get("number", "")
    if not desk.settings.console.public_reports:
        return _closed(desk, request)
    if not typed:
        return _receipt_page(desk, request, {})
    if not desk.reports.take(origin_of(request)):
        return _receipt_page(desk, request, {"problem": _too_many(speech)}, 429)
    with Session(for_reading(desk.context.engine), expire_on_commit=False) as session, session.begin():
        found = find_report(session, typed)
    if found is None:
        words = speech.say("没有这一受理编号，请核对。")
        return _receipt_page(desk, request, {"problem": words, "number": shown(typed, 40)}, 404)
    zone = ZoneInfo(desk.settings.time_zone)
    values = {
        "number": shown(typed, 40),
        "state_name": speech.name(found.state),
        "received_at": speech.moment(found.report.received_at.astimezone(zone)),
        "cases": [speech.name(case.state) for case in found.cases],
    }
    return _receipt_page(desk, request, values)


def _take(desk: Desk, request: Request, said: dict[str, str], files: Sequence[Upload]) -> Response:
    speech = language_of(request)
    problem = _incomplete(said, files, speech)
    if problem:
        return _page(desk, request, {**said, "problem": problem}, 422)
    if not desk.reports.take(origin_of(request)):
        return _page(desk, request, {**said, "problem": _too_many(speech)}, 429)
    receipt = new_receipt()
    try:
        kinds = [require_taken(desk, each, speech) for each in files]
        _store(desk, said, list(zip(files, kinds, strict=True)), receipt)
    except UploadRefused as error:
        return _page(desk, request, {**said, "problem": str(error)}, 422)
    except TooManyReports:
        words = speech.say("现在举报较多，请稍后再试。")
        return _page(desk, request, {**said, "problem": words}, 503)
    return _receipt_page(desk, request, {"new": receipt})


def _incomplete(said: dict[str, str], files: Sequence[Upload], speech: Language) -> str:
    if not (said["link"] or said["words"] or files):
        return speech.say("请写明网址、文字或选择图片，至少一项。")
    if said["link"] and not safe_link(said["link"]):
        return speech.say("网址须以 http:// 或 https:// 开头。")
    if len(said["words"]) > WORDS or len(said["contact"]) > CONTACT:
        return speech.say("文字过长：至多{limit}字。", limit=WORDS)
    return ""


@one_transaction
def _store(desk: Desk, said: dict[str, str], files: Sequence[tuple[Upload, str]], receipt: str) -> None:
    context, seal = desk.context, desk.open_seal()
    message = _message(said, files, receipt_digest(receipt))
    report = PublicReport(
        receipt=receipt_digest(receipt),
        region=said["region"] if said["region"] in _codes() else "",
        link=said["link"],
        words=said["words"],
        files=len(files),
        contact=seal.seal(said["contact"]),
        message=message,
        message_key=message_key(message),
        received_at=context.now(),
    )
    with context.transaction() as session:
        add_report(session, report)


def _message(said: dict[str, str], files: Sequence[tuple[Upload, str]], digest: str) -> bytes:
    """The report as a mail of the public would say it, without who wrote it."""
    message = EmailMessage()
    message["Message-ID"] = f"<{digest}@report.invalid>"
    message["Subject"] = "网上举报"
    message.set_content("\n\n".join(part for part in (said["words"], said["link"]) if part) or "见附件")
    for upload, media_type in files:
        kind, _, ending = media_type.partition("/")
        message.add_attachment(upload.body, maintype=kind, subtype=ending, filename=upload.name)
    return message.as_bytes()


def _codes() -> dict[str, str]:
    """Provinces and what lies right below them, by code."""
    return {
        code: region.name
        for code, region in known_regions().items()
        if code.endswith("00") and not region.now and not region.listed_until
    }


def _groups(chosen: str) -> list[dict[str, Any]]:
    """The same, each province with its own."""
    codes = _codes()
    return [
        {
            "name": codes[province],
            "areas": [
                (code, name, code == chosen) for code, name in codes.items() if code[:2] == province[:2]
            ],
        }
        for province in codes
        if province.endswith("0000")
    ]


def _closed(desk: Desk, request: Request) -> Response:
    speech = language_of(request)
    words = speech.say("本系统没有开放网上举报。")
    return notice(desk, 404, speech.say("没有这个页面"), words, speech)


def _too_many(speech: Language) -> str:
    return speech.say("尝试次数过多，请一分钟后再试。")


def _page(desk: Desk, request: Request, said: dict[str, Any], status: int = 200) -> Response:
    blank = {"problem": "", "link": "", "words": "", "region": "", "contact": "", "viewer": None}
    values = {
        **blank,
        **said,
        "limit": WORDS,
        "files_limit": FILES,
        "groups": _groups(said.get("region", "")),
    }
    return desk.page("report", values, status=status, speech=language_of(request))


def _receipt_page(desk: Desk, request: Request, said: dict[str, Any], status: int = 200) -> Response:
    blank = {"problem": "", "number": "", "new": "", "state_name": "", "received_at": "", "cases": ()}
    values = {**blank, **said, "viewer": None}
    return desk.page("receipt", values, status=status, speech=language_of(request))
