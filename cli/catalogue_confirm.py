"""``qualwatch catalogue confirm``: rows that were read from a picture, compared by a person one by one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from catalogue.book import Catalogue
from catalogue.imported import ImportedList
from catalogue.loading import load_catalogue
from catalogue.proposal import find_entry, new_key
from cli.catalogue import Config, app, show_table
from cli.imported import lists_of
from vocabulary.codes import Evidence
from vocabulary.presentation import displayable

Identity = Annotated[str, typer.Argument(metavar="DOCUMENT", help="清单名称，见 catalogue imports。")]
Rows = Annotated[
    list[int] | None,
    typer.Argument(metavar="ROW", min=1, help="核对无误的行号。"),
]
Correct = Annotated[
    list[str] | None,
    typer.Option("--correct", metavar="ROW=NAME", help="按原件改正该行名称，并视为已核对。"),
]


@app.command()
def confirm(
    identity: Identity,
    rows: Rows = None,
    *,
    correct: Correct = None,
    config: Config = None,
) -> None:
    """逐条核对从图片中识别的清单；不写行号则列出待核对的行。

    核对之前，依据这些行的判断都须人工复核。
    退出码：1 没有导入过该清单或没有该行。
    """
    lists = lists_of(config)
    imported = next((each for each in lists.unpacked() if each.identity == identity), None)
    if imported is None:
        typer.echo(f"没有导入过“{identity}”。", err=True)
        raise typer.Exit(1)
    names = _corrections(correct or [])
    confirmed = {*(rows or []), *names}
    if beyond := sorted(row for row in confirmed if row > len(imported.items)):
        typer.echo(f"“{identity}”只有{len(imported.items)}行，没有第{beyond[0]}行。", err=True)
        raise typer.Exit(1)
    if confirmed:
        imported = _confirm(imported, confirmed, names, load_catalogue(lists))
        _keep(imported, config)
        typer.echo(f"已核对{len(confirmed)}行。")
    _show(imported)


def _keep(imported: ImportedList, config: Path | None) -> None:
    from cli.catalogue_changing import changing
    from storage.imported_lists import keep_list

    with changing(config) as session:
        keep_list(session, imported, replacing=True)


def _confirm(
    imported: ImportedList, rows: set[int], names: dict[int, str], catalogue: Catalogue
) -> ImportedList:
    """The list with these rows published; under another name a row belongs to another entry."""
    items = list(imported.items)
    for row in rows:
        item = replace(items[row - 1], evidence=Evidence.PUBLISHED)
        name = names.get(row, item.name)
        if name != item.name:
            entry = find_entry(name, item.status, catalogue, imported.region)
            item = replace(item, name=name, key=entry.key if entry else new_key(name, imported.region))
        items[row - 1] = item
    return replace(imported, items=tuple(items))


def _corrections(pairs: list[str]) -> dict[int, str]:
    names = {}
    for pair in pairs:
        row, _, name = pair.partition("=")
        if not (row.isdigit() and int(row) and name.strip()):
            raise typer.BadParameter(f"“{pair}”请写成 12=物业管理师", param_hint="--correct")
        names[int(row)] = name.strip()
    return names


def _show(imported: ImportedList) -> None:
    waiting = [
        (str(row), item.seq, *(displayable(e, limit=80) for e in (item.name, item.category, item.department)))
        for row, item in enumerate(imported.items, 1)
        if item.evidence is not Evidence.PUBLISHED
    ]
    if not waiting:
        typer.echo(f"“{imported.identity}”的{len(imported.items)}行全部核对过。")
        return
    show_table(("行", "序号", "名称", "类别", "部门"), waiting)
    typer.echo(
        f"{len(waiting)}行由图片识别得到，待与原件（{displayable(imported.source, limit=200)}）逐行核对："
        f"qualwatch catalogue confirm {imported.identity} 行号…，读错的加 --correct 行号=正确名称。"
    )
