"""What of a week's documents waits to be opened by hand: for the weekly summary of whose sources they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from alerts.languages import Language
from crawling.fetching.advice import why_unread
from settings.model import Settings
from settings.people import Supervisor
from storage.unread import Unread, unread
from vocabulary.areas import covers
from vocabulary.presentation import displayable, safe_link

SHOWN = 20
_INTAKE = "intake"


def waiting_documents(session: Session, since: datetime) -> tuple[Unread, ...]:
    """What was met since then and only a person can read, the latest first."""
    return tuple(each for each in unread(session, since) if each.waits_for_a_person)


def of_supervisors(
    waiting: Iterable[Unread], supervisors: Sequence[Supervisor], settings: Settings
) -> tuple[Unread, ...]:
    """Those of sources whose region one of the supervisors answers for."""
    regions = _regions(settings)
    return tuple(
        each for each in waiting if any(_answers_for(one, regions.get(each.source)) for one in supervisors)
    )


def _regions(settings: Settings) -> Mapping[str, str | None]:
    sources = {source.name: source.region for source in settings.watched()}
    return {_INTAKE: settings.intake.region or None, **sources}


def _answers_for(supervisor: Supervisor, region: str | None) -> bool:
    return not supervisor.regions or any(covers(each, region) for each in supervisor.regions if region)


def unread_block(waiting: Sequence[Unread], settings: Settings, speech: Language) -> dict[str, Any]:
    """The part of the summary's payload: how many, and the latest with links and reasons."""
    titles = {source.name: source.title or source.name for source in settings.watched()}
    zone = ZoneInfo(settings.time_zone)
    shown = [
        {
            "source": displayable(titles.get(each.source, each.source), limit=60),
            "url": displayable(each.url, limit=200),
            "link": safe_link(each.url),
            "why": why_unread(each.outcome, each.detail, speech.code),
            "day": f"{each.at.astimezone(zone):%m-%d}",
        }
        for each in waiting[:SHOWN]
    ]
    return {"count": len(waiting), "shown": shown, "more": len(waiting) - len(shown)}
