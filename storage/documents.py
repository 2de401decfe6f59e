"""Documents under watch, what is remembered of them, and what they are asked with next time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Executable, ScalarSelect, bindparam, exists, func, select, update
from sqlmodel import Session

from storage.evidence import EvidenceRef
from storage.rows import any_of, rows, run, table_of
from storage.tables import Document, DocumentVersion, Sighting
from vocabulary.addresses import AddressError, canonical_url, document_address


@dataclass(frozen=True, slots=True)
class PageRecord:
    """A page or attachment that was read, in plain values."""

    url: str
    source: str
    text: str
    media_type: str
    document_kind: str
    publisher_kind: str
    evidence: EvidenceRef
    parent_url: str = ""
    """The page that links an attachment; kept before it."""
    title: str = ""
    publisher: str = ""
    region: str | None = None
    published_on: date | None = None
    charset: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    """``document`` of the check contract, ready for JSON."""
    etag: str = ""
    last_modified: str = ""
    judged_by: str = ""
    """Digest of the catalogue that the text was judged by; empty: it is still to be judged."""


@dataclass(frozen=True, slots=True)
class KeptVersion:
    """Where a page is kept, and how it compares with what earlier visits met."""

    document_id: int
    version_id: int
    new_document: bool
    """No earlier visit met this document."""
    changed: bool
    """The visit before met another text."""
    returned: bool
    """It changed, back to a text that an earlier visit had met: a rebound."""

    @property
    def unchanged(self) -> bool:
        return not self.new_document and not self.changed


class ConditionalHeaders(NamedTuple):
    """What to send so that a server may answer "not modified"; empty where it gave nothing."""

    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is remembered of a document that may have changed since."""

    document_id: int
    conditions: ConditionalHeaders
    """``ETag`` and ``Last-Modified`` of the version met last; both empty: read it again whatever comes."""
    body_sha256: str
    """Of the version met last, as it was kept first."""


def remembered(session: Session, urls: Iterable[str]) -> dict[str, Remembered]:
    """What is remembered of those of ``urls`` that are known, in one look."""
    by_address: dict[str, str] = {}
    for url in urls:
        with suppress(AddressError):
            by_address[document_address(url)] = url
    found = rows(session, _remembered(), addresses=list(by_address))
    return {
        by_address[address]: Remembered(key, ConditionalHeaders(etag, modified), digest)
        for address, key, etag, modified, digest in found
    }


@cache
def _remembered() -> Executable:
    document, sighting, version = table_of(Document), table_of(Sighting), table_of(DocumentVersion)
    return (
        select(
            document.c.url, document.c.id, document.c.etag, document.c.last_modified, version.c.body_sha256
        )
        .select_from(document)
        .join(sighting, sighting.c.id == last_sighting())
        .join(version, version.c.id == sighting.c.version_id)
        .where(document.c.url.in_(any_of("addresses")))
    )


def remember_conditions(
    session: Session, document_id: int, conditions: ConditionalHeaders, linked: Iterable[str]
) -> None:
    """Have the page asked conditionally next time, now that the files it has ``linked`` are read too.

    A page that no longer links a file goes on being read as a whole: "not modified" would not say which of
    its files are left.
    """
    of_page = {child.url for child in what_hangs_on(session, [document_id])[document_id]}
    if not of_page <= {document_address(url) for url in linked}:
        conditions = ConditionalHeaders()
    document = session.get_one(Document, document_id)
    document.etag, document.last_modified = conditions
    session.add(document)


def forget_conditions_of_parents(session: Session, document_ids: Sequence[int]) -> None:
    """Have those of some documents on which others hang read as a whole next time."""
    if document_ids:
        run(session, _forget_conditions_of_parents(), keys=document_ids)


@cache
def _forget_conditions_of_parents() -> Executable:
    document = table_of(Document)
    child = document.alias()
    return (
        update(document)
        .where(document.c.id.in_(any_of("keys")), exists().where(child.c.parent_id == document.c.id))
        .values(etag="", last_modified="")
    )


class Hanging(NamedTuple):
    """A file that a page links, or a member of an archive, as it is known."""

    url: str
    title: str
    publisher: str
    published_on: date | None


def what_hangs_on(session: Session, document_ids: Sequence[int]) -> dict[int, list[Hanging]]:
    """What hangs on each of some documents."""
    found = rows(session, _what_hangs_on(), keys=document_ids)
    hanging: dict[int, list[Hanging]] = {key: [] for key in document_ids}
    for parent, *child in found:
        hanging[parent].append(Hanging(*child))
    return hanging


@cache
def _what_hangs_on() -> Executable:
    document = table_of(Document).c
    return (
        select(document.parent_id, document.url, document.title, document.publisher, document.published_on)
        .where(document.parent_id.in_(any_of("keys")))
        .order_by(document.id)
    )


def evidence_of_text(session: Session, url: str, text_sha256: str) -> EvidenceRef | None:
    """The record with which a text of the page at ``url`` was kept; None where it was not."""
    kept = rows(session, _evidence_of_text(), url=canonical_url(url), digest=text_sha256)
    return EvidenceRef(*kept[0]) if kept else None


@cache
def _evidence_of_text() -> Executable:
    document, version = table_of(Document), table_of(DocumentVersion)
    kept = version.c
    return (
        select(kept.evidence_file, kept.evidence_record, kept.body_sha256, kept.evidence_offset)
        .select_from(version)
        .join(document, document.c.id == kept.document_id)
        .where(document.c.url == bindparam("url"), kept.text_sha256 == bindparam("digest"))
    )


def last_sighting() -> ScalarSelect[Any]:
    """Key of the last sighting of a document, within a statement about documents.

    They are in the order in which they were written: visits overlap, and one that began long ago, such as a
    back-fill, may meet a page after a later one did.
    """
    document, sighting = table_of(Document), table_of(Sighting)
    of_document = select(func.max(sighting.c.id)).where(sighting.c.document_id == document.c.id)
    return of_document.correlate(document).scalar_subquery()
