"""目录 for the administrator: changes that official pages announced, and rows to compare with their source.

Both are decided by the functions of ``assessment.catalogue_proposals``, as the commands do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from alerts.languages import Language
from alerts.notifications.letters import shown
from assessment.catalogue_proposals import (
    accepted_list,
    confirm_rows,
    consider,
    dismiss_proposal,
    official_document,
    open_proposals,
    stored_proposal,
)
from catalogue.documents import Effect, OfficialDocument, normalise_number
from catalogue.imported import ImportedLists
from catalogue.loading import load_catalogue
from console.decisions import NOTE_LIMIT, day_of
from console.desk import Desk
from console.desk_list import local_now
from console.frontage import Fields, form, last, notice, only_looking, to
from console.viewer import Viewer, origin_of
from storage.audit import record
from storage.database import for_reading, one_transaction
from storage.imported_lists import keep_list
from storage.tables import CatalogueNotice, Document
from vocabulary.areas import region_name
from vocabulary.codes import Evidence
from vocabulary.people import AuditKind
from vocabulary.presentation import displayable, safe_link

PROPOSALS = 20
ROWS = 100
"""Rows of one list that a page shows to be compared."""
_NAMES = 12
EFFECTS: Mapping[Effect, str] = {
    Effect.CANCELLED: "列入的已取消",
    Effect.EXITED: "列入的已退出目录",
    Effect.EDITION: "目录新版，按类别",
    Effect.APPROVALS: "只取消审批，资格不变",
}
"""What the administrator chooses from, in Chinese; a page says it in the reader's language."""
_LONGEST_NAME = 120


class Refused(Exception):  # noqa: N818 - a decision is refused, and nothing was changed
    """Says why, in words that pages translate or that the rules of lists say in Chinese."""


def deciding_block(desk: Desk, viewer: Viewer) -> dict[str, Any]:
    """What waits for the administrator; nothing for anybody else."""
    if not viewer.is_administrator:
        return {"proposals": (), "lists": ()}
    with Session(for_reading(desk.context.engine)) as session, session.begin():
        found = open_proposals(session)[:PROPOSALS]
        proposals = [_proposal(*each) for each in found]
    return {
        "proposals": proposals,
        "lists": list(_lists(desk.context.imported(), viewer.speech)),
        "effects": [(each.value, viewer.speech.say(words)) for each, words in EFFECTS.items()],
    }


def _proposal(announced: CatalogueNotice, document: Document) -> dict[str, Any]:
    known = official_document(announced.number, announced.region)
    names = [f"{each.get('change', '')}：{each.get('name', '')}" for each in announced.changes]
    return {
        "number": announced.version_id,
        "title": shown(document.title, 120),
        "url": displayable(document.url, limit=300),
        "link": safe_link(document.url),
        "document": shown(announced.number, 60),
        "region": region_name(announced.region),
        "items": announced.items,
        "names": [shown(name, 60) for name in names[:_NAMES]],
        "more": max(0, len(names) - _NAMES),
        "problems": [shown(each, 300) for each in announced.problems],
        "is_known": known is not None,
    }


def _lists(imported: ImportedLists, speech: Language) -> Sequence[dict[str, Any]]:
    """Lists with rows that were read from a picture and nobody compared."""
    found = []
    for each in imported.unpacked():
        rows = [
            {"row": row, "seq": shown(item.seq, 20), "name": item.name, "status": speech.name(item.status)}
            for row, item in enumerate(each.items, 1)
            if item.evidence is not Evidence.PUBLISHED
        ]
        if rows:
            source = shown(each.source, 200)
            found.append(
                {"identity": each.identity, "source": source, "count": len(rows), "rows": rows[:ROWS]}
            )
    return found


@form
def decide_on_proposal(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:
    """Import the list that was announced, or decide against it with a reason."""
    number = min(request.path_params["proposal"], 2**31 - 1)
    return decide(desk, viewer, lambda: _settle(desk, viewer, request, fields, number))


@form
def confirm_at_desk(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:
    """Take the ticked rows for compared with their source, each under the name that stands there."""
    return decide(desk, viewer, lambda: _confirm(desk, viewer, request, fields))


def decide(
    desk: Desk, viewer: Viewer, do: Callable[[], None], after: str = "/catalogue#deciding"
) -> Response:
    """Let the administrator, and nobody else, ``do`` it; the page ``after`` it, or why it was not done."""
    if not viewer.is_administrator:
        return only_looking(desk, viewer)
    try:
        do()
    except (Refused, ValueError) as error:
        speech = viewer.speech
        return notice(desk, 422, speech.say("没有执行"), speech.say(str(error)), speech)
    return to(desk, after)


@one_transaction
def _settle(desk: Desk, viewer: Viewer, request: Request, fields: Fields, number: int) -> None:
    reason, now = last(fields, "reason").strip()[:NOTE_LIMIT], local_now(desk)
    accepted = last(fields, "accepted") == "yes"
    if not accepted and not reason:
        raise Refused("不采纳须写明理由。")
    with desk.context.transaction() as session:
        found = stored_proposal(session, number)
        if found is None or found[0].dismissed_at is not None:
            raise Refused("没有这一待审核的变动，可能已被处理。")
        announced, read = found
        if accepted:
            official = _described(announced, fields)
            imported = desk.context.imported()
            allows = last(fields, "conflicts") == "yes"
            considered = consider(read, official, imported, accept_conflicts=allows)
            if considered.problems:
                raise Refused("\n".join(considered.problems))
            accepted_as = accepted_list(read, official, considered.proposed, now.date())
            if not keep_list(session, accepted_as):
                raise Refused("该文件的清单已经导入过。")
            detail = f"+ {accepted_as.identity}"
        else:
            dismiss_proposal(session, number, actor=viewer.email, reason=reason, now=now)
            detail = f"- {number}: {reason}"
        note(session, viewer, request, now, detail)


def _described(announced: CatalogueNotice, fields: Fields) -> OfficialDocument:
    """The document as it is known, or as it was typed."""
    typed = last(fields, "document").strip()[:60] or announced.number
    known = official_document(typed, announced.region)
    if known is not None:
        return known
    items, since, effect = last(fields, "items"), day_of(last(fields, "since")), last(fields, "effect")
    is_count = items.isascii() and items.isdecimal() and 0 < len(items) < 6
    if not (typed and is_count and since and effect in set(EFFECTS)):
        raise Refused("该文件的总数不在已知之列：请写明文号、项数、施行日期和效力。")
    return OfficialDocument(normalise_number(typed), since, int(items), announced.region, Effect(effect))


@one_transaction
def _confirm(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> None:
    identity, now, lists = last(fields, "identity"), local_now(desk), desk.context.imported()
    imported = next((each for each in lists.unpacked() if each.identity == identity), None)
    typed = [each for each in fields.get("row", ()) if each.isascii() and each.isdecimal() and len(each) < 6]
    if imported is None or not typed:
        raise Refused("请选择核对无误的行。")
    rows = {int(each): " ".join(last(fields, f"name-{each}").split())[:_LONGEST_NAME] for each in typed}
    changed = confirm_rows(imported, rows, load_catalogue(lists))
    with desk.context.transaction() as session:
        keep_list(session, changed, replacing=True)
        note(session, viewer, request, now, f"{identity}: {'、'.join(typed)}")


def note(session: Session, viewer: Viewer, request: Request, now: datetime, detail: str) -> None:
    """Write into the trail what the administrator decided."""
    record(
        session,
        AuditKind.CATALOGUE_DECIDED,
        actor=viewer.email,
        at=now,
        detail=detail,
        origin=origin_of(request),
    )
