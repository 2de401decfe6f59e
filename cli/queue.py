"""``qualwatch queue``: how long the queue of the workers is, who works at it, and what was set aside."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from cli.chinese import Commands
from cli.common import Config, database, refusal
from vocabulary.presentation import displayable

app = Commands(help="多台机器的工作队列：长度、工作机和已搁置的工作。")


@app.command("list")
def show(config: Config = None) -> None:
    """队列中有多少工作、有几台工作机、哪些工作多次失败或已搁置。

    退出码：0 正常，1 有工作已搁置，或有工作等待而没有工作机。
    """
    from sqlmodel import Session

    from storage.database import for_reading
    from storage.trials import TRIES, troubled
    from storage.work_queue import queue_state

    with database(config) as (settings, engine):
        with Session(for_reading(engine)) as session:
            state = queue_state(session)
        tasks = troubled(engine)
    zone = ZoneInfo(settings.time_zone)
    typer.echo(
        f"等待 {state.waiting} 件（最久 {state.oldest_seconds:.0f} 秒），进行中 {state.running} 件，"
        f"近日失败 {state.failed} 件；工作机 {state.workers} 台"
    )
    for task in tasks:
        until = task.set_aside_until
        end = f"已搁置，{until.astimezone(zone):%Y-%m-%d %H:%M} 再试" if until else "将再试"
        why = displayable(task.why, limit=200) or "工作机在其间异常结束"
        typer.echo(f"{task.name}：试过 {task.tries} 次（满 {TRIES} 次搁置），{end}；{why}")
    is_stuck = state.waiting and not state.workers
    raise typer.Exit(1 if is_stuck or any(task.set_aside_until for task in tasks) else 0)


@app.command()
def retry(
    name: Annotated[str, typer.Argument(metavar="NAME", help="queue list 所列的工作。")],
    config: Config = None,
) -> None:
    """立即再试一项已搁置的工作。"""
    from storage.trials import try_again

    with database(config) as (_, engine):
        found = try_again(engine, name)
    if not found:
        raise refusal(f"没有失败过的工作“{name}”：见 qualwatch queue list")
    typer.echo(f"{name} 到期后即再试")
