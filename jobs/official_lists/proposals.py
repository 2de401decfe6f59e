"""``qualwatch catalogue proposals``: what official pages announced and nobody has imported yet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from catalogue.commands import show_table
from jobs.official_lists.importing import app

__all__ = ["app"]

_UNREADABLE = 2


@app.command()
def proposals(
    config: Annotated[
        Path | None,
        typer.Option("--config", metavar="FILE", help="Read this configuration instead of ./qualwatch.toml."),
    ] = None,
) -> None:
    """Show announced changes of the catalogue that were not imported yet. 列出待审核的目录变动。

    Exits 2 where configuration, database or an imported list cannot be read.
    """
    from sqlmodel import Session  # noqa: PLC0415 - the other commands start without a database

    from jobs.official_lists.sync import import_command, open_proposals, overlay_of  # noqa: PLC0415
    from settings import SettingsError, load_settings  # noqa: PLC0415
    from storage.database import open_database  # noqa: PLC0415
    from storage.errors import DatabaseError  # noqa: PLC0415
    from storage.migrate import require_current  # noqa: PLC0415

    try:
        settings = load_settings(config)
        engine = open_database(settings.storage.database_url)
        try:
            require_current(engine)
            with Session(engine) as session:
                found = open_proposals(session, overlay_of(settings))
        finally:
            engine.dispose()
    except (SettingsError, DatabaseError, ValueError) as error:
        typer.echo(f"qualwatch: {error}", err=True)
        raise typer.Exit(_UNREADABLE) from error
    if not found:
        typer.echo("没有待审核的目录变动。")
        return
    show_table(
        ("文号", "标题", "读到项数", "注意"),
        [
            (notice.number or "未读到", document.title, str(notice.items), "；".join(notice.problems))
            for notice, document in found
        ],
    )
    for notice, document in found:
        typer.echo(import_command(notice, document))
    typer.echo("逐条核对；加 --accept 导入。")
