"""What an official list would change, whether it may be imported, and its import."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import typer

from catalogue.annex_items import OfficialList
from catalogue.difference import of_proposal
from catalogue.documents import Effect, OfficialDocument, find_document, normalise_number
from catalogue.proposal import Change, Proposed
from cli.catalogue import Format, draw_to, show_table, today
from cli.imported import lists_of
from vocabulary.reasons import in_chinese

UNREADABLE = 2
REFUSED = 1


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be done with a list."""

    accept: bool = False
    """Import it; else it is only shown."""
    accept_conflicts: bool = False
    output: Format = Format.TEXT
    picture: Path | None = None
    """Where the difference is drawn; None: nowhere."""


def review(read: OfficialList, official: OfficialDocument, config: Path | None, wish: Wish) -> None:
    """Show what the list adds and changes, and import it where that is wished and nothing speaks against it.

    Exits the command with 1 where the list is refused, and with 2 where it cannot be written.
    """
    from assessment.catalogue_proposals import consider

    try:
        considered = consider(read, official, lists_of(config), accept_conflicts=wish.accept_conflicts)
    except ValueError as error:
        typer.echo(in_chinese(str(error)), err=True)
        raise typer.Exit(REFUSED) from error
    proposed = considered.proposed
    _show(proposed, wish.output)
    if wish.picture is not None:
        draw_to(wish.picture, of_proposal(proposed, official, considered.catalogue))
    for problem in considered.problems:
        typer.echo(problem, err=True)
    if considered.problems:
        raise typer.Exit(REFUSED)
    if wish.accept:
        _accept(config, official, read, proposed)
    elif wish.output is Format.TEXT:
        typer.echo("核对无误，尚未导入；加 --accept 导入。")


def describe(
    document: str, region: str, items: int | None, since: date | None, effect: Effect | None
) -> OfficialDocument:
    """The document as it is known and was typed; a usage error where they disagree or one is missing."""
    known = find_document(document, region)
    if known is None:
        if items is None or since is None or effect is None:
            raise typer.BadParameter(
                f"不知道 {document} 公布的总数：请写 --items、--date 和 --effect",
                param_hint="--document",
            )
        return OfficialDocument(normalise_number(document), since, items, region, effect)
    if items not in (None, known.items):
        raise typer.BadParameter(f"{known.number} 有 {known.items} 项", param_hint="--items")
    return OfficialDocument(known.number, since or known.date, known.items, region, effect or known.effect)


def _show(proposed: Sequence[Proposed], output: Format) -> None:
    if output is Format.JSON:
        rows = [
            {
                "change": each.change.name.lower(),
                "name": each.item.name,
                "key": each.item.key,
                "status": each.item.status,
                "since": each.item.since.isoformat(),
                "category": each.item.category,
                "before": each.before,
            }
            for each in proposed
        ]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    show_table(
        ("变化", "名称", "词条", "现有状态"),
        [(each.change.value, each.item.name, each.item.key, each.before) for each in proposed],
    )
    counts = Counter(each.change for each in proposed)
    typer.echo(
        f"共{len(proposed)}个名称：" + "，".join(f"{change}{counts[change]}" for change in Change) + "。"
    )


def _accept(
    config: Path | None, official: OfficialDocument, read: OfficialList, proposed: Sequence[Proposed]
) -> None:
    from assessment.catalogue_proposals import accepted_list
    from cli.catalogue_changing import changing, note_change
    from storage.imported_lists import keep_list

    imported = accepted_list(read, official, proposed, today())
    with changing(config) as session:
        is_new = keep_list(session, imported)
        if is_new:
            note_change(session, f"+ {imported.identity}")
    if not is_new:
        typer.echo(f"“{imported.identity}”已导入过；先用 catalogue undo 撤销。", err=True)
        raise typer.Exit(REFUSED)
    if read.recognised:
        typer.echo(
            f"已导入{len(imported.items)}个名称，由图片识别得到，证据为“未核实”。\n"
            f"请与原件逐行核对：qualwatch catalogue confirm {imported.identity}"
        )
        return
    typer.echo(f"已导入{len(imported.items)}个名称，证据为“已公布”。")
