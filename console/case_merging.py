"""Making a case part of another one at the desk (并案), and splitting it off again."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from alerts.notifications.letters import shown
from cases.merging import merge, split
from console.decisions import NOTE_LIMIT
from console.desk import Desk
from console.desk_case import handle_case, is_theirs, refuse_case
from console.frontage import Fields, deed, last
from console.viewer import Viewer


@deed
def merge_case(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:
    """Make the case part of another one of the viewer's (并案)."""
    typed, note = last(fields, "into").strip(), last(fields, "note")[:NOTE_LIMIT]
    into = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 16 else 0
    if not into or not is_theirs(desk, viewer, into):
        words = viewer.speech.say("没有编号为“{number}”的案件，或不在您的范围内。", number=shown(typed, 20))
        return refuse_case(desk, viewer, request, "merge", words)
    return handle_case(
        desk,
        viewer,
        request,
        "merge",
        lambda session, case_id, now: merge(session, case_id, into, actor=viewer.email, note=note, now=now),
    )


@deed
def split_case(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:
    """Make it a case of its own again."""
    note = last(fields, "note")[:NOTE_LIMIT]
    return handle_case(
        desk,
        viewer,
        request,
        "merge",
        lambda session, case_id, now: split(session, case_id, actor=viewer.email, note=note, now=now),
    )
