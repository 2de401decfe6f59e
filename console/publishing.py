"""曝光: the public page and feed of what supervisors chose to publish, and where they choose it.

What is public is read from ``cases.publications`` alone, which holds it masked.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from alerts.delivery.links import console_address
from alerts.languages import Language
from alerts.notifications.letters import shown
from cases.publications import Public, find_publication, get_public, list_publications, publish, withdraw
from cases.queries import may_see
from cases.steps import StepRefused
from console.decisions import NOTE_LIMIT
from console.desk import Desk
from console.desk_list import download, local_now
from console.frontage import Fields, deed, desk_of, last, no_case, notice, page, to
from console.viewer import Viewer, language_of
from storage.database import for_reading
from vocabulary.areas import region_name
from vocabulary.codes import Violation
from vocabulary.names import rule_behind

PAGE = 20
_ATOM = "http://www.w3.org/2005/Atom"
_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def show_published(request: Request) -> Response:
    """What is public, the newest first."""
    desk, speech, typed = desk_of(request), language_of(request), request.query_params.get("before", "")
    before = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 10 else 0
    found = _read(desk, before, PAGE + 1)
    values = {
        "publications": [_row(each, desk, speech) for each in found[:PAGE]],
        "following": found[PAGE - 1].publication.id if len(found) > PAGE else 0,
        "is_first": not before,
        "is_one": False,
        "viewer": None,
    }
    return desk.page("published", values, speech=speech)


def show_publication(request: Request) -> Response:
    """One that is public."""
    desk, speech = desk_of(request), language_of(request)
    number = min(request.path_params["publication"], 2**31 - 2)
    with Session(for_reading(desk.context.engine), expire_on_commit=False) as session, session.begin():
        found = get_public(session, number)
    if found is None:
        words = speech.say("该信息没有公布，或已经撤下。")
        return notice(desk, 404, speech.say("没有这个页面"), words, speech)
    values = {"publications": [_row(found, desk, speech)], "following": 0, "is_first": True, "is_one": True}
    return desk.page("published", {**values, "viewer": None}, speech=speech)


def send_feed(request: Request) -> Response:
    """The same as an Atom feed (RFC 4287)."""
    desk = desk_of(request)
    base = console_address(desk.settings) or f"{str(request.base_url).rstrip('/')}{desk.prefix}"
    here = f"{base}/published"
    found = _read(desk, 0, PAGE)
    body = ET.tostring(_feed(found, here, desk), encoding="utf-8", xml_declaration=True)
    return Response(body, media_type="application/atom+xml; charset=utf-8")


@deed
def make_public(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:
    """Publish a case, or take it down again."""
    case_id, speech = request.path_params["case"], viewer.speech
    note, takes_down = last(fields, "note")[:NOTE_LIMIT], last(fields, "public") == "no"
    with Session(for_reading(desk.context.engine)) as session, session.begin():
        if case_id > 2**31 - 1 or not may_see(session, case_id, viewer.scope):
            return no_case(desk, viewer)
    try:
        with desk.context.transaction() as session:
            if takes_down:
                withdraw(session, case_id, actor=viewer.email, reason=note, now=local_now(desk))
            else:
                publish(session, case_id, actor=viewer.email, remark=note, now=local_now(desk))
    except StepRefused as error:
        return notice(desk, 409, speech.say("不能公布"), str(error), speech)
    return to(desk, f"/cases/{case_id}#publication")


@page
def download_announcement(desk: Desk, viewer: Viewer, request: Request) -> Response:
    """The announcement of what is public, as a draft to sign."""
    from alerts.reports.announcement import write_announcement  # noqa: PLC0415 - Word takes time to load

    case_id = request.path_params["case"]
    with Session(for_reading(desk.context.engine)) as session, session.begin():
        if case_id > 2**31 - 1 or not may_see(session, case_id, viewer.scope):
            return no_case(desk, viewer)
        known = find_publication(session, case_id)
        found = get_public(session, known.id or 0) if known else None
        written = write_announcement(found, local_now(desk)) if found else b""
    if not written:
        speech = viewer.speech
        return notice(desk, 409, speech.say("没有公布"), speech.say("请先公布案件，再下载通报。"), speech)
    return download(written, f"通报_案件{case_id}.docx", _DOCX)


def publication_block(session: Session, case_id: int, now: datetime, speech: Language) -> dict[str, Any]:
    """What the page of a case says of it."""
    known = find_publication(session, case_id)
    at = speech.moment(known.published_at.astimezone(now.tzinfo)) if known else ""
    return {"publication": {"id": known.id if known else 0, "at": at}}


def _read(desk: Desk, before: int, limit: int) -> list[Public]:
    with Session(for_reading(desk.context.engine), expire_on_commit=False) as session, session.begin():
        return list(list_publications(session, before=before, limit=limit))


def _row(each: Public, desk: Desk, speech: Language) -> dict[str, Any]:
    public, violation = each.publication, Violation(each.publication.violation)
    zone = ZoneInfo(desk.settings.time_zone)
    return {
        "id": public.id,
        "publisher": shown(public.publisher, 120) or speech.say("发布单位未识别"),
        "region": region_name(public.region),
        "title": shown(public.title, 240),
        "qualification": shown(public.qualification, 120),
        "violation": speech.name(violation),
        "rule": rule_behind(violation),
        "quote": shown(public.quote, 200),
        "legal_basis": [shown(clause, 200) for clause in public.legal_basis],
        "remark": shown(public.remark, 500),
        "published_on": speech.day(public.published_at.astimezone(zone).date()),
        "is_put_right": each.is_put_right,
    }


def _feed(found: list[Public], here: str, desk: Desk) -> ET.Element:
    feed = ET.Element("feed", {"xmlns": _ATOM, "xml:lang": "zh-CN"})
    changed = max((each.publication.changed_at for each in found), default=desk.context.now())
    for name, words in (
        ("title", "违规要求职业资格证书曝光台"),
        ("id", here),
        ("updated", changed.isoformat()),
    ):
        ET.SubElement(feed, name).text = words
    ET.SubElement(feed, "link", {"rel": "self", "href": f"{here}.atom"})
    ET.SubElement(feed, "link", {"href": here})
    ET.SubElement(ET.SubElement(feed, "author"), "name").text = "Qualwatch"
    for each in found:
        _add_entry(feed, each, here)
    return feed


def _add_entry(feed: ET.Element, each: Public, here: str) -> None:
    public = each.publication
    violation = Violation(public.violation)
    entry = ET.SubElement(feed, "entry")
    state = "已整改" if each.is_put_right else "尚未整改"
    summary = f"“{public.quote}”（{public.qualification}）。{rule_behind(violation)}{state}。{public.remark}"
    for name, words in (
        ("title", shown(f"{public.publisher}：{public.title or public.qualification}", 240)),
        ("id", f"{here}/{public.id}"),
        ("published", public.published_at.isoformat()),
        ("updated", public.changed_at.isoformat()),
        ("summary", shown(summary, 1500)),
    ):
        ET.SubElement(entry, name).text = words
    ET.SubElement(entry, "link", {"href": f"{here}/{public.id}"})
