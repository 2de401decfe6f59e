"""The trail of what people did and read: rows that the database lets nobody change or delete."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from storage.tables import AuditEntry
from vocabulary.people import AuditKind

_DETAIL = 500


def record(
    session: Session,
    kind: AuditKind,
    *,
    actor: str,
    at: datetime,
    subject: str = "",
    case_id: int | None = None,
    detail: str = "",
    origin: str = "",
) -> None:
    """Write what ``actor`` did, in the caller's transaction: what is not committed was not done."""
    session.add(
        AuditEntry(
            at=at,
            kind=kind,
            actor=actor.strip()[:254],
            subject=subject[:254],
            case_id=case_id,
            detail=detail[:_DETAIL],
            origin=origin[:64],
        )
    )


def read_trail(
    session: Session,
    *,
    actor: str = "",
    case_id: int | None = None,
    kinds: Sequence[AuditKind] = (),
    before: int = 0,
    limit: int = 50,
) -> Sequence[AuditEntry]:
    """The newest entries first; ``actor`` also finds what was done to that account.

    ``before`` is the number of the last entry of the part above.
    """
    chosen = select(AuditEntry).order_by(col(AuditEntry.id).desc()).limit(limit)
    if actor:
        chosen = chosen.where((col(AuditEntry.actor) == actor) | (col(AuditEntry.subject) == actor))
    if case_id is not None:
        chosen = chosen.where(AuditEntry.case_id == case_id)
    if kinds:
        chosen = chosen.where(col(AuditEntry.kind).in_(kinds))
    if before:
        chosen = chosen.where(col(AuditEntry.id) < before)
    return session.exec(chosen).all()
