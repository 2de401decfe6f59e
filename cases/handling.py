"""What is done with a case beside its steps: handed over, acknowledged, given more time, noted.

Each is an event with time, actor and note, and leaves the state as it is.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlmodel import Session, col, func, select

from cases.history import note_decision
from cases.steps import IllegalStep, IncompleteStep, UnknownCase, event_note, last_deadline
from storage.rows import insert_once
from storage.tables import Case, CaseEvent
from vocabulary.codes import CaseState, EventKind
from vocabulary.dates import chinese_day
from vocabulary.names import name_of

_SETTLED = frozenset({CaseState.DISMISSED, CaseState.RECTIFIED, CaseState.CLOSED, CaseState.MERGED})
_WITH_DEADLINE = frozenset({CaseState.RECTIFICATION_ASKED, CaseState.OVERDUE})


def assign(session: Session, case_id: int, to: str, *, actor: str, note: str = "", now: datetime) -> None:
    """Give the case to the mail address ``to``; to nobody in particular where it is empty.

    Whoever takes a case themselves has acknowledged it. Raises ``UnknownCase``, and ``IllegalStep`` where it
    is theirs already or nothing is left to do.
    """
    case = locked_case(session, case_id)
    if case.state in _SETTLED:
        raise IllegalStep(f"案件{case_id}目前为“{name_of(case.state)}”，不需要再转办")
    if case.assignee.casefold() == to.casefold():
        raise IllegalStep(f"案件{case_id}的经办人已经是 {to}" if to else f"案件{case_id}目前没有经办人")
    case.assignee, case.accepted_at = to, now if to.casefold() == actor.casefold() else None
    said = f"转给 {to}" if to else "退回，不指定经办人"
    write_event(session, case, EventKind.ASSIGNED, actor=actor, note=_joined(said, note), now=now)


def accept(session: Session, case_id: int, *, actor: str, now: datetime) -> None:
    """Acknowledge a case that was handed over; only whom it was given to can.

    Raises ``UnknownCase``, and ``IllegalStep`` for anybody else and a second time.
    """
    case = locked_case(session, case_id)
    if not case.assignee or case.assignee.casefold() != actor.casefold():
        raise IllegalStep(f"案件{case_id}没有转给您，不需要签收")
    if case.accepted_at is not None:
        raise IllegalStep(f"案件{case_id}已经签收")
    case.accepted_at = now
    write_event(session, case, EventKind.ACCEPTED, actor=actor, note="", now=now)


def ask_extension(
    session: Session, case_id: int, until: date, *, actor: str, note: str, now: datetime
) -> None:
    """Ask for the deadline to be moved to ``until``; the deadline stays until that is granted.

    Raises ``UnknownCase``, ``IllegalStep`` or ``IncompleteStep``.
    """
    case = _with_deadline(session, case_id)
    if case.extension is not None:
        raise IllegalStep(f"案件{case_id}已申请延期至{chinese_day(case.extension)}，尚未答复")
    if not note.strip():
        raise IncompleteStep("申请延期须写明理由")
    if case.deadline is not None and until <= case.deadline:
        raise IncompleteStep(f"延期后的期限须晚于现在的整改期限{chinese_day(case.deadline)}")
    if until < now.date():
        raise IncompleteStep(f"延期后的期限{chinese_day(until)}已经过去")
    if until > last_deadline(now.date()):
        raise IncompleteStep(f"延期后的期限{chinese_day(until)}过远，请检查年份")
    case.extension = until
    said = _joined(f"申请延期至{chinese_day(until)}", note)
    write_event(session, case, EventKind.EXTENSION_ASKED, actor=actor, note=said, now=now)


def decide_extension(
    session: Session,
    case_id: int,
    *,
    granted: bool,
    actor: str,
    note: str = "",
    now: datetime,
    even_own: bool = False,
) -> None:
    """Grant or refuse the later deadline that was asked for; an overdue case is no longer overdue then.

    Whoever asked does not grant it themselves, unless ``even_own``. Raises ``UnknownCase``, ``IllegalStep``,
    and ``IncompleteStep`` where a refusal gives no reason.
    """
    case = _with_deadline(session, case_id)
    until = case.extension
    if until is None:
        raise IllegalStep(f"案件{case_id}没有待答复的延期申请")
    if granted and not even_own and who_asked_for_time(session, case_id).casefold() == actor.casefold():
        raise IllegalStep("延期须由申请人以外的同事或管理员同意")
    if not granted and not note.strip():
        raise IncompleteStep("不同意延期须写明理由")
    case.extension = None
    if not granted:
        write_event(session, case, EventKind.EXTENSION_REFUSED, actor=actor, note=note.strip(), now=now)
        return
    if until < now.date():
        raise IncompleteStep(f"申请的期限{chinese_day(until)}已经过去，请不同意并另行责令整改")
    before, case.deadline, case.state = case.deadline, until, CaseState.RECTIFICATION_ASKED
    said = event_note(_joined(f"原期限{chinese_day(before)}", note), until)
    write_event(session, case, EventKind.EXTENDED, actor=actor, note=said, now=now)


def add_note(session: Session, case_id: int, *, actor: str, note: str, now: datetime) -> None:
    """Keep a note without a step. Raises ``UnknownCase`` and ``IncompleteStep``."""
    case = locked_case(session, case_id)
    if not note.strip():
        raise IncompleteStep("请写明备注的内容")
    write_event(session, case, EventKind.NOTED, actor=actor, note=note.strip(), now=now)


def who_asked_for_time(session: Session, case_id: int) -> str:
    """The mail address of whoever asked for a later deadline last; empty where nobody did."""
    asked = (
        select(CaseEvent.actor)
        .where(CaseEvent.case_id == case_id, CaseEvent.kind == EventKind.EXTENSION_ASKED)
        .order_by(col(CaseEvent.id).desc())
    )
    return session.exec(asked.limit(1)).first() or ""


def _with_deadline(session: Session, case_id: int) -> Case:
    case = locked_case(session, case_id)
    if case.state not in _WITH_DEADLINE:
        raise IllegalStep(f"案件{case_id}目前为“{name_of(case.state)}”，没有可以延长的整改期限")
    return case


def locked_case(session: Session, case_id: int) -> Case:
    """The case, which nobody else changes before the transaction ends."""
    wanted = select(Case).where(col(Case.id) == case_id).with_for_update()
    case = session.exec(wanted.execution_options(populate_existing=True)).one_or_none()
    if case is None:
        raise UnknownCase(f"没有案件{case_id}")
    return case


def write_event(
    session: Session, case: Case, kind: EventKind, *, actor: str, note: str, now: datetime
) -> None:
    """Note what was done with a case that is locked, and when it was changed."""
    case.updated_at = now
    session.add(case)
    session.flush()
    # The case's row is locked, so that nobody else counts the same.
    count = session.exec(select(func.count()).where(CaseEvent.case_id == case.id)).one()
    event = CaseEvent(
        case_id=case.id or 0, key=f"{kind}:{count}", kind=kind, actor=actor.strip(), note=note, at=now
    )
    insert_once(session, event)
    note_decision(session, event)


def _joined(said: str, note: str) -> str:
    return "；".join(part for part in (said, note.strip()) if part)
