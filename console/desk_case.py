"""A case at the desk: its page, its steps, what is done beside them, its text, its archive, its downloads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from alerts.notifications.handed import tell_others
from alerts.notifications.letters import shown
from cases.answers import decide_answer
from cases.exceptions import set_exception
from cases.handling import accept, add_note, ask_extension, assign, decide_extension
from cases.queries import may_see
from cases.steps import StepRefused
from console.case_answers import answers_block
from console.case_handling import handling_block
from console.case_list import people
from console.case_page import read_case_page, step_banner
from console.case_text import SHOWN, archived, find_version, marked_text
from console.decisions import FORM_FIELDS, NOTE_LIMIT, Form, Refusal, day_of, decide
from console.desk import Desk
from console.desk_list import download, local_now
from console.frontage import POLICY, Fields, deed, last, no_case, notice, page, render, to
from console.picture import picture_block
from console.publishing import publication_block
from console.reading import note_reading
from console.viewer import Viewer
from storage.database import for_reading
from storage.proof import content_type, is_page, safe_name
from storage.tables import Case
from vocabulary.presentation import displayable

_BLANK = Form(step="", note="", deadline="", after="")
_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
ARCHIVE_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; "
    "form-action 'none'; base-uri 'none'"
)
"""Of an archived page: no script, no form, nothing loaded from anywhere, a place of its own."""
_ADDRESS = 2048


@page
def show_desk_case(desk: Desk, viewer: Viewer, request: Request) -> Response:
    """A case, with everything that may be done with it."""
    return _case_page(desk, viewer, request, done=request.query_params.get("done", ""))


@deed
def take_step_at_desk(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:
    """Take a step of a case, and show the case as it is then."""
    case_id = _case_id(request)
    if not is_theirs(desk, viewer, case_id):
        return no_case(desk, viewer)
    form = Form(*(last(fields, name) for name in FORM_FIELDS))
    refusal = decide(desk.context, case_id, viewer.email, form, viewer.speech)
    if refusal is not None:
        return _case_page(desk, viewer, request, refusal=refusal, form=form)
    return to(desk, f"/cases/{case_id}?{urlencode({'done': form.step})}")


@deed
def hand_over(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:
    """Give the case to somebody (转办)."""
    receiver, note = last(fields, "to"), last(fields, "note")[:NOTE_LIMIT]
    with Session(for_reading(desk.context.engine)) as session, session.begin():
        known = {email for email, _ in people(session, desk.settings)}
    if receiver and receiver not in known:
        return refuse_case(desk, viewer, request, "assign", viewer.speech.say("没有这位经办人，请重新选择。"))
    return handle_case(
        desk,
        viewer,
        request,
        "assign",
        lambda session, case_id, now: assign(
            session, case_id, receiver, actor=viewer.email, note=note, now=now
        ),
    )


@deed
def accept_case(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:  # noqa: ARG001
    """Acknowledge a case that was handed over (签收)."""
    return handle_case(
        desk,
        viewer,
        request,
        "accept",
        lambda session, case_id, now: accept(session, case_id, actor=viewer.email, now=now),
    )


@deed
def ask_for_time(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:
    """Ask for a later deadline (申请延期)."""
    until, note = day_of(last(fields, "until")), last(fields, "note")[:NOTE_LIMIT]
    if until is None:
        return refuse_case(desk, viewer, request, "extend", viewer.speech.say("请写明延至哪一天。"))
    return handle_case(
        desk,
        viewer,
        request,
        "extend",
        lambda session, case_id, now: ask_extension(
            session, case_id, until, actor=viewer.email, note=note, now=now
        ),
    )


@deed
def answer_for_time(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:
    """Grant or refuse a later deadline."""
    granted, note = last(fields, "granted") == "yes", last(fields, "note")[:NOTE_LIMIT]
    return handle_case(
        desk,
        viewer,
        request,
        "answer",
        lambda session, case_id, now: decide_extension(
            session,
            case_id,
            granted=granted,
            actor=viewer.email,
            note=note,
            now=now,
            even_own=viewer.is_administrator,
        ),
    )


@deed
def note_case(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:
    """Keep a note without a step."""
    note = last(fields, "note")[:NOTE_LIMIT]
    return handle_case(
        desk,
        viewer,
        request,
        "note",
        lambda session, case_id, now: add_note(session, case_id, actor=viewer.email, note=note, now=now),
    )


@deed
def except_case(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:
    """Raise no more alarms of a dismissed case's publisher and certificate for a while (例外)."""
    until, note = day_of(last(fields, "until")), last(fields, "note")[:NOTE_LIMIT]
    if until is None:
        return refuse_case(desk, viewer, request, "except", viewer.speech.say("请写明例外至哪一天。"))
    return handle_case(
        desk,
        viewer,
        request,
        "except",
        lambda session, case_id, now: set_exception(
            session, case_id, until, actor=viewer.email, reason=note, now=now
        ),
    )


@deed
def decide_on_answer(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:
    """Accept what the addressee did, by which the case is rectified (销号), or send it back."""
    number = min(request.path_params["answer"], 2**31 - 1)
    accepted, note = last(fields, "accepted") == "yes", last(fields, "note")[:NOTE_LIMIT]
    return handle_case(
        desk,
        viewer,
        request,
        "decide",
        lambda session, case_id, now: decide_answer(
            session, case_id, number, accepted=accepted, actor=viewer.email, reason=note, now=now
        ),
    )


@page
def show_text(desk: Desk, viewer: Viewer, request: Request) -> Response:
    """The whole text of a document, with every mention."""
    case_id, zone = _case_id(request), ZoneInfo(desk.settings.time_zone)
    with Session(for_reading(desk.context.engine)) as session, session.begin():
        met = find_version(session, case_id, request.path_params["version"])
        if met is None or not may_see(session, case_id, viewer.scope):
            return no_case(desk, viewer)
        values = {
            **marked_text(session, case_id, met.version),
            "case_id": case_id,
            "title": shown(met.document.title, 240) or viewer.speech.say("（无标题）"),
            "publisher": shown(met.document.publisher, 120),
            "seen_at": viewer.speech.moment(met.version.seen_at.astimezone(zone)),
            "limit": SHOWN,
        }
    note_reading(desk, viewer, request, f"text {request.path_params['version']}", case_id=case_id)
    return render(desk, viewer, request, "text", values)


@page
def show_archived(desk: Desk, viewer: Viewer, request: Request) -> Response:
    """The page around an archived page: what it is, and whether its digest holds."""
    case_id, zone = _case_id(request), ZoneInfo(desk.settings.time_zone)
    with Session(for_reading(desk.context.engine)) as session, session.begin():
        met = find_version(session, case_id, request.path_params["version"])
        if met is None or not may_see(session, case_id, viewer.scope):
            return no_case(desk, viewer)
        record, problem = archived(desk.context.evidence, met.version, viewer.speech)
        values = {
            "case_id": case_id,
            "version": met.version.id,
            "title": shown(met.document.title, 240) or viewer.speech.say("（无标题）"),
            "url": displayable(met.document.url, limit=_ADDRESS),
            "problem": problem,
            "fetched_at": viewer.speech.moment(record.fetched_at.astimezone(zone)) if record else "",
            "sha256": met.version.body_sha256,
            "media_type": displayable(met.version.media_type, limit=80),
            "bytes": f"{len(record.body):,}" if record else "",
            "is_page": is_page(met.version),
            "picture": picture_block(session, met.version, viewer.speech, zone),
        }
    answer = render(desk, viewer, request, "archived", values)
    answer.headers["Content-Security-Policy"] = f"{POLICY}; frame-src 'self'"
    return answer


@page
def send_archived(desk: Desk, viewer: Viewer, request: Request) -> Response:
    """What the server sent, for a frame that runs and loads nothing, or to be saved."""
    case_id = _case_id(request)
    with Session(for_reading(desk.context.engine)) as session, session.begin():
        met = find_version(session, case_id, request.path_params["version"])
        if met is None or not may_see(session, case_id, viewer.scope):
            return no_case(desk, viewer)
        record, problem = archived(desk.context.evidence, met.version, viewer.speech)
        media_type, kind, shows = met.version.media_type, content_type(met.version), is_page(met.version)
    if record is None:
        speech = viewer.speech
        words = speech.say("证据核对未通过：{why}", why=problem)
        return notice(desk, 410, speech.say("没有存档"), words, speech)
    note_reading(desk, viewer, request, f"archive {request.path_params['version']}", case_id=case_id)
    if request.query_params.get("save") or not shows:
        return download(record.body, safe_name(record.url, media_type), "application/octet-stream")
    framed = {
        "Content-Security-Policy": ARCHIVE_POLICY,
        "X-Frame-Options": "SAMEORIGIN",
        "X-DNS-Prefetch-Control": "off",
        "Referrer-Policy": "no-referrer",
    }
    return Response(record.body, media_type=kind, headers=framed)


@deed
def download_notice(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:  # noqa: ARG001
    """The draft of the rectification notice; that it was made is an event of the case."""
    from alerts.reports.notice import answering, note_letter, notice_values, write_notice  # noqa: PLC0415 - Word takes time to load

    case_id, now, speech = _case_id(request), local_now(desk), viewer.speech
    if not is_theirs(desk, viewer, case_id):
        return no_case(desk, viewer)
    try:
        with desk.context.transaction() as session:
            zone, way = ZoneInfo(desk.settings.time_zone), answering(desk.settings, case_id)
            values = notice_values(session, case_id, zone, **way)
            note_letter(session, case_id, actor=viewer.email, confirmed=bool(values["confirmed"]), now=now)
        written = write_notice(values)
    except StepRefused as error:
        return notice(desk, 409, speech.say("不能生成通知书"), str(error), speech)
    return download(written, f"责令整改通知书_案件{case_id}.docx", _DOCX)


@page
def download_evidence(desk: Desk, viewer: Viewer, request: Request) -> Response:
    """The evidence of the case as one file."""
    from alerts.reports.evidence_package import write_evidence  # noqa: PLC0415 - as Word

    case_id = _case_id(request)
    with Session(for_reading(desk.context.engine)) as session, session.begin():
        if not may_see(session, case_id, viewer.scope):
            return no_case(desk, viewer)
        zone = ZoneInfo(desk.settings.time_zone)
        packed = write_evidence(session, desk.context.evidence, case_id, zone, desk.context.now())
    note_reading(desk, viewer, request, "evidence", case_id=case_id)
    return download(packed, f"证据包_案件{case_id}.zip", "application/zip")


def handle_case(
    desk: Desk,
    viewer: Viewer,
    request: Request,
    what: str,
    do: Callable[[Session, int, datetime], object],
) -> Response:
    """Do something with a case of the viewer's, and show it as it is then."""
    case_id = _case_id(request)
    if not is_theirs(desk, viewer, case_id):
        return no_case(desk, viewer)
    try:
        with desk.context.transaction() as session:
            now = local_now(desk)
            do(session, case_id, now)
            tell_others(session, case_id, desk.settings, now)
    except StepRefused as error:
        return refuse_case(desk, viewer, request, what, str(error))
    return to(desk, f"/cases/{case_id}#handling")


def refuse_case(desk: Desk, viewer: Viewer, request: Request, what: str, sentence: str) -> Response:
    if not is_theirs(desk, viewer, _case_id(request)):
        return no_case(desk, viewer)
    return _case_page(desk, viewer, request, refusal=Refusal(422, sentence), opened=what)


def _case_page(
    desk: Desk,
    viewer: Viewer,
    request: Request,
    *,
    done: str = "",
    refusal: Refusal | None = None,
    form: Form = _BLANK,
    opened: str = "",
) -> Response:
    case_id, now, speech = _case_id(request), local_now(desk), viewer.speech
    with Session(for_reading(desk.context.engine)) as session, session.begin():
        if not may_see(session, case_id, viewer.scope):
            return no_case(desk, viewer)
        values = read_case_page(session, case_id, desk.settings, now, speech)
        if values is None:
            return no_case(desk, viewer)
        case = session.get_one(Case, case_id)
        handling = handling_block(session, desk.settings, viewer, case, now)
        beside = {
            **answers_block(session, case, desk.settings, viewer),
            **publication_block(session, case_id, now, speech),
        }
    around = {
        "layout": "desk.html",
        "handling": handling,
        **beside,
        "recipient": viewer.name,
        "banner": step_banner(values["events"], done, viewer.email, speech),
        "hint": "",
        "problem": refusal.sentence if refusal else "",
        "form": form,
        "wanted": opened or form.step,
        "note_limit": NOTE_LIMIT,
    }
    status = refusal.status if refusal else 200
    return render(desk, viewer, request, "case", {**values, **around}, status)


def is_theirs(desk: Desk, viewer: Viewer, case_id: int) -> bool:
    with Session(for_reading(desk.context.engine)) as session, session.begin():
        return may_see(session, case_id, viewer.scope)


def _case_id(request: Request) -> int:
    """The number in the path; one that no case can have where there is none."""
    typed = str(request.path_params["case"])
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) <= 15 else 0
