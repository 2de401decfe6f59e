"""The official lists that the installation here has imported, for commands that need nothing else of it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from catalogue.imported import NONE_IMPORTED, ImportedLists
from catalogue.imported_files import FOLDER, read_files
from vocabulary.reasons import in_chinese

if TYPE_CHECKING:
    from settings.model import Settings


def is_installed() -> bool:
    """Whether anything here is of an installation: its configuration, or what it keeps by default."""
    here = any(Path(name).exists() for name in ("qualwatch.toml", "var"))
    return here or any(name.startswith("QUALWATCH_") for name in os.environ)


def lists_of(config: Path | None) -> ImportedLists:
    """The lists of the configured installation, none where there is none; exits with 2 and one message."""
    from settings import SettingsError, load_settings
    from storage.errors import DatabaseError

    try:
        return installed_lists(load_settings(config))
    except (SettingsError, DatabaseError, ValueError) as error:
        typer.echo(in_chinese(str(error)), err=True)
        raise typer.Exit(2) from error


def lists_or_none(settings: Settings | None = None) -> ImportedLists:
    """For commands that judge without an installation too: what hinders is said, and nothing more.

    ``settings`` None: those that lie here, if any.
    """
    if settings is None and not is_installed():
        return NONE_IMPORTED
    from settings import SettingsError, load_settings
    from storage.errors import DatabaseError

    try:
        return installed_lists(settings or load_settings())
    except (SettingsError, DatabaseError, ValueError) as error:
        typer.echo(f"未读取已导入的清单，只按自带目录判断：{in_chinese(str(error))}", err=True)
        return NONE_IMPORTED


def installed_lists(settings: Settings) -> ImportedLists:
    """The lists in the database, and those in files of an earlier version that nobody has taken over yet.

    Raises ``DatabaseError``, and ValueError for a list that is damaged.
    """
    kept = _lists_in_database(settings.storage.database_url)
    waiting = {each.identity: each for each in read_files(settings.storage.directory / FOLDER)}
    if not waiting:
        return kept
    lists = waiting | {each.identity: each for each in kept.unpacked()}
    return ImportedLists.of(lists.values(), kept.verified())


def _lists_in_database(url: str) -> ImportedLists:
    """None imported where there is no database, or one of an earlier revision."""
    file = url.removeprefix("sqlite:///")
    if file != url and not _has_lists(Path(file)):
        return NONE_IMPORTED
    from sqlmodel import Session

    from storage.database import for_reading, open_database
    from storage.imported_lists import read_lists
    from storage.migrate import is_current

    engine = open_database(url)
    try:
        if not is_current(engine):
            return NONE_IMPORTED
        with Session(for_reading(engine)) as session:
            return read_lists(session)
    finally:
        engine.dispose()


def _has_lists(file: Path) -> bool:
    """Whether a SQLite file may hold lists.

    Asked first, because most installations have none and SQLAlchemy takes longer than a check. What is wrong
    with the file is said by ``open_database``.
    """
    if not file.exists():
        return False
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            tables = ("imported_list", "verified_row")
            rows = (connection.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone() for name in tables)  # noqa: S608
            return any(rows)
    except sqlite3.Error as error:
        return "no such table" not in str(error)
