"""``qualwatch catalogue import``: an official list out of a file or page into the catalogue."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from catalogue.documents import Effect
from cli.catalogue import OVERLAY, Directory, Format, Picture, app, read_day
from cli.catalogue_review import UNREADABLE, Wish, describe, review

__all__ = ["app"]

Number = Annotated[
    str, typer.Option("--document", help="Number of the document, for example 国发〔2016〕68号.")
]
Items = Annotated[
    int | None, typer.Option("--items", min=1, help="Official total, where the catalogue does not know it.")
]
Since = Annotated[
    date | None, typer.Option("--date", metavar="DATE", parser=read_day, help="In force since this day.")
]
Meaning = Annotated[Effect | None, typer.Option("--effect", help="What standing on the list means.")]
Conflicts = Annotated[
    bool, typer.Option("--accept-conflicts", help="Import it although published lists disagree.")
]
Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Read this configuration instead of ./qualwatch.toml."),
]


Region = Annotated[
    str,
    typer.Option("--region", help="GB/T 2260 code where it is a province's own list, for example 220000."),
]
Output = Annotated[Format, typer.Option("--format", help="How the answer is written.")]


@app.command("import")
def import_list(
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE|URL", help="The annex: HTML, PDF, Word, sheet, OFD, RTF, text, CSV, or a picture."
        ),
    ],
    *,
    document: Number,
    region: Region = "",
    items: Items = None,
    since: Since = None,
    effect: Meaning = None,
    accept: Annotated[bool, typer.Option("--accept", help="Import it; else it is only shown.")] = False,
    accept_conflicts: Conflicts = False,
    output: Output = Format.TEXT,
    picture: Picture = None,
    directory: Directory = OVERLAY,
    config: Config = None,
) -> None:
    """Show what an official list adds and changes; import it with --accept, where its count is right.

    读取正式清单，核对项数后导入；`catalogue undo` 可撤销。

    Exits 1 where the list is refused: wrong count, gaps, conflicts, imported before. Exits 2 where nothing
    could be read.
    """
    # Looking something up needs neither.
    from assessment.official_lists import UnreadableListError, read_list  # noqa: PLC0415
    from settings import SettingsError, load_settings  # noqa: PLC0415

    official = describe(document, region, items, since, effect)
    try:
        read = read_list(source, load_settings(config).fetching)
    except (UnreadableListError, SettingsError) as error:
        typer.echo(f"{source}：{error}", err=True)
        raise typer.Exit(UNREADABLE) from error
    review(read, official, directory, Wish(accept, accept_conflicts, output, picture))
