"""``qualwatch gold``: what supervisors' dismissals teach, for whoever improves detection."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from cli.case_filter import day
from cli.chinese import Commands
from cli.common import Config, refuse, transaction

_HELP = "从排除的案件中整理识别的例子。"
app = Commands(help=_HELP)


@app.callback(help=_HELP)
def _gold() -> None:
    """Keeps ``export`` a command of its own name."""


@app.command()
def export(
    output: Annotated[
        Path, typer.Option("--output", metavar="FILE", help="输出文件，每行一个例子（JSON）。")
    ],
    *,
    since: Annotated[str, typer.Option(metavar="DATE", help="只要此日以来排除的，如 2026-11-01。")] = "",
    force: Annotated[bool, typer.Option("--force", help="覆盖已有文件。")] = False,
    config: Config = None,
) -> None:
    """把写明类别而排除的案件导出为例子，供改进识别；电话和证件号码已隐去。"""
    from cases.examples import examples
    from settings.load import load_settings

    if output.exists() and not force:
        raise refuse(f"{output} 已存在：请移走，或加 --force 覆盖")
    zone = ZoneInfo(load_settings(config).time_zone)
    began = datetime.combine(day(since), datetime.min.time(), zone) if since else None
    with transaction(config) as session:
        lines = [json.dumps(each, ensure_ascii=False) for each in examples(session, began)]
    try:
        output.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    except OSError as error:
        raise refuse(f"{output} 无法写入：{error.strerror}") from error
    typer.echo(f"已导出 {len(lines)} 个例子：{output}")
