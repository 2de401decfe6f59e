"""What needs somebody today: the few lists that cannot wait, and for operators what is blind."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select
from starlette.requests import Request
from starlette.responses import Response

from alerts.languages import Language
from alerts.notifications.letters import shown
from alerts.notifications.unread import unread_block, waiting_documents
from cases.case_filter import OPEN, CaseFilter
from cases.queries import cases_by_number, first_numbers
from console.case_list import UNDECIDED, address, case_row
from console.desk import Desk
from console.desk_list import local_now
from console.frontage import page, render
from console.viewer import Viewer
from settings.model import Settings
from storage.database import for_reading
from storage.tables import SourceTrouble
from vocabulary.codes import CaseOrder, CaseState, Due, Waiting

SHOWN = 6
"""Cases of each list; the rest is behind its link."""
COUNTED = 99
"""Cases of each list that are counted; its own page counts further."""
TROUBLES = 20
UNREAD_DAYS = 7


@page
def show_today(desk: Desk, viewer: Viewer, request: Request) -> Response:
    """What needs the viewer."""
    now = local_now(desk)
    with Session(for_reading(desk.context.engine)) as session, session.begin():
        lists = list(_lists(session, viewer, desk.settings, now))
        operator = _operator(desk, session, now, viewer.speech) if viewer.is_administrator else None
    values = {"lists": lists, "operator": operator, "day": viewer.speech.day(now.date())}
    return render(desk, viewer, request, "today", values)


def _lists(session: Session, viewer: Viewer, settings: Settings, now: datetime) -> Iterator[dict[str, Any]]:
    """Those that are not empty, the most urgent first."""
    scope, lists = viewer.scope, list(_wanted(viewer))
    found = [
        first_numbers(session, wanted, now=now, scope=scope, limit=COUNTED + 1) for _, _, wanted in lists
    ]
    every = dict.fromkeys(number for numbers in found for number in numbers[:SHOWN])
    cases = {case.id: case for case in cases_by_number(session, list(every))}
    for (tone, name, wanted), numbers in zip(lists, found, strict=True):
        if not numbers:
            continue
        shown_first = [cases[number] for number in numbers[:SHOWN] if number in cases]
        yield {
            "tone": tone,
            "name": name,
            "query": address(wanted),
            "count": len(numbers) if len(numbers) <= COUNTED else f"{COUNTED}+",
            "more": len(numbers) > SHOWN,
            "cases": [case_row(case, settings, now, viewer.speech) for case in shown_first],
        }


def _wanted(viewer: Viewer) -> Iterator[tuple[str, str, CaseFilter]]:
    """Tone, name and cases of each list."""
    speech = viewer.speech
    mine = CaseFilter(states=OPEN, assignee=viewer.email, waiting=Waiting.ACCEPTANCE)
    yield "new", speech.say("转给我、待签收"), mine
    late = CaseFilter(states=(CaseState.OVERDUE,), order=CaseOrder.DEADLINE)
    yield "late", speech.say("逾期未整改"), late
    answer = CaseFilter(waiting=Waiting.ANSWER, order=CaseOrder.DEADLINE)
    yield "new", speech.say("单位已反馈，待审核"), answer
    extension = CaseFilter(waiting=Waiting.EXTENSION, order=CaseOrder.DEADLINE)
    yield "near", speech.say("延期待答复"), extension
    asked = (CaseState.RECTIFICATION_ASKED,)
    soon = CaseFilter(states=asked, due=Due.SOON, order=CaseOrder.DEADLINE)
    yield "near", speech.say("7 日内到期"), soon
    yield "late", speech.say("反弹待核查"), CaseFilter(states=UNDECIDED, waiting=Waiting.REBOUND)
    yield "new", speech.say("新发现，待核查"), CaseFilter(states=UNDECIDED, order=CaseOrder.SEVERITY)
    confirmed = CaseFilter(states=(CaseState.CONFIRMED,), order=CaseOrder.OLDEST)
    yield "new", speech.say("已确认，待责令整改"), confirmed
    rectified = CaseFilter(states=(CaseState.RECTIFIED,), order=CaseOrder.CHANGED)
    yield "done", speech.say("已整改，待结案"), rectified


def _operator(desk: Desk, session: Session, now: datetime, speech: Language) -> dict[str, Any]:
    """Sources that are blind, and documents that a person must open, as they were a minute ago at most."""
    settings = desk.settings
    titles = {source.name: source.title or source.name for source in desk.sources()}
    zone = ZoneInfo(settings.time_zone)
    lasting = (
        select(SourceTrouble)
        .where(col(SourceTrouble.ended_at).is_(None))
        .order_by(col(SourceTrouble.began_at))
        .limit(TROUBLES)
    )
    troubles = [
        {
            "source": shown(titles.get(trouble.source, trouble.source), 60),
            "kind": speech.name(trouble.kind),
            "detail": shown(trouble.detail, 200),
            "since": speech.day(trouble.began_at.astimezone(zone).date()),
        }
        for trouble in session.exec(lasting)
    ]
    known = desk.unread.get("", now)
    waiting = known[1] if known else waiting_documents(session, now - timedelta(days=UNREAD_DAYS))
    if known is None:
        desk.unread.keep("", now, waiting)
    return {"troubles": troubles, "unread": unread_block(tuple(islice(waiting, 500)), settings, speech)}
