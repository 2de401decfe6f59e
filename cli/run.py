"""``qualwatch run``: the daemon, and its one round."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.common import Config, load, refusal
from settings import SettingsError
from settings.load import FILE_NAME
from storage.errors import DatabaseError


def run(
    context: typer.Context,
    config: Config = None,
    once: Annotated[bool, typer.Option("--once", help="把到期的来源各访问一次，发出邮件后退出。")] = False,
) -> None:
    """启动监测：按计划访问各来源，直到 Ctrl-C。

    --once 的退出码：0 全部来源已读，1 有来源失败，2 配置有误。
    """
    from jobs.daemon import run_daemon  # noqa: PLC0415 - the heavy part of the program
    from jobs.once import run_once  # noqa: PLC0415
    from jobs.runtime import StartError  # noqa: PLC0415

    if config is None and not once:
        _write_default_configuration()
    settings = load(config)
    try:
        if once:
            code = run_once(settings, typer.echo)
        else:
            path = config or Path(FILE_NAME)
            # The room above this one comes from the front door, which alone knows all rooms.
            code = run_daemon(settings, config=path, serve_console=context.obj)
    except (StartError, DatabaseError, SettingsError) as error:
        raise refusal(str(error)) from error
    raise typer.Exit(code)


def _write_default_configuration() -> None:
    """A first start leaves a commented file to begin with; where it cannot be written, defaults hold."""
    from settings.template import write_default  # noqa: PLC0415

    try:
        written = write_default(Path(FILE_NAME))
    except OSError as error:
        typer.echo(f"{FILE_NAME} 无法写入（{error.strerror}），按默认设置运行", err=True)
        return
    if written:
        typer.echo(f"已写入 {Path(FILE_NAME).absolute()}：所有设置及其默认值，均已注释")
