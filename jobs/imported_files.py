"""Takes imported lists over into the database that an earlier version kept as files; once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy import Engine
from sqlmodel import Session

from cases.routing_table import RoutingTableError, add_missing_rules, read_table
from catalogue.imported_files import read_list_file
from storage.database import one_transaction
from storage.imported_lists import keep_list

TAKEN_OVER = ".imported"
"""What is added to the name of a file whose list the database has: it stays as it was, and counts no more."""
_ROUTING = "责任分工"

log = structlog.get_logger()


def take_over_files(engine: Engine, directory: Path) -> None:
    """Keep every list and routing table of ``directory`` in the database, and put its file aside.

    What the database has of the same document stays. A file that cannot be read stays too, and is told.
    """
    for file in sorted(directory.glob("*.csv")):
        try:
            imported = read_list_file(file)
        except (ValueError, OSError) as error:
            log.warning("imported_list_unreadable", file=str(file), detail=str(error))
            continue
        _write(engine, partial(keep_list, imported=imported))
        _put_aside(file)
    for file in sorted((directory / _ROUTING).glob("*.csv")):
        try:
            rules = read_table(file)
        except (RoutingTableError, OSError) as error:
            log.warning("routing_table_unreadable", file=str(file), detail=str(error))
            continue
        _write(engine, partial(add_missing_rules, rules=rules, now=datetime.now(UTC)))
        _put_aside(file)


@one_transaction
def _write(engine: Engine, work: Callable[[Session], object]) -> None:
    with Session(engine) as session, session.begin():
        work(session)


def _put_aside(file: Path) -> None:
    with contextlib.suppress(FileNotFoundError):  # another program was faster
        file.rename(file.with_name(file.name + TAKEN_OVER))
    log.info("imported_list_taken_over", file=str(file))
