"""Steps of a case that the program takes itself, each an event that is never changed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session, col, update

from storage.audit import record
from storage.rows import insert_once
from storage.tables import Case, CaseEvent
from vocabulary.codes import CaseState
from vocabulary.people import AuditKind

ACTOR = "qualwatch"
"""Who took a step that no person took."""


def note_decision(session: Session, event: CaseEvent) -> None:
    """Write into the trail that nobody can change what a person did with a case."""
    if event.actor != ACTOR:
        detail = f"{event.kind} {event.key}"
        record(
            session, AuditKind.DECIDED, actor=event.actor, at=event.at, case_id=event.case_id, detail=detail
        )


def mark_notified(
    session: Session, case_ids: Iterable[int], *, message: int, recipient: str, at: datetime
) -> None:
    """Note that outbox row ``message`` was accepted; the first one moves a case to ``notified``."""
    for case_id in case_ids:
        insert_once(
            session,
            CaseEvent(
                case_id=case_id,
                key=f"notified:{message}",
                kind="notified",
                actor=ACTOR,
                note=recipient,
                at=at,
            ),
        )
        session.execute(
            update(Case)
            .where(col(Case.id) == case_id, col(Case.state) == CaseState.FOUND)
            .values(state=CaseState.NOTIFIED, updated_at=at)
        )


def mark_undelivered(
    session: Session, case_ids: Iterable[int], *, message: int, why: str, at: datetime
) -> None:
    """Note that outbox row ``message`` was given up: whoever opens the case sees that its mail never came."""
    for case_id in case_ids:
        insert_once(
            session,
            CaseEvent(
                case_id=case_id,
                key=f"undelivered:{message}:{at.isoformat()}",
                kind="undelivered",
                actor=ACTOR,
                note=why,
                at=at,
            ),
        )
