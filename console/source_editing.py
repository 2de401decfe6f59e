"""来源 for the administrator: looking at a site, adding it, changing it, pausing it, removing it.

What ``qualwatch.toml`` names is provisioned by it and cannot be changed here. Sites are looked at as
``qualwatch source add`` does, and sources kept by the functions of ``storage.stored_sources``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from alerts.languages import Language
from alerts.notifications.letters import shown
from assessment.source_proposal import ITEMS_SHOWN, LookError, Proposal, propose_source
from console.decisions import day_of
from console.desk import Desk
from console.frontage import Fields, administered_form, last, notice, only_looking, page, render, to
from console.viewer import Viewer
from settings.sources import Source, SourceKind
from storage.database import for_reading, one_transaction
from storage.host_pace import HostTurns
from storage.stored_sources import (
    SourceRefused,
    add_stored,
    change_stored,
    read_source,
    remove_stored,
    stored_sources,
    with_stored,
)
from vocabulary.presentation import displayable, safe_link
from vocabulary.regions import region_code

KINDS: Mapping[SourceKind, str] = {
    SourceKind.NOTICES: "通知公告",
    SourceKind.PERMIT_GUIDES: "办事指南",
    SourceKind.JOBS: "招聘",
    SourceKind.TENDERS: "招标采购",
}
"""In Chinese; a page says it in the reader's language."""
LOOK_SECONDS = 12.0
"""For one answer of a site that somebody waits for."""
_LONGEST = 2048
_TYPED = ("url", "name", "title", "kind", "region", "every_minutes", "quiet_hours", "muted_until", "items")
_HIDDEN = ("form", "publisher_kind", "browser")


@page
def show_adding(desk: Desk, viewer: Viewer, request: Request) -> Response:
    """Where an address is typed that is to be watched."""
    if not viewer.is_administrator:
        return only_looking(desk, viewer)
    return _adding(desk, viewer, request)


@administered_form
def look_at_site(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:
    """Look at a site and show what would be read of it; nothing is kept."""
    typed = {name: last(fields, name).strip()[:_LONGEST] for name in _TYPED}
    with Session(for_reading(desk.context.engine)) as session, session.begin():
        settings = with_stored(desk.settings, stored_sources(session))
    fetching = settings.fetching.model_copy(
        update={"timeout_seconds": LOOK_SECONDS, "total_seconds": LOOK_SECONDS}
    )
    try:
        proposal = propose_source(
            typed["url"],
            settings.model_copy(update={"fetching": fetching}),
            turns=HostTurns(desk.context.engine),
            workers=desk.context.workers,
            browser=last(fields, "browser") == "yes",
        )
    except LookError as error:
        return _adding(desk, viewer, request, typed, problem=displayable(str(error), limit=600))
    return _proposed(desk, viewer, request, proposal)


@administered_form
@one_transaction
def add_source(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:
    """Watch a site from now on, as it was proposed and changed by hand."""
    try:
        source = read_source({**_values(fields), "name": last(fields, "name").strip()})
        with desk.context.transaction() as session:
            now = desk.context.now()
            add_stored(session, source, file=desk.settings, actor=viewer.email, now=now)
    except SourceRefused as error:
        typed = {name: last(fields, name)[:_LONGEST] for name in (*_TYPED, *_HIDDEN)}
        return _adding(desk, viewer, request, typed, problem=str(error), edits=True)
    return to(desk, f"/sources/{source.name}")


@administered_form
@one_transaction
def change_source(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:
    """Change what a source of the desk says of itself, or pause it."""
    values = {"enabled": last(fields, "enabled") == "yes"} if "enabled" in fields else _values(fields)
    name = request.path_params["source"]
    try:
        with desk.context.transaction() as session:
            change_stored(session, name, values, actor=viewer.email, now=desk.context.now())
    except SourceRefused as error:
        return notice(desk, 422, viewer.speech.say("没有修改"), str(error), viewer.speech)
    return to(desk, f"/sources/{name}")


@administered_form
@one_transaction
def remove_source(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:  # noqa: ARG001
    """Watch a source of the desk no longer; what was kept of it stays."""
    try:
        with desk.context.transaction() as session:
            name = request.path_params["source"]
            remove_stored(session, name, actor=viewer.email, now=desk.context.now())
    except SourceRefused as error:
        return notice(desk, 422, viewer.speech.say("没有修改"), str(error), viewer.speech)
    return to(desk, "/sources")


def kept_at_desk(desk: Desk, session: Session) -> tuple[Source, ...]:
    """The sources that are kept at the desk, paused ones too, without those that the file has by now."""
    return tuple(each for each in stored_sources(session) if each.name not in desk.context.provisioned)


def editing_block(source: Source, speech: Language) -> dict[str, Any]:
    """The values of the form in which a source is changed."""
    return {
        "fields": {
            "url": str(source.url),
            "title": source.title,
            "region": source.region or "",
            "every_minutes": source.every_minutes,
            "quiet_hours": source.quiet_hours,
            "muted_until": source.muted_until or "",
            "items": source.selectors.items,
        },
        "kinds": [(kind.value, speech.say(words), kind is source.kind) for kind, words in KINDS.items()],
        "browser": source.browser,
        "is_paused": not source.enabled,
    }


def _values(fields: Fields) -> dict[str, Any]:
    """What a form says of a source; raises ``SourceRefused``."""
    typed = {name: last(fields, name).strip()[:_LONGEST] for name in _TYPED}
    try:
        region = region_code(typed["region"]) if typed["region"] else None
    except ValueError as error:
        raise SourceRefused(str(error)) from error
    if typed["muted_until"] and day_of(typed["muted_until"]) is None:
        raise SourceRefused("请检查：不通知异常至哪一天")
    said: dict[str, Any] = {
        "url": typed["url"],
        "title": typed["title"][:80],
        "kind": typed["kind"] or None,
        "region": region,
        "every_minutes": typed["every_minutes"] or None,
        "quiet_hours": typed["quiet_hours"] or None,
        "muted_until": typed["muted_until"] or None,
        "selectors": {"items": typed["items"]} if typed["items"] else None,
        "browser": last(fields, "browser") == "yes" or None,
    }
    if "form" in fields:  # as it was proposed; a form that changes a source leaves it
        said["listing"] = {"form": last(fields, "form")}
        said["publisher_kind"] = last(fields, "publisher_kind") or None
    return said


def _adding(
    desk: Desk,
    viewer: Viewer,
    request: Request,
    typed: Mapping[str, str] | None = None,
    *,
    problem: str = "",
    edits: bool = False,
) -> Response:
    """The form for an address; ``edits``: with everything that was typed of the source."""
    given = dict.fromkeys((*_TYPED, *_HIDDEN), "") | dict(typed or {})
    values = {
        "typed": given,
        "problem": problem,
        "proposal": None,
        "kinds": [
            (kind.value, viewer.speech.say(words), kind.value == given["kind"])
            for kind, words in KINDS.items()
        ],
        "edits": edits,
        "form": given["form"] or "auto",
        "publisher_kind": given["publisher_kind"],
        "browser": given["browser"] == "yes",
    }
    return render(desk, viewer, request, "source_new", values, 422 if problem else 200)


def _proposed(desk: Desk, viewer: Viewer, request: Request, proposal: Proposal) -> Response:
    speech, source, listed = viewer.speech, proposal.source, proposal.page
    block = editing_block(source, speech)
    values = {
        "typed": {**dict.fromkeys(_TYPED, ""), **block["fields"], "name": source.name},
        "problem": ""
        if proposal.has_items
        else speech.say("没有读到条目，请换一个地址，或用浏览器打开再试。"),
        "proposal": {
            "items": [
                {
                    "title": shown(item.title, 120) or speech.say("（无标题）"),
                    "day": speech.day(item.published_on) or "—",
                    "link": safe_link(item.url),
                    "host": urlsplit(item.url).hostname or "",
                }
                for item in listed.items[:ITEMS_SHOWN]
            ],
            "count": len(listed.items),
            "sure": f"{listed.sureness:.0%}",
            "is_sure": proposal.is_sure,
            "remark": displayable(proposal.remark, limit=400),
            "paging": displayable(proposal.paging, limit=300),
            "charset": displayable(proposal.charset, limit=20),
        },
        "kinds": block["kinds"],
        "edits": proposal.has_items,
        "form": source.listing.form,
        "publisher_kind": source.publisher_kind or "",
        "browser": source.browser,
    }
    return render(desk, viewer, request, "source_new", values, 200)
