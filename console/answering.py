"""反馈: where the addressee of a notice says what it did, by the code that the notice bears.

Whoever has the code sees what the notice says and what became of their answers, and nothing else.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from alerts.delivery.links import ForgedLink, answer_code, read_answer_code
from alerts.languages import Language
from alerts.notifications.handed import tell_others
from alerts.notifications.letters import shown
from cases.answers import ANSWERABLE, EVER, add_answer, list_answers, require_answerable
from cases.steps import StepRefused
from console.desk import Desk
from console.frontage import comes_from_our_page, desk_of, refuse_foreign, to
from console.uploads import Upload, UploadRefused, keep_upload, read_uploads, typed
from console.viewer import language_of, origin_of
from storage.database import for_reading, one_transaction
from storage.tables import AddresseeAnswer, AnswerFile, Case
from vocabulary.areas import region_name
from vocabulary.codes import Violation

BODY_BYTES = 32 * 1024 * 1024
"""Longest form with its files."""
FILES = 3
WORDS = 2000
NAME = 60
_FIELDS = 8


def show_answering(request: Request) -> Response:
    """Where a code is typed; with one, the case that it is of."""
    desk, code = desk_of(request), request.query_params.get("code", "")
    if not code:
        return _page(desk, request, "", {})
    return _of_code(desk, request, code)


async def take_answer(request: Request) -> Response:
    """Keep what the addressee says, with its files."""
    desk, speech = desk_of(request), language_of(request)
    if not comes_from_our_page(request):
        return refuse_foreign(desk, speech)
    async with request.form(max_files=FILES, max_fields=_FIELDS) as form:
        files = await read_uploads(form, "file")
        said = {name: typed(form, name) for name in ("code", "name", "words", "once")}
    return await run_in_threadpool(_take, desk, request, said, files)


def _take(desk: Desk, request: Request, said: dict[str, str], files: Sequence[Upload]) -> Response:
    speech = language_of(request)
    if not desk.codes.take(origin_of(request)):
        return _page(desk, request, said["code"], {**said, "problem": _too_many(speech)}, 429)
    try:
        case_id = read_answer_code(desk.settings, said["code"])
    except ForgedLink:
        return _wrong_code(desk, request, said["code"])
    problem = _incomplete(said, speech)
    if problem:
        return _of_code(desk, request, said["code"], {**said, "problem": problem}, 422)
    try:
        _require_answerable(desk, case_id)
        kept = [_keep(desk, case_id, each, speech) for each in files]
        _store(desk, case_id, said, kept)
    except UploadRefused as error:
        return _of_code(desk, request, said["code"], {**said, "problem": str(error)}, 422)
    except StepRefused as error:
        return _of_code(desk, request, said["code"], {**said, "problem": str(error)}, 409)
    return to(desk, f"/answer?code={answer_code(desk.settings, case_id)}&sent=1")


def _incomplete(said: dict[str, str], speech: Language) -> str:
    if not said["words"].strip() or not said["name"].strip():
        return speech.say("请写明整改情况和填写人。")
    if len(said["words"]) > WORDS or len(said["name"]) > NAME:
        return speech.say("文字过长：至多{limit}字。", limit=WORDS)
    return ""


def _keep(desk: Desk, case_id: int, upload: Upload, speech: Language) -> AnswerFile:
    kept = keep_upload(desk, f"answer:{case_id}:{secrets.token_hex(8)}", upload, speech)
    return AnswerFile(
        answer_id=0,
        name=kept.name,
        media_type=kept.media_type,
        size=kept.size,
        body_sha256=kept.ref.body_sha256,
        evidence_file=kept.ref.file,
        evidence_record=kept.ref.record_id,
        evidence_offset=kept.ref.offset,
        text=kept.text,
        unread=kept.unread,
    )


def _require_answerable(desk: Desk, case_id: int) -> None:
    """Before anything of it is kept. Raises ``StepRefused``."""
    with Session(for_reading(desk.context.engine)) as session, session.begin():
        require_answerable(session, case_id)


@one_transaction
def _store(desk: Desk, case_id: int, said: dict[str, str], files: Sequence[AnswerFile]) -> None:
    now = desk.context.now()
    key = hashlib.sha256(f"{case_id} {said['once']} {said['words']}".encode("utf-8", "replace")).hexdigest()
    with desk.context.transaction() as session:
        answer = AddresseeAnswer(
            case_id=case_id,
            key=key,
            name=" ".join(said["name"].split()),
            words=said["words"].strip(),
            received_at=now,
        )
        copies = [AnswerFile(**each.model_dump(exclude={"id"})) for each in files]
        if add_answer(session, answer, copies, now=now):
            tell_others(session, case_id, desk.settings, now)


def _of_code(
    desk: Desk, request: Request, code: str, said: dict[str, Any] | None = None, status: int = 200
) -> Response:
    """The page of a code that is right."""
    speech = language_of(request)
    if said is None and not desk.codes.take(origin_of(request)):
        return _page(desk, request, "", {"problem": _too_many(speech)}, 429)
    try:
        case_id = read_answer_code(desk.settings, code)
    except ForgedLink:
        return _wrong_code(desk, request, code)
    now = desk.context.now().astimezone(ZoneInfo(desk.settings.time_zone))
    with Session(for_reading(desk.context.engine)) as session, session.begin():
        case = session.get(Case, case_id)
        if case is None:
            return _wrong_code(desk, request, code)
        values = {"case": _case(case, speech), "answers": _answers(session, case_id, now, speech)}
    sent = request.query_params.get("sent") == "1" and bool(values["answers"])
    return _page(desk, request, code, {**values, "sent": sent, **(said or {})}, status)


def _case(case: Case, speech: Language) -> dict[str, Any]:
    """What the notice says of it, and no more."""
    return {
        "id": case.id,
        "publisher": shown(case.publisher, 120) or speech.say("发布单位未识别"),
        "region": region_name(case.region),
        "title": shown(case.title, 240) or speech.say("（无标题）"),
        "qualification": shown(case.qualification, 120),
        "violation": speech.name(Violation(case.violation)),
        "deadline": speech.day(case.deadline),
        "is_open": case.state in ANSWERABLE,
    }


def _answers(session: Session, case_id: int, now: datetime, speech: Language) -> list[dict[str, Any]]:
    return [
        {
            "id": each.answer.id,
            "at": speech.moment(each.answer.received_at.astimezone(now.tzinfo)),
            "state": each.answer.state.value,
            "state_name": speech.name(each.answer.state),
            "reason": shown(each.answer.reason, 1000),
            "files": len(each.files),
        }
        for each in list_answers(session, case_id)[:EVER]
    ]


def _wrong_code(desk: Desk, request: Request, code: str) -> Response:
    words = language_of(request).say("反馈码不正确，请照通知书上的填写。")
    return _page(desk, request, code, {"problem": words}, 404)


def _too_many(speech: Language) -> str:
    return speech.say("尝试次数过多，请一分钟后再试。")


def _page(desk: Desk, request: Request, code: str, said: dict[str, Any], status: int = 200) -> Response:
    blank = {"problem": "", "sent": False, "case": None, "answers": (), "name": "", "words": "", "once": ""}
    values = {**blank, **said, "code": shown(code, 60), "limit": WORDS, "files_limit": FILES, "viewer": None}
    values["once"] = values["once"] or secrets.token_urlsafe(12)
    return desk.page("answer", values, status=status, speech=language_of(request))
