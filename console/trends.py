"""趋势: charts drawn here as SVG, each with its numbers below; counted at most every few minutes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from alerts.languages import Language
from alerts.notifications.letters import shown
from cases.case_filter import CaseFilter, read_filter
from cases.trends import Counted, Offender, Trends, Week, read_trends
from console.case_list import address, region_choices
from console.desk import Desk
from console.desk_list import local_now
from console.frontage import page, render
from console.viewer import Viewer
from storage.database import for_reading
from vocabulary.areas import province_names, region_name

PERIODS = (13, 26, 52)
"""Weeks."""
_HEIGHT, _SLOT, _GAP = 120, 24, 4
_TILE, _SHADES = 52, 5
_ROWS = (
    "........黑",
    ".....蒙..吉",
    "新.甘宁陕晋京津辽",
    "藏青川渝鄂豫冀鲁.",
    "..滇黔湘赣皖苏沪",
    "....桂粤闽浙.",
    "....琼澳港台.",
)
"""The provinces about where they lie, one letter each."""
_PROVINCES = (
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82"
)
_CODES = dict(
    zip(
        "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川黔滇藏陕甘青宁新台港澳",
        _PROVINCES.split(),
        strict=True,
    )
)


@page
def show_trends(desk: Desk, viewer: Viewer, request: Request) -> Response:
    """The cases that the viewer may see, of a period and a region."""
    query, now, speech = request.query_params, local_now(desk), viewer.speech
    weeks = next((each for each in PERIODS if str(each) == query.get("weeks")), PERIODS[1])
    region = read_filter([("region", query.get("region", ""))]).region
    key = (viewer.scope, weeks, region)
    known = desk.trends.get(key, now)
    if known is None:
        with Session(for_reading(desk.context.engine)) as session, session.begin():
            trends = read_trends(session, now=now, weeks=weeks, region=region, scope=viewer.scope)
        desk.trends.keep(key, now, trends)
        known = now, trends
    counted_at, trends = known
    values = {
        "periods": [(str(each), speech.say("{weeks}周", weeks=each), each == weeks) for each in PERIODS],
        "regions": region_choices(region, viewer),
        "counted_at": speech.moment(counted_at),
        "since": speech.day(trends.since),
        "total": trends.total,
        "days": None if trends.days is None else round(trends.days, 1),
        "timed": trends.timed,
        "chart": _chart(trends.weeks, speech),
        "tiles": _tiles(trends.provinces),
        "provinces": [_province(each, trends, speech) for each in trends.provinces],
        "qualifications": [
            _counted(each, _list(trends, region, qualification=each.name)) for each in trends.qualifications
        ],
        "departments": [
            _counted(each, _list(trends, region, department=each.name), speech.say("主管部门未明确"))
            for each in trends.departments
        ],
        "offenders": [_offender(each, trends, speech) for each in trends.offenders],
    }
    return render(desk, viewer, request, "trends", values)


def _list(trends: Trends, region: str, *, qualification: str = "", department: str = "") -> str:
    """The query of the list of cases behind a number."""
    return address(
        CaseFilter(
            opened_from=trends.since, region=region, qualification=qualification, department=department
        )
    )


def _chart(weeks: Sequence[Week], speech: Language) -> dict[str, Any]:
    """Two bars for each week, as high as the highest allows."""
    most = max((week.opened for week in weeks), default=0)
    scale = (_HEIGHT - 4) / most if most else 0
    bars = []
    for number, week in enumerate(weeks):
        opened, right = round(week.opened * scale), round(week.put_right * scale)
        bars.append(
            {
                "x": number * _SLOT + _GAP,
                "y": _HEIGHT - opened,
                "height": opened,
                "right_y": _HEIGHT - right,
                "right": right,
                "opened": week.opened,
                "put_right": week.put_right,
                "day": speech.day(week.monday),
            }
        )
    return {
        "bars": bars,
        "most": most,
        "width": len(weeks) * _SLOT + _GAP,
        "height": _HEIGHT,
        "bar": (_SLOT - _GAP) // 2,
    }


def _tiles(provinces: Sequence[Counted]) -> dict[str, Any]:
    counts = {each.name: each for each in provinces}
    most = max((each.opened for each in provinces if each.name), default=0)
    tiles = []
    for y, row in enumerate(_ROWS):
        for x, letter in enumerate(row):
            if letter == ".":
                continue
            code = f"{_CODES[letter]}0000"
            each = counts.get(code, Counted(code, 0, 0))
            shade = -(-each.opened * _SHADES // most) if most else 0
            tiles.append(
                {
                    "letter": letter,
                    "name": province_names().get(code, region_name(code)),
                    "code": code,
                    "x": x * _TILE,
                    "y": y * _TILE,
                    "opened": each.opened,
                    "shade": shade,
                }
            )
    return {"tiles": tiles, "size": _TILE - 3, "width": 9 * _TILE, "height": len(_ROWS) * _TILE, "most": most}


def _province(each: Counted, trends: Trends, speech: Language) -> dict[str, Any]:
    name = region_name(each.name) if each.name else ""
    query = _list(trends, each.name) if each.name else ""
    return _counted(each, query, speech.say("地区未识别"), name=name or "")


def _counted(each: Counted, query: str, nothing: str = "", name: str | None = None) -> dict[str, Any]:
    called = shown(each.name if name is None else name, 60)
    return {
        "name": called or nothing,
        "query": query if called else "",
        "opened": each.opened,
        "put_right": each.put_right,
        "rate": each.rate,
    }


def _offender(each: Offender, trends: Trends, speech: Language) -> dict[str, Any]:
    wanted = CaseFilter(opened_from=trends.since, publisher=each.publisher, region=each.region)
    return {
        "publisher": shown(each.publisher, 60),
        "region": region_name(each.region) or speech.say("地区未识别"),
        "query": address(wanted),
        "opened": each.opened,
        "put_right": each.put_right,
        "came_back": each.came_back,
    }
