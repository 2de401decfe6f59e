"""What the daemon is doing, source by source: kept up to date by the visits, read by the terminal."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import Engine, func
from sqlmodel import Session, col, select

from crawling.fetching.model import Access
from jobs.context import PageDone, VisitSummary
from jobs.visits.expectations import expected_items, open_troubles
from settings.sources import Source
from storage.database import for_reading
from storage.tables import Document, DocumentVersion, Finding, SourceState, SourceTrouble, Visit
from storage.visits import SUCCESSES, VisitCounts
from vocabulary.codes import Outcome, PageKind, VisitPurpose

RECENT_FINDINGS = 8


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One source at a glance: its visit under way, else its last one."""

    name: str
    title: str
    remarks: tuple[str, ...] = ()
    """What is unusual about how it is asked, in Chinese."""
    is_visiting: bool = False
    outcome: Outcome | None = None
    """Of the last visit that ended; None where there was none."""
    detail: str = ""
    pages: int = 0
    attachments: int = 0
    errors: int = 0
    findings: int = 0
    """All that were ever written for this source."""
    failures_in_a_row: int = 0
    last_success_at: datetime | None = None
    next_due_at: datetime | None = None
    last_visit_at: datetime | None = None
    """When the last visit that ended did so."""
    items: int = 0
    """Items that its list linked then."""
    usual_items: int = 0
    """What is usual; 0 where that is not known yet."""
    least_items: int = 0
    """With fewer than these something is wrong."""
    new_documents: int = 0
    troubles: tuple[SourceTrouble, ...] = ()
    """What the operator was told of and what lasts."""

    @classmethod
    def of(cls, source: Source) -> SourceRow:
        """The row of a source that was never visited."""
        muted = (f"{source.muted_until} 前不通知异常",) if source.is_muted(datetime.now(UTC).date()) else ()
        return cls(source.name, source.title or source.name, Access.to(source).remarks + muted)

    @property
    def is_troubled(self) -> bool:
        """Whether its last visit failed, or the operator was told of something that lasts."""
        return bool(self.troubles) or (self.outcome is not None and self.outcome not in SUCCESSES)


@dataclass(frozen=True, slots=True)
class FoundLine:
    """A page with findings that somebody is told of."""

    source: str
    title: str
    quotes: tuple[str, ...]


def read_rows(engine: Engine, sources: Iterable[Source]) -> list[SourceRow]:
    """What the database remembers of ``sources``, in their order."""
    with Session(for_reading(engine), expire_on_commit=False) as session, session.begin():
        findings = dict(
            session.execute(
                select(col(Document.source), func.count(col(Finding.id)))
                .join(DocumentVersion, col(DocumentVersion.document_id) == col(Document.id))
                .join(Finding, col(Finding.version_id) == col(DocumentVersion.id))
                .group_by(col(Document.source))
            ).all()
        )
        return [_read_row(session, source, findings.get(source.name, 0)) for source in sources]


def _read_row(session: Session, source: Source, findings: int) -> SourceRow:
    expected = expected_items(session, source)
    row = replace(
        SourceRow.of(source),
        findings=findings,
        usual_items=expected.usual,
        least_items=expected.least,
        troubles=open_troubles(session, source.name),
    )
    state = session.get(SourceState, source.name)
    if state is not None:
        row = replace(
            row,
            failures_in_a_row=state.failures_in_a_row,
            last_success_at=state.last_success_at,
            next_due_at=state.next_due_at,
        )
    visit = session.exec(
        select(Visit)
        .where(Visit.source == source.name, col(Visit.finished_at).is_not(None))
        .where(Visit.purpose == VisitPurpose.WATCH)
        .order_by(col(Visit.id).desc())
        .limit(1)
    ).one_or_none()
    if visit is None:
        return row
    return replace(
        row,
        outcome=visit.outcome,
        detail=visit.detail,
        pages=visit.pages,
        attachments=visit.attachments,
        errors=visit.errors,
        last_visit_at=visit.finished_at,
        items=visit.items,
        new_documents=visit.new_documents,
    )


class StatusBoard:
    """An observer of visits that can be asked at any time what goes on."""

    def __init__(self, rows: Iterable[SourceRow]) -> None:
        self._rows = {row.name: row for row in rows}
        self._found: deque[FoundLine] = deque(maxlen=RECENT_FINDINGS)
        self._visiting: Counter[str] = Counter()
        """Visits under way: a look-back may come upon an ordinary visit of its source."""
        self._lock = threading.Lock()

    def _row(self, source: Source) -> SourceRow:
        """Its row; what is no source of the configuration, as the mailbox, gets one when it is first read."""
        return self._rows.get(source.name) or SourceRow.of(source)

    def rows(self) -> list[SourceRow]:
        with self._lock:
            return list(self._rows.values())

    def show(self, rows: Iterable[SourceRow]) -> None:
        """Show these sources from now on; a visit under way goes on being shown."""
        with self._lock:
            visiting = {name: row for name, row in self._rows.items() if row.is_visiting}
            self._rows = {row.name: visiting.get(row.name, row) for row in rows}

    def found(self) -> list[FoundLine]:
        """Pages with findings, newest first."""
        with self._lock:
            return list(self._found)

    def visit_began(self, source: Source, so_far: VisitCounts) -> None:
        with self._lock:
            row = self._row(source)
            self._visiting[source.name] += 1
            self._rows[source.name] = replace(
                row,
                is_visiting=True,
                pages=so_far.pages,
                attachments=so_far.attachments,
                errors=so_far.errors,
            )

    def page_done(self, source: Source, page: PageDone) -> None:
        with self._lock:
            row = self._row(source)
            self._rows[source.name] = replace(
                row,
                pages=row.pages + (page.kind is PageKind.PAGE and not page.failed),
                attachments=row.attachments + (page.kind is PageKind.ATTACHMENT and not page.failed),
                errors=row.errors + page.failed,
                findings=row.findings + page.findings,
            )
            if page.alerts:
                self._found.appendleft(FoundLine(row.title, page.title, page.alerts))

    def visit_ended(self, source: Source, summary: VisitSummary) -> None:
        with self._lock:
            self._visiting[source.name] -= 1
            row = replace(self._row(source), is_visiting=self._visiting[source.name] > 0)
            if summary.outcome is not None and summary.purpose is VisitPurpose.WATCH:
                success = summary.outcome in SUCCESSES
                row = replace(
                    row,
                    outcome=summary.outcome,
                    detail=summary.detail,
                    failures_in_a_row=0 if success else row.failures_in_a_row + 1,
                    last_success_at=summary.ended_at if success else row.last_success_at,
                    next_due_at=summary.next_due_at,
                )
            self._rows[source.name] = row
