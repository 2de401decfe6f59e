"""An installation in a folder, with the official lists that were imported there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from sqlmodel import Session
from typer import Typer
from typer.testing import CliRunner, Result

from catalogue.documents import find_document
from catalogue.imported import ImportedItem, ImportedList
from storage.database import open_database
from storage.imported_lists import forget_list, keep_list, read_lists
from tests.parts.databases import copy_migrated
from vocabulary.codes import Status


@contextmanager
def _begin(folder: Path) -> Iterator[Session]:
    engine = open_database(f"sqlite:///{copy_migrated(folder / 'qualwatch.sqlite3')}")
    try:
        with Session(engine) as session, session.begin():
            yield session
    finally:
        engine.dispose()


def keep(folder: Path, imported: ImportedList) -> None:
    """Import a list; an earlier one of its document goes."""
    with _begin(folder) as session:
        keep_list(session, imported, replacing=True)


def forget(folder: Path, identity: str) -> None:
    with _begin(folder) as session:
        assert forget_list(session, identity)


def kept(folder: Path) -> tuple[ImportedList, ...]:
    """The lists that are imported there."""
    if not (folder / "qualwatch.sqlite3").exists():
        return ()
    with _begin(folder) as session:
        return read_lists(session).unpacked()


def run(app: Typer, folder: Path, *words: str) -> Result:
    """A command of the installation whose storage directory is ``folder``, in this process."""
    copy_migrated(folder / "qualwatch.sqlite3")  # quicker than the migrations
    return CliRunner().invoke(app, words, env={"QUALWATCH_STORAGE__DIRECTORY": str(folder)})


def made_list(document: str, *names: str) -> ImportedList:
    """A decision that ends these."""
    official = find_document(document)
    assert official is not None
    items = tuple(
        ImportedItem(str(seq), name, name, Status.CANCELLED, official.date, "水平评价类", "", "")
        for seq, name in enumerate(names, 1)
    )
    return ImportedList(document, "", "附件.html", date(2026, 11, 1), items, "00ff" * 16)
