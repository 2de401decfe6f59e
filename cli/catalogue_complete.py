"""``qualwatch catalogue complete``: the official lists, fetched, checked and imported in one command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.catalogue import OVERLAY, Directory, Format
from cli.catalogue_import import Config, Conflicts, Output, app

__all__ = ["app"]

Documents = Annotated[
    list[str] | None, typer.Option("--document", help="Only this document; may be given several times.")
]
Addresses = Annotated[
    list[str] | None,
    typer.Option("--address", metavar="NUMBER=URL", help="Ask here first for a document."),
]
Mirror = Annotated[
    str,
    typer.Option("--mirror", metavar="URL", help="Ask this site under the official paths, as an own copy."),
]
Regions = Annotated[
    list[str] | None, typer.Option("--region", help="Only national lists and those of this province.")
]
Accept = Annotated[bool, typer.Option("--accept", help="Import what fits; else it is only shown.")]
Pictures = Annotated[
    Path | None,
    typer.Option("--pictures", metavar="FOLDER", help="Draw what each list changes into this folder. 差异图"),
]
Undo = Annotated[bool, typer.Option("--undo", help="Take back every list that was imported.")]


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
    directory: Directory = OVERLAY,
    config: Config = None,
) -> None:
    """Fetch every official list that is still missing, check it, and import it with --accept.

    获取、核对并导入全部正式清单：七批取消决定、两版目录、退出目录、各省自设项目。可重复运行，已导入的不再
    获取；`--undo` 或 `catalogue undo` 撤销。Exits 1 where a document is still missing.
    """
    from cli.catalogue_completing import Wish, complete_lists, undo_all  # noqa: PLC0415 - brings the network

    if undo:
        undo_all(directory)
        return
    wish = Wish(mirror, accept, accept_conflicts, output, directory, config, pictures)
    if not complete_lists(document or [], region or [], address or [], wish):
        raise typer.Exit(1)
