"""例外: what raises no alarm for a while, by whom and why; set on the page of a case, ended here or there."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from alerts.languages import Language
from alerts.notifications.letters import shown
from cases.case_filter import CaseFilter
from cases.exceptions import end_exception, list_exceptions
from cases.steps import StepRefused, UnknownCase
from console.case_list import address
from console.desk import Desk
from console.desk_list import local_now
from console.frontage import Fields, deed, notice, page, render, to
from console.viewer import Viewer
from storage.database import for_reading
from storage.tables import StandingException
from vocabulary.areas import region_name
from vocabulary.codes import CaseState

PAGE = 50


@page
def show_exceptions(desk: Desk, viewer: Viewer, request: Request) -> Response:
    """Those that hold, or all, of the cases that the viewer may see."""
    query, now = request.query_params, local_now(desk)
    ended, typed = query.get("show") == "all", query.get("before", "")
    before = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 10 else 0
    with Session(for_reading(desk.context.engine)) as session, session.begin():
        found = list_exceptions(
            session, now=now, scope=viewer.scope, ended=ended, before=before, limit=PAGE + 1
        )
        rows = [_row(each, now, desk.settings.time_zone, viewer.speech) for each in found[:PAGE]]
    values = {
        "exceptions": rows,
        "ended": ended,
        "following": rows[-1]["id"] if len(found) > PAGE else 0,
        "is_first": not before,
    }
    return render(desk, viewer, request, "exceptions", values)


@deed
def end_standing(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:  # noqa: ARG001
    """End one of them."""
    number, speech = min(request.path_params["exception"], 2**31 - 1), viewer.speech
    try:
        with desk.context.transaction() as session:
            end_exception(session, number, actor=viewer.email, now=local_now(desk), scope=viewer.scope)
    except UnknownCase:
        words = speech.say("例外不存在，或不在您负责的地区和部门之内。")
        return notice(desk, 404, speech.say("没有这一例外"), words, speech)
    except StepRefused as error:
        return notice(desk, 409, speech.say("不能结束"), str(error), speech)
    return to(desk, "/exceptions")


def _row(each: StandingException, now: datetime, time_zone: str, speech: Language) -> dict[str, Any]:
    zone = ZoneInfo(time_zone)
    cases = CaseFilter(
        states=(CaseState.DISMISSED,), publisher=each.publisher, qualification=each.qualification
    )
    return {
        "id": each.id,
        "case": each.case_id,
        "publisher": shown(each.publisher, 60),
        "region": region_name(each.region) or speech.say("地区未识别"),
        "qualification": shown(each.qualification, 60),
        "reason": shown(each.reason, 300),
        "actor": shown(each.actor, 120),
        "set_on": speech.day(each.set_at.astimezone(zone).date()),
        "until": speech.day(each.until),
        "holds": each.ends_at > now,
        "ended_by": shown(each.ended_by, 120),
        "ended_on": speech.day(each.ends_at.astimezone(zone).date()) if each.ended_by else "",
        "met": each.met,
        "met_on": speech.day(each.met_at.astimezone(zone).date()) if each.met_at else "",
        "query": address(cases),
    }
