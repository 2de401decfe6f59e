"""Supervisors and chats that the database keeps, as the desk adds them: commands know them too."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cli.common import database, existing_database, load, refusal, whole

if TYPE_CHECKING:
    from sqlmodel import Session

    from settings.model import Settings

T = TypeVar("T")


def load_with_people(config: Path | None) -> Settings:
    """The configuration as if its file named those of the database too."""
    from alerts.people.in_force import settings_now

    file = load(config)
    with existing_database(file) as engine:
        return file if engine is None else settings_now(engine, file)[0]


def change_people(config: Path | None, change: Callable[[Session, Settings, str, datetime], T]) -> T:
    """What ``change`` returns, given the file, who changes and when; exits with 2 where it is refused."""
    from alerts.people.changing import PersonRefused
    from storage.sealing import SealError

    with database(config) as (file, engine):
        try:
            with whole(engine) as session:
                return change(session, file, getpass.getuser(), datetime.now(UTC))
        except (PersonRefused, SealError, OSError) as error:
            raise refusal(str(error)) from error
