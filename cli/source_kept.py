"""Sources that the database keeps, as the desk adds them: commands see and change them like the others."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.common import existing_database, load, refusal, whole

if TYPE_CHECKING:
    from settings.model import Settings


def load_with_kept(config: Path | None) -> tuple[Settings, frozenset[str]]:
    """The configuration as if its file named the kept sources too, and the names of those."""
    from sqlmodel import Session

    from storage.database import for_reading
    from storage.stored_sources import stored_sources, with_stored

    file = load(config)
    with existing_database(file) as engine:
        if engine is None:
            return file, frozenset()
        with Session(for_reading(engine)) as session, session.begin():
            settings = with_stored(file, stored_sources(session))
    own = {source.name for source in file.sources}
    return settings, frozenset(source.name for source in settings.sources if source.name not in own)


def change_kept(settings: Settings, name: str, **values: Any) -> None:
    """Set these values of a kept source; exits with 2 and one message where that cannot be."""
    from storage.stored_sources import change_stored

    _write(settings, lambda session, **who: change_stored(session, name, values, **who))


def remove_kept(settings: Settings, name: str) -> None:
    """Watch it no longer."""
    from storage.stored_sources import remove_stored

    _write(settings, lambda session, **who: remove_stored(session, name, **who))


def _write(settings: Settings, change: Callable[..., object]) -> None:
    from storage.stored_sources import SourceRefused

    with existing_database(settings) as engine:
        if engine is None:
            raise refusal("尚无数据库，请先运行 qualwatch run")
        try:
            with whole(engine) as session:
                change(session, actor=getpass.getuser(), now=datetime.now(UTC))
        except SourceRefused as error:
            raise refusal(str(error)) from error
