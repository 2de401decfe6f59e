"""The configuration while the daemon runs: whether its file has changed, and what of it."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlalchemy import Engine
from sqlmodel import Session

from alerts.people.in_force import settings_now
from alerts.people.kept import Mark, people_mark
from jobs.context import Context
from jobs.people import Taken
from settings.errors import SettingsError
from settings.load import load_settings
from settings.model import Settings
from settings.sources import Source
from storage.database import for_reading
from storage.stored_sources import Mark as SourceMark
from storage.stored_sources import provisioned_names, stored_mark, stored_sources, with_stored

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Change:
    """What is different in the file from what the daemon runs with."""

    taken: Taken | None
    """What is taken up at once; None where nothing of it is another."""
    beside_sources: tuple[str, ...]
    """Other tables and keys that changed."""


class ConfigurationFile:
    """``qualwatch.toml`` and what was read of it last, with what is kept at the desk."""

    def __init__(self, path: Path, settings: Settings) -> None:
        self.settings = settings
        """What the daemon runs with."""
        self._path = path
        self._read = settings
        self._seen = self._state()
        self._mark: SourceMark | None = None
        self._stored: tuple[Source, ...] = ()
        self._watched: tuple[Source, ...] | None = None

    def follow(
        self,
        running: Context,
        *,
        asked: bool,
        take_up: Callable[[Taken], object],
        open_anew: Callable[[], object],
    ) -> None:
        """Look for changes: sources, and people of the desk, are taken up at once, the rest when ``asked``.

        A file that is no configuration is told, and nothing changes. ``running``: what is changed by them.
        """
        if self._watched is None:
            self._watched = running.settings.watched()
        is_other = self._has_changed(asked=asked)
        has_others = self._look_at_stored(running.engine)
        told = self._look_at_people(running)
        if not (told or has_others or is_other):
            return
        try:
            change = self._change(running, told, reads=is_other)
        except SettingsError as error:
            log.error("configuration_not_taken_up", why=str(error))  # noqa: TRY400 - one sentence
            return
        # The sample site goes with the first source of one's own, and whatever else was written is taken up.
        if change.beside_sources and (asked or "sample" in change.beside_sources):
            open_anew()
            return
        if change.beside_sources and is_other:
            log.warning("configuration_needs_sighup", changed=", ".join(change.beside_sources))
        if change.taken is not None:
            take_up(change.taken)

    @property
    def provisioned(self) -> frozenset[str]:
        """Names of the sources that the file says."""
        return provisioned_names(self._read)

    def _has_changed(self, *, asked: bool) -> bool:
        """Whether the file is another one than at the last look; ``asked`` to, it is read in any case."""
        seen, self._seen = self._seen, self._state()
        return asked or seen != self._seen

    def _look_at_stored(self, engine: Engine) -> bool:
        """Whether sources that are kept at the desk are others than at the last look."""
        with Session(for_reading(engine)) as session, session.begin():
            mark = stored_mark(session)
            if mark == self._mark:
                return False
            self._mark, self._stored = mark, stored_sources(session)
        return True

    def _look_at_people(self, running: Context) -> tuple[Settings, Mark] | None:
        """The settings with the people who are kept at the desk, where ``running`` knows others of them."""
        with Session(for_reading(running.engine)) as session, session.begin():
            if people_mark(session) == running.people:
                return None
        return settings_now(running.engine, self.settings)

    def _change(self, running: Context, told: tuple[Settings, Mark] | None, *, reads: bool) -> Change:
        """What changed; raises ``SettingsError`` where the file is no configuration."""
        if reads:
            self._read = load_settings(self._path if self._path.is_file() else None)
        wanted = with_stored(self._read, self._stored)
        watched, before = wanted.watched(), self._watched
        self._watched = watched
        sources = ("sources", "presets")
        changed = tuple(
            name
            for name in Settings.model_fields
            if name not in sources and getattr(self._read, name) != getattr(self.settings, name)
        )
        if wanted.serves_sample != running.settings.serves_sample:
            changed = (*changed, "sample")
        if watched == before and told is None:
            return Change(None, changed)
        people, mark = told or (running.settings, running.people)
        taken = running.settings.model_copy(
            update={
                **{name: getattr(wanted, name) for name in sources},
                **{name: getattr(people, name) for name in ("supervisors", "chats")},
            }
        )
        return Change(Taken(taken, mark, watched, self.provisioned), changed)

    def take_up(self) -> None:
        """Run with what was read last."""
        self.settings = self._read
        self._watched = None

    def _state(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino


def say_taken_up(before: Set[str], after: Set[str]) -> None:
    """Log which sources are watched now, by their names."""
    log.info(
        "sources_taken_up",
        watched=len(after),
        added=", ".join(sorted(after - before)),
        removed=", ".join(sorted(before - after)),
    )
