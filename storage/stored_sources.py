"""Sources that people keep in the database, beside those of the configuration's file.

What the file names is provisioned by it and cannot be changed here, and wins where both have a name. Pages
and commands change stored sources by these functions alone; programs that run take them up within seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from pydantic import ValidationError
from sqlalchemy import delete as delete_rows
from sqlmodel import Session, col, func, select

from settings.model import Settings
from settings.sources import Source
from storage.audit import record
from storage.errors import StorageError
from storage.rows import insert_once
from storage.tables import StoredSource
from vocabulary.people import AuditKind

Mark = tuple[int, datetime | None]
"""Changes whenever a stored source does."""

_FIELDS = {
    "name": "代号（小写字母、数字、- 和 _，最多 40 个字符）",
    "url": "地址（须以 http:// 或 https:// 开头）",
    "kind": "类型",
    "region": "地区",
    "every_minutes": "间隔（1 至 44640 分钟）",
    "quiet_hours": "不访问的时段（如 22:00-06:00）",
    "muted_until": "不通知异常至哪一天",
}
"""What people are told of a key that is not as it should be."""
_TICK = timedelta(microseconds=1)

log = structlog.get_logger()


class SourceRefused(StorageError):  # noqa: N818 - a change is refused, and nothing happened
    """The source cannot be added or changed; says why, in Chinese."""


def read_source(said: Mapping[str, Any]) -> Source:
    """The source that somebody wrote, None being a default. Raises :class:`SourceRefused` otherwise."""
    try:
        return Source.model_validate({key: value for key, value in said.items() if value is not None})
    except ValidationError as error:
        wrong = dict.fromkeys(str(each["loc"][0]) for each in error.errors() if each["loc"])
        named = "、".join(_FIELDS.get(key, key) for key in wrong) or "访问时段"
        raise SourceRefused(f"请检查：{named}") from error


def stored_mark(session: Session) -> Mark:
    """What to compare, so that sources are read where they changed and not before."""
    return session.exec(select(func.count(), func.max(col(StoredSource.changed_at)))).one()


def stored_sources(session: Session) -> tuple[Source, ...]:
    """All of them by their names; one that is no source for this version is left out and told in the log."""
    found = []
    for row in session.exec(select(StoredSource).order_by(col(StoredSource.name))):
        try:
            found.append(Source.model_validate({**row.said, "name": row.name}))
        except ValidationError as error:
            log.error("stored_source_not_read", source=row.name, why=str(error.errors()[0]["msg"]))  # noqa: TRY400
    return tuple(found)


def provisioned_names(file: Settings) -> frozenset[str]:
    """Names of the sources that the configuration says."""
    return frozenset(source.name for source in (*file.sources, *file.watched()))


def with_stored(settings: Settings, stored: Iterable[Source]) -> Settings:
    """``settings`` as if its file named those of ``stored`` too whose names it does not have."""
    own = {source.name for source in settings.sources}
    beside = tuple(source for source in stored if source.name not in own)
    return settings.model_copy(update={"sources": settings.sources + beside}) if beside else settings


def add_stored(session: Session, source: Source, *, file: Settings, actor: str, now: datetime) -> None:
    """Keep a new source. Raises :class:`SourceRefused` where its name or address is taken.

    ``file`` is the configuration, with the names and addresses that it has.
    """
    known = {each.name: each for each in (*file.sources, *file.watched(), *stored_sources(session))}
    if source.name in known:
        raise SourceRefused(f"代号“{source.name}”已被使用，请换一个")
    if other := next((each for each in known.values() if each.url == source.url), None):
        raise SourceRefused(f"该地址已是来源 {other.name}")
    row = StoredSource(
        name=source.name, said=_said(source), added_by=actor, added_at=now, changed_by=actor, changed_at=now
    )
    if insert_once(session, row) is None:
        raise SourceRefused(f"代号“{source.name}”已被使用，请换一个")
    said = str(source.url)
    record(session, AuditKind.SOURCE_ADDED, actor=actor, at=now, subject=source.name, detail=said)


def change_stored(
    session: Session, name: str, values: Mapping[str, Any], *, actor: str, now: datetime
) -> Source:
    """Set these values of a stored source, None meaning the default of each; what it is then.

    Raises :class:`SourceRefused` where no stored source has that name, or it would be no source.
    """
    row = _locked(session, name)
    said = {**row.said, **values}
    source = read_source({**said, "name": name})
    after = _said(source)
    if after != row.said:
        changed = sorted(key for key in {*after, *row.said} if after.get(key) != row.said.get(key))
        # Later than any change before it, whatever the clock says: readers compare the latest.
        row.said, row.changed_by, row.changed_at = after, actor, max(now, row.changed_at + _TICK)
        session.add(row)
        detail = "、".join(f"{key}={after.get(key)}" for key in changed)
        record(session, AuditKind.SOURCE_CHANGED, actor=actor, at=now, subject=name, detail=detail)
    return source


def remove_stored(session: Session, name: str, *, actor: str, now: datetime) -> None:
    """Watch it no longer; what was kept of it stays. Raises :class:`SourceRefused` likewise."""
    row = _locked(session, name)
    record(
        session, AuditKind.SOURCE_REMOVED, actor=actor, at=now, subject=name, detail=str(row.said.get("url"))
    )
    session.execute(delete_rows(StoredSource).where(col(StoredSource.name) == name))


def stored_names(session: Session) -> frozenset[str]:
    """The names of all stored sources."""
    return frozenset(session.exec(select(StoredSource.name)))


def _locked(session: Session, name: str) -> StoredSource:
    row = session.exec(select(StoredSource).where(StoredSource.name == name).with_for_update()).one_or_none()
    if row is None:
        raise SourceRefused(f"来源“{name}”不在数据库中：写在配置文件里的来源只能在文件中修改")
    return row


def _said(source: Source) -> dict[str, Any]:
    said = source.model_dump(mode="json", exclude_defaults=True)
    said.pop("name", None)
    return said
