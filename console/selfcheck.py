"""发布前自查: what Qualwatch says of a text or file before it is published. Nothing of it is kept.

For whoever has entered, and for everybody where ``console.public_check`` says so.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from alerts.languages import Language, language
from alerts.notifications.letters import shown
from assessment.judging import Known
from assessment.reading import Answer, assess
from catalogue.imported import ImportedLists
from console.case_list import SEVERITIES
from console.case_text import marked
from console.desk import Desk
from console.desk_list import local_now
from console.frontage import comes_from_our_page, desk_of, outside, refuse_foreign, surroundings
from console.viewer import Viewer, viewer_of
from detection.model import Mention
from vocabulary.areas import province_names
from vocabulary.names import CHINESE
from vocabulary.page_errors import PageError
from vocabulary.presentation import displayable
from vocabulary.reasons import reason_in_chinese

BODY_BYTES = 12 * 1024 * 1024
"""Longest form with its file."""
LETTERS = 50_000
"""Longest text that is typed or pasted."""
_FIELDS = 8


def show_form(request: Request) -> Response:
    """Where a text is pasted or a file is chosen."""
    desk = desk_of(request)
    viewer = viewer_of(desk, request)
    return _page(desk, viewer, request, {}) if _may_check(desk, viewer) else outside(desk, request)


async def check(request: Request) -> Response:
    """What is found in the text or file of a form."""
    desk = desk_of(request)
    viewer = await run_in_threadpool(viewer_of, desk, request)
    if not _may_check(desk, viewer):
        return await run_in_threadpool(outside, desk, request)
    if not comes_from_our_page(request):
        return refuse_foreign(desk)
    async with request.form(max_files=1, max_fields=_FIELDS, max_part_size=BODY_BYTES) as form:
        text, region, file = form.get("text"), form.get("region"), form.get("file")
        said = {"text": str(text or ""), "region": str(region or "")}
        answer = Answer(said["text"].encode("utf-8", "replace"), "text/plain", "utf-8")
        if isinstance(file, UploadFile) and file.size:
            answer = Answer(await file.read(), name=displayable(file.filename or "", limit=200))
    return await run_in_threadpool(_check, desk, viewer, request, answer, said)


def _may_check(desk: Desk, viewer: Viewer | None) -> bool:
    return viewer is not None or desk.settings.console.public_check


def _check(
    desk: Desk, viewer: Viewer | None, request: Request, answer: Answer, said: dict[str, str]
) -> Response:
    speech = viewer.speech if viewer else language(CHINESE)
    if not answer.body.strip():
        return _page(
            desk, viewer, request, {**said, "problem": speech.say("请粘贴文字，或选择一个文件。")}, 422
        )
    if not answer.name and len(said["text"]) > LETTERS:
        words = speech.say("文字过长：至多{limit}字，请改为上传文件。", limit=LETTERS)
        return _page(desk, viewer, request, {**said, "problem": words}, 422)
    if viewer is None and not desk.checks.take():
        words = speech.say("现在使用的人较多，请一分钟后再试。")
        return _page(desk, viewer, request, {**said, "problem": words}, 429)
    region = said["region"] if said["region"] in province_names() else None
    today, imported = local_now(desk).date(), desk.context.imported()
    try:
        result = desk.context.workers.run(judge_draft, answer, region, today, imported)
    except PageError as error:
        why = reason_in_chinese(str(error)) if speech.code == CHINESE else str(error)
        problem = speech.say("文件未能读取：{why}", why=displayable(why, limit=300))
        return _page(desk, viewer, request, {**said, "problem": problem}, 422)
    return _page(desk, viewer, request, {**said, **_shown(*result, speech)})


def judge_draft(
    answer: Answer, region: str | None, today: date, imported: ImportedLists
) -> tuple[str, str, tuple[Mention, ...]]:
    """Text, what of it was not read, and every mention; for a worker process."""
    assessed = assess(answer, Known(region=region, is_attachment=bool(answer.name)), today, imported=imported)
    return assessed.text, assessed.unread, assessed.result.mentions


def _shown(text: str, unread: str, mentions: tuple[Mention, ...], speech: Language) -> dict[str, Any]:
    found = [mention for mention in mentions if mention.violation is not None]
    urgent = [mention for mention in found if mention.severity in SEVERITIES]
    return {
        "checked": True,
        "unread": displayable(reason_in_chinese(unread), limit=300) if unread else "",
        "findings": [_finding(number, mention, speech) for number, mention in enumerate(urgent, 1)],
        "lawful": len(mentions) - len(urgent),
        **marked(text, [(mention.start, mention.end, mention in urgent) for mention in mentions]),
    }


def _finding(number: int, mention: Mention, speech: Language) -> dict[str, Any]:
    return {
        "number": number,
        "severity": mention.severity.value,
        "severity_name": speech.name(mention.severity),
        "quote": shown(mention.quote, 120),
        "status": speech.name(mention.status),
        "usage": speech.name(mention.usage),
        "violation": speech.name(mention.violation) if mention.violation else "",
        "explanation": shown(mention.explanation, 600),
        "advice": shown(mention.advice, 600),
        "legal_basis": [shown(clause, 200) for clause in mention.legal_basis],
        "needs_review": mention.needs_review,
    }


def _page(
    desk: Desk, viewer: Viewer | None, request: Request, said: dict[str, Any], status: int = 200
) -> Response:
    speech = viewer.speech if viewer else language(CHINESE)
    blank = {"problem": "", "checked": False, "text": "", "region": "", "limit": LETTERS}
    around = surroundings(desk, viewer, request) if viewer else {"viewer": None}
    values = {
        **blank,
        **around,
        **said,
        "layout": "desk.html" if viewer else "frame.html",
        "regions": list(province_names().items()),
    }
    return desk.page("check", values, status=status, speech=speech)
