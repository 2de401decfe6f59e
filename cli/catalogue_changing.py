"""The database for commands that change the catalogue: made where there is none; who did it is kept."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import typer
from sqlmodel import Session

from cli.common import whole
from jobs.runtime import open_command_database
from settings import SettingsError, StartError, load_settings
from storage.audit import record
from storage.errors import DatabaseError
from vocabulary.people import AuditKind
from vocabulary.reasons import in_chinese


@contextmanager
def changing(config: Path | None) -> Iterator[Session]:
    """A transaction on the configured database; exits with 2 and one message where that is not possible."""
    try:
        with (
            open_command_database(load_settings(config)) as engine,
            whole(engine) as session,
        ):
            yield session
    except (SettingsError, StartError, DatabaseError) as error:
        typer.echo(in_chinese(str(error)), err=True)
        raise typer.Exit(2) from error


def note_change(session: Session, detail: str, *, actor: str = "") -> None:
    """Write who changed the catalogue, in the transaction that does it; ``actor``: else who is logged in."""
    record(session, AuditKind.CATALOGUE_DECIDED, actor=who_acts(actor), at=datetime.now(UTC), detail=detail)


def who_acts(actor: str = "") -> str:
    """Who is named, else who is logged in."""
    return actor.strip() or getpass.getuser()
