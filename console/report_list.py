"""举报 at the desk: what the public reported by the form, what came of it, and how to reach who did."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select
from starlette.requests import Request
from starlette.responses import Response

from alerts.languages import Language
from alerts.notifications.letters import shown
from cases.public_reports import Followed, follow, get_report, list_reports
from console.desk import Desk
from console.desk_list import local_now
from console.frontage import Fields, deed, notice, page, render
from console.reading import note_reading
from console.viewer import Viewer
from storage.database import for_reading
from storage.sealing import SealError
from storage.tables import Case
from vocabulary.areas import region_name
from vocabulary.presentation import displayable, displayable_lines, mask_personal_numbers, safe_link
from vocabulary.reasons import reason_in_chinese

PAGE = 30


@page
def show_reports(desk: Desk, viewer: Viewer, request: Request) -> Response:
    """Those of the viewer's regions, the newest first."""
    return _list(desk, viewer, request, {})


@deed
def read_contact(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:  # noqa: ARG001
    """Show who reported, once; that it was read is written into the trail before."""
    number, speech = min(request.path_params["report"], 2**31 - 1), viewer.speech
    with Session(for_reading(desk.context.engine)) as session, session.begin():
        report = get_report(session, number, viewer.scope)
        sealed = report.contact if report else ""
    if not sealed:
        words = speech.say("举报不存在、不在您负责的地区之内，或没有留下联系方式。")
        return notice(desk, 404, speech.say("没有联系方式"), words, speech)
    try:
        contact = desk.open_seal().read(sealed)
    except SealError:
        words = speech.say("封存联系方式的密钥已经更换，无法读出。")
        return notice(desk, 410, speech.say("没有联系方式"), words, speech)
    note_reading(desk, viewer, request, f"contact of report {number}")
    return _list(desk, viewer, request, {number: displayable(contact, limit=200)})


def _list(desk: Desk, viewer: Viewer, request: Request, contacts: dict[int, str]) -> Response:
    typed, now = request.query_params.get("before", ""), local_now(desk)
    before = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 10 else 0
    with Session(for_reading(desk.context.engine)) as session, session.begin():
        found = list_reports(session, scope=viewer.scope, before=before, limit=PAGE + 1)
        followed = follow(session, found[:PAGE])
        numbers = [case.id for each in followed for case in each.cases]
        theirs = select(Case.id).where(col(Case.id).in_(numbers), viewer.scope.holds(session))
        seen = set(session.exec(theirs))
        rows = [_row(each, viewer, now, contacts, seen) for each in followed]
    values = {
        "reports": rows,
        "is_open": desk.settings.console.public_reports,
        "following": rows[-1]["id"] if len(found) > PAGE else 0,
        "before": before,
    }
    return render(desk, viewer, request, "reports", values)


def _row(
    followed: Followed, viewer: Viewer, now: datetime, contacts: dict[int, str], seen: set[int | None]
) -> dict[str, Any]:
    report, speech = followed.report, viewer.speech
    number = report.id or 0
    return {
        "id": number,
        "at": speech.moment(report.received_at.astimezone(_zone(now))),
        "region": region_name(report.region) or speech.say("地区未识别"),
        "words": displayable_lines(mask_personal_numbers(report.words)),
        "address": displayable(report.link, limit=2048),
        "link": safe_link(report.link),
        "files": report.files,
        "state": followed.state.value,
        "state_name": speech.name(followed.state),
        "outcome": _outcome(followed.outcome, speech),
        "cases": [
            {"id": case.id, "state": speech.name(case.state), "name": shown(case.qualification, 60)}
            for case in followed.cases
            if case.id in seen
        ],
        "has_contact": bool(report.contact),
        "contact": contacts.get(number, ""),
    }


def _outcome(detail: str, speech: Language) -> str:
    said = detail if speech.code == "en" else reason_in_chinese(detail)
    return displayable(said, limit=300) if detail else ""


def _zone(now: datetime) -> ZoneInfo:
    if not isinstance(now.tzinfo, ZoneInfo):
        raise TypeError("the office's time has its zone")
    return now.tzinfo
