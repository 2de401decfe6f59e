"""The daemon: what it runs, from its settings to its clean end; sources may change meanwhile."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import structlog
from sqlmodel import Session

from accounts.people import exist
from alerts.delivery.links import FIRST_HOURS, first_account_link
from alerts.delivery.outbox import bring_forward
from alerts.metrics.collected import Metrics
from alerts.metrics.server import Health, MetricsServer, serve_metrics
from catalogue.current import current_completeness
from jobs.catalogue_sync import SYNC_SECONDS, sync_catalogue
from jobs.configuration import ConfigurationFile, say_taken_up
from jobs.context import Context, Observer, PageDone, VisitSummary
from jobs.ending import end_on_signal, stand_by
from jobs.giving_way import (
    look_back_unless_held,
    rejudge_unless_held,
    take_in_with_room,
    tidy_unless_held,
)
from jobs.health import HealthWatch
from jobs.logs import says, set_up_logging
from jobs.once import missing_lists
from jobs.people import Taken
from jobs.pictures import PICTURES_SECONDS, take_pictures
from jobs.reassess import PAUSE_SECONDS
from jobs.runtime import AlreadyRunsError, Runtime, open_daemon_runtime
from jobs.schedule import ClockWatch, Heartbeat, RepeatingJob, Schedule
from jobs.service_manager import ServiceManager
from jobs.status import StatusBoard, read_rows
from jobs.tasks import deliver, take_steps, tell_urgent
from jobs.terminal import VisitLog, live_table
from jobs.tidying import TIDYING_SECONDS
from jobs.visits.due import Visitor, plan
from settings.errors import StartError
from settings.load import load_settings
from settings.model import Settings
from settings.sources import Source
from storage.database import for_reading
from storage.sources import shift_plans
from storage.visits import VisitCounts

if TYPE_CHECKING:
    from rich.console import Console

SECONDS = {"visits": 1.0, "delivery": 2.0, "urgent": 5.0, "clock": 60.0, "look_back": 3600.0}
"""How often the database is asked for what is due, by the name of the job."""
HEARTBEAT_SECONDS = 5
FIGURES_SECONDS = 3
BOARD_SECONDS = 5
CONFIGURATION_SECONDS = 2
_LOOK_SECONDS = 1.0

log = structlog.get_logger()
Served = contextlib.AbstractContextManager[tuple[str, Health]]
ServeConsole = Callable[[Callable[[], Context], Metrics], Served]
"""Serves the room above this one while the block runs; gives its address, and what is wrong with it."""


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


def _serve_metrics(settings: Settings, metrics: Metrics, watch: HealthWatch) -> MetricsServer:
    """A port that the operator wrote is kept or refused: Prometheus looks for it there and nowhere else."""
    host, port = settings.metrics.host, settings.metrics.port
    try:
        return serve_metrics(
            metrics.registry,
            host,
            port,
            lambda: watch.condition().problems,
            facts=lambda: watch.condition().facts(),
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

    file, is_told = ConfigurationFile(config, settings), False
    while True:
        as_json = file.settings.logs.format == "json"
        live = console if console.is_terminal and not as_json else None
        set_up_logging(write, quiet=live is not None, settings=file.settings)
        with contextlib.ExitStack() as stack:
            runtime = _opened(stack, file.settings)
            if runtime is None:
                is_told = stand_by(write, is_told=is_told)
                file = ConfigurationFile(config, load_settings(config if config.is_file() else None))
                continue
            is_told = False
            daemon = _Daemon(runtime, file, says if as_json else write, config)
            # First of all: whoever is told that the daemon is well may end it.
            stopping = stack.enter_context(end_on_signal(runtime.context, on_hangup=daemon.reload))
            daemon.serve(stack, serve_console, live)
            daemon.run_until(stopping)
        if daemon.runtime.lease_lost.is_set() and file.settings.workers == "local":
            (says if as_json else write)("另一个 qualwatch 已接管该数据库，本程序结束")
            return 1
        if daemon.runtime.lease_lost.is_set():
            continue
        if not daemon.opens_anew:
            return 0
        file.take_up()
        log.info("configuration_taken_up", file=str(config))


def _opened(stack: contextlib.ExitStack, settings: Settings) -> Runtime | None:
    """The runtime; None where another program schedules and workers do the work: then this one stands by."""
    try:
        return stack.enter_context(open_daemon_runtime(settings))
    except AlreadyRunsError:
        if settings.workers == "local":
            raise
        return None


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
        self._heartbeat = Heartbeat()
        self._watched: list[Health] = [self._heartbeat.problems, self._room_problems, self._queue_problems]
        self._health = HealthWatch(lambda: self.runtime.context, self._job_states, self._watched)
        self._metrics = Metrics(
            context.engine,
            _Watched(self),
            context.now,
            runtime.settings.calendar,
            measure_lists=lambda: current_completeness(context.imported()),
            waits_for_room=lambda: bool(context.room.last_problem),
            condition=self._health.condition,
        )
        self._board = StatusBoard(read_rows(context.engine, runtime.sources))
        self._manager = ServiceManager()

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
        server = stack.enter_context(_serve_metrics(settings, self._metrics, self._health))
        console_url = ""
        if settings.console.enabled:
            served = serve_console(lambda: self.runtime.context, self._metrics)
            console_url, problems = stack.enter_context(served)
            self._watched.append(problems)
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
        self._health.start()
        self._manager.ready()
        while not stopping.wait(_LOOK_SECONDS):
            if not self._heartbeat.problems():
                self._manager.alive()
            if self.runtime.lease_lost.is_set():
                stopping.set()
        if not self.opens_anew:
            self._manager.stopping()
            self._write("正在结束：手头的工作做完或留待下次启动；再按一次 Ctrl-C 立即退出")
        self._health.stop()
        clock.stop()
        self._schedule.stop()
        self._visitor.stop()

    @property
    def _gives_orders(self) -> bool:
        """Whether workers do the work, and this program puts into their queue what is due."""
        return self.runtime.settings.workers == "procrastinate"

    def _queue_problems(self) -> Sequence[str]:
        if not self._gives_orders:
            return []
        from jobs.queue.scheduling import queue_problems  # noqa: PLC0415 - an extra

        return queue_problems(self.runtime.context)

    def _room_problems(self) -> Sequence[str]:
        problem = self.runtime.context.room.last_problem
        return [f"visits wait: {problem}"] if problem else []

    def reload(self) -> None:
        """Read the configuration again, as SIGHUP asks."""
        self._look_at_configuration(asked=True)

    def _jobs(self) -> Iterator[RepeatingJob]:
        """Everything that repeats; what is due is found in the database."""
        yield RepeatingJob("heartbeat", HEARTBEAT_SECONDS, self._heartbeat.beat, is_pulse=True)
        yield RepeatingJob("figures", FIGURES_SECONDS, self._metrics.read_ahead, is_long=True)
        yield RepeatingJob("configuration", CONFIGURATION_SECONDS, self._look_at_configuration)
        if self._gives_orders:
            from jobs.queue.scheduling import queue_jobs  # noqa: PLC0415 - an extra

            yield RepeatingJob("board", BOARD_SECONDS, self._show_rows)
            yield from queue_jobs(lambda: self.runtime.context, SECONDS)
        else:
            yield from self._own_jobs()

    def _show_rows(self) -> None:
        """Let the table show what workers elsewhere have done; without a terminal there is none."""
        if self._board in self.runtime.context.observers:
            self._board.show(read_rows(self.runtime.context.engine, self.runtime.sources))

    def _own_jobs(self) -> Iterator[RepeatingJob]:
        """What this program does itself."""
        intake = self.runtime.settings.intake
        yield RepeatingJob("visits", SECONDS["visits"], self._visitor.begin_due, is_long=True)
        yield RepeatingJob("delivery", SECONDS["delivery"], self._now(deliver))
        yield RepeatingJob("urgent", SECONDS["urgent"], self._now(tell_urgent))
        yield RepeatingJob("clock", SECONDS["clock"], self._now(take_steps))
        if intake.is_configured or self.runtime.settings.console.public_reports:
            yield RepeatingJob(
                "intake", intake.every_minutes * 60, self._now(take_in_with_room), is_long=True
            )
        yield RepeatingJob("pictures", PICTURES_SECONDS, self._now(take_pictures), is_long=True)
        yield RepeatingJob("catalogue", SYNC_SECONDS, self._now(sync_catalogue), is_long=True)
        yield RepeatingJob("rejudge", PAUSE_SECONDS, self._now(rejudge_unless_held), is_long=True)
        yield RepeatingJob(
            "look_back", SECONDS["look_back"], self._now(look_back_unless_held), is_long=True, waits=True
        )
        yield RepeatingJob("tidy", TIDYING_SECONDS, self._now(tidy_unless_held), is_long=True)

    def _job_states(self) -> Mapping[str, str]:
        return self._schedule.states()

    def _now(self, task: Callable[[Context], object]) -> Callable[[], object]:
        """``task`` with the context of when it runs: the sources may have changed."""
        return lambda: task(self.runtime.context)

    def _look_at_configuration(self, *, asked: bool = False) -> None:
        """Take up other sources at once; ``asked`` to, everything else too, by opening everything anew."""
        if not self.opens_anew:
            running = self.runtime.context
            self._file.follow(running, asked=asked, take_up=self._take_up, open_anew=self._open_anew)

    def _open_anew(self) -> None:
        self.opens_anew = True
        self.runtime.context.stopping.set()
        self.runtime.context.fetcher.stop()

    def _take_up(self, taken: Taken) -> None:
        before = {each.name for each in self.runtime.sources}
        sources = self.runtime.with_samples(taken.sources)
        context = taken.by(self.runtime.context, sources)
        self.runtime = replace(self.runtime, context=context)
        plan(context)
        self._board.show(read_rows(context.engine, sources))
        say_taken_up(before, {source.name for source in sources})

    def _clock_was_put_back(self, seconds: float) -> None:
        def shift(session: Session) -> None:
            shift_plans(session, seconds)
            bring_forward(session, seconds)

        self._schedule.run_all_now()
        self.runtime.context.write(shift)


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
        *(first_account(runtime.context) if settings.console.enabled else ()),
        *missing_lists(runtime.context),
    )


def first_account(context: Context) -> tuple[str, ...]:
    """One line with a one-time link while there is no account; none afterwards."""
    with Session(for_reading(context.engine)) as session:
        if exist(session):
            return ()
    link = first_account_link(context.settings, context.now())
    return (
        (f"尚无账号，设置第一个管理员账号（{FIRST_HOURS} 小时内有效，只能用一次）：{link}",) if link else ()
    )
