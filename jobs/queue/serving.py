"""What ``qualwatch worker`` runs, from its settings to its clean end; sources may change meanwhile."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import structlog

from jobs.configuration import ConfigurationFile, say_taken_up
from jobs.context import Context
from jobs.ending import end_on_signal
from jobs.logs import says, set_up_logging
from jobs.people import Taken
from jobs.queue.worker import QueueWorker
from jobs.runtime import open_command_runtime
from jobs.terminal import VisitLog
from settings.model import Settings

_CONFIGURATION_SECONDS = 2.0

log = structlog.get_logger()


def run_worker(settings: Settings, *, config: Path, at_once: int, write: Callable[[str], object]) -> int:
    """Do orders of the queue until SIGINT or SIGTERM, ``at_once`` at a time; SIGHUP opens everything anew."""
    file = ConfigurationFile(config, settings)
    while True:
        set_up_logging(write, quiet=False, settings=file.settings)
        with contextlib.ExitStack() as stack:
            runtime = stack.enter_context(open_command_runtime(file.settings))
            program = _Program(replace(runtime.context, observers=(VisitLog(),)), file)
            stopping = stack.enter_context(end_on_signal(program.context, on_hangup=program.reload))
            tell = says if file.settings.logs.format == "json" else write
            evidence = file.settings.storage.evidence_directory.absolute()
            tell(f"工作机已就绪：同时做 {at_once} 件，证据 {evidence}")
            program.work(at_once, stopping)
            if not program.opens_anew:
                tell("正在结束：手头的工作已做完或退回队列")
        if not program.opens_anew:
            return 0
        file.take_up()
        log.info("configuration_taken_up", file=str(config))


class _Program:
    """One run of a worker, between opening everything and closing it."""

    def __init__(self, context: Context, file: ConfigurationFile) -> None:
        self.context = context
        self.opens_anew = False
        self._file = file

    def work(self, at_once: int, stopping: threading.Event) -> None:
        over = threading.Event()
        following = threading.Thread(target=self._follow, args=(over,), name="configuration", daemon=True)
        following.start()
        try:
            QueueWorker(lambda: self.context, at_once).run(stopping)
        finally:
            over.set()
            following.join()

    def reload(self) -> None:
        """Read the configuration again, as SIGHUP asks."""
        self._file.follow(self.context, asked=True, take_up=self._take_up, open_anew=self._open_anew)

    def _follow(self, over: threading.Event) -> None:
        while not over.wait(_CONFIGURATION_SECONDS):
            self._file.follow(self.context, asked=False, take_up=self._take_up, open_anew=self._open_anew)

    def _take_up(self, taken: Taken) -> None:
        before = {source.name for source in self.context.sources}
        self.context = taken.by(self.context, taken.sources)
        say_taken_up(before, {source.name for source in taken.sources})

    def _open_anew(self) -> None:
        self.opens_anew = True
        self.context.stopping.set()
        self.context.fetcher.stop()
