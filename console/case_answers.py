"""单位反馈 on the page of a case: what its addressee said and sent, accepted (销号) or sent back."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from alerts.delivery.links import answer_code
from alerts.notifications.letters import shown
from cases.answers import ANSWERABLE, Answered, find_answer_file, list_answers
from cases.queries import may_see
from console.case_text import why_unverified
from console.desk import Desk
from console.desk_list import download
from console.frontage import no_case, notice, page
from console.reading import note_reading
from console.viewer import Viewer
from settings.model import Settings
from storage.database import for_reading
from storage.errors import EvidenceError
from storage.proof import evidence_ref
from storage.tables import Case
from vocabulary.presentation import displayable, displayable_lines, mask_personal_numbers

_NUMBER = 2**31 - 1


def answers_block(session: Session, case: Case, settings: Settings, viewer: Viewer) -> dict[str, Any]:
    """The values of ``templates/answers.html``."""
    number = case.id or 0
    answers = [_answer(each, viewer, ZoneInfo(settings.time_zone)) for each in list_answers(session, number)]
    return {
        "answers": answers,
        "has_answers": bool(answers) or case.state in ANSWERABLE,
        "answer_code": answer_code(settings, number),
    }


def _answer(each: Answered, viewer: Viewer, zone: ZoneInfo) -> dict[str, Any]:
    answer, speech = each.answer, viewer.speech
    return {
        "id": answer.id,
        "name": shown(answer.name, 60),
        "words": _lines(answer.words),
        "state": answer.state.value,
        "state_name": speech.name(answer.state),
        "at": speech.moment(answer.received_at.astimezone(zone)),
        "decided_at": speech.moment(answer.decided_at.astimezone(zone)) if answer.decided_at else "",
        "decided_by": shown(answer.decided_by, 120),
        "reason": shown(answer.reason, 1000),
        "files": [
            {
                "id": file.id,
                "name": displayable(file.name, limit=100),
                "media_type": displayable(file.media_type, limit=80),
                "size": f"{file.size:,}",
                "text": _lines(file.text),
                "unread": displayable(file.unread, limit=300),
            }
            for file in each.files
        ],
    }


@page
def send_answer_file(desk: Desk, viewer: Viewer, request: Request) -> Response:
    """A file that came with an answer, to be saved: nothing of it is shown by the browser."""
    case_id, number = request.path_params["case"], min(request.path_params["file"], _NUMBER)
    with Session(for_reading(desk.context.engine)) as session, session.begin():
        file = find_answer_file(session, case_id, number) if case_id <= _NUMBER else None
        if file is None or not may_see(session, case_id, viewer.scope):
            return no_case(desk, viewer)
        ref, name = evidence_ref(file), file.name
    try:
        record = desk.context.evidence.read(ref)
    except EvidenceError as error:
        speech = viewer.speech
        words = speech.say("证据核对未通过：{why}", why=why_unverified(error, speech))
        return notice(desk, 410, speech.say("没有存档"), words, speech)
    note_reading(desk, viewer, request, f"answer file {number}", case_id=case_id)
    return download(record.body, displayable(name, limit=100), "application/octet-stream")


def _lines(text: str) -> str:
    return displayable_lines(mask_personal_numbers(text))
