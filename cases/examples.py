"""What dismissals teach: documents with what a person said of them, in the form of the labelled texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlmodel import Session, col, func, select

from storage.tables import Case, Document, DocumentVersion, Finding
from vocabulary.codes import CaseState, Dismissal, DocumentKind, Severity, Usage
from vocabulary.presentation import mask_personal_numbers

_NO_MENTION = frozenset({Dismissal.JOB_TITLE})
"""Reasons by which the words name no certificate at all, so that no label stands there."""
_MEANT: Mapping[Dismissal, Usage] = MappingProxyType(
    {Dismissal.PREFERENCE: Usage.PREFERRED, Dismissal.NOT_A_POSTING: Usage.INFORMATIVE}
)
"""Reasons that say what the words do with the certificate; the others say only that the verdict is wrong."""
_UNDECIDED = frozenset({CaseState.FOUND, CaseState.NOTIFIED})


def examples(session: Session, since: datetime | None = None) -> Iterator[dict[str, Any]]:
    """A record for each document in which a case was dismissed for a reason of the list, latest version.

    Records have ``id``, ``title``, ``publisher``, ``text``, ``document_kind``, ``publisher_kind`` and
    ``mentions``, as labelled texts do, and ``dismissals``: reason by case. What a person has still to look at
    is ``"sure": false``. Numbers of persons are masked; offsets stay. ``since``: when it was dismissed.
    """
    for document, version in session.exec(_documents(since)):
        rows = session.exec(
            select(Finding, Case)
            .join(Case, col(Case.id) == col(Finding.case_id))
            .where(Finding.version_id == version.id)
            .order_by(col(Finding.start), col(Finding.id))
        ).all()
        yield _example(document, version, rows)


def _documents(since: datetime | None) -> Any:
    """Documents with their latest version in which such a case stands."""
    dismissed = select(func.max(col(Finding.version_id))).join(Case, col(Case.id) == col(Finding.case_id))
    dismissed = dismissed.where(Case.state == CaseState.DISMISSED, Case.dismissal != "")
    if since is not None:
        dismissed = dismissed.where(col(Case.updated_at) >= since)
    dismissed = dismissed.join(DocumentVersion, col(DocumentVersion.id) == col(Finding.version_id))
    return (
        select(Document, DocumentVersion)
        .join(DocumentVersion, col(DocumentVersion.document_id) == col(Document.id))
        .where(col(DocumentVersion.id).in_(dismissed.group_by(col(DocumentVersion.document_id))))
        .order_by(col(Document.id))
    )


def _example(
    document: Document, version: DocumentVersion, rows: Sequence[tuple[Finding, Case]]
) -> dict[str, Any]:
    reasons = {case.id: Dismissal(case.dismissal) for _, case in rows if case.dismissal}
    is_none = Dismissal.NOT_A_POSTING in reasons.values()
    text = mask_personal_numbers(version.text)
    return {
        "id": f"case{min(case.id or 0 for _, case in rows)}",
        "title": mask_personal_numbers(document.title),
        "publisher": mask_personal_numbers(document.publisher),
        "text": text,
        "document_kind": DocumentKind.OTHER.value if is_none else version.document_kind,
        "publisher_kind": version.publisher_kind,
        "mentions": [
            _label(finding, case, text)
            for finding, case in rows
            if not (case.dismissal and Dismissal(case.dismissal) in _NO_MENTION)
        ],
        "dismissals": {str(case): reason.value for case, reason in reasons.items()},
    }


def _label(finding: Finding, case: Case, text: str) -> dict[str, Any]:
    reason = Dismissal(case.dismissal) if case.dismissal else None
    usage = _MEANT.get(reason, finding.usage) if reason else finding.usage
    return {
        "start": finding.start,
        "quote": text[finding.start : finding.end],
        "status": finding.status,
        "usage": str(usage),
        "severity": Severity.NONE.value if reason else finding.severity,
        "sure": reason in _MEANT if reason else case.state not in _UNDECIDED,
    }
