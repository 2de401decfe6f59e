"""``qualwatch console``: the desk alone, beside a daemon or without one."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cli.common import Config, load, refusal

if TYPE_CHECKING:
    from jobs.configuration import ConfigurationFile
    from jobs.runtime import Runtime
    from settings import Settings
    from settings.sources import Source

_CONFIGURATION_SECONDS = 2.0
_TRY_AGAIN = 75
"""EX_TEMPFAIL of sysexits.h, as of ``qualwatch run``."""


def console(config: Config = None) -> None:
    """只提供工作台网页，不访问来源，也不发邮件，直到 Ctrl-C。

    须与 qualwatch run 使用同一配置、同一数据库和同一证据目录。run 本身也提供工作台；
    由本命令代替时，在其配置中写 console.enabled = false。
    退出码：2 配置有误或地址被占用，75 数据库服务器暂时连不上。
    """
    import structlog

    from settings import SettingsError, StartError
    from settings.load import FILE_NAME, load_settings
    from storage.errors import DatabaseAwayError, DatabaseError

    settings = load(config)
    try:
        while _serve(settings, config or Path(FILE_NAME)):
            settings = load_settings(config)
            structlog.get_logger().info("configuration_taken_up", file=str(config or FILE_NAME))
    except DatabaseAwayError as error:
        raise refusal(str(error), _TRY_AGAIN) from error
    except (StartError, DatabaseError, SettingsError) as error:
        raise refusal(str(error)) from error


def _serve(settings: Settings, config: Path) -> bool:
    """Serve until a signal; whether the configuration changed so that everything is to be opened anew."""
    from alerts.metrics.collected import Metrics
    from console.serving import serve_console
    from jobs.configuration import ConfigurationFile
    from jobs.daemon import first_account
    from jobs.ending import end_on_signal
    from jobs.logs import says, set_up_logging
    from jobs.runtime import open_command_runtime
    from storage.under_way import DAEMON

    set_up_logging(typer.echo, quiet=False, settings=settings)
    write = says if settings.logs.format == "json" else typer.echo
    with contextlib.ExitStack() as stack:
        runtime = stack.enter_context(open_command_runtime(settings, visits=False))
        program = _Program(runtime, ConfigurationFile(config, settings))
        stopping = stack.enter_context(end_on_signal(program.context, on_hangup=program.reload))
        metrics = Metrics(program.context.engine, runtime.sources, program.context.now, settings.calendar)
        # Where a daemon serves the desk too, mails go on leading there.
        is_other = settings.console.enabled and program.context.locks.is_held(DAEMON)
        url, problems = stack.enter_context(
            serve_console(lambda: program.context, metrics, is_for_mails=not is_other)
        )
        for line in (f"工作台 {settings.console.base_url or url}", *first_account(program.context)):
            write(line)
        program.follow_until(stopping, problems)
        if not program.opens_anew:
            write("正在结束")
    return program.opens_anew


class _Program:
    """One run, between opening everything and closing it; its sources may change meanwhile."""

    def __init__(self, runtime: Runtime, file: ConfigurationFile) -> None:
        self.context = runtime.context
        self._runtime = runtime
        self.opens_anew = False
        self._file = file

    def follow_until(self, stopping: threading.Event, problems: Callable[[], object]) -> None:
        """Look at the configuration until ``stopping``; raises :class:`StartError` where the console died."""
        from settings import StartError

        while not stopping.wait(_CONFIGURATION_SECONDS):
            self._look(asked=False)
            if problems():
                raise StartError("the console has ended: see the log, and start it again")

    def reload(self) -> None:
        """Read the configuration again, as SIGHUP asks."""
        self._look(asked=True)

    def _look(self, *, asked: bool) -> None:
        self._file.follow(self.context, asked=asked, take_up=self._take_up, open_anew=self._open_anew)

    def _take_up(self, sources: tuple[Source, ...]) -> None:
        self.context = replace(
            self.context,
            sources=self._runtime.with_samples(sources),
            provisioned=self._file.provisioned,
        )

    def _open_anew(self) -> None:
        self.opens_anew = True
        self.context.stopping.set()
