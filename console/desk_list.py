"""The pages around the list of cases: the list itself, decisions on many, saved lists, the register."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, delete, func, select
from starlette.requests import Request
from starlette.responses import Response

from cases.case_filter import ALL_CASES, OPEN_CASES, CaseFilter, filter_pairs, read_filter
from cases.queries import every_case
from console.bulk import Decided, chosen_cases, decide_many
from console.case_list import PAGE_SIZES, address, read_case_list
from console.decisions import FORM_FIELDS, Form, Refusal
from console.desk import Desk
from console.frontage import Fields, deed, last, notice, page, render, to
from console.reading import note_reading
from console.viewer import Viewer
from storage.database import for_reading
from storage.rows import OnConflict, insert_or_update
from storage.tables import SavedView
from vocabulary.codes import Step
from vocabulary.dates import chinese_day
from vocabulary.people import AuditKind

VIEWS = 30
"""Lists that one person may save."""
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_BLANK = Form(step="", note="", deadline="", after="")


@page
def show_cases(desk: Desk, viewer: Viewer, request: Request) -> Response:
    """The list that the address says."""
    done = request.query_params.get("done", "")
    banner = ""
    if done.isascii() and done.isdecimal() and len(done) < 5 and request.query_params.get("step") in {*Step}:
        step = viewer.speech.name(Step(request.query_params["step"]))
        banner = viewer.speech.say("已处理{count}项：{step}。", count=int(done), step=step)
    return _list(desk, viewer, request, {"banner": banner})


@deed
def decide_on_many(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:
    """Take one step of all that was ticked, and show the list as it is then."""
    form = Form(*(last(fields, name) for name in FORM_FIELDS))
    chosen = chosen_cases(fields.get("case", ()))
    decided = decide_many(desk.context, viewer, chosen, form, last(fields, "once"))
    if isinstance(decided, Refusal):
        said: dict[str, Any] = {"problem": decided.sentence, "ticked": set(chosen), "typed": form}
        return _list(desk, viewer, request, said, status=decided.status)
    if decided.refused:
        return _list(desk, viewer, request, _partly(viewer, decided), status=409)
    wanted, after, size = _asked(request)
    more: dict[str, str | int] = {"after": after, "size": size, "done": len(decided.done), "step": form.step}
    return to(desk, f"/cases?{address(wanted, **more)}")


@deed
def save_view(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:  # noqa: ARG001
    """Keep the list under a name, in place of another of that name."""
    speech, name = viewer.speech, " ".join(last(fields, "name").split())[:60]
    wanted = _filter_in(last(fields, "query"))
    if not name:
        return notice(desk, 422, speech.say("没有名称"), speech.say("请返回上一页，写明列表的名称。"), speech)
    with desk.context.transaction() as session:
        mine = select(func.count()).where(SavedView.owner == viewer.email)
        if session.exec(mine).one() >= VIEWS:
            words = speech.say("至多保存{count}个列表，请先删除不用的。", count=VIEWS)
            return notice(desk, 409, speech.say("列表过多"), words, speech)
        view = SavedView(owner=viewer.email, name=name, query=address(wanted), saved_at=desk.context.now())
        insert_or_update(session, view, OnConflict(key=("owner", "name"), replace=("query", "saved_at")))
    return to(desk, f"/cases?{address(wanted)}")


@deed
def delete_view(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:  # noqa: ARG001
    """Forget a list of one's own."""
    with desk.context.transaction() as session:
        session.execute(
            delete(SavedView).where(
                col(SavedView.id) == min(request.path_params["view"], 2**31 - 1),
                col(SavedView.owner) == viewer.email,
            )
        )
    return to(desk, "/cases")


@page
def download_workbook(desk: Desk, viewer: Viewer, request: Request) -> Response:
    """What the list shows, all pages of it, as the office's register."""
    from alerts.reports.register import write_register  # noqa: PLC0415 - Excel takes time to load

    now = local_now(desk)
    title = f"职业资格违规案件台账（{chinese_day(now.date())}，{viewer.name}）"
    written = write_register(_register(desk, viewer, request, now), title)
    return download(written, f"职业资格违规案件台账_{now:%Y%m%d}.xlsx", _XLSX)


@page
def download_csv(desk: Desk, viewer: Viewer, request: Request) -> Response:
    """The same as CSV."""
    from alerts.reports.register import write_csv  # noqa: PLC0415 - as above

    now = local_now(desk)
    written = write_csv(_register(desk, viewer, request, now))
    return download(written, f"职业资格违规案件台账_{now:%Y%m%d}.csv", "text/csv; charset=utf-8")


def _register(desk: Desk, viewer: Viewer, request: Request, now: datetime) -> list[list[object]]:
    from alerts.reports.register import ROWS, register_rows  # noqa: PLC0415 - as above

    wanted = _asked(request)[0]
    with Session(for_reading(desk.context.engine)) as session, session.begin():
        cases = every_case(session, wanted, now=now, scope=viewer.scope, limit=ROWS)
        rows = list(register_rows(session, cases, desk.settings))
    note_reading(desk, viewer, request, urlencode(filter_pairs(wanted)), kind=AuditKind.EXPORTED)
    return rows


def download(body: bytes, name: str, media_type: str) -> Response:
    """A file that the browser saves under ``name``, whatever is in it."""
    disposition = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return Response(body, media_type=media_type, headers={"Content-Disposition": disposition})


def local_now(desk: Desk) -> datetime:
    """The time in the office's zone."""
    return desk.context.now().astimezone(ZoneInfo(desk.settings.time_zone))


def _list(
    desk: Desk, viewer: Viewer, request: Request, said: Mapping[str, Any], *, status: int = 200
) -> Response:
    wanted, after, size = _asked(request)
    sources = sorted(source.name for source in desk.sources())
    with Session(for_reading(desk.context.engine)) as session, session.begin():
        values = read_case_list(
            session,
            viewer,
            wanted,
            desk.settings,
            local_now(desk),
            after=after,
            size=size,
            sources=sources,
        )
    around = {
        "banner": "",
        "problem": "",
        "problems": (),
        "failed": (),
        "ticked": (),
        "typed": _BLANK,
        "all_selected": request.query_params.get("select") == "all",
        "filter_open": False,
        "find": wanted.text,
        "once": secrets.token_urlsafe(12),
    }
    return render(desk, viewer, request, "cases", {**values, **around, **said}, status)


def _partly(viewer: Viewer, decided: Decided) -> dict[str, Any]:
    speech = viewer.speech
    return {
        "problem": speech.say(
            "已处理{done}项，{refused}项没有处理：", done=len(decided.done), refused=len(decided.refused)
        ),
        "problems": [
            speech.say("案件{id}：{why}", id=case_id, why=why) for case_id, why in decided.refused.items()
        ],
        "failed": set(decided.refused),
    }


def _asked(request: Request) -> tuple[CaseFilter, str, int]:
    """The filter, where its part begins, and how long that is, as the address says."""
    query = request.query_params
    wanted = read_filter(query.multi_items(), default=OPEN_CASES)
    sizes = {str(size): size for size in PAGE_SIZES}
    return wanted, query.get("after", "")[:80], sizes.get(query.get("size", ""), PAGE_SIZES[0])


def _filter_in(query: str) -> CaseFilter:
    try:
        return read_filter(parse_qsl(query[:4000], max_num_fields=60), default=ALL_CASES)
    except ValueError:
        return OPEN_CASES
