"""The log: a line per event, as words for people or as JSON for programs, without secrets and controls."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Collection
from functools import partial
from typing import Any

import structlog
from structlog.typing import Processor

from jobs.repeats import Repeats
from settings.model import Settings

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Characters that steer a terminal; line ends and tabs are left to tracebacks."""
_LEAST_SECRET = 4
"""Characters; hiding shorter ones would hide ordinary words."""
HIDDEN = "(hidden)"

log = structlog.get_logger()
Write = Callable[[str], object]


def set_up_logging(write: Write, *, quiet: bool, settings: Settings | None = None) -> None:
    """Give every line of this program's log and of its libraries to ``write``; ``quiet``: warnings only.

    What repeats itself too often is counted instead (``jobs/repeats.py``).

    ``settings`` say whether lines are JSON, and which secrets no line may hold, whoever quotes them. Words
    from outside are written as literals, so that they can neither end a line nor steer a terminal.
    """
    as_json = settings is not None and settings.logs.format == "json"
    secrets = [each for each in (settings.secrets() if settings else ()) if len(each) >= _LEAST_SECRET]
    structlog.configure(
        processors=[Repeats(), *(_as_json() if as_json else _as_words())],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING if quiet else logging.INFO),
        logger_factory=lambda *_: _Lines(write, secrets),
    )
    logging.basicConfig(level=logging.WARNING, handlers=[_FromLibraries()], force=True)


def says(line: str) -> None:
    """Write what is no event, as the lines of a start, into a log of JSON."""
    log.info("says", text=line)


def _as_words() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
        structlog.processors.format_exc_info,
        structlog.dev.ConsoleRenderer(colors=False, pad_event_to=18, repr_native_str=True),
    ]


def _as_json() -> list[Processor]:
    """Keys: ``at`` (UTC), ``level``, ``event``, those of the event, and ``visit`` while one is under way."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(partial(json.dumps, ensure_ascii=False)),
    ]


class _Lines:
    """The end of structlog's chain: a finished line."""

    def __init__(self, write: Write, secrets: Collection[str]) -> None:
        self._write = write
        self._secrets = secrets

    def msg(self, message: str) -> None:
        for secret in self._secrets:
            message = message.replace(secret, HIDDEN)
        # Values are literals already; what an exception says is not.
        self._write(_CONTROLS.sub("\N{REPLACEMENT CHARACTER}", message))

    debug = info = warning = error = critical = exception = msg


class _FromLibraries(logging.Handler):
    """Warnings of libraries, as lines of our own log."""

    def emit(self, record: logging.LogRecord) -> None:
        values: dict[str, Any] = {"exc_info": record.exc_info} if record.exc_info else {}
        log.warning("library", name=record.name, says=record.getMessage(), **values)
