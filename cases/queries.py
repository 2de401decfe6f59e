"""The cases as a list, and one case with all that belongs to it, for those who look at them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from storage.tables import Case, CaseEvent, Finding
from vocabulary.areas import lies_within
from vocabulary.codes import CaseState

OPEN = tuple(
    state for state in CaseState if state not in {CaseState.DISMISSED, CaseState.RECTIFIED, CaseState.CLOSED}
)
"""States in which something is still to be done; a published case still waits for its rectification."""


@dataclass(frozen=True, slots=True)
class File:
    """A case with its history, oldest event first, and its findings."""

    case: Case
    events: Sequence[CaseEvent]
    findings: Sequence[Finding]


def list_cases(
    session: Session,
    *,
    states: Sequence[CaseState] = (),
    region: str = "",
    after: int = 0,
    limit: int = 50,
) -> Sequence[Case]:
    """Up to ``limit`` cases with numbers above ``after``, in order of their numbers.

    ``states`` empty means all; ``region`` is a GB/T 2260 code and covers what lies in it.
    """
    wanted = select(Case).where(col(Case.id) > after)
    if states:
        wanted = wanted.where(col(Case.state).in_(states))
    if region:
        wanted = wanted.where(lies_within(col(Case.region), region))
    return session.exec(wanted.order_by(col(Case.id)).limit(limit)).all()


def read_case(session: Session, case_id: int) -> File | None:
    """Everything about a case; None where there is none of that number."""
    case = session.get(Case, case_id)
    if case is None:
        return None
    events = select(CaseEvent).where(CaseEvent.case_id == case_id)
    findings = select(Finding).where(Finding.case_id == case_id)
    return File(
        case,
        session.exec(events.order_by(col(CaseEvent.at), col(CaseEvent.id))).all(),
        session.exec(findings.order_by(col(Finding.id))).all(),
    )
