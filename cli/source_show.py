"""``qualwatch source show``: one source, its last visits, and everything of it that was not read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from crawling.fetching.advice import advice, why_unread
from jobs.visits.expectations import open_troubles
from settings.sources import Source
from storage.database import for_reading
from storage.tables import SourceTrouble, Visit
from storage.unread import Unread, unread
from vocabulary.codes import Outcome
from vocabulary.names import name_of
from vocabulary.presentation import displayable
from vocabulary.reasons import reason_in_chinese

VISITS_SHOWN = 10
UNREAD_SHOWN = 50
_REMEMBERED = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class ShownSource:
    """What is known of a source."""

    source: Source
    visits: tuple[Visit, ...]
    """The latest first."""
    unread: tuple[Unread, ...]
    troubles: tuple[SourceTrouble, ...]


def look_up(engine: Engine, source: Source, now: datetime) -> ShownSource:
    """The last visits of ``source`` and what it has left unread within a month."""
    with Session(for_reading(engine)) as session:
        visits = session.exec(
            select(Visit)
            .where(Visit.source == source.name, col(Visit.outcome).is_not(None))
            .order_by(col(Visit.id).desc())
            .limit(VISITS_SHOWN)
        ).all()
        left = tuple(unread(session, now - _REMEMBERED, [source.name]))
        return ShownSource(source, tuple(visits), left, open_troubles(session, source.name))


def shown_lines(shown: ShownSource, zone: ZoneInfo) -> Iterator[str]:
    """In Chinese, for a terminal; nothing in it can steer one."""
    for line in _lines(shown, zone):
        yield displayable(line, limit=500)


def _lines(shown: ShownSource, zone: ZoneInfo) -> Iterator[str]:
    source = shown.source
    yield f"来源 {source.name}：{source.title or '（未命名）'}　{source.url}"
    for trouble in shown.troubles:
        since, why = _moment(trouble.began_at, zone), reason_in_chinese(trouble.detail)
        yield f"⚠ {name_of(trouble.kind)}（自 {since}）：{why}"
    if not shown.visits:
        yield "尚未访问：运行 qualwatch run 或 qualwatch run --once。"
        return
    yield f"最近{len(shown.visits)}次访问："
    for visit in shown.visits:
        yield from _visit_lines(visit, zone)
    waiting = [each for each in shown.unread if each.waits_for_a_person]
    others = [each for each in shown.unread if not each.waits_for_a_person]
    if not shown.unread:
        yield "近一个月的页面和附件均已读全。"
    for title, group in (("须人工打开", waiting), ("未能读取", others)):
        yield from _group(title, group, zone)


def _visit_lines(visit: Visit, zone: ZoneInfo) -> Iterator[str]:
    outcome = visit.outcome or Outcome.ERROR
    yield (
        f"  {_moment(visit.started_at, zone)} {name_of(visit.purpose)}：{name_of(outcome)}；"
        f"条目 {visit.items}，"
        f"页面 {visit.pages}，附件 {visit.attachments}，新增 {visit.new_documents}，违规 {visit.findings}，"
        f"未读 {visit.errors}"
    )
    if visit.detail:
        yield f"    {reason_in_chinese(visit.detail)}"
    if outcome not in {Outcome.OK, Outcome.UNCHANGED}:
        yield f"    {advice(outcome, visit.detail)}"


def _group(title: str, group: Sequence[Unread], zone: ZoneInfo) -> Iterator[str]:
    if not group:
        return
    yield f"{title}（{len(group)}）："
    for each in group[:UNREAD_SHOWN]:
        yield f"  {each.url}"
        yield f"    {_moment(each.at, zone)} {why_unread(each.outcome, each.detail)}。{_advice(each)}"
    if len(group) > UNREAD_SHOWN:
        yield f"  另有 {len(group) - UNREAD_SHOWN} 项未列出。"


def _advice(each: Unread) -> str:
    return "请打开原文核对未读部分。" if each.outcome is Outcome.OK else advice(each.outcome, each.detail)


def as_record(shown: ShownSource) -> dict[str, Any]:
    """The same as one JSON object."""
    return {
        "name": shown.source.name,
        "url": str(shown.source.url),
        "region": shown.source.region,
        "troubles": [{"kind": each.kind.value, "detail": each.detail} for each in shown.troubles],
        "visits": [
            {
                "started_at": visit.started_at.isoformat(),
                "purpose": visit.purpose.value,
                "outcome": visit.outcome.value if visit.outcome else None,
                "detail": visit.detail,
                "items": visit.items,
                "pages": visit.pages,
                "attachments": visit.attachments,
                "new_documents": visit.new_documents,
                "findings": visit.findings,
                "errors": visit.errors,
            }
            for visit in shown.visits
        ],
        "unread": [
            {
                "url": each.url,
                "outcome": each.outcome.value,
                "detail": each.detail,
                "reason": why_unread(each.outcome, each.detail),
                "advice": _advice(each),
                "by_hand": each.waits_for_a_person,
                "at": each.at.isoformat(),
            }
            for each in shown.unread
        ],
    }


def _moment(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%m-%d %H:%M}"
