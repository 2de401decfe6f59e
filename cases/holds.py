"""A case on hold (证据保全): nothing of it is removed, however old it is, until a person ends the hold."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, func, select, update

from cases.history import note_decision
from cases.steps import IncompleteStep, StepRefused, UnknownCase
from storage.rows import insert_once
from storage.tables import Case, CaseEvent
from vocabulary.codes import EventKind


def hold(session: Session, case_id: int, *, actor: str, reason: str, now: datetime) -> None:
    """Put a case on hold, an event. Raises ``StepRefused`` where it is on hold or something is missing."""
    _set(session, case_id, EventKind.HELD, held_at=now, actor=actor, reason=reason, now=now)


def release(session: Session, case_id: int, *, actor: str, reason: str, now: datetime) -> None:
    """End the hold of a case, an event. Raises ``StepRefused`` where it is not on hold or likewise."""
    _set(session, case_id, EventKind.RELEASED, held_at=None, actor=actor, reason=reason, now=now)


def _set(
    session: Session,
    case_id: int,
    kind: EventKind,
    *,
    held_at: datetime | None,
    actor: str,
    reason: str,
    now: datetime,
) -> None:
    if not reason.strip() or not actor.strip():
        raise IncompleteStep("请写明理由和经办人")
    other = col(Case.held_at).is_(None) if held_at else col(Case.held_at).is_not(None)
    changed = session.execute(update(Case).where(col(Case.id) == case_id, other).values(held_at=held_at))
    if changed.rowcount == 0:  # type: ignore[attr-defined]
        if session.exec(select(Case.id).where(Case.id == case_id)).first() is None:
            raise UnknownCase(f"没有编号为 {case_id} 的案件")
        raise StepRefused(f"案件{case_id}已在保全中" if held_at else f"案件{case_id}没有保全")
    events = session.exec(select(func.count()).where(CaseEvent.case_id == case_id)).one()
    event = CaseEvent(
        case_id=case_id,
        key=f"{kind.value}:{events}",
        kind=kind.value,
        actor=actor.strip(),
        note=reason.strip(),
        at=now,
    )
    insert_once(session, event)
    note_decision(session, event)
