"""A violation that was gone and came back opens its case again."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from cases.history import ACTOR
from cases.steps import IllegalStep, take_step
from storage.documents import KeptVersion
from storage.tables import Case, CaseEvent, Document, Finding, Sighting
from vocabulary.codes import CaseState, Step

_ENDED = frozenset({CaseState.RECTIFIED, CaseState.PUBLISHED, CaseState.CLOSED})


def has_ended(session: Session, case_id: int) -> bool:
    """Whether the case had ended, so that meeting it again may be a rebound."""
    return session.get_one(Case, case_id).state in _ENDED


def reopen_on_rebound(
    session: Session, kept: KeptVersion, case_id: int, *, document: Document, now: datetime
) -> bool:
    """Reopen a case that had ended, where ``kept`` brings its violation back; whether it did.

    It comes back where the page had not shown it at the visit before, or where a page shows it that was not
    known. A page that goes on showing it, with another text around it, brings nothing back. A dismissed case
    stays dismissed.
    """
    case = session.get_one(Case, case_id)
    if case.state not in _ENDED or kept.unchanged:
        return False
    if kept.new_document and case.state is CaseState.PUBLISHED:
        # To be made public is no end by itself: most likely nothing was put right yet.
        return False
    if not kept.new_document and _shown_before(session, kept, case_id):
        return False
    key = rebound_key(session, kept)
    if session.exec(select(CaseEvent.id).where(CaseEvent.case_id == case_id, CaseEvent.key == key)).first():
        return False
    try:
        take_step(
            session,
            case_id,
            Step.REOPEN,
            actor=ACTOR,
            note=f"再次出现：{document.url}（{_versions(session, kept)}）",
            now=now,
            key=key,
        )
    except IllegalStep:
        # Somebody took another step since it was read, and knows better.
        return False
    return True


def rebound_key(session: Session, kept: KeptVersion) -> str:
    """Names the visit that met the page last: read again in that visit, it brings nothing back."""
    return f"reopened:{_sightings(session, kept, 1)[0].id}"


def _versions(session: Session, kept: KeptVersion) -> str:
    """Both versions by their numbers: the evidence of the rebound."""
    before = [sighting.version_id for sighting in _sightings(session, kept, 2)[1:]]
    return f"版本{kept.version_id}" + (f"，此前为版本{before[0]}" if before else "")


def _shown_before(session: Session, kept: KeptVersion, case_id: int) -> bool:
    """Whether the version that the visit before met has a finding of the case."""
    sightings = _sightings(session, kept, 2)
    if len(sightings) < 2:
        return False
    before = sightings[1].version_id
    shown = select(Finding.id).where(Finding.version_id == before, Finding.case_id == case_id).limit(1)
    return session.exec(shown).first() is not None


def _sightings(session: Session, kept: KeptVersion, count: int) -> list[Sighting]:
    """The last ones, the last first."""
    return list(
        session.exec(
            select(Sighting)
            .where(Sighting.document_id == kept.document_id)
            .order_by(col(Sighting.id).desc())
            .limit(count)
        )
    )
