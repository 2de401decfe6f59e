"""``qualwatch catalogue complete``: the official lists, fetched, checked and imported in one command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.catalogue import Config, Format
from cli.catalogue_import import Conflicts, Output, app

__all__ = ["app"]

Documents = Annotated[list[str] | None, typer.Option("--document", help="只处理此文号，可重复。")]
Addresses = Annotated[
    list[str] | None,
    typer.Option("--address", metavar="NUMBER=URL", help="某文号先到此地址获取。"),
]
Mirror = Annotated[
    str,
    typer.Option("--mirror", metavar="URL", help="到此站点按官方路径获取，如本单位的副本。"),
]
Regions = Annotated[list[str] | None, typer.Option("--region", help="只处理全国的和该省的清单。")]
Accept = Annotated[bool, typer.Option("--accept", help="核对无误的予以导入；不写则只显示。")]
Pictures = Annotated[
    Path | None,
    typer.Option("--pictures", metavar="FOLDER", help="把每份清单的变化画成图，写入此目录。"),
]
Undo = Annotated[bool, typer.Option("--undo", help="撤销全部已导入的清单。")]


@app.command()
def complete(
    *,
    document: Documents = None,
    region: Regions = None,
    address: Addresses = None,
    mirror: Mirror = "",
    accept: Accept = False,
    accept_conflicts: Conflicts = False,
    undo: Undo = False,
    pictures: Pictures = None,
    output: Output = Format.TEXT,
    config: Config = None,
) -> None:
    """获取、核对并导入全部正式清单：七批取消决定、两版目录、退出目录、各省自设项目。

    可重复运行，已导入的不再获取；`--undo` 或 `catalogue undo` 撤销。
    退出码：1 仍有文件未得到。
    """
    from cli.catalogue_completing import Wish, complete_lists, undo_all

    if undo:
        undo_all(config)
        return
    wish = Wish(mirror, accept, accept_conflicts, output, config, pictures)
    if not complete_lists(document or [], region or [], address or [], wish):
        raise typer.Exit(1)
