"""An annex that names who follows up what: kept as a routing table beside the imported lists."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

from sqlmodel import Session

from cases.departments import RULE_COLUMNS
from cases.routing_table import import_rules, read_table
from catalogue.annex_items import Annex
from catalogue.documents import OfficialDocument
from settings import load_settings
from storage.database import open_database
from storage.migrate import require_current

_FOLDER = "责任分工"


def is_routed(directory: Path, document: OfficialDocument) -> bool:
    """Whether the annex was kept before."""
    return _file(directory, document).exists()


def route(annex: Annex, document: OfficialDocument, directory: Path, config: Path | None) -> Path:
    """Write the annex as a routing table, and import it into the database where there is one.

    FileExistsError where it was kept before.
    """
    file = _file(directory, document)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("x", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(RULE_COLUMNS)
        for item in annex.items:
            if item.department:
                writer.writerow((item.name, document.region, item.department, document.number))
    _import(file, config)
    return file


def unroute(directory: Path, document: OfficialDocument) -> bool:
    """Forget the annex; whether it had been kept."""
    file = _file(directory, document)
    kept = file.exists()
    file.unlink(missing_ok=True)
    return kept


def _file(directory: Path, document: OfficialDocument) -> Path:
    return directory / _FOLDER / f"{document.number}.csv"


def _import(file: Path, config: Path | None) -> None:
    """A program that never ran has no database yet; ``routing import`` takes the file later."""
    url = load_settings(config).storage.database_url
    path = url.removeprefix("sqlite:///")
    if path != url and not Path(path).exists():
        return
    engine = open_database(url)
    try:
        require_current(engine)
        with Session(engine) as session, session.begin():
            import_rules(session, read_table(file), datetime.now(UTC))
    finally:
        engine.dispose()
