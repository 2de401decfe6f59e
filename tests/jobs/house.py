"""A house for tests: everything that a visit needs, all of it real, and a look at what it left behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Engine
from sqlmodel import Session, SQLModel, select

from jobs.visits.pipeline import visit_source
from jobs.visits.services import Services, VisitSummary
from settings.model import Source
from storage.tables import FetchRecord, Outcome, Visit
from tests.jobs.loopback import Answer, Site, answer

T = TypeVar("T", bound=SQLModel)
POSTING = "示例市某局招聘出纳1名，须持有会计从业资格证书。"


def rows(*paths: str) -> str:
    """A list page's rows: links with dates."""
    return "".join(
        f"<li><a href='{path}'>示例市某局公开招聘公告之{number}</a><span>2026-11-{number:02d}</span></li>"
        for number, path in enumerate(paths, 1)
    )


def listing(*paths: str, below: str = "") -> Answer:
    return answer(f"<html><title>通知公告</title><ul>{rows(*paths)}</ul>{below}</html>")


def posting(
    text: str = POSTING, below: str = "", etag: str = "", title: str = "示例市某局招聘公告"
) -> Answer:
    head = f"<html><head><title>{title}</title></head>"
    headers: dict[str, Any] = {"ETag": etag} if etag else {}
    return answer(f"{head}<body><p>{text}</p>{below}</body></html>", **headers)


@dataclass
class House:
    services: Services
    site: Site

    @property
    def engine(self) -> Engine:
        return self.services.engine

    def source(self, path: str = "/list/", **changes: object) -> Source:
        values = {"name": "test", "url": f"{self.site.address}{path}", "region": "350100"}
        return Source.model_validate(values | changes)

    def visit(self, path: str = "/list/", **changes: object) -> VisitSummary:
        return visit_source(self.source(path, **changes), self.services)

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
