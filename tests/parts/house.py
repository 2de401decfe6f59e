"""A house for tests: everything that a visit needs, all of it real, and a look at what it left behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Engine
from sqlmodel import Session, SQLModel, select

from assessment.workers import Workers
from crawling.fetching.fetcher import Fetcher
from jobs.context import Context, VisitSummary
from jobs.visits.watch import visit_source
from settings.model import Settings
from settings.sources import Source
from storage.evidence import EvidenceStore
from storage.tables import FetchRecord, Visit
from tests.parts.databases import open_migrated
from tests.parts.loopback import Answer, Site, answer
from vocabulary.codes import Outcome

T = TypeVar("T", bound=SQLModel)
POSTING = "示例市某局招聘出纳1名，须持有会计从业资格证书。"


def rows(*paths: str, title: str = "示例市某局公开招聘公告之{number}") -> str:
    """A list page's rows: links with dates."""
    return "".join(
        f"<li><a href='{path}'>{title.format(number=number)}</a><span>2026-11-{number:02d}</span></li>"
        for number, path in enumerate(paths, 1)
    )


def listing(*paths: str, below: str = "", **titled: str) -> Answer:
    return answer(f"<html><title>通知公告</title><ul>{rows(*paths, **titled)}</ul>{below}</html>")


def posting(
    text: str = POSTING, below: str = "", etag: str = "", title: str = "示例市某局招聘公告"
) -> Answer:
    head = f"<html><head><title>{title}</title></head>"
    headers: dict[str, Any] = {"ETag": etag} if etag else {}
    return answer(f"{head}<body><p>{text}</p>{below}</body></html>", **headers)


@dataclass
class Clock:
    """A clock that tests put forward."""

    at: datetime = field(default_factory=lambda: datetime(2026, 11, 2, 2, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.at


@contextmanager
def furnished(
    settings: Settings,
    site: Site,
    *,
    workers: Workers | None = None,
    now: Callable[[], datetime] | None = None,
) -> Iterator[House]:
    """A house of ``settings`` over an empty database; without ``workers`` pages are read in the test's own
    process.
    """
    engine = open_migrated(settings.storage.database_url)
    fetcher = Fetcher(settings.fetching, sleep=lambda _: None)
    with ExitStack() as stack:
        stack.callback(engine.dispose)
        stack.callback(fetcher.close)
        evidence = stack.enter_context(EvidenceStore(settings.storage.evidence_directory))
        working = workers or stack.enter_context(Workers(0, 20))
        context = Context(settings, engine, evidence, fetcher, working)
        yield House(replace(context, now=now) if now else context, site)


@dataclass
class House:
    context: Context
    site: Site

    @property
    def engine(self) -> Engine:
        return self.context.engine

    def source(self, path: str = "/list/", **changes: object) -> Source:
        values = {"name": "test", "url": f"{self.site.address}{path}", "region": "350100"}
        return Source.model_validate(values | changes)

    def visit(self, path: str = "/list/", **changes: object) -> VisitSummary:
        return self._visit(self.source(path, **changes))

    def watching(self, *sources: Source) -> Context:
        """The context with these sources as those that are watched."""
        return replace(self.context, sources=sources)

    def _visit(self, source: Source) -> VisitSummary:
        return visit_source(self.watching(source), source.name)

    def rows(self, table: type[T]) -> list[T]:
        with Session(self.engine, expire_on_commit=False) as session:
            return list(session.exec(select(table)).all())

    def outcomes(self) -> dict[str, Outcome]:
        """How each address of the newest visit ended, by path."""
        newest = max(visit.id or 0 for visit in self.rows(Visit))
        return {
            record.url.removeprefix(self.site.address): record.outcome
            for record in self.rows(FetchRecord)
            if record.visit_id == newest
        }
