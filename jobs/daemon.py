"""The daemon: what it runs, from its settings to its clean end; sources may change meanwhile."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import structlog
from sqlmodel import Session

from alerts.metrics.collected import Metrics
from alerts.metrics.server import Health, MetricsServer, serve_metrics
from catalogue.completeness import say_incomplete
from catalogue.current import current_completeness
from jobs.catalogue_sync import SYNC_SECONDS, sync_catalogue
from jobs.configuration import ConfigurationFile
from jobs.context import Context, Observer, PageDone, VisitSummary
from jobs.ending import end_on_signal
from jobs.logs import says, set_up_logging
from jobs.reassess import PAUSE_SECONDS, rejudge
from jobs.runtime import Runtime, ServedConsole, StartError, open_daemon_runtime
from jobs.schedule import ClockWatch, Heartbeat, RepeatingJob, Schedule
from jobs.status import StatusBoard, read_rows
from jobs.tasks import deliver, take_steps, tell_urgent
from jobs.terminal import VisitLog, live_table
from jobs.tidying import TIDYING_SECONDS, tidy
from jobs.visits.due import VISITS_AT_ONCE, Visitor, plan, visit_due
from jobs.visits.intake import take_in
from jobs.visits.look_back import look_back
from jobs.visits.timing import after_quiet_hours
from settings.errors import SettingsError
from settings.model import Settings
from settings.sources import Source
from storage.database import for_reading
from storage.leases import LockedError
from storage.sources import next_due, shift_plans
from storage.visits import SUCCESSES, VisitCounts
from vocabulary.names import name_of
from vocabulary.reasons import in_chinese, reason_in_chinese

if TYPE_CHECKING:
    from rich.console import Console

VISITS_SECONDS = 1
DELIVERY_SECONDS = 2
URGENT_SECONDS = 5
CLOCK_SECONDS = 60
HEARTBEAT_SECONDS = 5
CONFIGURATION_SECONDS = 5
LOOK_BACK_SECONDS = 3600
_LOOK_SECONDS = 1.0

log = structlog.get_logger()
ServeConsole = Callable[[Context, Metrics], contextlib.AbstractContextManager[ServedConsole]]
"""Serves the room above this one while the block runs; gives its address."""


class DetectionTimes:
    """An observer that tells the metrics how long detection takes."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def visit_began(self, source: Source, so_far: VisitCounts) -> None:
        """Visits are counted from the database."""

    def page_done(self, source: Source, page: PageDone) -> None:  # noqa: ARG002 - the observer's signature
        if page.detection_seconds is not None:
            self._metrics.detection_seconds.observe(page.detection_seconds)

    def visit_ended(self, source: Source, summary: VisitSummary) -> None:
        """Visits are counted from the database."""


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
            _rejudge(context)
            take_steps(context)
        sent = 0 if stopping.is_set() else deliver(context)
        no_room = context.room.problem()
        coming = None if summaries or no_room else _next_due(runtime)
    if coming is not None:
        console_print(_nothing_due(*coming, zone))
    for line in (*summary_lines(summaries, sent, settings), *_missing_lists(runtime.context)):
        console_print(line)
    if no_room:
        console_print(f"访问已停止：{in_chinese(no_room)}")
    return 0 if not no_room and all(summary.outcome in SUCCESSES for summary in summaries) else 1


def _visit_all_due(context: Context) -> list[VisitSummary]:
    with ThreadPoolExecutor(VISITS_AT_ONCE, "visits") as visits:
        shares = [visits.submit(lambda: list(visit_due(context))) for _ in range(VISITS_AT_ONCE)]
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


def _look_back(context: Context) -> None:
    if context.room.problem():
        return
    try:
        look_back(context, in_quiet_hours=False)
    except LockedError:
        log.info("look_back_left_to_a_command")


def _tidy(context: Context) -> None:
    try:
        tidy(context)
    except LockedError:
        log.info("tidying_left_to_a_command")


def _take_in(context: Context) -> None:
    if not context.room.problem():
        take_in(context)


def _rejudge(context: Context) -> None:
    try:
        rejudge(context)
    except LockedError:
        log.info("rejudgement_left_to_a_command")


def _serve_metrics(settings: Settings, metrics: Metrics, watched: Sequence[Health]) -> MetricsServer:
    """A port that the operator wrote is kept or refused: Prometheus looks for it there and nowhere else."""
    host, port = settings.metrics.host, settings.metrics.port
    try:
        return serve_metrics(
            metrics.registry,
            host,
            port,
            lambda: [problem for problems in watched for problem in problems()],
            may_move="port" not in settings.metrics.model_fields_set,
        )
    except OSError as error:
        raise StartError(
            f"metrics.host = {host!r}, metrics.port = {port} cannot be served at ({error.strerror}): "
            "write an address of this machine and a free port"
        ) from error


def run_daemon(settings: Settings, *, config: Path, serve_console: ServeConsole) -> int:
    """Run until SIGINT or SIGTERM; 0, or 1 where another daemon took over.

    ``config`` is where the settings came from, or would be written. Whatever changes there beside the sources
    is taken up at SIGHUP: the work in hand ends, everything is closed and opened anew.
    """
    from rich.console import Console  # noqa: PLC0415

    console = Console()

    def write(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    file = ConfigurationFile(config, settings)
    while True:
        as_json = file.settings.logs.format == "json"
        live = console if console.is_terminal and not as_json else None
        set_up_logging(write, quiet=live is not None, settings=file.settings)
        with contextlib.ExitStack() as stack:
            runtime = stack.enter_context(open_daemon_runtime(file.settings))
            daemon = _Daemon(runtime, file, says if as_json else write, config)
            daemon.serve(stack, serve_console, live)
            stopping = stack.enter_context(end_on_signal(daemon.runtime.context, on_hangup=daemon.reload))
            daemon.run_until(stopping)
        if daemon.runtime.lease_lost.is_set():
            (says if as_json else write)("另一个 qualwatch 已接管该数据库，本程序结束")
            return 1
        if not daemon.opens_anew:
            return 0
        file.take_up()
        log.info("configuration_taken_up", file=str(config))


class _Daemon:
    """One run of the daemon, between opening everything and closing it."""

    def __init__(
        self, runtime: Runtime, file: ConfigurationFile, write: Callable[[str], object], config: Path
    ) -> None:
        context = runtime.context
        self.runtime = runtime
        self.opens_anew = False
        """Whether it ends to be opened with other settings."""
        self._file = file
        self._write = write
        self._config = config
        self._metrics = Metrics(
            context.engine,
            _Watched(self),
            context.now,
            runtime.settings.calendar,
            measure_lists=lambda: current_completeness(context.imported()),
            waits_for_room=lambda: bool(context.room.last_problem),
        )
        self._board = StatusBoard(read_rows(context.engine, runtime.sources))
        self._heartbeat = Heartbeat()

    def serve(self, stack: contextlib.ExitStack, serve_console: ServeConsole, live: Console | None) -> None:
        """Let everything be looked at, and say where."""
        context, settings = self.runtime.context, self.runtime.settings
        observers: tuple[Observer, ...] = (
            DetectionTimes(self._metrics),
            self._board if live is not None else VisitLog(),
        )
        self.runtime = replace(self.runtime, context=replace(context, observers=observers))
        self._visitor = Visitor(lambda: self.runtime.context)
        self._schedule = Schedule(self._jobs(), on_misfire=self._metrics.misfires.inc)
        watched: list[Health] = [self._heartbeat.problems, self._schedule.problems, self._room_problems]
        server = stack.enter_context(_serve_metrics(settings, self._metrics, watched))
        console_url = ""
        if settings.console.enabled:
            console_url, problems = stack.enter_context(serve_console(context, self._metrics))
            watched.append(problems)
        for line in where_to_look(self.runtime, server.url, console_url, self._config):
            self._write(line)
        if live is not None:
            stack.enter_context(live_table(self._board, live, ZoneInfo(settings.time_zone)))

    def run_until(self, stopping: threading.Event) -> None:
        """Work until ``stopping`` is set, and end what is in hand."""
        plan(self.runtime.context)
        clock = ClockWatch(self._clock_was_put_back)
        self._schedule.start()
        clock.start()
        while not stopping.wait(_LOOK_SECONDS):
            if self.runtime.lease_lost.is_set():
                stopping.set()
        if not self.opens_anew:
            self._write("正在结束：手头的工作做完或留待下次启动；再按一次 Ctrl-C 立即退出")
        clock.stop()
        self._schedule.stop()
        self._visitor.stop()

    def _room_problems(self) -> Sequence[str]:
        problem = self.runtime.context.room.last_problem
        return [f"visits wait: {problem}"] if problem else []

    def reload(self) -> None:
        """Read the configuration again, as SIGHUP asks."""
        self._look_at_configuration(asked=True)

    def _jobs(self) -> Iterator[RepeatingJob]:
        """Everything that repeats; what is due is found in the database."""
        intake = self.runtime.settings.intake
        yield RepeatingJob("visits", VISITS_SECONDS, self._visitor.begin_due, is_long=True)
        yield RepeatingJob("delivery", DELIVERY_SECONDS, self._now(deliver))
        yield RepeatingJob("urgent", URGENT_SECONDS, self._now(tell_urgent))
        yield RepeatingJob("clock", CLOCK_SECONDS, self._now(take_steps))
        yield RepeatingJob("heartbeat", HEARTBEAT_SECONDS, self._heartbeat.beat)
        yield RepeatingJob("configuration", CONFIGURATION_SECONDS, self._look_at_configuration)
        if intake.is_configured:
            yield RepeatingJob("intake", intake.every_minutes * 60, self._now(_take_in), is_long=True)
        yield RepeatingJob("catalogue", SYNC_SECONDS, self._now(sync_catalogue), is_long=True)
        yield RepeatingJob("rejudge", PAUSE_SECONDS, self._now(_rejudge), is_long=True)
        yield RepeatingJob("look_back", LOOK_BACK_SECONDS, self._now(_look_back), is_long=True, waits=True)
        yield RepeatingJob("tidy", TIDYING_SECONDS, self._now(_tidy), is_long=True)

    def _now(self, task: Callable[[Context], object]) -> Callable[[], object]:
        """``task`` with the context of when it runs: the sources may have changed."""
        return lambda: task(self.runtime.context)

    def _look_at_configuration(self, *, asked: bool = False) -> None:
        """Take up other sources at once; ``asked`` to, everything else too, by opening everything anew."""
        if self.opens_anew or not self._file.has_changed(asked=asked):
            return
        try:
            change = self._file.read()
        except SettingsError as error:
            log.error("configuration_not_taken_up", why=str(error))  # noqa: TRY400 - one sentence
            return
        # The sample site goes with the first source of one's own, and whatever else was written is taken up.
        if change.beside_sources and (asked or "sample" in change.beside_sources):
            self.opens_anew = True
            self.runtime.context.stopping.set()
            self.runtime.context.fetcher.stop()
            return
        if change.beside_sources:
            log.warning("configuration_needs_sighup", changed=", ".join(change.beside_sources))
        if change.sources is not None and not self.runtime.sample_address:
            self._take_up_sources(change.sources)

    def _take_up_sources(self, sources: tuple[Source, ...]) -> None:
        before = {source.name for source in self.runtime.sources}
        context = replace(self.runtime.context, sources=sources)
        self.runtime = replace(self.runtime, context=context)
        plan(context)
        self._board.show(read_rows(context.engine, sources))
        after = {source.name for source in sources}
        log.info(
            "sources_taken_up",
            watched=len(after),
            added=", ".join(sorted(after - before)),
            removed=", ".join(sorted(before - after)),
        )

    def _clock_was_put_back(self, seconds: float) -> None:
        self._schedule.run_all_now()
        self.runtime.context.write(lambda session: shift_plans(session, seconds))


class _Watched:
    """The sources that a daemon watches at the moment."""

    def __init__(self, daemon: _Daemon) -> None:
        self._daemon = daemon

    def __iter__(self) -> Iterator[Source]:
        return iter(self._daemon.runtime.sources)


def where_to_look(runtime: Runtime, metrics_url: str, console_url: str, config: Path) -> tuple[str, ...]:
    """Lines: what can be looked at where, how to watch a real site instead, and which lists lack items."""
    settings = runtime.settings
    mail = (
        f"邮件 {settings.storage.mail_directory.absolute()}"
        if settings.mail.channel == "maildir"
        else f"邮件 {settings.mail.smtp.host}:{settings.mail.smtp.port}"
    )
    url = runtime.context.engine.url
    is_file = url.get_backend_name() == "sqlite"
    database = url.database if is_file else url.render_as_string(hide_password=True)
    sample = f" · 示例站点 {runtime.sources[-1].url}" if runtime.sample_address else ""
    console = f" · 案件页面 {console_url}" if console_url else ""
    return (
        f"查看：指标 {metrics_url}/metrics · 状态 {metrics_url}/healthz{console}{sample}",
        f"结果：{mail} · 数据库 {database} · 证据 {settings.storage.evidence_directory.absolute()}",
        f'监测真实网站：在 {config.absolute()} 中写 presets = ["mohrss"] 或 [[sources]]，保存后即生效'
        "（qualwatch source presets 列出可用来源）",
        *_missing_lists(runtime.context),
    )


def _missing_lists(context: Context) -> tuple[str, ...]:
    """One line while an official list is incomplete, or cannot be read; none otherwise."""
    try:
        line = say_incomplete(current_completeness(context.imported()))
    except ValueError as error:
        line = f"导入的清单无法读取：{error}"
    return (line,) if line else ()
