"""``qualwatch check``: judges files, folders, pages and records, with or without an installation."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cli.checking.inputs import Inputs, UnreadableTargetError, open_target
from cli.checking.judging import process_all
from cli.checking.model import Rules, Tally
from cli.checking.options import read_day, read_region, today_in_china
from cli.checking.writers import JsonWriter, LinesWriter, SarifWriter, TextWriter, Writer
from cli.imported import lists_or_none
from vocabulary.reasons import reason_in_chinese

if TYPE_CHECKING:
    from rich.console import Console

SHOWN_FROM = 2
"""Files that a folder must hold for a progress bar."""


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"
    JSONL = "jsonl"
    SARIF = "sarif"


def check(
    target: Annotated[
        str,
        typer.Argument(metavar="PATH|URL|-", help="文件、文件夹、公开网址，或 - 表示标准输入。"),
    ],
    *,
    as_of: Annotated[
        date | None,
        typer.Option(
            metavar="DATE",
            parser=read_day,
            help="按这一日的规定判断；不写则按文件自身的日期，没有日期则按今天。",
        ),
    ] = None,
    output: Annotated[Format, typer.Option("--format", help="输出格式。")] = Format.TEXT,
    every_mention: Annotated[bool, typer.Option("--all", help="列出提到的全部证书，包括合法的。")] = False,
    region: Annotated[
        str | None,
        typer.Option(
            metavar="CODE",
            parser=read_region,
            help="文件自身未写明时所属的地区（GB/T 2260），当地文件一并引用。",
        ),
    ] = None,
    publisher: Annotated[
        str,
        typer.Option(metavar="NAME", help="文件自身未写明时的发布单位。"),
    ] = "",
    jobs: Annotated[int, typer.Option(min=1, max=64, help="同时判断的进程数。")] = 1,
) -> None:
    """检查文件、文件夹、网页或 JSON Lines 记录，找出违规要求的职业资格证书。

    退出码：0 没有中级及以上的情形，1 有，2 有输入无法读取。
    """
    today = today_in_china()
    as_lines, imported = output is Format.JSONL, lists_or_none()
    rules = Rules(as_of, today, every_mention, as_lines, region, publisher.strip(), imported)
    try:
        tally = _run(target, output, rules, jobs)
    except (UnreadableTargetError, OSError) as error:
        if isinstance(error, BrokenPipeError):
            raise
        typer.echo(f"qualwatch check: {_describe(error)}", err=True)
        raise typer.Exit(2) from error
    raise typer.Exit(tally.exit_code)


def _run(target: str, output: Format, rules: Rules, jobs: int) -> Tally:
    """Reads, judges and writes everything that ``target`` names."""
    inputs = open_target(target, rules, batched=jobs > 1)
    console = _console() if output is Format.TEXT else None
    writer = _writer(output, console, rules, many=inputs.many)
    tally = Tally()
    with _progress(console, inputs):
        for processed in process_all(inputs.batches, rules, jobs):
            writer.write(processed)
            tally.add(processed.tally)
    writer.close()
    return tally


def _console() -> Console:
    """Standard output as rich sees it; letters that its encoding lacks become question marks."""
    from rich.console import Console

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    return Console(file=sys.stdout, emoji=False, markup=False, highlight=False)


def _writer(output: Format, console: Console | None, rules: Rules, *, many: bool) -> Writer:
    if console is not None:
        return TextWriter(console, every_mention=rules.every_mention)
    if output is Format.JSONL:
        return LinesWriter()
    if output is Format.SARIF:
        return SarifWriter(every_mention=rules.every_mention)
    return JsonWriter(every_mention=rules.every_mention, many=many)


@contextmanager
def _progress(console: Console | None, inputs: Inputs) -> Iterator[None]:
    """A bar on standard error while a folder is walked; on a terminal that shows the findings, below them."""
    if inputs.files < SHOWN_FROM or not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.progress import Progress

    shared = console if console is not None and console.is_terminal else Console(stderr=True)
    with Progress(console=shared, transient=True) as progress:
        task = progress.add_task("检查文件", total=inputs.files)
        inputs.on_file = lambda: progress.advance(task)
        yield


def _describe(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        why = reason_in_chinese(error.strerror)
        return f"{error.filename}：{why}" if error.filename else why
    return reason_in_chinese(str(error))
