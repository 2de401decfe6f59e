"""The command line's front door: assembles the rooms' commands.

``qualwatch check`` has to start in a fraction of a second, so only the room of the command that was typed is
imported; help and typing errors load them all.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated

import typer

from cli.chinese import Commands, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from alerts.metrics.collected import Metrics
    from alerts.metrics.server import Health
    from jobs.context import Context

COMMANDS = {
    "run": "cli.run:run",
    "console": "cli.console:console",
    "worker": "cli.worker:worker",
    "queue": "cli.queue:app",
    "doctor": "cli.doctor:doctor",
    "check": "cli.check:check",
    "scan-archive": "cli.scan_archive:scan_archive",
    "source": "cli.source_changes:app",
    "backfill": "cli.past:backfill",
    "look-back": "cli.past:look_back",
    "rejudge": "cli.past:rejudge",
    "catalogue": "cli.catalogue_status:app",
    "outbox": "cli.outbox:app",
    "case": "cli.case:app",
    "exception": "cli.exceptions:app",
    "gold": "cli.gold:app",
    "routing": "cli.routing:app",
    "user": "cli.user:app",
    "report": "cli.report:report",
    "letter": "cli.report:letter",
    "evidence": "cli.storage:evidence",
    "backup": "cli.storage:backup",
    "restore": "cli.storage:restore",
    "storage": "cli.kept:app",
}


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"qualwatch {version('qualwatch')}")
        raise typer.Exit


def _qualwatch(
    _version: Annotated[
        bool, typer.Option("--version", help="显示版本。", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """查找公告、办事指南和招聘信息中违规要求的职业资格证书。"""


def assemble(names: tuple[str, ...] = tuple(COMMANDS)) -> typer.Typer:
    """The command line with the commands called ``names``; their rooms are imported, no others."""
    app = Commands(
        pretty_exceptions_show_locals=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_qualwatch)
    for name in names:
        module, attribute = COMMANDS[name].split(":")
        command = getattr(import_module(module), attribute)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app


def _serve_console(
    context: Callable[[], Context], metrics: Metrics
) -> AbstractContextManager[tuple[str, Health]]:
    """The daemon serves the console, and yet stands below it and does not know it."""
    from console.serving import serve_console  # noqa: PLC0415

    return serve_console(context, metrics)


def main() -> None:
    """Run the command line; the exit code is the command's."""
    # Configuration, database, evidence and mails hold passwords, names and signed links.
    os.umask(0o077)
    typed = tuple(name for name in sys.argv[1:2] if name in COMMANDS)
    run(assemble(typed or tuple(COMMANDS)), obj=_serve_console)
