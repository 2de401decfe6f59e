"""Whom this program tells: those of the file and those of the desk, as the database has them now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlmodel import Session

from alerts.delivery.channels import Channel, open_channels
from alerts.people.in_force import settings_now
from alerts.people.kept import Mark, people_mark
from jobs.context import Context
from settings.model import Settings
from settings.sources import Source
from storage.database import for_reading


@dataclass(frozen=True, slots=True)
class Taken:
    """What is watched and who is told from now on."""

    settings: Settings
    people: Mark
    """Which of the desk's people ``settings`` have."""
    sources: tuple[Source, ...]
    """Without those of the sample site."""
    provisioned: frozenset[str]

    def by(self, context: Context, sources: tuple[Source, ...]) -> Context:
        """``context`` with it, and with ``sources``, which may be more."""
        is_same = self.people == context.people
        return replace(
            context,
            settings=self.settings,
            people=self.people,
            sources=sources,
            provisioned=self.provisioned,
            channels=context.channels if is_same else open_channels(self.settings),
        )


def channels_now(context: Context) -> Mapping[str, Channel]:
    """The ways out of the house at this moment.

    A message for a chat that was added a second ago, by whichever program, is not given up for want of it.
    """
    with Session(for_reading(context.engine)) as session, session.begin():
        if people_mark(session) == context.people:
            return context.channels
    settings, _ = settings_now(context.engine, context.file)
    return open_channels(settings)
