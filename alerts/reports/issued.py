"""Bulletins of months that have ended, kept as they were first compiled.

What the events of cases say of a month does not change. What the catalogue, a routing table or a
re-judgement say of its cases may, and an office's bulletin of October must not with it.
"""

from __future__ import annotations

import os
import tempfile
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError
from sqlmodel import Session

from alerts.reports.figures import Bulletin, Month, compile_bulletin
from settings.model import Settings

_FIGURES = TypeAdapter(Bulletin)


class KeptBulletinError(ValueError):
    """The kept figures cannot be read; the message says what to do."""


def issue_bulletin(
    session: Session, settings: Settings, month: Month, region: str, today: date, *, anew: bool = False
) -> Bulletin:
    """The bulletin of ``month`` for ``region`` (empty: everywhere), as it was first compiled.

    ``anew`` compiles it again and keeps that instead. A month that has not ended on ``today`` is compiled and
    not kept. Raises ``KeptBulletinError`` and ``OSError``.
    """
    file = settings.storage.reports_directory / f"{month}_{region or '000000'}.json"
    if not anew and file.exists():
        return _read(file)
    zone = ZoneInfo(settings.time_zone)
    bulletin = compile_bulletin(session, month, region or None, zone, today, calendar=settings.calendar)
    if Month(today.year, today.month) <= month:
        return bulletin
    if anew:
        file.unlink(missing_ok=True)
    _keep(file, bulletin)
    # Of two who compile it at once, the first one's stays.
    return _read(file)


def _read(file: Path) -> Bulletin:
    try:
        return _FIGURES.validate_json(file.read_bytes())
    except ValidationError as error:
        raise KeptBulletinError(
            f"{file} cannot be read ({error.error_count()} problems): it is damaged or of another version; "
            "compile it again with --anew"
        ) from error


def _keep(file: Path, bulletin: Bulletin) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as written:
            written.write(_FIGURES.dump_json(bulletin, indent=2))
        file.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
