"""Documents under watch, what they said at each time, and which visit met what."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from typing import Any, NamedTuple, cast

import sqlalchemy
from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from storage.evidence import EvidenceRef
from storage.rows import OnConflict, insert_once, insert_or_update
from storage.tables import Document, DocumentVersion, JudgedDocument, Sighting, storable
from vocabulary.addresses import AddressError, document_address

_SEEN_AGAIN = OnConflict(
    key=("url",),
    replace=("etag", "last_modified"),
    fill=("parent_id", "title", "publisher", "region", "published_on"),
    latest=("last_seen_at",),
)
_JUDGED_AGAIN = OnConflict(key=("document_id",), replace=("catalogue",))


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


def keep_version(session: Session, page: PageRecord, visit_id: int, now: datetime) -> KeptVersion:
    """Keep ``page`` as visit ``visit_id`` met it: document, version, sighting, in the caller's transaction.

    Doing it twice, or in two workers at once, changes nothing and gives the same answer. A version whose text
    is kept already keeps its first evidence. Raises ``AddressError`` for an address that cannot be kept.
    """
    document_id = _keep_document(session, page, now)
    written = _keep_text(session, page, document_id, now)
    version_id = written or _kept_text(session, page, document_id)
    kept = _keep_sighting(session, document_id, version_id, visit_id, now)
    if written or kept.changed:
        # A text that returns has findings of the catalogue of that time: it is to be judged as a whole.
        judged = JudgedDocument(document_id=document_id, catalogue=page.judged_by if written else "")
        insert_or_update(session, judged, _JUDGED_AGAIN)
    return kept


def keep_unchanged(session: Session, url: str, visit_id: int, now: datetime) -> KeptVersion | None:
    """Note that visit ``visit_id`` met ``url`` as it was (304 Not Modified); None where it is not known."""
    document = _known(session, url)
    if document is None or document.id is None:
        return None
    met = session.exec(_last_sightings(document.id).limit(1)).first()
    if met is None:
        return None
    document.last_seen_at = max(document.last_seen_at, now)
    sighting = Sighting(visit_id=visit_id, document_id=document.id, version_id=met.version_id, seen_at=now)
    insert_once(session, sighting)
    return KeptVersion(document.id, met.version_id, new_document=False, changed=False, returned=False)


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
    last = (
        select(func.max(Sighting.id)).where(Sighting.document_id == Document.id).correlate(Document)
    ).scalar_subquery()
    found = session.execute(
        sqlalchemy.select(
            col(Document.url),
            col(Document.id),
            col(Document.etag),
            col(Document.last_modified),
            col(DocumentVersion.body_sha256),
        )
        .join(Sighting, col(Sighting.id) == last)
        .join(DocumentVersion, col(DocumentVersion.id) == col(Sighting.version_id))
        .where(col(Document.url).in_(by_address))
    )
    return {
        by_address[address]: Remembered(key or 0, ConditionalHeaders(etag, modified), digest)
        for address, key, etag, modified, digest in found
    }


def remember_conditions(
    session: Session, document_id: int, conditions: ConditionalHeaders, linked: Iterable[str]
) -> None:
    """Have the page asked conditionally next time, now that the files it has ``linked`` are read too.

    A page that no longer links a file goes on being read as a whole: "not modified" would not say which of
    its files are left.
    """
    of_page = select(Document.url).where(Document.parent_id == document_id)
    if not set(session.exec(of_page)) <= {document_address(url) for url in linked}:
        conditions = ConditionalHeaders()
    document = session.get_one(Document, document_id)
    document.etag, document.last_modified = conditions
    session.add(document)


def _last_sightings(document_id: int) -> SelectOfScalar[Sighting]:
    """Sightings of a document, the last one first.

    They are in the order in which they were written: visits overlap, and one that began long ago, such as a
    back-fill, may meet a page after a later one did.
    """
    return select(Sighting).where(Sighting.document_id == document_id).order_by(col(Sighting.id).desc())


def _known(session: Session, url: str) -> Document | None:
    try:
        address = document_address(url)
    except AddressError:
        return None
    return session.exec(select(Document).where(Document.url == address)).one_or_none()


def _keep_document(session: Session, page: PageRecord, now: datetime) -> int:
    """A page that stops naming its title, publisher, region or date still has them."""
    parent = _known(session, page.parent_url) if page.parent_url else None
    document = Document(
        url=document_address(page.url),
        source=page.source,
        parent_id=parent.id if parent else None,
        title=page.title,
        publisher=page.publisher,
        region=page.region,
        published_on=page.published_on,
        etag=page.etag,
        last_modified=page.last_modified,
        first_seen_at=now,
        last_seen_at=now,
    )
    document_id: int = insert_or_update(session, document, _SEEN_AGAIN)
    return document_id


def _keep_text(session: Session, page: PageRecord, document_id: int, now: datetime) -> int | None:
    """The new version; None where this text is kept already."""
    text = storable(page.text)
    version = DocumentVersion(
        document_id=document_id,
        text_sha256=_digest(page),
        text=text,
        media_type=page.media_type,
        charset=page.charset,
        document_kind=page.document_kind,
        publisher_kind=page.publisher_kind,
        facts=page.facts,
        body_sha256=page.evidence.body_sha256,
        evidence_file=page.evidence.file,
        evidence_record=page.evidence.record_id,
        evidence_offset=page.evidence.offset,
        seen_at=now,
    )
    return insert_once(session, version)


def _kept_text(session: Session, page: PageRecord, document_id: int) -> int:
    kept = select(DocumentVersion.id).where(
        DocumentVersion.document_id == document_id, DocumentVersion.text_sha256 == _digest(page)
    )
    return cast("int", session.exec(kept).one())


def _digest(page: PageRecord) -> str:
    return sha256(storable(page.text).encode("utf-8")).hexdigest()


def _keep_sighting(
    session: Session, document_id: int, version_id: int, visit_id: int, now: datetime
) -> KeptVersion:
    sighting = Sighting(visit_id=visit_id, document_id=document_id, version_id=version_id, seen_at=now)
    sighting_id = insert_once(session, sighting) or _kept_sighting(session, document_id, visit_id)
    earlier = _last_sightings(document_id).where(col(Sighting.id) < sighting_id)
    before = session.exec(earlier.limit(1)).first()
    changed = before is not None and before.version_id != version_id
    return KeptVersion(
        document_id=document_id,
        version_id=version_id,
        new_document=before is None,
        changed=changed,
        returned=changed
        and session.exec(earlier.where(Sighting.version_id == version_id).limit(1)).first() is not None,
    )


def _kept_sighting(session: Session, document_id: int, visit_id: int) -> int:
    kept = select(Sighting.id).where(Sighting.document_id == document_id, Sighting.visit_id == visit_id)
    return cast("int", session.exec(kept).one())
