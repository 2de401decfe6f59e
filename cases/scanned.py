"""A stored version as its cases are opened: what was found in it, and what that may belong to already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import NamedTuple

from sqlalchemy import BindParameter, Executable, bindparam, or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from cases.mirrors import find_mirrors
from cases.postings import Posting
from detection.model import Mention, ScanResult
from storage.documents import KeptVersion
from storage.rows import any_of, rows, table_of
from storage.tables import Case, Document, DocumentVersion, Finding
from vocabulary.codes import Severity


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


@dataclass(frozen=True, slots=True)
class Scanned:
    """A stored version with what detection said of it."""

    kept: KeptVersion
    document: Document
    version: DocumentVersion
    posting: Posting
    result: ScanResult
    now: datetime
    mirrors: tuple[int, ...]
    """Versions of other documents that are the same notice by their text."""
    kin: tuple[Met, ...]
    """Cases that the document was met in, or its parent or what hangs on it, the oldest first."""


def pushed_severity(mention: Mention) -> Severity:
    """The severity to alert with: a verdict that a person has to confirm is never urgent."""
    if mention.needs_review and mention.severity.rank > Severity.MEDIUM.rank:
        return Severity.MEDIUM
    return mention.severity


def read_kept(session: Session, kept: Sequence[KeptVersion]) -> list[Document | DocumentVersion]:
    """Read documents and versions by one statement each; held while their cases are opened."""
    documents = session.exec(_documents(), params={"keys": [each.document_id for each in kept]})
    return [*documents, *session.exec(_versions(), params={"keys": [each.version_id for each in kept]})]


@cache
def _documents() -> SelectOfScalar[Document]:
    return select(Document).where(col(Document.id).in_(any_of("keys")))


@cache
def _versions() -> SelectOfScalar[DocumentVersion]:
    return select(DocumentVersion).where(col(DocumentVersion.id).in_(any_of("keys")))


def read_scanned(session: Session, scan: Scan) -> Scanned:
    """What cases are opened from. Raises ``LookupError`` where the version is not stored yet."""
    kept, result, now = scan
    document = session.get(Document, kept.document_id)
    version = session.get(DocumentVersion, kept.version_id)
    if document is None or version is None:
        raise LookupError(f"version {kept.version_id} of document {kept.document_id} is not stored")
    posting = Posting(
        number=result.facts.document.number or "",
        publisher=document.publisher,
        title=document.title,
        text=version.text,
    )
    has_cases = any(pushed_severity(mention).is_alert for mention in result.findings)
    mirrors = find_mirrors(session, document, version, posting.number) if has_cases else ()
    kin = _cases_of_kin(session, document) if has_cases else ()
    return Scanned(kept, document, version, posting, result, now, mirrors, kin)


def _cases_of_kin(session: Session, document: Document) -> tuple[Met, ...]:
    found = rows(session, _kin(), document=document.id, parent=document.parent_id)
    return tuple(Met(*row) for row in found)


@cache
def _kin() -> Executable:
    """Cases of a document, of what hangs on it, and of what it hangs on itself, the oldest first."""
    case, finding, version = table_of(Case), table_of(Finding), table_of(DocumentVersion)
    document = table_of(Document)
    own: BindParameter[int] = bindparam("document")
    parent: BindParameter[int | None] = bindparam("parent")
    kin = or_(document.c.id == own, document.c.parent_id == own, document.c.id == parent)
    return (
        select_columns(case.c.id, case.c.title, case.c.qualification, case.c.violation, document.c.id)
        .select_from(document)
        .join(version, version.c.document_id == document.c.id)
        .join(finding, finding.c.version_id == version.c.id)
        .join(case, case.c.id == finding.c.case_id)
        .where(kin)
        .order_by(case.c.id)
        .distinct()
    )
