"""``qualwatch scan-archive``: a job board's export or another crawler's archive, judged in a night."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.checking.inputs import walk
from cli.checking.model import Rules, Tally
from cli.checking.options import read_day, read_region, today_in_china
from cli.common import refusal
from cli.imported import lists_or_none
from vocabulary.dates import chinese_day
from vocabulary.reasons import reason_in_chinese

if TYPE_CHECKING:
    from cli.archive.journal import Journal
    from cli.archive.model import Batch

_INTERRUPTED = 130
_SHOWN_EVERY_SECONDS = 0.5
_SAID_EVERY_SECONDS = 60.0
"""Where no terminal shows a bar, a line tells how far it is."""


def scan_archive(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH…", help="WARC、JSON Lines、CSV、XLSX 文件或文件夹。"),
    ],
    *,
    report: Annotated[
        Path, typer.Option("--report", metavar="FILE.xlsx", help="写报告的 XLSX 文件。")
    ] = Path("scan.xlsx"),
    as_of: Annotated[
        date | None,
        typer.Option(metavar="DATE", parser=read_day, help="按这一日的规定判断；不写则按各份自身的日期。"),
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(metavar="CODE", parser=read_region, help="自身未写明时所属的地区（GB/T 2260）。"),
    ] = None,
    publisher: Annotated[str, typer.Option(metavar="NAME", help="自身未写明时的发布单位。")] = "",
    jobs: Annotated[
        int | None, typer.Option(min=1, max=64, help="同时判断的进程数；不写则与处理器数相同。")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="覆盖已有的报告。")] = False,
) -> None:
    """检查并非由本系统抓取的大批资料：招聘平台的导出、其他爬虫的存档。

    中断后用同一命令继续。退出码：0 没有中级及以上的情形，1 有，2 有资料无法读取，130 中断。
    """
    from cli.archive.journal import JournalError

    wanted = Rules(
        as_of,
        today_in_china(),
        every_mention=False,
        as_lines=False,
        region=region,
        publisher=publisher.strip(),
        imported=lists_or_none(),
    )
    _require(paths, report, overwrite=overwrite)
    try:
        tally = _run(paths, report, wanted, jobs or os.cpu_count() or 1)
    except KeyboardInterrupt:
        typer.echo("已中断，做完的部分已保存：用同一命令继续", err=True)
        raise typer.Exit(_INTERRUPTED) from None
    except JournalError as error:
        raise refusal(str(error)) from error
    except OSError as error:
        raise refusal(
            f"{error.filename or report}：{reason_in_chinese(error.strerror or str(error))}"
        ) from error
    typer.echo(
        f"共检查 {tally.documents} 份，发现 {tally.findings} 处问题，其中需处理 {tally.alerts} 处，"
        f"未能读取 {tally.unread} 份；报告：{report}"
    )
    raise typer.Exit(tally.exit_code)


def _require(paths: list[Path], report: Path, *, overwrite: bool) -> None:
    """Exit with 2 where something is not there, or the report of another scan would be lost."""
    missing = next((path for path in paths if not path.exists()), None)
    if missing is not None:
        raise refusal(f"{missing}：没有这个文件")
    if report.suffix.lower() != ".xlsx":
        raise refusal(f"{report}：报告的文件名须以 .xlsx 结尾")
    if report.exists() and not overwrite:
        raise refusal(f"{report} 已存在：换一个 --report，或加 --overwrite 覆盖")


def _run(paths: list[Path], report: Path, wanted: Rules, processes: int) -> Tally:
    """Scan what is not done yet, and write the report of all."""
    from assessment.workers import Workers
    from cli.archive.files import read_batches
    from cli.archive.journal import SUFFIX, Journal
    from cli.archive.report import write_report
    from cli.archive.scanning import MEMORY_MEGABYTES, TIMEOUT_SECONDS, scan

    files = list(_files(paths, report))
    states = {
        str(path): f"{found.st_size}/{found.st_mtime_ns}" for path, _ in files for found in [path.stat()]
    }
    total = sum(path.stat().st_size for path, _ in files)
    with Journal(Path(f"{report}{SUFFIX}"), _conditions(wanted), states) as journal:
        # Whoever goes on tomorrow goes on by the rules of the day on which the scan was begun.
        rules = replace(wanted, today=journal.begun_on(wanted.today))
        if journal.has_begun:
            typer.echo(f"继续上次的检查，已完成 {journal.tally().documents} 份", err=True)
        workers = Workers(processes, TIMEOUT_SECONDS, MEMORY_MEGABYTES, limits="")
        batches = (batch for path, in_folder in files for batch in read_batches(path, in_folder=in_folder))
        with workers, _progress(total, journal) as on_batch:
            scan(batches, journal, rules, workers, processes=processes, on_batch=on_batch)
        tally = journal.tally()
        write_report(journal, report, _about(paths, rules, len(files), total))
        journal.close(remove=True)
    return tally


def _conditions(rules: Rules) -> dict[str, str]:
    """What all of a scan is judged by; another answer to one of these is another scan."""
    from catalogue.loading import catalogue_digest

    return {
        "as_of": rules.as_of.isoformat() if rules.as_of else "",
        "region": rules.region or "",
        "publisher": rules.publisher,
        "catalogue": catalogue_digest(rules.imported),
        "version": version("qualwatch"),
    }


def _about(paths: list[Path], rules: Rules, files: int, total: int) -> list[tuple[str, str]]:
    return [
        ("检查的资料", "、".join(map(str, paths))),
        ("文件", f"{files} 个，{total / 2**20:.1f} MB"),
        ("按何日规定", chinese_day(rules.as_of) if rules.as_of else "各份自身的日期"),
        ("检查日期", chinese_day(rules.today)),
    ]


def _files(paths: list[Path], report: Path) -> Iterator[tuple[Path, bool]]:
    """Each file once, and whether it was met in a folder; never what this command writes itself."""
    from cli.archive.journal import SUFFIX

    own = {report.absolute(), *(Path(f"{report.absolute()}{SUFFIX}{end}") for end in ("", "-wal", "-shm"))}
    seen: set[Path] = set()
    for path in paths:
        for file in walk(path) if path.is_dir() else (path,):
            if file.absolute() not in seen | own:
                seen.add(file.absolute())
                yield file, path.is_dir()


@contextmanager
def _progress(total: int, journal: Journal) -> Iterator[Callable[[Batch], object]]:
    """A bar on standard error, by the bytes that are read; a line every minute where that is no terminal."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    columns = (
        TextColumn("检查资料"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[documents]} 份，{task.fields[findings]} 处问题"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    position: dict[str, int] = {}
    said = time.monotonic()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=total, documents=0, findings=0)

        def on_batch(batch: Batch) -> None:
            nonlocal said
            position[batch.file] = max(batch.read, position.get(batch.file, 0))
            now = time.monotonic()
            if now - said < (_SHOWN_EVERY_SECONDS if console.is_terminal else _SAID_EVERY_SECONDS):
                return
            said, tally, read = now, journal.tally(), sum(position.values())
            bar.update(task, completed=read, documents=tally.documents, findings=tally.findings)
            if not console.is_terminal:
                share = f"{read / max(total, 1):.0%}"
                typer.echo(f"已读 {share}，{tally.documents} 份，{tally.findings} 处问题", err=True)

        yield on_batch
