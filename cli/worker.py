"""``qualwatch worker``: joins the work of an installation from any machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.common import Config, load, refusal
from storage.errors import DatabaseError


def worker(
    config: Config = None,
    at_once: Annotated[int, typer.Option("--at-once", min=1, max=64, help="同时做几件工作。")] = 4,
) -> None:
    """在任一台机器上加入工作：从队列中取出到期的访问、通知等并完成，直到 Ctrl-C。

    须与调度的 qualwatch run 使用同一配置（workers = "procrastinate"）、同一数据库和同一证据目录。
    """
    from settings import SettingsError, StartError
    from settings.load import FILE_NAME

    settings = load(config)
    if settings.workers != "procrastinate":
        raise refusal('配置中未写 workers = "procrastinate"：工作由 qualwatch run 自己完成，不需要工作机')
    try:
        from jobs.queue.serving import run_worker
    except ImportError as error:
        raise refusal("缺少队列所需的组件：pip install 'qualwatch[workers]'") from error
    try:
        code = run_worker(settings, config=config or Path(FILE_NAME), at_once=at_once, write=typer.echo)
    except (StartError, DatabaseError, SettingsError) as error:
        raise refusal(str(error)) from error
    raise typer.Exit(code)
