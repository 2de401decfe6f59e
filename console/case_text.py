"""A document of a case in full: its text with every mention, and the page as it was archived."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from storage.errors import EvidenceError
from storage.evidence import EvidenceRecord, EvidenceStore
from storage.proof import evidence_ref
from storage.tables import Document, DocumentVersion, Finding
from vocabulary.presentation import displayable_lines, mask_personal_numbers

SHOWN = 300_000
"""Characters of a text that one page shows; a longer one is in the evidence package."""
_MENTIONS = 2_000
_LARGEST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Met:
    """A version of a document in which a case stands."""

    document: Document
    version: DocumentVersion


def find_version(session: Session, case_id: int, version_id: int) -> Met | None:
    """A version by its number; None unless the case stands in it."""
    if version_id > _LARGEST:
        return None
    row = session.exec(
        select(Document, DocumentVersion)
        .join(DocumentVersion, col(DocumentVersion.document_id) == col(Document.id))
        .join(Finding, col(Finding.version_id) == col(DocumentVersion.id))
        .where(DocumentVersion.id == version_id, Finding.case_id == case_id)
        .limit(1)
    ).first()
    return None if row is None else Met(*row)


def marked_text(session: Session, case_id: int, version: DocumentVersion) -> dict[str, Any]:
    """The text cut at its mentions: words, and the number of the mention where they are one.

    Those of other cases are marked too (``is_own`` false). Numbers of persons are masked.
    """
    findings = session.exec(
        select(Finding)
        .where(Finding.version_id == version.id)
        .order_by(col(Finding.start), col(Finding.id))
        .limit(_MENTIONS)
    ).all()
    text = mask_personal_numbers(version.text[:SHOWN])
    return {
        "pieces": _pieces(text, findings, case_id),
        "mentions": sum(finding.case_id == case_id for finding in findings),
        "is_cut": len(version.text) > SHOWN,
    }


def _pieces(text: str, findings: Sequence[Finding], case_id: int) -> list[dict[str, Any]]:
    pieces: list[dict[str, Any]] = []
    at, number = 0, 0
    for finding in findings:
        start, end = max(finding.start, at), min(finding.end, len(text))
        if start >= end:
            continue
        own = finding.case_id == case_id
        number += own
        pieces.append({"words": displayable_lines(text[at:start]), "mention": 0, "is_own": False})
        pieces.append(
            {
                "words": displayable_lines(text[start:end]),
                "mention": number if own else -1,
                "is_own": own,
            }
        )
        at = end
    pieces.append({"words": displayable_lines(text[at:]), "mention": 0, "is_own": False})
    return [piece for piece in pieces if piece["words"]]


def archived(store: EvidenceStore, version: DocumentVersion) -> tuple[EvidenceRecord | None, str]:
    """What the server sent, its digest verified; else why it cannot be shown."""
    try:
        return store.read(evidence_ref(version)), ""
    except EvidenceError as error:
        return None, str(error)
