"""The settings with those who are told at this moment, as the file and the desk name them."""

from __future__ import annotations

import time

from sqlalchemy import Engine
from sqlmodel import Session

from alerts.people.kept import Mark, kept_people, people_mark, with_people
from settings.model import Settings
from storage.database import for_reading
from storage.sealing import Seal

_LOOK_SECONDS = 5.0


def seal_of(settings: Settings) -> Seal:
    """What seals the addresses of chats; raises ``SealError`` and ``OSError``."""
    return Seal(settings.storage.directory, settings.console.contact_key.get_secret_value())


def settings_now(engine: Engine, file: Settings) -> tuple[Settings, Mark]:
    """``file`` with the people who are kept at the desk, and which they are."""
    with Session(for_reading(engine)) as session, session.begin():
        mark = people_mark(session)
        return with_people(file, kept_people(session, lambda: seal_of(file))), mark


class PeopleInForce:
    """For work that takes long: whom to tell, looked at every few seconds; for all threads of a process."""

    def __init__(self, engine: Engine, file: Settings, settings: Settings, mark: Mark) -> None:
        """``settings``: those of the work, which know the people of ``mark``."""
        self._engine = engine
        self._file = file
        self._known = settings, mark
        self._next = time.monotonic() + _LOOK_SECONDS

    def read(self) -> Settings:
        """The settings of the work, with the supervisors and chats of now."""
        settings, mark = self._known
        if time.monotonic() < self._next:
            return settings
        self._next = time.monotonic() + _LOOK_SECONDS
        with Session(for_reading(self._engine)) as session, session.begin():
            if people_mark(session) == mark:
                return settings
        told, mark = settings_now(self._engine, self._file)
        settings = settings.model_copy(update={"supervisors": told.supervisors, "chats": told.chats})
        self._known = settings, mark
        return settings
