"""Making a case part of another one (并案), and splitting it off again.

A case that is merged keeps its row, its events and its deadline, and nothing is done with it any more: its
findings, and with them its evidence, are those of the other case, which is put right where all of their pages
are. A page that shows the violation again belongs to that case too. What was found before it was merged goes
back with it where it is split off; what was found since stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select, update

from cases.case_filter import OPEN
from cases.handling import locked_case, write_event
from cases.search import index_case
from cases.steps import IllegalStep, IncompleteStep
from storage.tables import AddresseeAnswer, Case, Finding, Publication
from vocabulary.codes import AnswerState, CaseState, EventKind
from vocabulary.dates import chinese_day
from vocabulary.names import name_of


def merge(session: Session, case_id: int, into: int, *, actor: str, note: str, now: datetime) -> None:
    """Make a case part of the case ``into``; both are open.

    Raises ``UnknownCase``, ``IncompleteStep``, and ``IllegalStep`` where something of the case is waited for
    that would be lost from sight.
    """
    if case_id == into:
        raise IncompleteStep("请写明另一案件的编号")
    case, other = _both(session, case_id, into)
    for each in (case, other):
        if each.state not in OPEN:
            raise IllegalStep(f"案件{each.id}目前为“{name_of(each.state)}”，不能并案")
    _require_nothing_waits(session, case)
    if case.held_at is not None and other.held_at is None:
        raise IllegalStep(f"案件{case_id}正在保全，请先保全案件{into}")
    said = f"原为“{name_of(case.state)}”"
    if case.deadline is not None:
        said += f"，整改期限{chinese_day(case.deadline)}"
    case.merged_into, case.merged_state, case.state = into, case.state.value, CaseState.MERGED
    write_event(session, case, EventKind.MERGED, actor=actor, note=_joined(f"并入案件{into}", note), now=now)
    said = f"案件{case_id}并入本案（{said}）"
    write_event(session, other, EventKind.MERGED, actor=actor, note=_joined(said, note), now=now)
    own = update(Finding).where(col(Finding.case_id) == case_id)
    session.execute(own.values(case_id=into, merged_from=case_id))
    index_case(session, into)


def split(session: Session, case_id: int, *, actor: str, note: str = "", now: datetime) -> int:
    """Make it a case of its own again, as it stood before; the number of the case that it was part of.

    Raises ``UnknownCase``, and ``IllegalStep`` where it is part of none.
    """
    into = session.exec(select(Case.merged_into).where(col(Case.id) == case_id)).first()
    case, other = _both(session, case_id, into or case_id)
    if case.state is not CaseState.MERGED or case.merged_into is None or case.merged_into != into:
        raise IllegalStep(f"案件{case_id}没有并入其他案件")
    case.state, case.merged_state, case.merged_into = CaseState(case.merged_state), "", None
    write_event(session, case, EventKind.SPLIT, actor=actor, note=_joined(f"从案件{into}拆出", note), now=now)
    write_event(
        session, other, EventKind.SPLIT, actor=actor, note=_joined(f"拆出案件{case_id}", note), now=now
    )
    own = update(Finding).where(col(Finding.merged_from) == case_id, col(Finding.case_id) == into)
    session.execute(own.values(case_id=case_id, merged_from=None))
    for each in (case_id, into):
        index_case(session, each)
    return into


def merged_cases(session: Session, cases: Sequence[int]) -> dict[int, list[int]]:
    """The cases that are part of each of ``cases``, by their numbers."""
    wanted = (
        select(Case.merged_into, Case.id)
        .where(col(Case.merged_into).in_(cases), col(Case.merged_into).is_not(None))
        .order_by(col(Case.id))
    )
    found: dict[int, list[int]] = {}
    for into, number in session.exec(wanted):
        if into is not None and number is not None:
            found.setdefault(into, []).append(number)
    return found


def case_in_force(session: Session, case_id: int) -> int:
    """The number of the case that stands for ``case_id``: itself, or the one that it is part of."""
    into = session.exec(select(Case.merged_into).where(col(Case.id) == case_id)).first()
    return case_id if into is None else into


def _both(session: Session, case_id: int, other_id: int) -> tuple[Case, Case]:
    """Both locked, always in one order: two people who merge them at once wait, and never in a circle."""
    found = {number: locked_case(session, number) for number in sorted({case_id, other_id})}
    return found[case_id], found[other_id]


def _require_nothing_waits(session: Session, case: Case) -> None:
    number = case.id or 0
    parts = merged_cases(session, [number]).get(number)
    if parts:
        raise IllegalStep(f"案件{parts[0]}已并入案件{number}，请先拆分")
    if case.extension is not None:
        raise IllegalStep(f"案件{number}有待答复的延期申请，请先答复")
    waits = select(AddresseeAnswer.id).where(
        AddresseeAnswer.case_id == number, AddresseeAnswer.state == AnswerState.WAITING
    )
    if session.exec(waits).first() is not None:
        raise IllegalStep(f"案件{number}有待审核的反馈，请先审核")
    is_public = select(Publication.id).where(
        Publication.case_id == number, col(Publication.withdrawn_at).is_(None)
    )
    if session.exec(is_public).first() is not None:
        raise IllegalStep(f"案件{number}已公布到曝光台，请先撤下")


def _joined(said: str, note: str) -> str:
    return "；".join(part for part in (said, note.strip()) if part)
