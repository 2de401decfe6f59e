"""What the addressee of a notice says it did (反馈), and how that is decided on (销号)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select, update

from cases.history import note_decision
from cases.steps import RULES, IllegalStep, IncompleteStep, UnknownCase, take_step
from storage.rows import insert_once
from storage.tables import AddresseeAnswer, AnswerFile, Case, CaseEvent
from vocabulary.codes import AnswerState, CaseState, EventKind, Step

ANSWERABLE = frozenset(
    {CaseState.CONFIRMED, CaseState.RECTIFICATION_ASKED, CaseState.OVERDUE, CaseState.PUBLISHED}
)
"""States in which something is expected of the addressee."""
UNDECIDED_AT_ONCE = 3
"""Answers of one case that may wait to be decided on: more say nothing new."""
EVER = 20


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer with its files."""

    answer: AddresseeAnswer
    files: Sequence[AnswerFile]


def require_answerable(session: Session, case_id: int, *, locked: bool = False) -> Case:
    """The case of which something is expected; ``UnknownCase`` or ``IllegalStep`` where nothing is."""
    chosen = select(Case).where(col(Case.id) == case_id)
    case = session.exec(chosen.with_for_update() if locked else chosen).one_or_none()
    if case is None:
        raise UnknownCase(f"没有案件{case_id}")
    if case.state not in ANSWERABLE:
        raise IllegalStep("目前不需要反馈")
    wanted = select(func.count()).where(AddresseeAnswer.case_id == case_id)
    waiting = session.exec(wanted.where(AddresseeAnswer.state == AnswerState.WAITING)).one()
    if waiting >= UNDECIDED_AT_ONCE or session.exec(wanted).one() >= EVER:
        raise IllegalStep("已有反馈等待审核，请待审核后再提交")
    return case


def add_answer(
    session: Session, answer: AddresseeAnswer, files: Sequence[AnswerFile], *, now: datetime
) -> bool:
    """Keep an answer with its files; whether it is new, of a form that may be sent twice.

    Raises as ``require_answerable`` does.
    """
    known = select(AddresseeAnswer.id).where(AddresseeAnswer.key == answer.key)
    if session.exec(known).first() is not None:
        return False
    case = require_answerable(session, answer.case_id, locked=True)
    answer_id = insert_once(session, answer)
    if answer_id is None:
        return False
    for file in files:
        file.answer_id = answer_id
        session.add(file)
    event = CaseEvent(
        case_id=answer.case_id,
        key=f"answered:{answer_id}",
        kind=EventKind.ANSWERED,
        actor=f"被通知单位（{answer.name}）",
        note=f"反馈{answer_id}，附件{len(files)}个",
        at=now,
    )
    insert_once(session, event)
    case.updated_at = now
    session.add(case)
    return True


def list_answers(session: Session, case_id: int) -> list[Answered]:
    """Those of a case, the newest first."""
    wanted = select(AddresseeAnswer).where(AddresseeAnswer.case_id == case_id)
    answers = session.exec(wanted.order_by(col(AddresseeAnswer.id).desc()).limit(EVER)).all()
    if not answers:
        return []
    ids = [each.id for each in answers]
    files = session.exec(
        select(AnswerFile).where(col(AnswerFile.answer_id).in_(ids)).order_by(col(AnswerFile.id))
    ).all()
    return [Answered(each, [file for file in files if file.answer_id == each.id]) for each in answers]


def find_answer_file(session: Session, case_id: int, file_id: int) -> AnswerFile | None:
    """A file that came with an answer of that case."""
    wanted = select(AnswerFile).join(AddresseeAnswer, col(AddresseeAnswer.id) == col(AnswerFile.answer_id))
    return session.exec(wanted.where(AnswerFile.id == file_id, AddresseeAnswer.case_id == case_id)).first()


def decide_answer(
    session: Session,
    case_id: int,
    answer_id: int,
    *,
    accepted: bool,
    actor: str,
    reason: str,
    now: datetime,
) -> None:
    """Accept an answer, by which its case is rectified, or reject it with a reason that its sender reads.

    Raises ``UnknownCase``, ``IllegalStep`` where somebody has decided, and ``IncompleteStep``.
    """
    if not accepted and not reason.strip():
        raise IncompleteStep("退回反馈须写明理由，提交单位可以看到")
    case = session.exec(select(Case).where(col(Case.id) == case_id).with_for_update()).one_or_none()
    if case is None:
        raise UnknownCase(f"没有案件{case_id}")
    state = AnswerState.ACCEPTED if accepted else AnswerState.REJECTED
    changed = session.execute(
        update(AddresseeAnswer)
        .where(
            col(AddresseeAnswer.id) == answer_id,
            col(AddresseeAnswer.case_id) == case_id,
            col(AddresseeAnswer.state) == AnswerState.WAITING,
        )
        .values(state=state, decided_at=now, decided_by=actor, reason=reason.strip())
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise IllegalStep(f"反馈{answer_id}不存在，或已经审核")
    kind = EventKind.ANSWER_ACCEPTED if accepted else EventKind.ANSWER_REJECTED
    note = "；".join(part for part in (f"反馈{answer_id}", reason.strip()) if part)
    event = CaseEvent(case_id=case_id, key=f"{kind}:{answer_id}", kind=kind, actor=actor, note=note, at=now)
    insert_once(session, event)
    note_decision(session, event)
    if accepted and case.state in RULES[Step.RECTIFIED].before:
        note = f"反馈{answer_id}审核通过"
        take_step(session, case_id, Step.RECTIFIED, actor=actor, note=note, now=now)
