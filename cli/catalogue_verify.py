"""``qualwatch catalogue verify``: a row of the shipped catalogue, compared with its source by a person."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from catalogue.imported import ImportedLists
from catalogue.loading import load_catalogue
from catalogue.verifying import rows_to_verify, verify
from catalogue.wording import since_words
from cli.catalogue import Config, app, read_day, show_table, suggestions, today
from cli.imported import lists_of
from vocabulary.codes import Status
from vocabulary.names import name_of
from vocabulary.presentation import displayable

if TYPE_CHECKING:
    from catalogue.model import Entry, Period
    from catalogue.verified import VerifiedRow

__all__ = ["app"]

Name = Annotated[str, typer.Argument(metavar="[NAME]", help="证书名称；不写则列出全部待核实的行。")]
RowNumber = Annotated[
    int, typer.Argument(metavar="[ROW]", min=0, help="该证书的第几行，见不写行号时的列表。")
]
Source = Annotated[str, typer.Option("--source", help="在何处看到：网址、公报页码或档案号。")]
Number = Annotated[str, typer.Option("--document", help="原件所载文号，与现有数据不同时填写。")]
Since = Annotated[
    date | None,
    typer.Option("--since", metavar="DATE", parser=read_day, help="原件所载起始日期，与现有数据不同时填写。"),
]
Standing = Annotated[Status | None, typer.Option("--status", help="原件所载状态，与现有数据不同时填写。")]
Undo = Annotated[bool, typer.Option("--undo", help="撤销对该行的核实。")]
Actor = Annotated[str, typer.Option("--actor", help="经办人；不写则为当前登录用户。")]


@app.command("verify")
def verify_row(
    name: Name = "",
    row: RowNumber = 0,
    *,
    source: Source = "",
    document: Number = "",
    since: Since = None,
    status: Standing = None,
    undo: Undo = False,
    actor: Actor = "",
    config: Config = None,
) -> None:
    """逐条核实自带目录中“未核实”“存疑”或有异说的行；不写行号则列出。

    核实后该行为“已公布”，出处为 --source 所写；可用 --undo 撤销。
    退出码：1 没有这个名称或该行，2 配置或数据库无法读取。
    """
    from cli.catalogue_changing import who_acts

    lists = lists_of(config)
    if not name:
        _show_all(lists)
        return
    shipped = _shipped(name)
    if not row:
        _show(shipped, lists)
    elif undo:
        _undo(shipped, row, lists, actor, config)
    else:
        try:
            verified = verify(
                shipped,
                row,
                load_catalogue(lists),
                source=source,
                by=who_acts(actor),
                today=today(),
                status=status,
                since=since,
                document=document,
            )
        except ValueError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from error
        _keep(verified, config)
        typer.echo(
            f"已核实：“{shipped.name}”第{row}行，"
            f"{name_of(verified.found_status)}，{verified.found_document}，出处：{verified.source}。"
        )


def _shipped(name: str) -> Entry:
    """The shipped entry of this name; exits with 1, and names that are near, where there is none."""
    catalogue = load_catalogue()
    standings = catalogue.as_of(today()).lookup(name)
    if not standings:
        near = suggestions(name, catalogue)
        hint = f"您要找的是否为：{'、'.join(near)}" if near else ""
        typer.echo(f"自带目录中没有“{name}”。{hint}", err=True)
        raise typer.Exit(1)
    return standings[0].entry


def _show_all(lists: ImportedLists) -> None:
    """Every row that waits, and those that were verified."""
    catalogue = load_catalogue(lists)
    rows = [
        _cells(number, period, entry)
        for entry in load_catalogue().entries
        for number, period in rows_to_verify(entry, catalogue)
    ]
    show_table(("名称", "行", "状态", "起始", "依据", "证据", "出处", "异说"), rows)
    typer.echo(
        f"{len(rows)}行待核实，已核实{len(lists.verified())}行。"
        "逐条核实：qualwatch catalogue verify 名称 行号 --source 在何处看到"
    )


def _show(shipped: Entry, lists: ImportedLists) -> None:
    """The rows of one entry: those that wait, and by whom others were verified."""
    for each in lists.verified():
        if each.key == shipped.key:
            by = displayable(each.verified_by, limit=100)
            typer.echo(
                f"第{_number(shipped, each)}行：{each.verified_on.isoformat()}由{by}核实为"
                f"{name_of(each.found_status)}，{each.found_document}，"
                f"出处：{displayable(each.source, limit=300)}；撤销加 --undo"
            )
    found = rows_to_verify(shipped, load_catalogue(lists))
    waiting = [_cells(number, period, shipped) for number, period in found]
    if waiting:
        show_table(("名称", "行", "状态", "起始", "依据", "证据", "出处", "异说"), waiting)
        typer.echo(f"核实：qualwatch catalogue verify {shipped.name} 行号 --source 在何处看到")
    else:
        typer.echo(f"“{shipped.name}”没有待核实的行。")


def _cells(number: int, period: Period, entry: Entry) -> tuple[str, ...]:
    said = (since_words(period), period.document, name_of(period.evidence), period.source, period.contested)
    return (entry.name, str(number), name_of(period.status), *said)


def _number(shipped: Entry, verified: VerifiedRow) -> int:
    """Which row of the shipped entry was verified; 0 where it is shipped no longer."""
    found = (number for number, each in enumerate(shipped.periods, 1) if verified.concerns(each))
    return next(found, 0)


def _keep(verified: VerifiedRow, config: Path | None) -> None:
    from cli.catalogue_changing import changing, note_change
    from storage.imported_lists import keep_verified

    with changing(config) as session:
        keep_verified(session, verified)
        note_change(session, f"= {verified.identity}: {verified.source}", actor=verified.verified_by)


def _undo(shipped: Entry, row: int, lists: ImportedLists, actor: str, config: Path | None) -> None:
    from cli.catalogue_changing import changing, note_change
    from storage.imported_lists import forget_verified

    done = [each for each in lists.verified() if each.key == shipped.key and _number(shipped, each) == row]
    if not done:
        typer.echo(f"“{shipped.name}”第{row}行没有核实过。", err=True)
        raise typer.Exit(1)
    with changing(config) as session:
        forget_verified(session, done[0].identity)
        note_change(session, f"- {done[0].identity}", actor=actor)
    typer.echo(f"已撤销对“{shipped.name}”第{row}行的核实。")
