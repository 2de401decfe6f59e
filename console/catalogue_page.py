"""目录: a certificate's life on a time line, and the rows that nobody has compared with their source yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from alerts.languages import Language
from alerts.notifications.letters import shown
from catalogue.imported import ImportedLists
from catalogue.loading import load_catalogue
from catalogue.model import Entry, Period
from catalogue.verified import row_identity, waits
from console.catalogue_deciding import deciding_block
from console.catalogue_verifying import choices, numbers_of, verified_block
from console.desk import Desk
from console.desk_list import local_now
from console.frontage import page, render
from console.viewer import Viewer
from vocabulary.areas import region_name

FOUND = 30
"""Certificates that a search shows."""
PAGE = 100
"""Rows to be compared that a page shows."""
_FIRST = 1994
"""Where the time line begins: the year of the first national certificates."""
_WIDTH = 640


@page
def show_catalogue(desk: Desk, viewer: Viewer, request: Request) -> Response:
    """Certificates by a part of their names, and what is to be compared."""
    speech, today = viewer.speech, local_now(desk).date()
    wanted = " ".join(request.query_params.get("name", "").split())[:60]
    typed = request.query_params.get("after", "")
    after = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 7 else 0
    lists = desk.context.imported()
    entries = load_catalogue(lists).entries
    found = list(_matching(entries, wanted)) if wanted else []
    waiting = [(entry, period) for entry in entries for period in entry.periods if waits(period)]
    values = {
        **deciding_block(desk, viewer),
        "wanted": wanted,
        "entries": [_entry(each, today, viewer, lists) for each in found[:FOUND]],
        "verified": verified_block(lists, viewer),
        "standings": choices(speech),
        "more": max(0, len(found) - FOUND),
        "count": len(entries),
        "waiting": [_row(*each, speech) for each in waiting[after : after + PAGE]],
        "waiting_count": len(waiting),
        "after": after,
        "following": after + PAGE if after + PAGE < len(waiting) else 0,
    }
    return render(desk, viewer, request, "catalogue", values)


def _matching(entries: Sequence[Entry], wanted: str) -> Iterator[Entry]:
    """Those whose name it is first, then those that begin with it, then the others that have it."""
    folded = wanted.casefold()
    named = [(entry, [name.casefold() for name in (entry.name, *entry.aliases)]) for entry in entries]
    ranked = [
        (0 if folded in names else 1 if any(name.startswith(folded) for name in names) else 2, entry)
        for entry, names in named
        if any(folded in name for name in names)
    ]
    yield from (entry for _, entry in sorted(ranked, key=lambda each: (each[0], len(each[1].name))))


def _entry(entry: Entry, today: date, viewer: Viewer, lists: ImportedLists) -> dict[str, Any]:
    speech = viewer.speech
    numbers = numbers_of(entry, lists) if viewer.is_administrator else {}
    return {
        "key": entry.key,
        "name": shown(entry.name, 80),
        "aliases": [shown(name, 60) for name in entry.aliases[:8]],
        "department": shown(entry.department, 120),
        "region": region_name(entry.region),
        "periods": [
            _row(entry, period, speech) | {"number": numbers.get(row_identity(entry.key, period), 0)}
            for period in entry.periods
        ],
        "line": _line(entry.periods, today, speech),
        "width": _WIDTH,
    }


def _row(entry: Entry, period: Period, speech: Language) -> dict[str, Any]:
    return {
        "name": shown(entry.name, 80),
        "status": speech.name(period.status),
        "code": period.status.value,
        "since": speech.day(period.since) or speech.say("起初"),
        "document": shown(period.document, 120),
        "evidence": speech.name(period.evidence),
        "is_waiting": waits(period),
        "source": shown(period.source, 300),
        "category": shown(period.category, 20),
        "note": shown(period.note, 400),
        "contested": shown(period.contested, 400),
    }


def _line(periods: Sequence[Period], today: date, speech: Language) -> list[dict[str, Any]]:
    """Where each standing begins and ends on the line, and the year of its beginning."""
    begin, end = date(_FIRST, 1, 1), date(today.year + 1, 1, 1)
    scale = _WIDTH / (end - begin).days
    days = [max(begin, min(end, period.since or begin)) for period in periods]
    marks = []
    for period, first, last in zip(periods, days, [*days[1:], end], strict=True):
        x = round((first - begin).days * scale)
        marks.append(
            {
                "x": x,
                "width": max(2, round((last - begin).days * scale) - x),
                "code": period.status.value,
                "status": speech.name(period.status),
                "year": period.since.year if period.since else "",
            }
        )
    return marks
