"""Why an official list may not be imported yet."""

from __future__ import annotations

from collections.abc import Sequence

from catalogue.annex_items import Annex
from catalogue.book import Catalogue
from catalogue.documents import Effect, OfficialDocument
from catalogue.proposal import Change, Proposed
from vocabulary.codes import Status

_SHOWN = 20


def find_problems(
    annex: Annex, proposed: Sequence[Proposed], official: OfficialDocument, *, accept_conflicts: bool = False
) -> list[str]:
    """Why the list may not be imported, in Chinese; empty where it may."""
    problems = misreadings(annex, official)
    names = conflicting(proposed)
    if names and not accept_conflicts:
        problems.append(
            f"{len(names)}项与已公布的文件冲突（{'、'.join(names[:_SHOWN])}），"
            "请人工核对；确认后加 --accept-conflicts。"
        )
    return problems


def conflicting(proposed: Sequence[Proposed]) -> list[str]:
    """Names that another published document ended already."""
    return [each.item.name for each in proposed if each.change is Change.CONFLICT]


def misreadings(annex: Annex, official: OfficialDocument) -> list[str]:
    """What shows that the list was not read whole, or is not the one that was meant."""
    problems = []
    if annex.count != official.items:
        others = f"（另有{annex.other_documents}行属于其他文号）" if annex.other_documents else ""
        problems.append(
            f"读到{annex.count}项{others}，{official.number}应为{official.items}项，不予导入。"
            "请检查附件是否完整、是否为该文件的附件。"
        )
    if annex.missing:
        gaps = "、".join(map(str, annex.missing[:_SHOWN]))
        problems.append(f"序号不连续，缺{gaps}。")
    if annex.loose:
        problems.append(
            f"表格各行之间有{len(annex.loose)}行无法归入任何一行（如“{annex.loose[0][:_SHOWN]}”），"
            "可能是名称被换行断开；请改用网页、Word 或表格文件。"
        )
    if annex.unclear:
        problems.append(
            f"{len(annex.unclear)}行没有序号（如“{annex.unclear[0][:_SHOWN]}”），"
            "看不出是上一名称的续行还是另一名称；请在表格文件中补全后再导入。"
        )
    return problems + list(annex.misfits)


def absentees(proposed: Sequence[Proposed], official: OfficialDocument, catalogue: Catalogue) -> list[str]:
    """Entries that the catalogue puts down to this list of cancellations, which does not have them."""
    if official.effect is not Effect.CANCELLED:
        return []
    listed = {each.item.key for each in proposed}
    return [
        entry.name
        for entry in catalogue.entries
        if entry.key not in listed
        and (entry.region or "") == official.region
        and any(
            (period.document, period.status) == (official.number, Status.CANCELLED)
            for period in entry.periods
        )
    ]
