"""``qualwatch run``: the daemon, and its one round."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.common import Config, load, refusal
from storage.errors import DatabaseAwayError, DatabaseError

_TRY_AGAIN = 75
"""EX_TEMPFAIL of sysexits.h: what starts the program may start it again, nothing is to be mended here."""


def run(
    context: typer.Context,
    config: Config = None,
    once: Annotated[bool, typer.Option("--once", help="把到期的来源各访问一次，发出邮件后退出。")] = False,
) -> None:
    """启动监测：按计划访问各来源，直到 Ctrl-C。

    --once 的退出码：0 全部来源已读，1 有来源失败，2 配置有误或磁盘、数据库无法写入，
    75 数据库服务器暂时连不上。
    """
    from jobs.daemon import run_daemon
    from jobs.lacks import PASSING, Kind, lack_behind
    from jobs.once import run_once
    from settings import SettingsError, StartError
    from settings.load import FILE_NAME

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
    except DatabaseAwayError as error:
        raise refusal(str(error), _TRY_AGAIN) from error
    except (StartError, DatabaseError, SettingsError) as error:
        raise refusal(str(error)) from error
    except Exception as error:
        lack = lack_behind(error)
        if lack is None:
            raise
        is_file = settings.storage.database_url.startswith("sqlite")
        mends_itself = lack.kind in PASSING or (lack.kind is Kind.DATABASE and not is_file)
        code = _TRY_AGAIN if mends_itself else 2
        raise refusal(f"{lack.why}: mend it and start qualwatch again", code) from error
    raise typer.Exit(code)


def _write_default_configuration() -> None:
    """A first start leaves a commented file to begin with; where it cannot be written, defaults hold."""
    from settings.load import FILE_NAME
    from settings.template import write_default

    try:
        written = write_default(Path(FILE_NAME))
    except OSError as error:
        typer.echo(f"{FILE_NAME} 无法写入（{error.strerror}），按默认设置运行", err=True)
        return
    if written:
        typer.echo(f"已写入 {Path(FILE_NAME).absolute()}：所有设置及其默认值，均已注释")
