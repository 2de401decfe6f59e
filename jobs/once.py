"""One round of everything that is due, and what it came to: ``qualwatch run --once``."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog
from sqlmodel import Session

from catalogue.completeness import say_incomplete
from catalogue.current import current_completeness
from jobs.catalogue_sync import sync_catalogue
from jobs.context import Context, VisitSummary
from jobs.ending import end_on_signal
from jobs.giving_way import rejudge_unless_held
from jobs.logs import says, set_up_logging
from jobs.runtime import Runtime, open_daemon_runtime
from jobs.tasks import deliver, take_steps
from jobs.terminal import VisitLog
from jobs.visits.due import plan, visit_due
from jobs.visits.intake import take_in
from jobs.visits.timing import after_quiet_hours
from settings.model import Settings
from storage.database import for_reading
from storage.sources import next_due
from storage.visits import SUCCESSES
from vocabulary.names import name_of
from vocabulary.reasons import in_chinese, reason_in_chinese

log = structlog.get_logger()


def run_once(settings: Settings, console_print: Callable[[str], object]) -> int:
    """Visit every due source once, deliver what is due, and sum up; 0, or 1 where a source failed."""
    set_up_logging(console_print, quiet=False, settings=settings)
    if settings.logs.format == "json":
        console_print = says
    with open_daemon_runtime(settings) as runtime, end_on_signal(runtime.context) as stopping:
        context = replace(runtime.context, observers=(VisitLog(),))
        zone = ZoneInfo(settings.time_zone)
        plan(context)
        summaries = _visit_all_due(context)
        sync_catalogue(context)
        if settings.intake.is_configured:
            taken = take_in(context)
            log.info("intake_read", messages=taken.messages, findings=taken.findings, errors=taken.errors)
        if not stopping.is_set():
            rejudge_unless_held(context)
            take_steps(context)
        sent = 0 if stopping.is_set() else deliver(context)
        no_room = context.room.problem()
        coming = None if summaries or no_room else _next_due(runtime)
    if coming is not None:
        console_print(_nothing_due(*coming, zone))
    for line in (*summary_lines(summaries, sent, settings), *missing_lists(runtime.context)):
        console_print(line)
    if no_room:
        console_print(f"访问已停止：{in_chinese(no_room)}")
    return 0 if not no_room and all(summary.outcome in SUCCESSES for summary in summaries) else 1


def _visit_all_due(context: Context) -> list[VisitSummary]:
    at_once = context.settings.fetching.visits_at_once
    with ThreadPoolExecutor(at_once, "visits") as visits:
        shares = [visits.submit(lambda: list(visit_due(context))) for _ in range(at_once)]
        return [summary for share in shares for summary in share.result()]


def _next_due(runtime: Runtime) -> tuple[str, datetime] | None:
    """The source that is due next and when its visit begins; None where none is watched."""
    zone, now = ZoneInfo(runtime.settings.time_zone), runtime.context.now()
    with Session(for_reading(runtime.context.engine)) as session:
        due = dict(next_due(session))
    planned = [
        (after_quiet_hours(source, max(due.get(source.name) or now, now), zone), source.name)
        for source in runtime.sources
    ]
    at, name = min(planned, default=(None, ""))
    return (name, at) if at is not None else None


def _nothing_due(name: str, at: datetime, zone: ZoneInfo) -> str:
    return f"没有到期的来源：最近的是 {name}，{at.astimezone(zone):%Y-%m-%d %H:%M}"


def summary_lines(summaries: list[VisitSummary], sent: int, settings: Settings) -> list[str]:
    """What ``run --once`` says in the end."""
    lines = [
        f"{summary.source}：{name_of(summary.outcome) if summary.outcome else '已中断'}，"
        f"列表 {summary.list_pages} 页，页面 {summary.pages} 个，附件 {summary.attachments} 个，"
        f"新增 {summary.new_documents}，变化 {summary.changed_documents}，发现 {summary.findings}，"
        f"未读 {summary.errors}" + (f"（{reason_in_chinese(summary.detail)}）" if summary.detail else "")
        for summary in summaries
    ]
    pages = sum(summary.pages + summary.attachments for summary in summaries)
    findings = sum(summary.findings for summary in summaries)
    failed = sum(summary.outcome not in SUCCESSES for summary in summaries)
    total = f"访问来源 {len(summaries)} 个，失败 {failed} 个；文件 {pages} 份，发现 {findings} 处"
    return [*lines, f"{total}，发出 {sent} 件（{settings.storage.directory}）"]


def missing_lists(context: Context) -> tuple[str, ...]:
    """One line while an official list is incomplete, or cannot be read; none otherwise."""
    try:
        line = say_incomplete(current_completeness(context.imported()))
    except ValueError as error:
        line = f"导入的清单无法读取：{error}"
    return (line,) if line else ()
