"""The daemon: assembles the house from its settings, runs it, and ends it cleanly."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
from sqlmodel import Session

from alerts.metrics.collected import Metrics
from alerts.metrics.server import Health, MetricsServer, serve_metrics
from catalogue.completeness import say_incomplete
from catalogue.current import current_completeness
from jobs.catalogue_sync import SYNC_SECONDS, overlay_of, sync_catalogue
from jobs.context import Context, Observer, PageDone, VisitSummary
from jobs.ending import end_on_signal
from jobs.reassess import PAUSE_SECONDS, rejudge
from jobs.runtime import House, ServedConsole, StartError, open_house
from jobs.schedule import (
    CLOCK_SECONDS,
    DELIVERY_SECONDS,
    HEARTBEAT_SECONDS,
    LOOK_BACK_SECONDS,
    VISITS_AT_ONCE,
    Heartbeat,
    Schedule,
    next_visit_at,
)
from jobs.status import Board, read_rows
from jobs.tasks import deliver, take_steps
from jobs.terminal import VisitLog, live_table, set_up_logging
from jobs.visits.intake import take_in
from jobs.visits.look_back import look_back
from jobs.visits.timing import after_quiet_hours, is_quiet
from jobs.visits.watch import visit_source
from settings.model import Settings, Source
from storage.database import for_reading
from storage.locks import LockedError
from storage.visits import SUCCESSES, due_sources

log = structlog.get_logger()
ServeConsole = Callable[[Context, Metrics], contextlib.AbstractContextManager[ServedConsole]]
"""Serves the room above this one while the block runs; gives its address."""


class DetectionTimes:
    """An observer that tells the metrics how long detection takes."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def visit_began(self, source: Source) -> None:
        """Visits are counted from the database."""

    def page_done(self, source: Source, page: PageDone) -> None:  # noqa: ARG002 - the observer's signature
        if page.detection_seconds is not None:
            self._metrics.detection_seconds.observe(page.detection_seconds)

    def visit_ended(self, source: Source, summary: VisitSummary) -> None:
        """Visits are counted from the database."""


def run_once(settings: Settings, console_print: Callable[[str], object]) -> int:
    """Visit every due source once, deliver what is due, and sum up; 0, or 1 where a source failed."""
    set_up_logging(console_print, quiet=False)
    with open_house(settings) as house, end_on_signal(house.context) as stopping:
        context = replace(house.context, observers=(VisitLog(),))
        by_name = {source.name: source for source in house.sources}
        with Session(for_reading(context.engine)) as session:
            due = due_sources(session, by_name, context.now())
        now, zone = context.now(), ZoneInfo(settings.time_zone)
        due = [name for name in due if not is_quiet(by_name[name], now, zone)]
        with ThreadPoolExecutor(VISITS_AT_ONCE, "visits") as visits:
            summaries = list(visits.map(lambda name: visit_source(context, name), due))
        sync_catalogue(context)
        if settings.intake.is_configured:
            taken = take_in(context)
            log.info("intake_read", messages=taken.messages, findings=taken.findings, errors=taken.errors)
        if not stopping.is_set():
            _rejudge(house)
            take_steps(house.context)
        sent = 0 if stopping.is_set() else deliver(house.context)
        coming = None if summaries else _next_due(house)
    if coming is not None:
        console_print(_nothing_due(*coming, zone))
    for line in (*summary_lines(summaries, sent, settings), *_missing_lists(settings)):
        console_print(line)
    return 0 if all(summary.outcome in SUCCESSES for summary in summaries) else 1


def _next_due(house: House) -> tuple[str, datetime] | None:
    """The source that is due next and when its visit begins; None where none is watched."""
    zone, now, engine = ZoneInfo(house.settings.time_zone), house.context.now(), house.context.engine
    planned = [
        (after_quiet_hours(source, max(next_visit_at(engine, source), now), zone), source.name)
        for source in house.sources
    ]
    at, name = min(planned, default=(None, ""))
    return (name, at) if at is not None else None


def _nothing_due(name: str, at: datetime, zone: ZoneInfo) -> str:
    return f"no source is due: {name} is next, {at.astimezone(zone):%Y-%m-%d %H:%M}"


def summary_lines(summaries: list[VisitSummary], sent: int, settings: Settings) -> list[str]:
    """What ``run --once`` says in the end."""
    lines = [
        f"{summary.source}: {summary.outcome.value if summary.outcome else 'interrupted'}, "
        f"{summary.list_pages} list pages, {summary.pages} pages, {summary.attachments} attachments, "
        f"{summary.new_documents} new, {summary.changed_documents} changed, {summary.findings} findings, "
        f"{summary.errors} errors" + (f" ({summary.detail})" if summary.detail else "")
        for summary in summaries
    ]
    pages = sum(summary.pages + summary.attachments for summary in summaries)
    findings = sum(summary.findings for summary in summaries)
    failed = sum(summary.outcome not in SUCCESSES for summary in summaries)
    total = f"{len(summaries)} sources visited, {failed} failed; {pages} documents, {findings} findings, "
    return [*lines, f"{total}{sent} messages delivered ({settings.storage.directory})"]


def _serve_metrics(settings: Settings, metrics: Metrics, watched: Sequence[Health]) -> MetricsServer:
    host, port = settings.metrics.host, settings.metrics.port
    try:
        return serve_metrics(
            metrics.registry,
            host,
            port,
            lambda: [problem for problems in watched for problem in problems()],
        )
    except OSError as error:
        raise StartError(
            f"metrics.host = {host!r} cannot be served at ({error.strerror}): "
            "write an address of this machine"
        ) from error


def run_daemon(settings: Settings, *, config: Path, serve_console: ServeConsole) -> int:
    """Run until SIGINT or SIGTERM; 0. ``config`` is where the settings came from, or would be written."""
    from rich.console import Console  # noqa: PLC0415

    console = Console()
    live = console.is_terminal

    def write(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    set_up_logging(write, quiet=live)
    with contextlib.ExitStack() as stack:
        house = stack.enter_context(open_house(settings))
        context = house.context
        lists = partial(current_completeness, overlay_of(settings))
        metrics = Metrics(context.engine, house.sources, context.now, settings.calendar, measure_lists=lists)
        heartbeat = Heartbeat()
        watched: list[Health] = [heartbeat.problems]
        server = stack.enter_context(_serve_metrics(settings, metrics, watched))
        console_url = ""
        if settings.console.enabled:
            console_url, problems = stack.enter_context(serve_console(context, metrics))
            watched.append(problems)
        board = Board(read_rows(context.engine, house.sources))
        observers: tuple[Observer, ...] = (DetectionTimes(metrics), board if live else VisitLog())
        house = replace(house, context=replace(context, observers=observers))
        for line in where_to_look(house, server.url, console_url, config):
            write(line)
        schedule = _schedule(house, metrics, heartbeat)
        stopping = stack.enter_context(end_on_signal(context))
        if live:
            stack.enter_context(live_table(board, console, ZoneInfo(settings.time_zone)))
        schedule.start()
        stopping.wait()
        write("正在结束：手头的工作做完或留待下次启动；再按一次 Ctrl-C 立即退出")
        schedule.stop()
    return 0


def _visit(house: House, source: Source) -> datetime | None:
    """Visit ``source`` unless its hours are quiet; when it is due next, None where that is not known."""
    now = house.context.now()
    begins = after_quiet_hours(source, now, ZoneInfo(house.settings.time_zone))
    return begins if begins > now else visit_source(house.context, source.name).next_due_at


def _look_back(house: House) -> None:
    try:
        look_back(house.context, in_quiet_hours=False)
    except LockedError:
        log.info("look_back_left_to_a_command")


def _rejudge(house: House) -> None:
    try:
        rejudge(house.context)
    except LockedError:
        log.info("rejudgement_left_to_a_command")


def _schedule(house: House, metrics: Metrics, heartbeat: Heartbeat) -> Schedule:
    schedule = Schedule(on_misfire=metrics.misfires.inc)
    for source in house.sources:
        schedule.add_visits(
            source,
            next_visit_at(house.context.engine, source),
            lambda source: _visit(house, source),
        )
    intake = house.settings.intake
    if intake.is_configured:
        schedule.add_reading("intake", intake.every_minutes * 60, lambda: take_in(house.context))
    schedule.add_reading("catalogue", SYNC_SECONDS, lambda: sync_catalogue(house.context))
    schedule.add_following("rejudge", PAUSE_SECONDS, lambda: _rejudge(house))
    schedule.add_repeating("delivery", DELIVERY_SECONDS, lambda: deliver(house.context))
    schedule.add_repeating("clock", CLOCK_SECONDS, lambda: take_steps(house.context))
    schedule.add_rounds("look_back", LOOK_BACK_SECONDS, lambda: _look_back(house))
    schedule.add_repeating("heartbeat", HEARTBEAT_SECONDS, heartbeat.beat)
    return schedule


def where_to_look(house: House, metrics_url: str, console_url: str, config: Path) -> tuple[str, ...]:
    """Lines: what can be looked at where, how to watch a real site instead, and which lists lack items."""
    settings = house.settings
    mail = (
        f"邮件 {settings.storage.mail_directory.absolute()}"
        if settings.mail.channel == "maildir"
        else f"邮件 {settings.mail.smtp.host}:{settings.mail.smtp.port}"
    )
    url = house.context.engine.url
    is_file = url.get_backend_name() == "sqlite"
    database = url.database if is_file else url.render_as_string(hide_password=True)
    sample = f" · 示例站点 {house.sources[-1].url}" if house.sample_address else ""
    console = f" · 案件页面 {console_url}" if console_url else ""
    return (
        f"查看：指标 {metrics_url}/metrics · 状态 {metrics_url}/healthz{console}{sample}",
        f"结果：{mail} · 数据库 {database} · 证据 {settings.storage.evidence_directory.absolute()}",
        f'监测真实网站：在 {config.absolute()} 中写 presets = ["mohrss"] 或 [[sources]]，再重新启动'
        "（qualwatch source presets 列出可用来源）",
        *_missing_lists(settings),
    )


def _missing_lists(settings: Settings) -> tuple[str, ...]:
    """One line while an official list is incomplete, or cannot be read; none otherwise."""
    try:
        line = say_incomplete(current_completeness(overlay_of(settings)))
    except (ValueError, OSError) as error:
        line = f"导入的清单无法读取：{error}"
    return (line,) if line else ()
