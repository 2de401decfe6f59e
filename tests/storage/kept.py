"""A year and a half of visits, as the archive keeps them, for the tests of retention."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine
from sqlmodel import Session, SQLModel, func, select

from settings.retention import Retention, Storage
from storage.documents import KeptVersion, PageRecord
from storage.evidence import EvidenceRef, EvidenceStore, Exchange
from storage.keeping import keep_version
from storage.retention.tidying import Tidied, Tidying
from storage.tables import Case, DocumentVersion, Finding
from storage.visits import VisitCounts, finish_visit, record_fetch, start_visit
from vocabulary.codes import CaseState, Outcome

NOW = datetime(2026, 11, 1, 8, 30, tzinfo=UTC)
QUOTE = "会计从业资格证"


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


@dataclass(frozen=True)
class Archive:
    """A database with its evidence directory."""

    engine: Engine
    directory: Path

    @property
    def evidence(self) -> Path:
        return self.directory / "evidence"

    @contextmanager
    def begin(self) -> Iterator[Session]:
        with Session(self.engine) as session, session.begin():
            yield session

    def visit(self, at: datetime, *pages: PageRecord, source: str = "sample") -> list[KeptVersion]:
        """A visit that met ``pages``, with a record for each."""
        with self.begin() as session:
            visit = start_visit(session, source, at)
            kept = [keep_version(session, page, visit, at) for page in pages]
            for page in pages:
                record_fetch(session, visit, page.url, Outcome.OK, at)
            finish_visit(session, visit, Outcome.OK, VisitCounts(), at, next_due_at=at)
        return kept

    def page(self, number: int, text: str, *, at: datetime | None = None, parent: str = "") -> PageRecord:
        """A page of that text; with evidence on the disk where ``at`` says when it was fetched."""
        url = f"http://hr.example/zp/{number}.html"
        ref = EvidenceRef("", "", "0" * 64)
        if at is not None:
            ref = self.write(url, text.encode(), at)
        return PageRecord(
            url=url, source="sample", text=text, media_type="text/html", document_kind="recruitment",
            publisher_kind="company", evidence=ref, parent_url=parent,
        )  # fmt: skip

    def write(self, url: str, body: bytes, at: datetime) -> EvidenceRef:
        """Evidence in the file of the day ``at``, as the process of that day left it."""
        exchange = Exchange(url, "GET", (), 200, "OK", (("Content-Type", "text/html"),), body, at)
        with EvidenceStore(self.directory / "made") as store:
            ref = store.write(exchange)
        made = self.directory / "made" / ref.file
        name = f"{at:%Y%m}/{at:%Y%m%d}-0123456789ab.warc.gz"
        place = self.evidence / name
        place.parent.mkdir(parents=True, exist_ok=True)
        offset = place.stat().st_size if place.exists() else 0
        with place.open("ab") as file:
            file.write(made.read_bytes()[ref.offset if offset else 0 :])
        made.unlink()
        return EvidenceRef(name, ref.record_id, ref.body_sha256, offset or ref.offset)

    def find(self, version_id: int, *, state: CaseState = CaseState.NOTIFIED) -> tuple[int, int]:
        """A finding of ``QUOTE`` and its case: their numbers."""
        with self.begin() as session:
            text = session.get_one(DocumentVersion, version_id).text
            case = Case(
                key=f"{version_id:064}", state=state, qualification="会计从业资格", status="cancelled",
                usage="required", violation="cancelled_hiring_requirement", severity="high",
                publisher="某某公司",
                publisher_kind="company", title="招聘启事", url="http://hr.example/",
                opened_at=NOW, updated_at=NOW,
            )  # fmt: skip
            session.add(case)
            session.flush()
            start = text.index(QUOTE)
            finding = Finding(
                version_id=version_id, case_id=case.id, start=start, end=start + len(QUOTE), quote=QUOTE,
                qualification="会计从业资格", status="cancelled", usage="required",
                violation="cancelled_hiring_requirement", severity="high",
                as_of=date(2026, 11, 1), found_at=NOW,
            )  # fmt: skip
            session.add(finding)
            session.flush()
            return finding.id or 0, case.id or 0

    def tidying(self, at: datetime = NOW, **rules: int) -> Tidying:
        settings = Retention.model_validate({"emptied_hours": 0} | rules)
        storage = Storage(directory=self.directory, least_free_megabytes=0)
        return Tidying(self.engine, storage, settings, self.begin, at)

    def tidy(self, at: datetime = NOW, **rules: int) -> Tidied:
        return self.tidying(at, **rules).run()

    def count(self, table: type[SQLModel]) -> int:
        with Session(self.engine) as session:
            return session.exec(select(func.count()).select_from(table)).one()
