"""Removes pages and files in which nothing was ever found, once they were not met for long.

A page with its files and their members is looked at as one publication: where a finding, a notice of the
catalogue or a letter rests on any of them, all of them stay, with every version.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlmodel import Session, SQLModel, col

from storage.retention.rows import Due, Removed, Step, in_parts, newest, remove_by_id
from storage.rows import insert_once
from storage.tables import (
    CatalogueNotice,
    DigestItem,
    Document,
    DocumentVersion,
    EvidenceFile,
    Finding,
    IntakeMessage,
    IntakeReporter,
    JudgedDocument,
    LookBack,
    PagePicture,
    PublicReport,
    Sighting,
    TextSketch,
)
from vocabulary.codes import KeptKind

PAGES = 100
"""Looked at in one step, with all that hangs on them."""
_MESSAGES = 200


@dataclass(slots=True)
class _Node:
    """A document in its publication."""

    root: int
    parent: int | None
    last_seen_at: datetime
    depth: int


def documents(session: Session, due: Due, after: int, removes: bool) -> Step:
    """What was not met since ``documents_days``, and versions that gave way to others before."""
    until = due.before(due.rules.documents_days)
    found = select(col(Document.id), col(Document.first_seen_at), col(Document.last_seen_at))
    pages = session.execute(
        _locked(found, removes)
        .where(col(Document.parent_id).is_(None), col(Document.id) > after)
        .order_by(col(Document.id))
        .limit(PAGES)
    ).all()
    if not any(first_seen_at < until for _, first_seen_at, _ in pages):
        return Step(Removed(), None)
    nodes = {number: _Node(number, None, last, 0) for number, _, last in pages}
    _add_below(session, nodes, removes)
    tied = {nodes[number].root for number in _tied(session, sorted(nodes))}
    free = {number: node for number, node in nodes.items() if node.root not in tied}
    stale = _stale(free, until)
    removed = Removed()
    _remove_documents(session, sorted(stale, key=lambda each: -nodes[each].depth), removed, removes)
    _remove_versions(session, _given_way(session, sorted(free.keys() - stale), until), removed, removes)
    return Step(removed, pages[-1][0])


def intake_messages(session: Session, due: Due, after: int, removes: bool) -> Step:
    """Messages of the public in which nothing was found, and who wrote them, after ``documents_days``.

    What came by the form (监督举报) goes with its message, its words and the sealed contact too: who reported
    is kept no longer than there is something to ask them about.
    """
    found = session.execute(
        select(col(IntakeMessage.id), col(IntakeMessage.key))
        .where(
            col(IntakeMessage.id) > after,
            col(IntakeMessage.findings) == 0,
            col(IntakeMessage.taken_in_at) < due.before(due.rules.documents_days),
            col(IntakeMessage.id) != newest(session, IntakeMessage),
        )
        .order_by(col(IntakeMessage.id))
        .limit(_MESSAGES)
    ).all()
    ids = [number for number, _ in found]
    reports = session.scalars(
        select(col(PublicReport.id)).where(
            col(PublicReport.message_key).in_([key for _, key in found]),
            col(PublicReport.id) != newest(session, PublicReport),
        )
    ).all()
    removed = Removed(Counter({KeptKind.OTHER_ROWS: len(ids) + len(reports)}))
    of_ids = col(IntakeMessage.id).in_(ids)
    removed.freed.update(_files(session, col(IntakeMessage.evidence_file), of_ids))
    if removes:
        _note_freed(session, removed.freed)
        session.execute(delete(IntakeReporter).where(col(IntakeReporter.message_id).in_(ids)))
        remove_by_id(session, PublicReport, reports)
        remove_by_id(session, IntakeMessage, ids)
    return Step(removed, ids[-1] if len(ids) == _MESSAGES else None)


def _locked(statement: Any, removes: bool) -> Any:
    """On PostgreSQL a visit that meets the document waits, and finds it gone or kept as a whole."""
    return statement.with_for_update() if removes else statement


def _add_below(session: Session, nodes: dict[int, _Node], removes: bool) -> None:
    """Add to ``nodes`` what hangs on them, level by level."""
    level, depth = sorted(nodes), 0
    while level:
        depth += 1
        below: list[int] = []
        for some in in_parts(level):
            statement = select(col(Document.id), col(Document.parent_id), col(Document.last_seen_at))
            for number, parent, last in session.execute(
                _locked(statement.where(col(Document.parent_id).in_(some)), removes)
            ):
                if number not in nodes:
                    nodes[number] = _Node(nodes[parent].root, parent, last, depth)
                    below.append(number)
        level = sorted(below)


def _tied(session: Session, numbers: Sequence[int]) -> Iterator[int]:
    """Those documents that something else rests on, or that bear the newest number of their table."""
    for some in in_parts(numbers):
        for resting in (Finding, DigestItem, TextSketch, CatalogueNotice):
            yield from session.scalars(
                select(col(DocumentVersion.document_id))
                .join(resting, col(resting.version_id) == col(DocumentVersion.id))
                .where(col(DocumentVersion.document_id).in_(some))
                .distinct()
            )
        yield from session.scalars(
            select(col(LookBack.document_id)).where(col(LookBack.document_id).in_(some))
        )
    among = set(numbers)
    yield from among & {newest(session, Document)}
    for table in (DocumentVersion, Sighting):
        last = select(col(table.document_id)).where(col(table.id) == newest(session, table))
        yield from among & set(session.scalars(last))


def _stale(nodes: Mapping[int, _Node], until: datetime) -> set[int]:
    """Documents that were not met since, nor anything that hangs on them."""
    stale: set[int] = set()
    alive: set[int] = set()
    for number in sorted(nodes, key=lambda each: -nodes[each].depth):
        node = nodes[number]
        if number in alive or node.last_seen_at >= until:
            if node.parent is not None:
                alive.add(node.parent)
        else:
            stale.add(number)
    return stale


def _given_way(session: Session, numbers: Sequence[int], until: datetime) -> list[int]:
    """Versions of these documents that were last met before, and not as the last one."""
    old: list[int] = []
    for some in in_parts(numbers):
        several = session.scalars(
            select(col(DocumentVersion.document_id))
            .where(col(DocumentVersion.document_id).in_(some))
            .group_by(col(DocumentVersion.document_id))
            .having(func.count() > 1)
        ).all()
        met = session.execute(
            select(
                col(Sighting.document_id),
                col(Sighting.version_id),
                func.max(col(Sighting.seen_at)),
                func.max(col(Sighting.id)),
            )
            .where(col(Sighting.document_id).in_(several))
            .group_by(col(Sighting.document_id), col(Sighting.version_id))
        ).all()
        last: dict[int, int] = {}
        for document, _, _, sighting in met:
            last[document] = max(sighting, last.get(document, 0))
        old += [
            version
            for document, version, seen, sighting in met
            if seen < until and sighting != last[document]
        ]
    return old


def _remove_documents(session: Session, numbers: Sequence[int], removed: Removed, removes: bool) -> None:
    """``numbers`` with what hangs on a document before it."""
    for some in in_parts(numbers):
        of_some = col(DocumentVersion.document_id).in_(some)
        versions = session.scalars(select(col(DocumentVersion.id)).where(of_some)).all()
        _remove_versions(session, versions, removed, removes)
        if removes:
            for table in (Sighting, JudgedDocument):
                session.execute(_delete(table, col(table.document_id).in_(some)))
            session.execute(_delete(Document, col(Document.id).in_(some)))
        removed.rows[KeptKind.DOCUMENTS] += len(some)


def _remove_versions(
    session: Session, versions: Sequence[int | None], removed: Removed, removes: bool
) -> None:
    for some in in_parts(versions):
        of_pictures = col(PagePicture.version_id).in_(some)
        freed = _files(session, col(DocumentVersion.evidence_file), col(DocumentVersion.id).in_(some))
        freed += _files(session, col(PagePicture.evidence_file), of_pictures)
        removed.freed.update(freed)
        of_versions = col(Sighting.version_id).in_(some)
        removed.rows[KeptKind.SIGHTINGS] += session.execute(
            select(func.count()).select_from(Sighting).where(of_versions)
        ).scalar_one()
        removed.rows[KeptKind.VERSIONS] += len(some)
        if removes:
            session.execute(_delete(Sighting, of_versions))
            session.execute(_delete(PagePicture, of_pictures))
            session.execute(_delete(DocumentVersion, col(DocumentVersion.id).in_(some)))
            _note_freed(session, freed)


def _delete(table: type[SQLModel], which: Any) -> Any:
    return delete(table).where(which).execution_options(synchronize_session=False)


def _files(session: Session, file: Any, which: Any) -> Counter[str]:
    """How many of these rows refer to each evidence file."""
    counted = session.execute(select(file, func.count()).where(which, file != "").group_by(file))
    return Counter(dict(counted.all()))


def _note_freed(session: Session, freed: Mapping[str, int]) -> None:
    for name in sorted(freed):
        insert_once(session, EvidenceFile(name=name))
        session.execute(
            update(EvidenceFile)
            .where(col(EvidenceFile.name) == name)
            .values(freed=EvidenceFile.freed + freed[name])
        )
