"""``qualwatch storage``: what is kept, how long it will go on, and what has had its time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.chinese import Commands
from cli.common import Config, database, refuse, whole
from cli.storage_move import move_
from vocabulary.codes import KeptKind
from vocabulary.names import name_of

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from settings import Settings
    from storage.retention.amounts import Amounts
    from storage.retention.archive import Reclaimed
    from storage.retention.rows import Removed

app = Commands(
    help="存储：各类数据占用多少、还能用多久，到期清理，移到另一个数据库。", invoke_without_command=True
)
_UNITS = ("B", "KB", "MB", "GB", "TB")
_NOT_YET = "—"


@app.callback()
def storage(context: typer.Context, config: Config = None) -> None:
    """各类数据占用多少空间，一年约需多少，何时写满。

    清理：qualwatch storage prune；先看会清理什么：qualwatch storage prune --dry-run
    """
    from sqlmodel import Session

    from storage.database import for_reading
    from storage.retention.amounts import last_measured, measure

    if context.invoked_subcommand is not None:
        return
    with database(config) as (settings, engine):
        now = datetime.now(UTC)
        with _busy("正在测量"):
            measure(engine, lambda: whole(engine), settings.storage, now)
        with Session(for_reading(engine)) as session:
            amounts = last_measured(session)
        if amounts is not None:
            _print_amounts(amounts, settings, engine)


@app.command()
def prune(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只列出将清理的内容，不做改动。")] = False,
    config: Config = None,
) -> None:
    """按配置的期限（retention）清理，回收空间；案件、发现及其证据不清理。监测程序可同时运行。

    中途可随时停止，下次接着清理。
    """
    from storage.leases import LockedError
    from storage.retention.tidying import Tidying

    with database(config) as (settings, engine):
        now = datetime.now(UTC)
        tidying = Tidying(engine, settings.storage, settings.retention, lambda: whole(engine), now)
        if dry_run:
            with _busy("正在查找") as tell:
                removed, files, size = tidying.preview(tell)
            _print_removed(removed, settings, "将清理")
            typer.echo(f"其中不再需要的证据文件 {files} 个，{_bytes(size)}")
            return
        try:
            with _busy("正在清理") as tell:
                tidied = tidying.run(by_hand=True, tell=tell)
        except LockedError as error:
            raise refuse("监测程序或备份正在使用存储，请稍后再试") from error
        _print_removed(tidied.removed, settings, "已清理")
        _print_evidence(tidied.evidence, settings)
        typer.echo(f"数据库文件缩小 {_bytes(max(0, tidied.database_bytes))}")
        if tidied.evidence.problems:
            raise typer.Exit(1)


app.command("move")(move_)


@contextmanager
def _busy(words: str) -> Iterator[Callable[[Removed], None]]:
    """A line that moves while something is done, and counts what it is told."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description} {task.fields[count]}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(words, total=None, count="")
        counted = 0

        def tell(removed: Removed) -> None:
            nonlocal counted
            counted += removed.rows.total()
            progress.update(task, count=f"{counted:,} 条" if counted else "")

        yield tell


def _print_amounts(amounts: Amounts, settings: Settings, engine: Engine) -> None:
    from rich.console import Console
    from rich.table import Table

    from storage.retention.room import Room

    days = _days_of(settings)
    table = Table(box=None)
    table.add_column("类别")
    for heading in ("数量", "占用", "一年约需", "保留"):
        table.add_column(heading, justify="right")
    for each in amounts.kinds:
        table.add_row(
            name_of(each.kind),
            f"{each.entries:,}" if each.entries else "",
            _bytes(each.size),
            _NOT_YET if each.yearly is None else _bytes(each.yearly),
            f"{days[each.kind]} 天" if each.kind in days else "",
        )
    table.add_row("合计", "", _bytes(amounts.size), "", "")
    Console().print(table)
    typer.echo(f"停止访问之前还可写入 {_bytes(max(0, amounts.room))}，{_until_full(amounts)}")
    if problem := Room(settings.storage, engine).problem():
        typer.echo(f"访问已停止：{problem}", err=True)


def _until_full(amounts: Amounts) -> str:
    if amounts.days_left is None:
        return "运行满一天后给出还能用多久和一年约需多少"
    if math.isinf(amounts.days_left):
        return "占用没有增长"
    return f"按目前的速度约够 {amounts.days_left:,.0f} 天"


def _days_of(settings: Settings) -> dict[KeptKind, int]:
    rules = settings.retention
    return {
        KeptKind.VISITS: rules.visits_days,
        KeptKind.FETCH_RECORDS: rules.fetch_records_days,
        KeptKind.SIGHTINGS: rules.sightings_days,
        KeptKind.DOCUMENTS: rules.documents_days,
        KeptKind.VERSIONS: rules.documents_days,
        KeptKind.MESSAGES: rules.messages_days,
        KeptKind.REJUDGEMENTS: rules.rejudgements_days,
    }


def _print_removed(removed: Removed, settings: Settings, done: str) -> None:
    days = _days_of(settings)
    for kind in KeptKind:
        if removed.rows[kind]:
            limit = f"（超过 {days[kind]} 天）" if kind in days else ""
            typer.echo(f"{done} {name_of(kind)} {removed.rows[kind]:,} 条{limit}")
    if not removed.rows.total():
        typer.echo("没有到期的记录")


def _print_evidence(evidence: Reclaimed, settings: Settings) -> None:
    given = _bytes(max(0, evidence.size))
    typer.echo(f"已删除证据文件 {evidence.files} 个，压缩 {evidence.compacted} 个，回收 {given}")
    if evidence.waiting:
        typer.echo(
            f"另有 {evidence.waiting} 个（{_bytes(evidence.waiting_size)}）已不再需要，"
            f"将于 {settings.retention.emptied_hours} 小时后删除"
        )
    for problem in evidence.problems:
        typer.echo(f"未能压缩，保持原样：{problem}", err=True)


def _bytes(size: float) -> str:
    unit = 0
    while size >= 1024 and unit < len(_UNITS) - 1:
        size, unit = size / 1024, unit + 1
    return f"{size:,.0f} {_UNITS[unit]}" if unit == 0 or size >= 100 else f"{size:,.1f} {_UNITS[unit]}"
