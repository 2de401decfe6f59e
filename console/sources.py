"""The places that are watched: how they are, what came of their last visits, what was not read of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select, update
from starlette.requests import Request
from starlette.responses import Response

from alerts.languages import Language
from alerts.notifications.letters import shown
from console.desk import Desk
from console.desk_list import local_now
from console.frontage import Fields, form, notice, only_looking, page, render, to
from console.source_editing import editing_block, kept_at_desk
from console.viewer import Viewer
from crawling.fetching.advice import advice, why_unread
from settings.sources import Source
from storage.database import for_reading
from storage.tables import SourceState, SourceTrouble, Visit
from storage.unread import unread
from storage.visits import SUCCESSES
from vocabulary.areas import region_name
from vocabulary.codes import Outcome, VisitPurpose
from vocabulary.names import CHINESE
from vocabulary.presentation import displayable, safe_link
from vocabulary.reasons import reason_in_chinese

VISITS_SHOWN = 40
UNREAD_SHOWN = 50
UNREAD_DAYS = 31
_HEIGHT, _STEP = 60, 16
"""Of the chart: its bars' greatest height, and the room for each of them."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What the database knows of all sources."""

    states: Mapping[str, SourceState]
    troubles: Mapping[str, Sequence[SourceTrouble]]
    visits: Mapping[str, Visit]
    """The last one of each that ended."""


@page
def show_sources(desk: Desk, viewer: Viewer, request: Request) -> Response:
    """Every source, those in trouble first."""
    now = local_now(desk)
    with Session(for_reading(desk.context.engine)) as session, session.begin():
        known = _known(session)
        sources = _every_source(desk, kept_at_desk(desk, session))
        rows = [_row(source, known, now, viewer.speech) for source in sources]
    rows.sort(key=lambda row: (row["rank"], row["title"]))
    return render(desk, viewer, request, "sources", {"sources": rows})


@page
def show_source(desk: Desk, viewer: Viewer, request: Request) -> Response:
    """One source: its visits as a chart and as a table, and what was not read."""
    now, speech = local_now(desk), viewer.speech
    with Session(for_reading(desk.context.engine)) as session, session.begin():
        kept = kept_at_desk(desk, session)
        source = _source(desk, request, kept)
        if source is None:
            return _no_source(desk, viewer)
        is_editable = viewer.is_administrator and source in kept
        visits = _last_visits(session, source.name)
        left = unread(session, now - timedelta(days=UNREAD_DAYS), [source.name])
        values = {
            "source": _row(source, _known(session, source.name), now, speech),
            "region": region_name(source.region) or speech.say("未识别"),
            "every": source.every_minutes,
            "editing": editing_block(source, speech) if is_editable else None,
            "visits": [_visit_row(visit, now, speech) for visit in visits],
            "chart": _chart(visits[::-1]),
            "unread": [_unread_row(each, now, speech) for each in islice(left, UNREAD_SHOWN)],
        }
    return render(desk, viewer, request, "source", values)


@form
def visit_now(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:  # noqa: ARG001
    """Let the source be due at once: the daemon begins with it within seconds."""
    if not viewer.is_administrator:
        return only_looking(desk, viewer)
    with Session(for_reading(desk.context.engine)) as session, session.begin():
        source = _source(desk, request, kept_at_desk(desk, session))
    if source is None:
        return _no_source(desk, viewer)
    due = update(SourceState).where(col(SourceState.name) == source.name)
    desk.context.write(lambda session: session.execute(due.values(next_due_at=desk.context.now())))
    return to(desk, f"/sources/{source.name}?due=1")


def _every_source(desk: Desk, kept: Sequence[Source]) -> tuple[Source, ...]:
    """Those that are watched, and those of the desk as they are now: paused, or not taken up yet."""
    own = {source.name for source in kept}
    provisioned = (each for each in desk.sources() if each.name not in own)
    return (*provisioned, *kept)


def _source(desk: Desk, request: Request, kept: Sequence[Source]) -> Source | None:
    name = request.path_params["source"]
    return next((source for source in _every_source(desk, kept) if source.name == name), None)


def _no_source(desk: Desk, viewer: Viewer) -> Response:
    speech = viewer.speech
    words = speech.say("来源可能已改名或从配置中删除。")
    return notice(desk, 404, speech.say("没有这一来源"), words, speech)


def _known(session: Session, name: str = "") -> _Known:
    """What is known of the source ``name``, or of all of them."""
    last = (
        select_columns(col(Visit.id))
        .where(col(Visit.source) == col(SourceState.name), col(Visit.finished_at).is_not(None))
        .where(col(Visit.purpose) == VisitPurpose.WATCH)
        .order_by(col(Visit.started_at).desc())
        .limit(1)
        .correlate(SourceState)
        .scalar_subquery()
    )
    states = select(SourceState, Visit).join(Visit, col(Visit.id) == last, isouter=True)
    lasting = select(SourceTrouble).where(col(SourceTrouble.ended_at).is_(None))
    if name:
        states = states.where(SourceState.name == name)
        lasting = lasting.where(SourceTrouble.source == name)
    rows = session.exec(states).all()
    troubles: dict[str, list[SourceTrouble]] = {}
    for trouble in session.exec(lasting.order_by(col(SourceTrouble.began_at))):
        troubles.setdefault(trouble.source, []).append(trouble)
    visits = {state.name: visit for state, visit in rows if visit is not None}
    return _Known({state.name: state for state, _ in rows}, troubles, visits)


def _row(source: Source, known: _Known, now: datetime, speech: Language) -> dict[str, Any]:
    """A source at a glance."""
    state, visit = known.states.get(source.name), known.visits.get(source.name)
    troubles = known.troubles.get(source.name, ())
    outcome = visit.outcome if visit else None
    has_failed = outcome is not None and outcome not in SUCCESSES
    tone = "late" if troubles else "near" if has_failed else "done" if visit else "new"
    return {
        "rank": ("late", "near", "new", "done").index(tone),
        "tone": tone,
        "name": source.name,
        "title": shown(source.title or source.name, 60),
        "url": displayable(str(source.url), limit=300),
        "link": safe_link(str(source.url)),
        "outcome": speech.name(outcome) if outcome else speech.say("尚未访问"),
        "is_unvisited": visit is None,
        "detail": _reason(visit.detail, speech) if visit and has_failed else "",
        "advice": advice(outcome, visit.detail) if visit and outcome and has_failed else "",
        "troubles": [
            {
                "kind": speech.name(trouble.kind),
                "detail": _reason(trouble.detail, speech),
                "since": speech.day(trouble.began_at.astimezone(now.tzinfo).date()),
            }
            for trouble in troubles
        ],
        "listed": visit.items if visit else None,
        "new_documents": visit.new_documents if visit else None,
        "errors": visit.errors if visit else None,
        "last": _moment(visit.started_at if visit else None, now),
        "next": _moment(state.next_due_at if state else None, now),
        "is_due": state is not None and (state.next_due_at is None or state.next_due_at <= now),
        "is_paused": not source.enabled,
        "muted_until": speech.day(source.muted_until) if source.is_muted(now.date()) else "",
    }


def _last_visits(session: Session, name: str) -> Sequence[Visit]:
    """The latest first."""
    ended = select(Visit).where(Visit.source == name, col(Visit.outcome).is_not(None))
    watched = ended.where(Visit.purpose == VisitPurpose.WATCH)
    return session.exec(watched.order_by(col(Visit.started_at).desc()).limit(VISITS_SHOWN)).all()


def _visit_row(visit: Visit, now: datetime, speech: Language) -> dict[str, Any]:
    outcome = visit.outcome or Outcome.ERROR
    return {
        "at": _moment(visit.started_at, now),
        "outcome": speech.name(outcome),
        "is_good": outcome in SUCCESSES,
        "detail": _reason(visit.detail, speech),
        "listed": visit.items,
        "new_documents": visit.new_documents,
        "findings": visit.findings,
        "errors": visit.errors,
    }


def _unread_row(each: Any, now: datetime, speech: Language) -> dict[str, Any]:
    return {
        "url": displayable(each.url, limit=300),
        "link": safe_link(each.url),
        "why": why_unread(each.outcome, each.detail, speech.code),
        "at": _moment(each.at, now),
        "by_hand": each.waits_for_a_person,
    }


def _chart(visits: Sequence[Visit]) -> dict[str, Any]:
    """Bars of what each visit's list had, the oldest first, in the units of an SVG."""
    most = max((visit.items for visit in visits), default=0)
    bars = [
        {
            "x": number * _STEP,
            "height": round(_HEIGHT * visit.items / most) if most else 0,
            "is_good": visit.outcome in SUCCESSES,
        }
        for number, visit in enumerate(visits)
    ]
    for bar in bars:
        bar["y"] = _HEIGHT - bar["height"]
    return {"bars": bars, "most": most, "width": max(len(bars), 1) * _STEP, "height": _HEIGHT}


def _reason(detail: str, speech: Language) -> str:
    words = reason_in_chinese(detail) if detail and speech.code == CHINESE else detail
    return displayable(words, limit=300)


def _moment(at: datetime | None, now: datetime) -> str:
    return f"{at.astimezone(now.tzinfo):%m-%d %H:%M}" if at is not None else "—"
