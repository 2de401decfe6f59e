"""``qualwatch storage move``: from SQLite to PostgreSQL with all rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.common import Config, load, open_existing, refuse

if TYPE_CHECKING:
    from rich.progress import Progress

    from storage.move import Step


def move_(
    url: Annotated[
        str,
        typer.Argument(metavar="URL", help="目标数据库，例如 postgresql+psycopg://qualwatch@db/qualwatch。"),
    ],
    *,
    anew: Annotated[bool, typer.Option("--anew", help="清空上次移到一半的目标，从头移。")] = False,
    config: Config = None,
) -> None:
    """把 SQLite 中的全部数据移到空的 PostgreSQL 数据库，逐表核对行数和摘要；须先停止监测程序。

    中断后再次运行即从断点继续。SQLite 文件不改动，证据目录照旧。密码可写在环境变量 PGPASSWORD 中。
    退出码：0 已移完并核对一致，1 中断，2 不能移动。
    """
    from sqlalchemy import make_url

    from storage.database import open_database
    from storage.errors import StorageError
    from storage.move import move

    settings = load(config)
    try:
        source, target = open_existing(settings.storage.database_url), open_database(url)
    except StorageError as error:
        raise refuse(error) from error
    try:
        with _bar() as bar:
            task = bar.add_task("")

            def show(step: Step) -> None:
                bar.update(task, description=step.table, completed=step.done, total=step.total)

            moved = move(source, target, anew=anew, watch=show)
    except StorageError as error:
        raise refuse(error) from error
    except KeyboardInterrupt as error:
        typer.echo("已中断：再次运行同一命令即从断点继续", err=True)
        raise typer.Exit(1) from error
    finally:
        source.dispose()
        target.dispose()
    for each in moved:
        if each.rows:
            typer.echo(f"{each.table:20} {each.rows:>10,} 行  {each.digest[:16]}")
    typer.echo(f"✓ {sum(each.rows for each in moved):,} 行已移完，两边行数和摘要一致")
    shown = make_url(url).render_as_string(hide_password=True)
    typer.echo(f'请在配置的 [storage] 中写 database = "{shown}"，再启动')
    typer.echo("地址中有密码时，宜改用环境变量 QUALWATCH_STORAGE__DATABASE")


def _bar() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed:,.0f}/{task.total}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
