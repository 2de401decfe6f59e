"""``qualwatch source visit``: a visit now, whatever its plan says, and what it came to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from cli.common import Config, load, refusal
from cli.source import app
from storage.errors import DatabaseError

if TYPE_CHECKING:
    from jobs.context import Context, PageDone, VisitSummary
    from settings.sources import Source
    from storage.visits import VisitCounts


@app.command()
def visit(
    name: Annotated[str, typer.Argument(metavar="NAME", help="正在监测的来源的代号。")], config: Config = None
) -> None:
    """立即访问一个来源并保存结果，不论是否到期；监测程序可同时运行，由它发出通知。

    退出码：0 已读全，1 没有读全或中断，2 没有该来源，或它正在被访问。
    """
    from jobs.logs import set_up_logging
    from jobs.runtime import open_command_runtime
    from settings import SettingsError, StartError
    from storage.visits import SUCCESSES

    set_up_logging(lambda line: typer.echo(line, err=True), quiet=True)
    settings = load(config)
    try:
        with open_command_runtime(settings) as runtime:
            known = [source.name for source in runtime.sources]
            if name not in known:
                advice = "已停用的先 qualwatch source enable" if name in _configured(settings.sources) else ""
                raise refusal(f"没有监测代号为“{name}”的来源：{advice or '、'.join(known[:20])}")
            summary = _visit(runtime.context, name)
    except (SettingsError, StartError, DatabaseError) as error:
        raise refusal(str(error)) from error
    typer.echo(_said(summary))
    raise typer.Exit(0 if summary.outcome in SUCCESSES else 1)


def _configured(sources: tuple[Source, ...]) -> set[str]:
    return {source.name for source in sources}


def _visit(context: Context, name: str) -> VisitSummary:
    from rich.console import Console

    from jobs.ending import end_on_signal
    from jobs.visits.watch import visit_source
    from storage.sources import claim_now, keeping

    claim = claim_now(context.engine, name)
    if claim is None:
        raise refusal(f"{name} 正在被访问，请等其结束（qualwatch source show {name}）")
    with (
        end_on_signal(context),
        keeping(context.engine, claim),
        Console(stderr=True).status(f"正在访问 {name}") as status,
    ):
        progress = _Progress(lambda said: status.update(f"正在访问 {name}：{said}"))
        return visit_source(replace(context, observers=(progress,)), name)


class _Progress:
    """An observer that says how far the visit is."""

    def __init__(self, say: Callable[[str], object]) -> None:
        self._say = say
        self._pages = self._failed = self._findings = 0

    def visit_began(self, source: Source, so_far: VisitCounts) -> None:  # noqa: ARG002 - the observer's signature
        """Go on counting where another program ended."""
        self._pages, self._failed = so_far.pages + so_far.attachments, so_far.errors
        self._findings = so_far.findings

    def page_done(self, source: Source, page: PageDone) -> None:  # noqa: ARG002 - the observer's signature
        self._pages += not page.failed
        self._failed += page.failed
        self._findings += page.findings
        self._say(f"{self._pages} 页，{self._failed} 页未读，违规 {self._findings}")

    def visit_ended(self, source: Source, summary: VisitSummary) -> None:
        """Said by the command."""


def _said(summary: VisitSummary) -> str:
    from vocabulary.names import name_of
    from vocabulary.presentation import displayable

    outcome = name_of(summary.outcome) if summary.outcome else "已中断"
    why = f"（{displayable(summary.detail, limit=300)}）" if summary.detail else ""
    return (
        f"{summary.source}：{outcome}{why}；页面 {summary.pages}，附件 {summary.attachments}，"
        f"新增 {summary.new_documents}，变化 {summary.changed_documents}，违规 {summary.findings}，"
        f"未读 {summary.errors}"
    )
