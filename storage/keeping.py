"""What visits met, kept: document, version and sighting, for many pages by the same few statements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import suppress
from datetime import datetime
from functools import cache
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Executable, Table, bindparam, func, update
from sqlalchemy import select as select_rows
from sqlmodel import Session, col, select

from storage.documents import KeptVersion, PageRecord, last_sighting
from storage.rows import (
    OnConflict,
    Rows,
    Values,
    any_of,
    insert_all_once,
    insert_or_update_all,
    rows,
    run,
    table_of,
)
from storage.tables import Document, DocumentVersion, JudgedDocument, Sighting, storable
from vocabulary.addresses import AddressError, document_address

_SEEN_AGAIN = OnConflict(
    key=("url",),
    replace=("etag", "last_modified"),
    fill=("parent_id", "title", "publisher", "region", "published_on"),
    latest=("last_seen_at",),
)
_JUDGED_AGAIN = OnConflict(key=("document_id",), replace=("catalogue",))


class Met(NamedTuple):
    """A page as a visit met it at ``now``."""

    page: PageRecord
    visit_id: int
    now: datetime


class MetAgain(NamedTuple):
    """An address that a visit met at ``now`` as it was: the server or the very bytes say so."""

    url: str
    visit_id: int
    now: datetime


def keep_version(session: Session, page: PageRecord, visit_id: int, now: datetime) -> KeptVersion:
    """:func:`keep_versions` of one page."""
    return keep_versions(session, [Met(page, visit_id, now)])[0]


def keep_versions(session: Session, met: Sequence[Met]) -> list[KeptVersion]:
    """Keep pages as visits met them: document, version, sighting, in the caller's transaction.

    Doing it twice, or in two workers at once, changes nothing and gives the same answer. A version whose text
    is kept already keeps its first evidence. Raises ``AddressError`` for an address that cannot be kept.
    """
    # A statement cannot change a row twice: a page that is met twice is kept twice, one after the other.
    kept: dict[int, KeptVersion] = {}
    waiting = [(place, document_address(each.page.url), each) for place, each in enumerate(met)]
    while waiting:
        now_kept, later = dict[str, tuple[int, Met]](), []
        for place, address, each in waiting:
            if address in now_kept:
                later.append((place, address, each))
            else:
                now_kept[address] = place, each
        done = _keep_apart(session, {address: each for address, (_, each) in now_kept.items()})
        kept |= {now_kept[address][0]: each for address, each in done.items()}
        waiting = later
    return [kept[place] for place in range(len(met))]


def _keep_apart(session: Session, met: Mapping[str, Met]) -> dict[str, KeptVersion]:
    """Different pages by their addresses, each kept."""
    documents = _keep_documents(session, met)
    texts = {documents[address]: _text_row(documents[address], each) for address, each in met.items()}
    written = _by_key(insert_all_once(session, DocumentVersion, list(texts.values()), _TEXT))
    wanted = {(key, row["text_sha256"]) for key, row in texts.items()}
    versions = {
        key: version for (key, _), version in (written | _kept_texts(session, wanted, written)).items()
    }
    sightings = [
        {
            "visit_id": each.visit_id,
            "document_id": documents[address],
            "version_id": versions[documents[address]],
            "seen_at": each.now,
        }
        for address, each in met.items()
    ]
    kept = {each.document_id: each for each in _keep_sightings(session, sightings)}
    # A text that returns has findings of the catalogue of that time: it is to be judged as a whole.
    new = {key for key, _ in written}
    judged = [
        {"document_id": key, "catalogue": each.page.judged_by if key in new else ""}
        for each, key in ((each, documents[address]) for address, each in met.items())
        if key in new or kept[key].changed
    ]
    insert_or_update_all(session, JudgedDocument, judged, _JUDGED_AGAIN)
    return {address: kept[documents[address]] for address in met}


def keep_unchanged(session: Session, url: str, visit_id: int, now: datetime) -> KeptVersion | None:
    """:func:`keep_all_unchanged` of one address."""
    return keep_all_unchanged(session, [MetAgain(url, visit_id, now)])[0]


def keep_all_unchanged(session: Session, met: Sequence[MetAgain]) -> list[KeptVersion | None]:
    """Note that visits met documents as they were; None for an address that is not known."""
    addresses: dict[str, str] = {}
    for each in met:
        with suppress(AddressError):
            addresses[each.url] = document_address(each.url)
    found = rows(session, _met_last(), addresses=list(set(addresses.values())))
    last = {address: (key, version) for address, key, version in found}
    known = [last.get(addresses.get(each.url, "")) for each in met]
    if not any(known):
        return [None] * len(met)
    keys = [each[0] for each in known if each is not None]
    run(session, _seen_again(), keys=keys, now=max(each.now for each in met))
    sightings = [
        {"visit_id": each.visit_id, "document_id": of[0], "version_id": of[1], "seen_at": each.now}
        for each, of in zip(met, known, strict=True)
        if of is not None
    ]
    insert_all_once(session, Sighting, sightings, ("id",))
    return [
        KeptVersion(of[0], of[1], new_document=False, changed=False, returned=False) if of else None
        for of in known
    ]


def _keep_documents(session: Session, met: Mapping[str, Met]) -> dict[str, int]:
    """Keys by address; a page that stops naming its title, publisher, region or date still has them.

    Rows are taken in one order, so that two programs that meet the same pages wait for each other once.
    """
    parents = _parents(session, [each.page.parent_url for each in met.values() if each.page.parent_url])
    rows = [
        {
            "url": address,
            "source": page.source,
            "parent_id": parents.get(page.parent_url),
            "title": page.title,
            "publisher": page.publisher,
            "region": page.region,
            "published_on": page.published_on,
            "etag": page.etag,
            "last_modified": page.last_modified,
            "first_seen_at": now,
            "last_seen_at": now,
        }
        for address, (page, _, now) in sorted(met.items())
    ]
    return {
        url: key for key, url in insert_or_update_all(session, Document, rows, _SEEN_AGAIN, ("id", "url"))
    }


def _parents(session: Session, urls: Sequence[str]) -> dict[str, int]:
    """Keys of the pages that link attachments, by their addresses as they are given."""
    if not urls:
        return {}
    addresses: dict[str, str] = {}
    for url in urls:
        with suppress(AddressError):
            addresses[url] = document_address(url)
    found = rows(session, _known(), addresses=list(set(addresses.values())))
    keys = {url: key for url, key in found}  # noqa: C416 - typed as tuples of any length
    return {url: keys[address] for url, address in addresses.items() if address in keys}


def _text_row(document_id: int, met: Met) -> Values:
    page = met.page
    text = storable(page.text)
    return {
        "document_id": document_id,
        "text_sha256": sha256(text.encode("utf-8")).hexdigest(),
        "text": text,
        "media_type": page.media_type,
        "charset": page.charset,
        "document_kind": page.document_kind,
        "publisher_kind": page.publisher_kind,
        "facts": page.facts,
        "body_sha256": page.evidence.body_sha256,
        "evidence_file": page.evidence.file,
        "evidence_record": page.evidence.record_id,
        "evidence_offset": page.evidence.offset,
        "seen_at": met.now,
    }


_TEXT = ("document_id", "text_sha256", "id")
_SIGHTING = ("visit_id", "document_id", "id")
_Keys = dict[tuple[Any, Any], int]


def _by_key(found: Rows) -> _Keys:
    return {(one, two): key for one, two, key in found}


def _kept_texts(session: Session, wanted: Set[tuple[int, str]], written: _Keys) -> _Keys:
    """Versions of texts that were kept already."""
    kept = wanted - written.keys()
    if not kept:
        return {}
    keys, digests = [key for key, _ in kept], [digest for _, digest in kept]
    found = rows(session, _texts(), keys=keys, digests=digests)
    return {pair: key for pair, key in _by_key(found).items() if pair in kept}


def _keep_sightings(session: Session, wanted: Sequence[Values]) -> Iterator[KeptVersion]:
    """Each sighting written, or as it was written before, compared with what was met before it."""
    keys = _by_key(insert_all_once(session, Sighting, wanted, _SIGHTING))
    again = [row for row in wanted if (row["visit_id"], row["document_id"]) not in keys]
    if again:
        visits, documents = {row["visit_id"] for row in again}, [row["document_id"] for row in again]
        found = rows(session, _sightings(), visits=list(visits), documents=documents)
        keys |= _by_key(found)
    mine = {(row["visit_id"], row["document_id"]): row for row in wanted}
    before = _met_before(session, [keys[pair] for pair in mine])
    for pair, row in mine.items():
        document_id, version_id, key = row["document_id"], row["version_id"], keys[pair]
        last = before.get(key)
        changed = last is not None and last != version_id
        yield KeptVersion(
            document_id=document_id,
            version_id=version_id,
            new_document=last is None,
            changed=changed,
            returned=changed and _was_met(session, document_id, version_id, key),
        )


def _met_before(session: Session, sightings: Sequence[int]) -> dict[int, int]:
    """The version that was met before each of ``sightings``, where there was one."""
    found = rows(session, _versions_before(), keys=sightings)
    return {key: version for key, version in found}  # noqa: C416 - typed as tuples of any length


def _was_met(session: Session, document_id: int, version_id: int, sighting_id: int) -> bool:
    """Whether a document was met with this version before that sighting."""
    earlier = select(Sighting.id).where(
        Sighting.document_id == document_id,
        Sighting.version_id == version_id,
        col(Sighting.id) < sighting_id,
    )
    return session.exec(earlier.limit(1)).first() is not None


@cache
def _met_last() -> Executable:
    document, sighting = table_of(Document), table_of(Sighting)
    return (
        select_rows(document.c.url, document.c.id, sighting.c.version_id)
        .select_from(document)
        .join(sighting, sighting.c.id == last_sighting())
        .where(document.c.url.in_(any_of("addresses")))
    )


@cache
def _seen_again() -> Executable:
    document: Table = table_of(Document)
    now: BindParameter[datetime] = bindparam("now")
    return (
        update(document)
        .where(document.c.id.in_(any_of("keys")), document.c.last_seen_at < now)
        .values(last_seen_at=now)
    )


@cache
def _known() -> Executable:
    document = table_of(Document).c
    return select_rows(document.url, document.id).where(document.url.in_(any_of("addresses")))


@cache
def _texts() -> Executable:
    version = table_of(DocumentVersion).c
    return select_rows(version.document_id, version.text_sha256, version.id).where(
        version.document_id.in_(any_of("keys")), version.text_sha256.in_(any_of("digests"))
    )


@cache
def _sightings() -> Executable:
    sighting = table_of(Sighting).c
    return select_rows(sighting.visit_id, sighting.document_id, sighting.id).where(
        sighting.visit_id.in_(any_of("visits")), sighting.document_id.in_(any_of("documents"))
    )


@cache
def _versions_before() -> Executable:
    """For sightings: the version of the last one of the same document before each."""
    mine, before, earlier = (table_of(Sighting).alias() for _ in range(3))
    last = (
        select_rows(func.max(earlier.c.id))
        .where(earlier.c.document_id == mine.c.document_id, earlier.c.id < mine.c.id)
        .correlate(mine)
        .scalar_subquery()
    )
    return (
        select_rows(mine.c.id, before.c.version_id)
        .select_from(mine)
        .join(before, before.c.id == last)
        .where(mine.c.id.in_(any_of("keys")))
    )
