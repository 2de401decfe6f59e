"""``qualwatch catalogue confirm``: rows that were read from a picture, compared by a person one by one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from catalogue.imported import ImportedList
from catalogue.loading import load_catalogue
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
    confirmed = dict.fromkeys(rows or [], "") | names
    if confirmed:
        from assessment.catalogue_proposals import confirm_rows

        try:
            imported = confirm_rows(imported, confirmed, load_catalogue(lists))
        except ValueError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from error
        _keep(imported, confirmed, config)
        typer.echo(f"已核对{len(confirmed)}行。")
    _show(imported)


def _keep(imported: ImportedList, rows: Iterable[int], config: Path | None) -> None:
    from cli.catalogue_changing import changing, note_change
    from storage.imported_lists import keep_list

    with changing(config) as session:
        keep_list(session, imported, replacing=True)
        note_change(session, f"{imported.identity}: {'、'.join(map(str, rows))}")


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
