"""Changes of the catalogue that official pages announced: which wait for a person, and what becomes of them.

Command and desk decide by these functions alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlmodel import Session, col, select, update

from assessment.official_lists import rows_of
from catalogue.annex_items import OfficialList
from catalogue.book import Catalogue
from catalogue.checks import find_problems
from catalogue.documents import OfficialDocument, find_document
from catalogue.imported import ImportedList, ImportedLists
from catalogue.loading import load_catalogue
from catalogue.parts import choose_annex
from catalogue.proposal import Proposed, find_entry, new_key, propose
from storage.tables import CatalogueNotice, Document, DocumentVersion, StoredList
from vocabulary.codes import Evidence


@dataclass(frozen=True, slots=True)
class Considered:
    """What an official list would change, and what speaks against its import."""

    catalogue: Catalogue
    proposed: Sequence[Proposed]
    problems: Sequence[str]
    """In Chinese; empty where it may be imported."""


def official_document(number: str, region: str) -> OfficialDocument | None:
    """The document of this number in the province ``region``, or nationally: provinces forward lists."""
    if not number:
        return None
    return find_document(number, region) or find_document(number)


def open_proposals(session: Session) -> list[tuple[CatalogueNotice, Document]]:
    """Proposals that were neither imported nor dismissed, newest first."""
    imported = set(session.exec(select(StoredList.document, StoredList.region)))
    rows = session.exec(
        select(CatalogueNotice, Document)
        .join(DocumentVersion, col(DocumentVersion.id) == col(CatalogueNotice.version_id))
        .join(Document, col(Document.id) == col(DocumentVersion.document_id))
        .where(col(CatalogueNotice.proposes).is_(True), col(CatalogueNotice.dismissed_at).is_(None))
        .order_by(col(CatalogueNotice.version_id).desc())
    ).all()
    return [(notice, document) for notice, document in rows if (notice.number, notice.region) not in imported]


def dismiss_proposal(session: Session, number: int, *, actor: str, reason: str, now: datetime) -> bool:
    """Decide against proposal ``number``, and keep why; False where none of that number waits."""
    dismissed = session.execute(
        update(CatalogueNotice)
        .where(col(CatalogueNotice.version_id) == number, col(CatalogueNotice.proposes).is_(True))
        .where(col(CatalogueNotice.dismissed_at).is_(None))
        .values(dismissed_at=now, dismissed_by=actor, reason=reason)
    )
    return bool(dismissed.rowcount == 1)  # type: ignore[attr-defined]


def stored_proposal(session: Session, number: int) -> tuple[CatalogueNotice, OfficialList] | None:
    """The proposal with the list as it was read then; None where there is none of that number."""
    notice, version = session.get(CatalogueNotice, number), session.get(DocumentVersion, number)
    if notice is None or version is None or not notice.proposes:
        return None
    document = session.get_one(Document, version.document_id)
    files = session.exec(select(Document.url).where(col(Document.parent_id) == document.id)).all()
    rows = rows_of(version.text, document.url)
    return notice, OfficialList(document.url, version.body_sha256, rows, tuple(files))


def consider(
    read: OfficialList, official: OfficialDocument, imported: ImportedLists, *, accept_conflicts: bool = False
) -> Considered:
    """What ``read`` changes, being the list of ``official``; ValueError where it is no list, in Chinese."""
    choice = choose_annex(read.rows, official)
    if choice.problem:
        raise ValueError(choice.problem)
    evidence = Evidence.UNVERIFIED if read.recognised else Evidence.PUBLISHED
    catalogue = load_catalogue(imported)
    proposed = propose(choice.annex.items, catalogue, official=official, evidence=evidence)
    problems = find_problems(choice.annex, proposed, official, accept_conflicts=accept_conflicts)
    if read.files and choice.annex.count != official.items:
        files = "\n".join(f"  {url}" for url in read.files[:_FILES_SHOWN])
        problems.append(f"清单可能在该页面的附件中：\n{files}")
    return Considered(catalogue, proposed, problems)


def accepted_list(
    read: OfficialList, official: OfficialDocument, proposed: Sequence[Proposed], today: date
) -> ImportedList:
    """What is kept of a list that a person accepted."""
    return ImportedList(
        document=official.number,
        region=official.region,
        source=read.name,
        imported_on=today,
        items=tuple(each.item for each in proposed),
        digest=read.digest,
    )


def confirm_rows(imported: ImportedList, rows: Mapping[int, str], catalogue: Catalogue) -> ImportedList:
    """The list with these rows published, counted from 1; a name that is not empty is the row's right one.

    Under another name a row belongs to another entry. ValueError names a row that there is not.
    """
    if beyond := sorted(row for row in rows if not 0 < row <= len(imported.items)):
        raise ValueError(f"“{imported.identity}”只有{len(imported.items)}行，没有第{beyond[0]}行。")
    items = list(imported.items)
    for row, name in rows.items():
        item = replace(items[row - 1], evidence=Evidence.PUBLISHED)
        if name and name != item.name:
            entry = find_entry(name, item.status, catalogue, imported.region)
            item = replace(item, name=name, key=entry.key if entry else new_key(name, imported.region))
        items[row - 1] = item
    return replace(imported, items=tuple(items))


_FILES_SHOWN = 5
