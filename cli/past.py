"""``qualwatch backfill``, ``look-back`` and ``rejudge``: what concerns the past, not the next visit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from cli.common import Config
from storage.errors import DatabaseError
from vocabulary.reasons import in_chinese, reason_in_chinese

if TYPE_CHECKING:
    from pathlib import Path

    from rich.progress import Progress as Bar
    from sqlalchemy import Engine

    from cases.reconciliation import Change
    from jobs.runtime import Runtime
    from jobs.visits.backfill import Progress
    from storage.tables import RejudgedChange, Rejudgement

_REFUSED = 2
_SETTLED = {
    "still_there": "仍存在",
    "rectified": "已整改",
    "reopened": "重新立案",
    "gone": "页面消失",
    "replaced": "内容已换",
    "unchanged": "无变化",
}
"""``cases.rectification.Settled`` for those who read the terminal."""


def _read_day(typed: str) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError as error:
        raise typer.BadParameter(f"“{typed}”不是日期，请写成 2026-11-01") from error


def backfill(
    *,
    source: Annotated[str, typer.Option("--source", metavar="NAME", help="已配置来源的代号。")],
    since: Annotated[date, typer.Option("--since", metavar="DATE", parser=_read_day, help="起始日期。")],
    until: Annotated[
        date | None,
        typer.Option("--until", metavar="DATE", parser=_read_day, help="截止日期；不写则为今天。"),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="已补采完的也重新补采。")] = False,
    config: Config = None,
) -> None:
    """补采来源的历史信息；中断后再次运行即从断点继续。

    可与监测程序同时运行，对同一网站的请求间隔仍然有效。
    退出码：0 已完成，1 中断或有列表页失败（再次运行即继续），2 被拒绝。
    """
    from storage.leases import LockedError

    if until is not None and until < since:
        raise typer.BadParameter(f"{until} 早于 {since}", param_hint="--until")
    from jobs.ending import end_on_signal
    from jobs.visits.backfill import back_fill

    with _runtime(config) as runtime:
        wanted = next((each for each in runtime.sources if each.name == source), None)
        if wanted is None:
            names = ", ".join(each.name for each in runtime.sources)
            raise _refusal(f"没有代号为“{source}”的来源；正在监测：{names}")
        with end_on_signal(runtime.context), _bar() as bar:
            task = bar.add_task(wanted.title or wanted.name, total=None, said="")

            def show(progress: Progress) -> None:
                days = (progress.until - progress.since).days + 1
                reached = min(progress.reached or progress.until, progress.until)
                done = days if progress.finished else max(0, (progress.until - reached).days)
                bar.update(task, total=days, completed=min(done, days), said=_said(progress))

            try:
                progress = back_fill(
                    runtime.context, source, since=since, until=until, again=again, watch=show
                )
            except LockedError as error:
                raise _refusal(f"{source} 正在补采，请等其结束") from error
            show(progress)
    typer.echo(f"{source} {progress.since} – {progress.until}：{_said(progress)}")
    if not progress.finished:
        typer.echo(reason_in_chinese(progress.why), err=True)
        raise typer.Exit(1)


def _said(progress: Progress) -> str:
    reached = f"，最早 {progress.reached}" if progress.reached else ""
    return (
        f"列表 {progress.list_pages} 页，读到 {progress.documents} 篇（新增 {progress.new_documents}），"
        f"失败 {progress.errors}{reached}"
    )


def look_back(
    case: Annotated[int | None, typer.Argument(metavar="[案件]", help="只回看此案件，不论是否到期。")] = None,
    config: Config = None,
) -> None:
    """回头看：重新访问未结和已整改案件的页面，并登记变化。

    监测程序每小时自动进行，可同时运行。
    退出码：0 全部页面已读到或已消失，1 有页面未能读取，2 被拒绝。
    """
    from sqlmodel import Session

    from jobs.ending import end_on_signal
    from jobs.visits.look_back import look_back as look_back_at
    from storage.leases import LockedError
    from storage.tables import Case

    with _runtime(config) as runtime:
        if case is not None:
            with Session(runtime.context.engine) as session:
                if session.get(Case, case) is None:
                    raise _refusal(f"没有编号为 {case} 的案件")
        with end_on_signal(runtime.context), _bar() as bar:
            task = bar.add_task("回头看", total=None, said="")
            try:
                report = look_back_at(
                    runtime.context,
                    case_id=case,
                    watch=lambda done, total: bar.update(task, completed=done, total=total),
                )
            except LockedError as error:
                raise _refusal("监测程序或另一条命令正在回头看") from error
    typer.echo(f"回头看 {report.pages} 个页面，{report.failed} 个未能读取")
    typer.echo("，".join(f"{_SETTLED[each]} {count}" for each, count in sorted(report.settled.items())))
    if report.unwatched:
        typer.echo(f"{report.unwatched} 个页面的来源已不在配置中，未访问", err=True)
    if report.left_for_later:
        typer.echo(f"{report.left_for_later} 个页面留待下次", err=True)
    raise typer.Exit(1 if report.failed or report.interrupted else 0)


def rejudge(
    *,
    since: Annotated[
        date | None,
        typer.Option(
            "--since",
            metavar="DATE",
            parser=_read_day,
            help="此日以来见到的全部文件，含已按现行目录判定的。",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只显示将有的变化，不改动。")] = False,
    report: Annotated[
        bool,
        typer.Option("--report", help="只查看上次重新判定的进度和结果。"),
    ] = False,
    config: Config = None,
) -> None:
    """目录更新后重新判定已保存的文件，新增和撤销都登记。

    监测程序会在目录变化后自动进行；中断后从断点继续。
    退出码：0 全部已判定，1 有的未能判定或尚未判定，2 被拒绝。
    """
    from jobs.ending import end_on_signal

    if report:
        raise typer.Exit(_show_last(config))
    with _runtime(config) as runtime, end_on_signal(runtime.context):
        code = _preview(runtime, since) if dry_run else _judge_again(runtime, since)
    raise typer.Exit(code)


def _preview(runtime: Runtime, since: date | None) -> int:
    from alerts.notifications.reassessed import CHANGE_NAMES
    from jobs.reassess import preview
    from vocabulary.presentation import displayable

    counts: Counter[str] = Counter()

    def tell(change: Change) -> None:
        counts[change.kind] += 1
        _show_change(change)

    with _bar() as bar:
        task = bar.add_task("重新判定", total=None, said="")
        done, failed = preview(
            runtime.context,
            tell,
            since=since,
            watch=lambda done, of: bar.update(task, completed=done, total=of, said=f"{done}/{of}"),
        )
    said = "，".join(f"{name} {counts[kind]}" for kind, name in CHANGE_NAMES.items() if kind != "failed")
    typer.echo(f"重新判定 {done} 篇：{said}（未改动）")
    for failure in failed:
        typer.echo(displayable(failure, limit=300), err=True)
    return 1 if failed else 0


def _judge_again(runtime: Runtime, since: date | None) -> int:
    from jobs.reassess import ask_again
    from jobs.reassess import rejudge as judge_again
    from storage.leases import LockedError

    if since is not None:
        ask_again(runtime.context, since)
    try:
        with _bar() as bar:
            task = bar.add_task("重新判定", total=None, said="")
            order = judge_again(
                runtime.context,
                watch=lambda done, of: bar.update(task, completed=done, total=of, said=f"{done}/{of}"),
            )
    except LockedError as error:
        raise _refusal("监测程序或另一条命令正在重新判定；进度见 qualwatch rejudge --report") from error
    if order is None:
        typer.echo("没有需要重新判定的文件：都已按现行目录判定。")
        return 0
    return _show_order(runtime.context.engine, order)


def _show_last(config: Path | None) -> int:
    from sqlmodel import Session

    from alerts.notifications.reassessed import last_order
    from settings import SettingsError, load_settings
    from storage.database import open_database
    from storage.migrate import require_current

    try:
        engine = open_database(load_settings(config).storage.database_url)
        try:
            require_current(engine)
            with Session(engine) as session:
                order = last_order(session)
            if order is None:
                typer.echo("目录没有变动过，未重新判定。")
                return 0
            return _show_order(engine, order)
        finally:
            engine.dispose()
    except (SettingsError, DatabaseError) as error:
        raise _refusal(str(error)) from error


def _show_order(engine: Engine, order: Rejudgement) -> int:
    """What the order changed; the exit code."""
    from sqlmodel import Session

    from alerts.notifications.reassessed import changes_of, summarise
    from storage.database import for_reading

    with Session(for_reading(engine)) as session:
        for change in changes_of(session, order):
            _show_change(change)
        typer.echo(summarise(session, order))
    if order.finished_at is None:
        typer.echo(f"尚未完成：{order.documents}/{order.total}，由监测程序或下一次 qualwatch rejudge 继续")
    return 1 if order.failed or order.finished_at is None else 0


def _show_change(change: Change | RejudgedChange) -> None:
    from alerts.notifications.reassessed import CHANGE_NAMES
    from cases.reconciliation import ChangeKind
    from vocabulary.presentation import displayable

    case = f"  案件 {change.case_id}" if change.case_id else ""
    left = "（已有人处理，待人工核定）" if change.decided else ""
    typer.echo(
        f"{CHANGE_NAMES[ChangeKind(change.kind)]}  {displayable(change.quote, limit=60)}："
        f"{change.before or '无'} → {displayable(change.after, limit=200) or '无'}{case}{left}\n"
        f"    {displayable(change.title, limit=80)}  {displayable(change.url, limit=200)}"
    )


@contextmanager
def _runtime(config: Path | None) -> Iterator[Runtime]:
    """A runtime beside the daemon's, or one message and exit code 2."""
    from jobs.logs import set_up_logging
    from jobs.runtime import open_command_runtime
    from settings import SettingsError, StartError, load_settings

    set_up_logging(lambda line: typer.echo(line, err=True), quiet=True)
    try:
        with open_command_runtime(load_settings(config)) as runtime:
            yield runtime
    except (SettingsError, StartError, DatabaseError) as error:
        raise _refusal(str(error)) from error


def _bar() -> Bar:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[said]}", markup=False),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )


def _refusal(message: str) -> typer.Exit:
    typer.echo(f"qualwatch: {in_chinese(message)}", err=True)
    return typer.Exit(_REFUSED)
