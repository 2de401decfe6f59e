"""What a supervisor makes public of a case (曝光): masked, as it is then, and taken down again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from cases.history import note_decision
from cases.steps import RULES, IllegalStep, UnknownCase, take_step
from storage.rows import insert_once
from storage.tables import Case, CaseEvent, Finding, Publication
from vocabulary.codes import CaseState, EventKind, PublisherKind, Step
from vocabulary.names import name_of
from vocabulary.presentation import displayable, mask_personal_numbers

REMARK = 500
_TELLING = (EventKind.RECTIFIED, EventKind.OVERDUE, EventKind.RECTIFICATION_ASKED, EventKind.REOPENED)
_PUT_RIGHT = frozenset({CaseState.RECTIFIED, CaseState.CLOSED})


@dataclass(frozen=True, slots=True)
class Public:
    """A publication, and whether what it says was put right since."""

    publication: Publication
    is_put_right: bool


def publish(session: Session, case_id: int, *, actor: str, remark: str, now: datetime) -> int:
    """Make a case public, by which it is published; the publication's number.

    What is shown is masked and stays as it is. Raises ``UnknownCase``, and ``IllegalStep`` where it may not
    be published yet, or is public.
    """
    case = _locked(session, case_id)
    if case.state in RULES[Step.PUBLISH].before:
        take_step(session, case_id, Step.PUBLISH, actor=actor, note=remark, now=now)
    elif case.state is not CaseState.PUBLISHED:
        raise IllegalStep(f"案件{case_id}目前为“{name_of(case.state)}”，不能公布：须已逾期或已整改")
    known = session.exec(select(Publication).where(Publication.case_id == case_id)).first()
    if known is not None and known.withdrawn_at is None:
        raise IllegalStep(f"案件{case_id}已经公布")
    shown = _shown(session, case, remark, actor)
    shown.put_right = _was_put_right(session, case_id)
    shown.published_at = shown.changed_at = now
    if known is not None:
        shown.id = known.id
    written = session.merge(shown)
    session.flush()
    _write(session, case_id, EventKind.MADE_PUBLIC, actor=actor, note=remark.strip(), now=now)
    return written.id or 0


def withdraw(session: Session, case_id: int, *, actor: str, reason: str, now: datetime) -> None:
    """Take a case off the public page. Raises ``UnknownCase``, and ``IllegalStep`` where it is not there."""
    _locked(session, case_id)
    known = find_publication(session, case_id)
    if known is None:
        raise IllegalStep(f"案件{case_id}没有公布")
    known.withdrawn_at = known.changed_at = now
    session.add(known)
    _write(session, case_id, EventKind.WITHDRAWN, actor=actor, note=reason.strip(), now=now)


def find_publication(session: Session, case_id: int) -> Publication | None:
    """What is public of a case."""
    wanted = select(Publication).where(Publication.case_id == case_id)
    return session.exec(wanted.where(col(Publication.withdrawn_at).is_(None))).first()


def list_publications(session: Session, *, before: int = 0, limit: int = 20) -> Sequence[Public]:
    """What is public, the newest first; ``before`` is the last number of the part above."""
    wanted = (
        select(Publication, Case.state)
        .join(Case, col(Case.id) == col(Publication.case_id))
        .where(col(Publication.withdrawn_at).is_(None))
        .order_by(col(Publication.id).desc())
        .limit(limit)
    )
    if before:
        wanted = wanted.where(col(Publication.id) < before)
    return [Public(each, each.put_right or state in _PUT_RIGHT) for each, state in session.exec(wanted)]


def get_public(session: Session, publication_id: int) -> Public | None:
    """One that is public, by its number."""
    found = list_publications(session, before=publication_id + 1, limit=1)
    return found[0] if found and found[0].publication.id == publication_id else None


def _shown(session: Session, case: Case, remark: str, actor: str) -> Publication:
    newest = session.exec(
        select(Finding).where(Finding.case_id == case.id).order_by(col(Finding.id).desc()).limit(1)
    ).first()
    is_person = case.publisher_kind == PublisherKind.INDIVIDUAL
    return Publication(
        case_id=case.id or 0,
        publisher=name_of(PublisherKind.INDIVIDUAL) if is_person else _masked(case.publisher, 120),
        region=case.region or "",
        title="" if is_person else _masked(case.title, 240),
        qualification=_masked(case.qualification, 120),
        violation=case.violation,
        quote=_masked(newest.quote, 200) if newest else "",
        legal_basis=[_masked(clause, 200) for clause in newest.legal_basis] if newest else [],
        remark=_masked(remark, REMARK),
        published_by=actor,
    )


def _was_put_right(session: Session, case_id: int) -> bool:
    """Whether the last that was heard of it is that it was rectified, whatever came of that since."""
    wanted = select(CaseEvent.kind).where(CaseEvent.case_id == case_id, col(CaseEvent.kind).in_(_TELLING))
    return session.exec(wanted.order_by(col(CaseEvent.id).desc()).limit(1)).first() == EventKind.RECTIFIED


def _masked(text: str, limit: int) -> str:
    return displayable(mask_personal_numbers(text), limit=limit)


def _locked(session: Session, case_id: int) -> Case:
    wanted = select(Case).where(col(Case.id) == case_id).with_for_update()
    case = session.exec(wanted.execution_options(populate_existing=True)).one_or_none()
    if case is None:
        raise UnknownCase(f"没有案件{case_id}")
    return case


def _write(session: Session, case_id: int, kind: EventKind, *, actor: str, note: str, now: datetime) -> None:
    count = session.exec(select(func.count()).where(CaseEvent.case_id == case_id)).one()
    event = CaseEvent(case_id=case_id, key=f"{kind}:{count}", kind=kind, actor=actor, note=note, at=now)
    insert_once(session, event)
    note_decision(session, event)
