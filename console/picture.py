"""A picture of the archived page: asked for, shown with its digest, or why there is none."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from alerts.languages import Language
from cases.queries import may_see
from console.case_text import find_version, why_unverified
from console.desk import Desk
from console.frontage import Fields, deed, no_case, notice, page, to
from console.reading import note_reading
from console.viewer import Viewer
from storage.database import for_reading
from storage.errors import EvidenceError
from storage.pictures import ask_picture, pictures_of
from storage.proof import evidence_ref, is_page
from storage.tables import DocumentVersion
from vocabulary.names import CHINESE
from vocabulary.presentation import displayable
from vocabulary.reasons import reason_in_chinese

_NO_BROWSER = "browser = true needs"
"""How the fetcher says that a machine has none."""


def picture_block(
    session: Session, version: DocumentVersion, speech: Language, zone: ZoneInfo
) -> dict[str, Any] | None:
    """What is known of the picture of a page; None for files, which are no pages."""
    if not is_page(version):
        return None
    row = pictures_of(session, [version.id or 0]).get(version.id or 0)
    if row is None or row.taken_at is None:
        why = _why(row.problem if row else "", speech)
        return {
            "is_there": False,
            "is_waiting": bool(row and not row.problem),
            "why": displayable(why, limit=300),
        }
    return {
        "is_there": True,
        "sha256": row.body_sha256,
        "taken_at": speech.moment(row.taken_at.astimezone(zone)),
        "browser": displayable(row.drawn_by, limit=80),
        "width": row.width,
        "height": row.height,
        "is_cut": row.is_cut,
    }


def _why(problem: str, speech: Language) -> str:
    if problem.startswith(_NO_BROWSER):
        return speech.say(
            "运行监测程序的机器上没有安装浏览器（apt-get install chromium libatomic1，"
            "pip install 'qualwatch[browser]'）。"
        )
    return reason_in_chinese(problem) if problem and speech.code == CHINESE else problem


@deed
def ask_for_picture(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:  # noqa: ARG001
    """Have a picture taken; whatever runs a browser does so within seconds."""
    case_id, version_id = request.path_params["case"], request.path_params["version"]
    with desk.context.transaction() as session:
        met = find_version(session, case_id, version_id)
        if met is None or not is_page(met.version) or not may_see(session, case_id, viewer.scope):
            return no_case(desk, viewer)
        ask_picture(session, version_id, actor=viewer.email, now=desk.context.now())
    return to(desk, f"/cases/{case_id}/archived/{version_id}#picture")


@page
def send_picture(desk: Desk, viewer: Viewer, request: Request) -> Response:
    """The picture, its digest verified."""
    case_id, version_id = request.path_params["case"], request.path_params["version"]
    with Session(for_reading(desk.context.engine)) as session, session.begin():
        met = find_version(session, case_id, version_id)
        if met is None or not may_see(session, case_id, viewer.scope):
            return no_case(desk, viewer)
        row = pictures_of(session, [version_id]).get(version_id)
        ref = evidence_ref(row) if row is not None and row.taken_at is not None else None
    speech = viewer.speech
    if ref is None:
        return notice(desk, 404, speech.say("没有图片"), speech.say("尚未制作这一网页的图片。"), speech)
    try:
        record = desk.context.evidence.read(ref)
    except EvidenceError as error:
        words = speech.say("证据核对未通过：{why}", why=why_unverified(error, speech))
        return notice(desk, 410, speech.say("没有图片"), words, speech)
    note_reading(desk, viewer, request, f"picture {version_id}", case_id=case_id)
    return Response(record.body, media_type="image/png")
