"""What the list of cases shows, as plain values: a filter, a part of what it means, and what may be done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from accounts.people import everybody
from accounts.rights import may_decide
from alerts.languages import Language
from alerts.notifications.letters import shown
from alerts.recipients import addressee
from alerts.working_time import last_day
from cases.case_filter import NOBODY, OPEN, OPEN_CASES, CaseFilter, filter_pairs
from cases.merging import merged_cases
from cases.queries import COUNTED, list_cases
from cases.steps import RULES
from console.viewer import Viewer
from settings.model import Settings
from storage.tables import Case, SavedView
from vocabulary.areas import covers, province_names, region_name
from vocabulary.codes import CaseOrder, CaseState, Dismissal, Due, Severity, Step, Violation, Waiting
from vocabulary.regions import known_regions

PAGE_SIZES = (50, 100, 200)
BULK = tuple(step for step in RULES if step is not Step.OVERDUE)
"""Steps that may be taken of many cases at once."""
SEVERITIES = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM)
UNDECIDED = (CaseState.FOUND, CaseState.NOTIFIED)
_LINE = 120


def address(wanted: CaseFilter, **more: str | int) -> str:
    """The query of the page that shows ``wanted``."""
    return urlencode([*filter_pairs(wanted), *((name, str(value)) for name, value in more.items() if value)])


def read_case_list(
    session: Session,
    viewer: Viewer,
    wanted: CaseFilter,
    settings: Settings,
    now: datetime,
    *,
    after: str = "",
    size: int = PAGE_SIZES[0],
    sources: Sequence[str] = (),
) -> dict[str, Any]:
    """The values of ``templates/cases.html``; ``now`` is the office's time."""
    page = list_cases(session, wanted, now=now, scope=viewer.scope, after=after, limit=size, counted=COUNTED)
    speech, count = viewer.speech, page.count or 0
    return {
        "cases": [case_row(case, settings, now, speech) for case in page.cases],
        "joined": merged_cases(session, [case.id or 0 for case in page.cases]),
        "count": count if count <= COUNTED else f"{COUNTED}+",
        "wanted": wanted,
        "query": address(wanted),
        "here_query": address(wanted, after=after, size=_unusual(size)),
        "following": address(wanted, after=page.following, size=_unusual(size)) if page.following else "",
        "is_first": not after,
        "sizes": [(each, address(wanted, size=_unusual(each))) for each in PAGE_SIZES],
        "size": size,
        "views": [_view(name, each, wanted) for name, each in _views(viewer)],
        "saved": _saved_views(session, viewer, wanted),
        "sorts": _sorts(wanted),
        "chips": list(_chips(wanted, settings, speech)),
        "choices": _choices(wanted, viewer, settings, sources, people(session, settings)),
        "steps": [(step.value, speech.name(step)) for step in BULK],
        "dismissals": [(each.value, speech.name(each)) for each in Dismissal],
        "today": now.date().isoformat(),
    }


def case_row(case: Case, settings: Settings, now: datetime, speech: Language) -> dict[str, Any]:
    """A case in one row of any list."""
    zone = ZoneInfo(settings.time_zone)
    last = case.deadline and last_day(settings.calendar, case.deadline)
    is_asked = case.state in {CaseState.RECTIFICATION_ASKED, CaseState.OVERDUE}
    return {
        "id": case.id,
        "state": case.state.value,
        "state_name": speech.name(case.state),
        "severity": case.severity,
        "severity_name": speech.name(Severity(case.severity)),
        "qualification": shown(case.qualification, 60),
        "violation": speech.name(Violation(case.violation)),
        "title": shown(case.title, _LINE) or speech.say("（无标题）"),
        "publisher": shown(case.publisher, 60) or speech.say("发布单位未识别"),
        "region": region_name(case.region) or speech.say("地区未识别"),
        "opened_on": speech.day(case.opened_at.astimezone(zone).date()),
        "age": (now.date() - case.opened_at.astimezone(zone).date()).days,
        "deadline": speech.day(case.deadline),
        "days_left": (last - now.date()).days if last and is_asked else None,
        "assignee": _person(settings, case.assignee),
        "is_accepted": case.accepted_at is not None,
        "extension": speech.day(case.extension),
        "needs_review": case.needs_review,
        "merged_into": case.merged_into,
    }


def people(session: Session, settings: Settings) -> list[tuple[str, str]]:
    """Whom a case may be given to, by address and name: who is configured, and whose account decides."""
    found = {each.email.casefold(): (each.email, each.name) for each in settings.supervisors}
    for each in settings.supervisors:
        if each.superior:
            found.setdefault(each.superior.casefold(), (each.superior, each.superior))
    if settings.administrator:
        found.setdefault(settings.administrator.casefold(), (settings.administrator, settings.administrator))
    for account in everybody(session):
        if account.disabled_at is None and may_decide(account):
            found.setdefault(account.email, (account.email, account.name))
    return [(email, shown(name, 60)) for email, name in found.values()]


def _person(settings: Settings, email: str) -> str:
    known = addressee(settings, email) if email else None
    return shown(known.name if known and known.name else email, 60)


def _sorts(wanted: CaseFilter) -> dict[str, dict[str, str]]:
    """For the headings of the table: the list in another order, and the one that it has."""
    is_newest = wanted.order is CaseOrder.NEWEST
    orders = {
        "severity": (CaseOrder.SEVERITY, "descending"),
        "opened": (CaseOrder.OLDEST if is_newest else CaseOrder.NEWEST, ""),
        "deadline": (CaseOrder.DEADLINE, "ascending"),
    }
    sorts = {
        name: {"query": address(replace(wanted, order=order)), "now": now if wanted.order is order else ""}
        for name, (order, now) in orders.items()
    }
    opened = {CaseOrder.NEWEST: "descending", CaseOrder.OLDEST: "ascending"}
    sorts["opened"]["now"] = opened.get(wanted.order, "")
    return sorts


def _views(viewer: Viewer) -> Iterator[tuple[str, CaseFilter]]:
    """Lists that everybody comes back to."""
    speech, asked = viewer.speech, (CaseState.RECTIFICATION_ASKED,)
    yield speech.say("待核查"), CaseFilter(states=UNDECIDED)
    yield speech.say("待责令整改"), CaseFilter(states=(CaseState.CONFIRMED,))
    yield speech.say("整改中"), CaseFilter(states=asked, order=CaseOrder.DEADLINE)
    yield speech.say("逾期"), CaseFilter(states=(CaseState.OVERDUE,), order=CaseOrder.DEADLINE)
    yield speech.say("我经办的"), CaseFilter(states=OPEN, assignee=viewer.email)
    yield speech.say("全部未结"), OPEN_CASES
    yield speech.say("全部"), CaseFilter()


def _view(name: str, meant: CaseFilter, wanted: CaseFilter) -> dict[str, Any]:
    return {"name": name, "query": address(meant), "is_here": meant == wanted}


def _saved_views(session: Session, viewer: Viewer, wanted: CaseFilter) -> list[dict[str, Any]]:
    mine = select(SavedView).where(SavedView.owner == viewer.email).order_by(col(SavedView.name)).limit(30)
    here = address(wanted)
    return [
        {"id": view.id, "name": shown(view.name, 60), "query": view.query, "is_here": view.query == here}
        for view in session.exec(mine)
    ]


def _chips(wanted: CaseFilter, settings: Settings, speech: Language) -> Iterator[dict[str, str]]:
    """What the list is narrowed by, each with the address of the list without it."""
    for words, without in _narrowed(wanted, settings, speech):
        yield {"words": words, "query": address(without)}


def _narrowed(wanted: CaseFilter, settings: Settings, speech: Language) -> Iterator[tuple[str, CaseFilter]]:
    nobody = speech.say("无") if wanted.assignee == NOBODY else ""
    said = {
        "text": (speech.say("文字"), shown(wanted.text, 40)),
        "region": (speech.say("地区"), region_name(wanted.region) or wanted.region),
        "department": (speech.say("跟进部门"), shown(wanted.department, 40)),
        "qualification": (speech.say("职业资格"), shown(wanted.qualification, 40)),
        "publisher": (speech.say("发布单位"), shown(wanted.publisher, 40)),
        "source": (speech.say("来源"), shown(wanted.source, 40)),
        "assignee": (speech.say("经办人"), nobody or _person(settings, wanted.assignee)),
    }
    for severity in wanted.severities:
        others = tuple(each for each in wanted.severities if each is not severity)
        yield f"{speech.say('风险等级')} {speech.name(severity)}", replace(wanted, severities=others)
    for name, (label, words) in said.items():
        if getattr(wanted, name):
            nothing: dict[str, Any] = {name: ""}
            yield f"{label} {words}", replace(wanted, **nothing)
    if wanted.due is not None:
        yield speech.name(wanted.due), replace(wanted, due=None)
    if wanted.waiting is not None:
        yield speech.name(wanted.waiting), replace(wanted, waiting=None)
    if wanted.age:
        yield speech.say("发现已满{days}天", days=wanted.age), replace(wanted, age=0)
    if wanted.opened_from:
        yield speech.say("{day}起发现", day=wanted.opened_from), replace(wanted, opened_from=None)
    if wanted.opened_until:
        yield speech.say("{day}止发现", day=wanted.opened_until), replace(wanted, opened_until=None)
    if wanted.review is not None:
        words = speech.say("待核实") if wanted.review else speech.say("不需核实")
        yield words, replace(wanted, review=None)


def _choices(
    wanted: CaseFilter,
    viewer: Viewer,
    settings: Settings,
    sources: Sequence[str],
    known: Sequence[tuple[str, str]],
) -> dict[str, Any]:
    """What the filter's fields offer: value, name, and whether it is chosen."""
    speech = viewer.speech
    return {
        "states": [(state.value, speech.name(state), state in wanted.states) for state in CaseState],
        "severities": [(each.value, speech.name(each), each in wanted.severities) for each in SEVERITIES],
        "regions": region_choices(wanted.region, viewer),
        "sources": [(name, name, name == wanted.source) for name in sources],
        "due": [(each.value, speech.name(each), each is wanted.due) for each in Due],
        "waiting": [(each.value, speech.name(each), each is wanted.waiting) for each in Waiting],
        "orders": [(each.value, speech.name(each), each is wanted.order) for each in CaseOrder],
        "people": [(email, name, email == wanted.assignee) for email, name in known],
        "departments": sorted({name for each in settings.supervisors for name in each.departments}),
    }


def region_choices(chosen: str, viewer: Viewer) -> list[tuple[str, str, bool]]:
    """The provinces and the viewer's own; where an area is chosen, also what lies above and in it."""
    codes = dict.fromkeys([*viewer.scope.regions, *province_names()])
    if chosen:
        province = f"{chosen[:2]}0000"
        width = 4 if chosen.endswith("0000") else 6
        inside = [
            code
            for code, region in known_regions().items()
            if not region.now and not region.listed_until and _is_below(code, chosen, width)
        ]
        above = [f"{chosen[:4]}00"] if width == 6 and not chosen.endswith("00") else []
        codes = dict.fromkeys([province, *above, chosen, *inside, *codes])
    return [(code, region_name(code), code == chosen) for code in codes if region_name(code)]


def _is_below(code: str, area: str, width: int) -> bool:
    """Whether ``code`` lies one level below ``area``, as ``350102`` below ``350100``."""
    level = not code.endswith("00") if width == 6 else code.endswith("00")
    return level and code != area and covers(area, code)


def _unusual(size: int) -> str:
    return "" if size == PAGE_SIZES[0] else str(size)
