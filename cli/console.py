"""``qualwatch console``: the desk alone, from several processes, beside a daemon or without one."""

from __future__ import annotations

import contextlib
import gc
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.common import Config, load, refusal

if TYPE_CHECKING:
    import socket
    from multiprocessing.connection import Connection

    from alerts.metrics.collected import Metrics
    from jobs.configuration import ConfigurationFile
    from jobs.people import Taken
    from jobs.runtime import Runtime
    from settings import Settings

_CONFIGURATION_SECONDS = 2.0
_TRY_AGAIN = 75
"""EX_TEMPFAIL of sysexits.h, as of ``qualwatch run``."""


MOST_BY_ITSELF = 2
"""Processes of a desk where nobody says how many."""
Number = Annotated[
    int | None,
    typer.Option("--processes", min=1, max=32, help="由几个进程回答，默认每个处理器一个，至多两个。"),
]


def console(config: Config = None, processes: Number = None) -> None:
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
    number = processes or min(MOST_BY_ITSELF, len(os.sched_getaffinity(0)))
    try:
        while _serve(settings, config or Path(FILE_NAME), number):
            settings = load_settings(config)
            structlog.get_logger().info("configuration_taken_up", file=str(config or FILE_NAME))
    except DatabaseAwayError as error:
        raise refusal(str(error), _TRY_AGAIN) from error
    except (StartError, DatabaseError, SettingsError) as error:
        raise refusal(str(error)) from error


def _serve(settings: Settings, config: Path, number: int) -> bool:
    """Serve until a signal; whether the configuration changed so that everything is to be opened anew."""
    from cli.processes import Processes
    from console.serving import listen, serve_console
    from jobs.daemon import first_account
    from jobs.logs import says, set_up_logging
    from storage.under_way import DAEMON

    set_up_logging(typer.echo, quiet=False, settings=settings)
    write = says if settings.logs.format == "json" else typer.echo
    with contextlib.ExitStack() as stack:
        program, metrics, stopping = stack.enter_context(_opened(settings, config))
        # Where a daemon serves the desk too, mails go on leading there.
        is_other = settings.console.enabled and program.context.locks.is_held(DAEMON)
        listening = listen(settings)
        url, problems = stack.enter_context(
            serve_console(lambda: program.context, metrics, is_for_mails=not is_other, listening=listening)
        )
        others = stack.enter_context(Processes(answer_beside, config, listening, number=number - 1))
        for line in (f"工作台 {settings.console.base_url or url}", *first_account(program.context)):
            write(line)
        program.follow_until(stopping, problems, others.keep)
        if not program.opens_anew:
            write("正在结束")
    return program.opens_anew


def answer_beside(config: Path, listening: socket.socket, parent: Connection) -> None:
    """In a process of its own: answer at a socket of ``qualwatch console`` for as long as that runs.

    Where the configuration is another one it ends, and is begun again with that one.
    """
    from cli.processes import wait_for_parent
    from console.serving import serve_beside
    from jobs.logs import set_up_logging
    from settings.load import load_settings

    settings = load_settings(config if config.is_file() else None)
    set_up_logging(typer.echo, quiet=False, settings=settings)
    with (
        _opened(settings, config, warms_up=False) as (program, metrics, stopping),
        serve_beside(lambda: program.context, metrics, listening) as problems,
    ):

        def end() -> None:
            wait_for_parent(parent)
            stopping.set()

        threading.Thread(target=end, name="parent", daemon=True).start()
        program.follow_until(stopping, problems)


@contextlib.contextmanager
def _opened(
    settings: Settings, config: Path, *, warms_up: bool = True
) -> Iterator[tuple[_Program, Metrics, threading.Event]]:
    """What a process of the desk works with, and what a signal sets."""
    from alerts.metrics.collected import Metrics
    from jobs.configuration import ConfigurationFile
    from jobs.ending import end_on_signal
    from jobs.runtime import open_command_runtime

    with open_command_runtime(settings, visits=False, warms_up=warms_up) as runtime:
        program = _Program(runtime, ConfigurationFile(config, settings))
        with end_on_signal(program.context, on_hangup=program.reload) as stopping:
            context = program.context
            metrics = Metrics(context.engine, runtime.sources, context.now, settings.calendar)
            _keep_what_is_loaded()
            yield program, metrics, stopping


def _keep_what_is_loaded() -> None:
    """Look no more for garbage among modules: each time took a tenth of a second, and stopped every page."""
    gc.collect()
    gc.freeze()


class _Program:
    """One run, between opening everything and closing it; its sources may change meanwhile."""

    def __init__(self, runtime: Runtime, file: ConfigurationFile) -> None:
        self.context = runtime.context
        self._runtime = runtime
        self.opens_anew = False
        self._file = file

    def follow_until(
        self,
        stopping: threading.Event,
        problems: Callable[[], object],
        keep: Callable[[], object] = lambda: None,
    ) -> None:
        """Look at the configuration until ``stopping``, and ``keep`` what is to go on meanwhile.

        Raises :class:`StartError` where the console died.
        """
        from settings import StartError

        while not stopping.wait(_CONFIGURATION_SECONDS):
            self._look(asked=False)
            keep()
            if problems():
                raise StartError("the console has ended: see the log, and start it again")

    def reload(self) -> None:
        """Read the configuration again, as SIGHUP asks."""
        self._look(asked=True)

    def _look(self, *, asked: bool) -> None:
        self._file.follow(self.context, asked=asked, take_up=self._take_up, open_anew=self._open_anew)

    def _take_up(self, taken: Taken) -> None:
        self.context = taken.by(self.context, self._runtime.with_samples(taken.sources))

    def _open_anew(self) -> None:
        self.opens_anew = True
        self.context.stopping.set()
