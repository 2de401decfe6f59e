"""目录 for the administrator: one row of the shipped catalogue compared with its source, and taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from alerts.languages import Language
from alerts.notifications.letters import shown
from catalogue.imported import ImportedLists
from catalogue.loading import load_catalogue
from catalogue.model import Entry
from catalogue.verified import row_identity
from catalogue.verifying import rows_to_verify, shipped_entry, verify
from console.catalogue_deciding import Refused, decide, note
from console.decisions import day_of
from console.desk import Desk
from console.desk_list import local_now
from console.frontage import Fields, form, last
from console.viewer import Viewer
from storage.database import one_transaction
from storage.imported_lists import forget_verified, keep_verified
from vocabulary.codes import Status

SHOWN = 100
"""Verified rows that the page shows, the latest first."""
_LONGEST = 200
"""Characters of a key or a document's number."""
STANDINGS = (
    Status.CANCELLED,
    Status.EXITED,
    Status.ACCESS,
    Status.LEVEL,
    Status.LAWFUL_OTHER,
    Status.OFF_CATALOGUE,
)
"""What a source may say of a certificate."""


def numbers_of(entry: Entry, lists: ImportedLists) -> Mapping[str, int]:
    """Identity → number of the rows that may be verified; none of an entry that only an import brought."""
    try:
        shipped = shipped_entry(entry.key)
    except KeyError:
        return {}
    return {
        row_identity(entry.key, period): number
        for number, period in rows_to_verify(shipped, load_catalogue(lists))
    }


def verified_block(lists: ImportedLists, viewer: Viewer) -> Sequence[dict[str, Any]]:
    """Rows that were verified, the latest first; nothing for anybody but the administrator."""
    if not viewer.is_administrator:
        return ()
    latest = sorted(lists.verified(), key=lambda each: each.verified_on, reverse=True)
    speech = viewer.speech
    return [
        {
            "identity": each.identity,
            "name": shown(each.key, 80),
            "status": speech.name(each.found_status),
            "document": shown(each.found_document, 120),
            "since": speech.day(each.found_since) or speech.say("起初"),
            "source": shown(each.source, 300),
            "day": speech.day(each.verified_on),
            "by": shown(each.verified_by, 80),
        }
        for each in latest[:SHOWN]
    ]


def choices(speech: Language) -> Sequence[tuple[str, str]]:
    """Standings to choose from, as a page says them."""
    return [(each.value, speech.name(each)) for each in STANDINGS]


@form
def verify_at_desk(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:
    """Take a row for compared with the source that is named."""
    return decide(desk, viewer, lambda: _verify(desk, viewer, request, fields), "/catalogue#verified")


@form
def take_back_at_desk(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:
    """Let a row wait again."""
    return decide(desk, viewer, lambda: _take_back(desk, viewer, request, fields), "/catalogue#verified")


@one_transaction
def _verify(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> None:
    key, row, status = last(fields, "key"), last(fields, "row"), last(fields, "status")
    now, lists = local_now(desk), desk.context.imported()
    try:
        shipped = shipped_entry(key)
    except KeyError:
        raise Refused("没有这一行，可能已被处理。") from None
    typed, since = last(fields, "since").strip(), day_of(last(fields, "since"))
    if typed and since is None:
        raise Refused("日期须写成 2026-11-01 的样子。")
    verified = verify(
        shipped,
        int(row) if row.isascii() and row.isdecimal() and len(row) < 4 else 0,
        load_catalogue(lists),
        source=last(fields, "source"),
        by=viewer.email,
        today=now.date(),
        status=Status(status) if status in STANDINGS else None,
        since=since,
        document=last(fields, "document").strip()[:_LONGEST],
    )
    with desk.context.transaction() as session:
        keep_verified(session, verified)
        note(session, viewer, request, now, f"= {verified.identity}: {verified.source}")


@one_transaction
def _take_back(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> None:
    identity, now = last(fields, "identity"), local_now(desk)
    with desk.context.transaction() as session:
        if not forget_verified(session, identity):
            raise Refused("没有这一行，可能已被处理。")
        note(session, viewer, request, now, f"- {identity}")
