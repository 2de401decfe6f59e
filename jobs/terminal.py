"""What a person sees while the daemon runs: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import structlog

from crawling.fetching.advice import advice
from jobs.context import PageDone, VisitSummary
from jobs.status import FoundLine, SourceRow, StatusBoard
from settings.sources import Source
from storage.visits import SUCCESSES, VisitCounts
from vocabulary.names import name_of
from vocabulary.presentation import displayable

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

_COLUMNS = ("来源", "状态", "页面", "附件", "违规", "错误", "上次成功", "下次")
_NUMBERS = frozenset({"页面", "附件", "违规", "错误"})
_FRAMES_PER_SECOND = 4
_FRAME_LINES = 7
"""Of the table's frame, what stands below it, and the prompt."""
_LEAST_ROWS = 3

log = structlog.get_logger()


class VisitLog:
    """An observer that writes a line for whatever a reader of the log should know."""

    def visit_began(self, source: Source, so_far: VisitCounts) -> None:  # noqa: ARG002 - the observer's signature
        log.info("visit_began", source=source.name, url=str(source.url))
        if not source.verify_tls:
            log.warning("certificate_not_verified", source=source.name, host=source.url.host)

    def page_done(self, source: Source, page: PageDone) -> None:
        if page.failed:
            log.warning(
                "page_not_read",
                source=source.name,
                url=page.url,
                outcome=page.outcome.value,
                why=page.detail,
                advice=advice(page.outcome, page.detail),
            )
        if page.alerts:
            log.info(
                "found", source=source.name, url=page.url, title=page.title, quotes="、".join(page.alerts)
            )

    def visit_ended(self, source: Source, summary: VisitSummary) -> None:
        if summary.outcome is None:
            log.info("visit_interrupted", source=source.name, why=summary.detail)
            return
        write = log.info if summary.outcome in SUCCESSES else log.warning
        write(
            "visit_ended",
            source=source.name,
            outcome=summary.outcome.value,
            pages=summary.pages,
            attachments=summary.attachments,
            new=summary.new_documents,
            findings=summary.findings,
            errors=summary.errors,
            **({"why": summary.detail} if summary.detail else {}),
        )


@contextmanager
def live_table(board: StatusBoard, console: Console, zone: ZoneInfo) -> Iterator[None]:
    """Show ``board`` on the terminal of ``console`` while the block runs; log lines appear above it."""
    from rich.live import Live  # noqa: PLC0415

    with Live(
        get_renderable=lambda: live_picture(board, zone, console.height),
        console=console,
        refresh_per_second=_FRAMES_PER_SECOND,
        transient=False,
    ):
        yield


def source_table(rows: Sequence[SourceRow], zone: ZoneInfo) -> Table:
    """Sources with their health, one row each."""
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(title=None, expand=False)
    for column in _COLUMNS:
        number = column in _NUMBERS
        table.add_column(column, justify="right" if number else "left", no_wrap=number)
    for row in rows:
        style = state_style(row)
        table.add_row(
            Text.assemble(row.title, *((f"（{remark}）", "yellow") for remark in row.remarks)),
            Text(state_words(row), style=style),
            str(row.pages),
            str(row.attachments),
            Text(str(row.findings), style="bold red" if row.findings else ""),
            Text(str(row.errors), style="yellow" if row.errors else ""),
            _moment(row.last_success_at, zone),
            _moment(row.next_due_at, zone),
        )
    return table


def live_picture(board: StatusBoard, zone: ZoneInfo, height: int) -> RenderableType:
    """One line of totals, as many sources as fit, those in trouble and then those being visited first."""
    from rich.console import Group  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    found = [_found_line(each) for each in board.found()]
    heading = [Text("最近发现", style="bold")] if found else []
    rows = sorted(board.rows(), key=lambda row: (not row.is_troubled, not row.is_visiting))
    room = max(_LEAST_ROWS, height - len(found) - len(heading) - _FRAME_LINES)
    rest = len(rows) - room
    below = (
        [Text(f"  …… 另有 {rest} 个来源（qualwatch source list 列出全部）", style="dim")] if rest > 0 else []
    )
    return Group(source_table(rows[:room], zone), *below, _totals(rows), *heading, *found)


def _totals(rows: Sequence[SourceRow]) -> Text:
    from rich.text import Text  # noqa: PLC0415

    troubled = sum(row.is_troubled for row in rows)
    visiting = sum(row.is_visiting for row in rows)
    new = sum(row.outcome is None and not row.is_visiting for row in rows)
    return Text.assemble(
        f"共 {len(rows)} 个来源：",
        (f"异常 {troubled}", "yellow" if troubled else "green"),
        f"，访问中 {visiting}，待访问 {new}；违规 {sum(row.findings for row in rows)}",
    )


def _found_line(found: FoundLine) -> Text:
    from rich.text import Text  # noqa: PLC0415

    return Text.assemble(
        ("  ● ", "red"),
        (displayable("、".join(found.quotes)), "bold"),
        f"  {displayable(found.title)}  ",
        (found.source, "dim"),
        overflow="ellipsis",
        no_wrap=True,
    )


def state_words(row: SourceRow) -> str:
    """How its visit is going, or how the last one ended."""
    if row.is_visiting:
        return "访问中…"
    if row.outcome is None:
        return "待访问"
    name = name_of(row.outcome)
    return f"{name}（连续{row.failures_in_a_row}次）" if row.failures_in_a_row > 1 else name


def state_style(row: SourceRow) -> str:
    """The colour of that."""
    if row.is_visiting:
        return "cyan"
    if row.outcome is None:
        return "dim"
    return "green" if row.outcome in SUCCESSES else "yellow"


def _moment(moment: datetime | None, zone: ZoneInfo) -> str:
    """The time of day, with the day where it is another one than today."""
    if moment is None:
        return "—"
    local = moment.astimezone(zone)
    today = datetime.now(zone).date()
    return local.strftime("%H:%M:%S" if local.date() == today else "%m-%d %H:%M")
