"""Stored versions as their cases are opened: what was found in them, and what that may belong to already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from operator import itemgetter
from typing import NamedTuple

from sqlalchemy import Executable, or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from cases.mirrors import Notice, Sketch, Sketched, find_mirrors, notice_of, sketch_of
from cases.postings import Posting, case_key
from detection.model import Mention, ScanResult
from storage.documents import KeptVersion
from storage.rows import any_of, rows, table_of
from storage.tables import Case, Document, DocumentVersion, Finding
from vocabulary.codes import Severity, Violation


class Scan(NamedTuple):
    """A stored version, what detection said of it, and when it was met."""

    kept: KeptVersion
    result: ScanResult
    now: datetime


class Met(NamedTuple):
    """A case, and a document that it was met in."""

    case_id: int
    title: str
    qualification: str
    violation: str
    document_id: int


class Subject(NamedTuple):
    """What breaks one rule for one qualification in a version."""

    qualification: str
    violation: Violation
    mentions: tuple[Mention, ...]
    alerts: tuple[Mention, ...]
    """Those severe enough for a case."""
    identity: tuple[str, ...] = ()
    """Of the posting, as seen from the worst of ``alerts``."""
    key: str = ""
    """Of the case by that identity; empty where there is none to be opened."""

    @property
    def worst(self) -> Mention:
        return max(self.alerts, key=lambda mention: pushed_severity(mention).rank)


@dataclass(frozen=True, slots=True)
class Scanned:
    """A stored version with what detection said of it."""

    kept: KeptVersion
    document: Document
    version: DocumentVersion
    posting: Posting
    result: ScanResult
    now: datetime
    subjects: tuple[Subject, ...]
    """Always in one order: workers that meet the same cases wait for each other, never in a circle."""
    sketch: Sketch | None = None
    """None where the text is too short, or shows no case."""
    mirrors: tuple[int, ...] = ()
    """Versions of other documents that are the same notice by their text."""
    kin: tuple[Met, ...] = ()
    """Cases that the document was met in, or its parent or what hangs on it, the oldest first."""

    @property
    def has_cases(self) -> bool:
        return any(subject.alerts for subject in self.subjects)

    @property
    def region(self) -> str | None:
        return self.result.region or self.document.region

    @property
    def notice(self) -> Notice:
        of = self.document
        return notice_of(of.url, of.title, of.publisher, of.published_on, self.posting.number)

    @property
    def marks(self) -> dict[object, str]:
        """Two versions without a common mark have no case in common and say nothing of each other's.

        With each mark the site on which others may have it too, because pages of one site are no mirrors.
        """
        document = (("document", key) for key in (self.document.id, self.document.parent_id) if key)
        bands = self.sketch.bands if self.sketch is not None else ()
        keys = (each.key for each in self.subjects if each.key)
        return dict.fromkeys(bands, self.notice.site) | dict.fromkeys((*document, *keys), "")


def pushed_severity(mention: Mention) -> Severity:
    """The severity to alert with: a verdict that a person has to confirm is never urgent."""
    if mention.needs_review and mention.severity.rank > Severity.MEDIUM.rank:
        return Severity.MEDIUM
    return mention.severity


def read_scanned(session: Session, scans: Sequence[Scan]) -> list[Scanned]:
    """What cases are opened from. Raises ``LookupError`` where a version is not stored yet."""
    keys = [each.kept.document_id for each in scans], [each.kept.version_id for each in scans]
    documents = {each.id: each for each in session.exec(_documents(), params={"keys": keys[0]})}
    versions = {each.id: each for each in session.exec(_versions(), params={"keys": keys[1]})}
    return [
        _read_scanned(each, documents.get(each.kept.document_id), versions.get(each.kept.version_id))
        for each in scans
    ]


@cache
def _documents() -> SelectOfScalar[Document]:
    return select(Document).where(col(Document.id).in_(any_of("keys")))


@cache
def _versions() -> SelectOfScalar[DocumentVersion]:
    return select(DocumentVersion).where(col(DocumentVersion.id).in_(any_of("keys")))


def _read_scanned(scan: Scan, document: Document | None, version: DocumentVersion | None) -> Scanned:
    kept, result, now = scan
    if document is None or version is None:
        raise LookupError(f"version {kept.version_id} of document {kept.document_id} is not stored")
    posting = Posting(
        number=result.facts.document.number or "",
        publisher=document.publisher,
        title=document.title,
        text=version.text,
    )
    subjects = tuple(_subjects(result.findings, posting))
    sketch = sketch_of(version.text) if any(each.alerts for each in subjects) else None
    return Scanned(kept, document, version, posting, result, now, subjects, sketch)


def _subjects(mentions: Iterable[Mention], posting: Posting) -> Iterator[Subject]:
    found: dict[tuple[str, Violation], list[Mention]] = {}
    for mention in mentions:
        if mention.violation is None:
            raise ValueError(f"{mention.quote!r} breaks no rule and is no finding")
        found.setdefault((mention.qualification, mention.violation), []).append(mention)
    for (qualification, violation), of_it in sorted(found.items(), key=itemgetter(0)):
        alerts = tuple(mention for mention in of_it if pushed_severity(mention).is_alert)
        subject = Subject(qualification, violation, tuple(of_it), alerts)
        if alerts:
            identity = posting.identity(subject.worst.start, subject.worst.end)
            key = case_key(identity, qualification, violation)
            subject = subject._replace(identity=identity, key=key)
        yield subject


def apart(scanned: Iterable[Scanned]) -> list[list[Scanned]]:
    """In their order, cut before each that may belong to one of those right before it."""
    groups: list[list[Scanned]] = []
    met: dict[object, str] = {}
    for each in scanned:
        marks = each.marks
        common = marks.keys() & met.keys()
        if groups and all(marks[mark] and marks[mark] == met[mark] for mark in common):
            groups[-1].append(each)
        else:
            groups.append([each])
            met.clear()
        met |= marks
    return groups


def look_around(session: Session, group: Sequence[Scanned]) -> list[Scanned]:
    """A group that is :func:`apart`, with the mirrors and kin of each; their sketches are kept."""
    showing = [each for each in group if each.has_cases]
    mirrors = find_mirrors(session, list(_sketched(showing)))
    kin = _cases_of_kin(session, [each.document for each in showing])
    return [
        replace(
            each,
            mirrors=mirrors.get(each.kept.version_id, ()),
            kin=kin.get(each.kept.document_id, ()) if each.has_cases else (),
        )
        for each in group
    ]


def _sketched(scanned: Iterable[Scanned]) -> Iterator[Sketched]:
    for each in scanned:
        if each.sketch is not None:
            kept = each.kept
            yield Sketched(kept.version_id, kept.document_id, each.version.text, each.notice, each.sketch)


def _cases_of_kin(session: Session, documents: Sequence[Document]) -> dict[int, tuple[Met, ...]]:
    """By document: cases that it was met in, or its parent or what hangs on it, the oldest first."""
    own = [each.id for each in documents]
    if not own:
        return {}
    above = [each.parent_id for each in documents if each.parent_id is not None]
    found = rows(session, _kin(), own=own, around=[*own, *above])
    kin: dict[int, tuple[Met, ...]] = {}
    for each in documents:
        kin[each.id or 0] = tuple(
            Met(*met) for *met, parent in found if met[-1] in {each.id, each.parent_id} or parent == each.id
        )
    return kin


@cache
def _kin() -> Executable:
    """Cases of documents, of their parents, and of what hangs on them, the oldest first."""
    case, finding, version = table_of(Case), table_of(Finding), table_of(DocumentVersion)
    document = table_of(Document)
    kin = or_(document.c.id.in_(any_of("around")), document.c.parent_id.in_(any_of("own")))
    return (
        select_columns(
            case.c.id,
            case.c.title,
            case.c.qualification,
            case.c.violation,
            document.c.id,
            document.c.parent_id,
        )
        .select_from(document)
        .join(version, version.c.document_id == document.c.id)
        .join(finding, finding.c.version_id == version.c.id)
        .join(case, case.c.id == finding.c.case_id)
        .where(kin)
        .order_by(case.c.id)
        .distinct()
    )
