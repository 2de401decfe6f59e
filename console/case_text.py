"""A document of a case in full: its text with every mention, and the page as it was archived."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from alerts.languages import Language
from storage.errors import EvidenceError
from storage.evidence import EvidenceRecord, EvidenceStore
from storage.proof import evidence_ref
from storage.tables import Document, DocumentVersion, Finding
from vocabulary.names import CHINESE
from vocabulary.presentation import displayable, displayable_lines, mask_personal_numbers
from vocabulary.reasons import in_chinese

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
    """The text of a version as ``marked`` says it, the findings of other cases in it too."""
    findings = session.exec(
        select(Finding)
        .where(Finding.version_id == version.id)
        .order_by(col(Finding.start), col(Finding.id))
        .limit(_MENTIONS)
    )
    return marked(version.text, [(each.start, each.end, each.case_id == case_id) for each in findings])


def marked(text: str, places: Sequence[tuple[int, int, bool]]) -> dict[str, Any]:
    """``text`` cut at ``places``: where each begins and ends, and whether it is one of those that count.

    Each of the ``pieces`` has its words and the number of its place: 0 beside places, -1 where it does not
    count. Numbers of persons are masked, and what is longer than SHOWN is cut off.
    """
    shown = mask_personal_numbers(text[:SHOWN])
    pieces: list[dict[str, Any]] = []
    at, number = 0, 0
    for first, last, counts in places:
        start, end = max(first, at), min(last, len(shown))
        if start < end:
            number += counts
            pieces.append({"words": displayable_lines(shown[at:start]), "mention": 0})
            mention = number if counts else -1
            pieces.append({"words": displayable_lines(shown[start:end]), "mention": mention})
            at = end
    pieces.append({"words": displayable_lines(shown[at:]), "mention": 0})
    return {
        "pieces": [piece for piece in pieces if piece["words"]],
        "mentions": number,
        "is_cut": len(text) > SHOWN,
    }


def archived(
    store: EvidenceStore, version: DocumentVersion, speech: Language
) -> tuple[EvidenceRecord | None, str]:
    """What the server sent, its digest verified; else why it cannot be shown."""
    try:
        return store.read(evidence_ref(version)), ""
    except EvidenceError as error:
        return None, why_unverified(error, speech)


def why_unverified(error: EvidenceError, speech: Language) -> str:
    """In the words of whoever reads it."""
    said = in_chinese(str(error)) if speech.code == CHINESE else str(error)
    return displayable(said, limit=400)
