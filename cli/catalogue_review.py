"""What an official list would change, whether it may be imported, and its import."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import typer

from assessment.official_lists import OfficialList
from catalogue.annex import Annex, read_annex
from catalogue.documents import Effect, OfficialDocument, find_document, normalise_number
from catalogue.overlay import ImportedList, write_import
from catalogue.proposal import Change, Proposed, propose
from cli.catalogue import Format, open_catalogue, show_table, today

UNREADABLE = 2
REFUSED = 1
_SHOWN_GAPS = 20


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be done with a list."""

    accept: bool = False
    """Import it; else it is only shown."""
    accept_conflicts: bool = False
    output: Format = Format.TEXT


def review(read: OfficialList, official: OfficialDocument, directory: Path, wish: Wish) -> None:
    """Show what the list adds and changes, and import it where that is wished and nothing speaks against it.

    Exits the command with 1 where the list is refused, and with 2 where it cannot be written.
    """
    annex = read_annex(read.rows, official.number)
    try:
        proposed = propose(
            annex.items,
            open_catalogue(directory),
            document=official.number,
            since=official.date,
            effect=official.effect,
            region=official.region,
        )
    except ValueError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(REFUSED) from error
    _show(proposed, wish.output)
    problems = find_problems(annex, proposed, official, accept_conflicts=wish.accept_conflicts)
    if read.files and annex.count != official.items:
        problems.append("清单可能在该页面的附件中：\n" + "\n".join(f"  {url}" for url in read.files))
    for problem in problems:
        typer.echo(problem, err=True)
    if problems:
        raise typer.Exit(REFUSED)
    if wish.accept:
        _accept(directory, official, read, proposed)
    elif wish.output is Format.TEXT:
        typer.echo("核对无误，尚未导入；加 --accept 导入。")


def find_problems(
    annex: Annex, proposed: Sequence[Proposed], official: OfficialDocument, *, accept_conflicts: bool = False
) -> list[str]:
    """Why the list may not be imported, in Chinese; empty where it may."""
    problems = []
    if annex.count != official.items:
        others = f"（另有{annex.other_documents}行属于其他文号）" if annex.other_documents else ""
        problems.append(
            f"读到{annex.count}项{others}，{official.number}应为{official.items}项，不予导入。"
            "请检查附件是否完整、是否为该文件的附件。"
        )
    if annex.missing:
        gaps = "、".join(map(str, annex.missing[:_SHOWN_GAPS]))
        problems.append(f"序号不连续，缺{gaps}。")
    if annex.loose:
        problems.append(
            f"表格各行之间有{len(annex.loose)}行无法归入任何一行（如“{annex.loose[0][:_SHOWN_GAPS]}”），"
            "可能是名称被换行断开；请改用网页、Word 或表格文件。"
        )
    conflicts = [each.item.name for each in proposed if each.change is Change.CONFLICT]
    if conflicts and not accept_conflicts:
        problems.append(
            f"{len(conflicts)}项与已公布的文件冲突（{'、'.join(conflicts[:_SHOWN_GAPS])}），"
            "请人工核对；确认后加 --accept-conflicts。"
        )
    return problems


def describe(
    document: str, region: str, items: int | None, since: date | None, effect: Effect | None
) -> OfficialDocument:
    """The document as it is known and was typed; a usage error where they disagree or one is missing."""
    known = find_document(document, region)
    if known is None:
        if items is None or since is None or effect is None:
            raise typer.BadParameter(
                f"no official total is known for {document}; give --items, --date and --effect",
                param_hint="--document",
            )
        return OfficialDocument(normalise_number(document), since, items, region, effect)
    if items not in (None, known.items):
        raise typer.BadParameter(f"{known.number} has {known.items} items", param_hint="--items")
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
    directory: Path, official: OfficialDocument, read: OfficialList, proposed: Sequence[Proposed]
) -> None:
    imported = ImportedList(
        document=official.number,
        region=official.region,
        source=f"{read.name}（SHA-256 {read.digest[:16]}）",
        imported_on=today(),
        items=tuple(each.item for each in proposed),
    )
    try:
        path = write_import(directory, imported)
    except FileExistsError:
        typer.echo(f"“{imported.identity}”已导入过；先用 catalogue undo 撤销。", err=True)
        raise typer.Exit(REFUSED) from None
    except OSError as error:
        typer.echo(f"{directory}：{error.strerror or error}", err=True)
        raise typer.Exit(UNREADABLE) from error
    typer.echo(f"已导入{len(imported.items)}个名称，证据为“已公布”：{path}")
