"""The steps of a case: which may follow which, each an event with time, actor and note.

``found`` and ``notified`` are the program's own (``cases.opening``, ``cases.history``); everything after them
goes through ``take_step``, whoever takes it: the command line, the console, a look-back, the clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType

from sqlmodel import Session, col, func, select, update

from cases.history import note_decision
from storage.rows import insert_once
from storage.tables import Case, CaseEvent
from vocabulary.codes import CaseState, Dismissal, Step
from vocabulary.dates import chinese_day, day_in
from vocabulary.names import name_of

DEADLINE_YEARS = 3
"""Longest time for a rectification."""


@dataclass(frozen=True, slots=True)
class Rule:
    """From where a step leads where."""

    before: tuple[CaseState, ...]
    after: CaseState
    event: str
    """``CaseEvent.kind`` of the step."""
    needs_note: bool = False
    needs_deadline: bool = False


_DEADLINE = "整改期限："
_UNDECIDED = (CaseState.FOUND, CaseState.NOTIFIED)
_ASKED = (CaseState.RECTIFICATION_ASKED, CaseState.OVERDUE)

RULES: Mapping[Step, Rule] = MappingProxyType(
    {
        Step.CONFIRM: Rule(_UNDECIDED, CaseState.CONFIRMED, "confirmed"),
        # Also later: a body that was asked may show that it was right.
        Step.DISMISS: Rule(
            (*_UNDECIDED, CaseState.CONFIRMED, *_ASKED), CaseState.DISMISSED, "dismissed", needs_note=True
        ),
        # From overdue it sets a second deadline.
        Step.ASK: Rule(
            (CaseState.CONFIRMED, CaseState.OVERDUE),
            CaseState.RECTIFICATION_ASKED,
            "rectification_asked",
            needs_deadline=True,
        ),
        # Also before anybody asked: a look-back may find that the requirement has vanished by itself.
        Step.RECTIFIED: Rule(
            (*_UNDECIDED, CaseState.CONFIRMED, *_ASKED, CaseState.PUBLISHED),
            CaseState.RECTIFIED,
            "rectified",
        ),
        Step.OVERDUE: Rule((CaseState.RECTIFICATION_ASKED,), CaseState.OVERDUE, "overdue"),
        Step.PUBLISH: Rule((CaseState.RECTIFIED, CaseState.OVERDUE), CaseState.PUBLISHED, "published"),
        Step.CLOSE: Rule(
            (CaseState.RECTIFIED, CaseState.OVERDUE, CaseState.PUBLISHED), CaseState.CLOSED, "closed"
        ),
        # A dismissed case is none: meeting it again changes nothing, unless a person thinks better of it.
        Step.REOPEN: Rule(
            (CaseState.RECTIFIED, CaseState.PUBLISHED, CaseState.CLOSED, CaseState.DISMISSED),
            CaseState.FOUND,
            "reopened",
            needs_note=True,
        ),
    }
)
"""Sections 五 and 六 of 吉政办发〔2017〕54号: found, dealt with, published, looked back on."""


class StepRefused(Exception):  # noqa: N818 - the field's word: a step is refused
    """The step was not taken, and nothing was changed."""


class UnknownCase(StepRefused):
    """There is no case of that number."""


class IllegalStep(StepRefused):
    """The case's state does not allow the step."""


class IncompleteStep(StepRefused):
    """Something that the step needs was not said."""


def take_step(
    session: Session,
    case_id: int,
    step: Step | str,
    *,
    actor: str,
    note: str = "",
    now: datetime,
    deadline: date | None = None,
    key: str = "",
    dismissal: Dismissal | None = None,
) -> CaseState:
    """Take ``step`` in the caller's transaction and return the case's new state.

    ``deadline`` is the last day of a rectification asked for. ``dismissal`` says why a case is none, and all
    but ``other`` need no note beside. ``key`` names the occasion where one may be met
    twice, such as a sighting: a second time raises ``IllegalStep``. Of two who take steps at once, the
    database lets one through first; the other gets ``IllegalStep`` where the new state does not allow theirs.

    Raises ``UnknownCase``, ``IllegalStep`` or ``IncompleteStep``.
    """
    step = _known(step)
    rule = RULES[step]
    if step is Step.DISMISS and dismissal is not None:
        note = dismissal_words(dismissal, note)
    _require_complete(step, rule, actor=actor, note=note, deadline=deadline, now=now)
    _move(session, case_id, step, deadline=deadline, now=now, dismissal=dismissal)
    event = CaseEvent(
        case_id=case_id,
        key=key or f"{rule.event}:{_events(session, case_id)}",
        kind=rule.event,
        actor=actor.strip(),
        note=event_note(note, deadline),
        at=now,
    )
    if insert_once(session, event) is None:
        raise IllegalStep(f"案件{case_id}：“{name_of(step)}”已经登记过")
    note_decision(session, event)
    return rule.after


def last_deadline(today: date) -> date:
    """The last day that may be set: a later one is a slip of the pen, and would never be overdue."""
    return today + timedelta(days=366 * DEADLINE_YEARS)


def possible_steps(state: CaseState) -> tuple[Step, ...]:
    """What a person or the clock may do with a case in ``state``."""
    return tuple(step for step, rule in RULES.items() if state in rule.before)


def _known(step: Step | str) -> Step:
    try:
        return Step(step)
    except ValueError:
        raise IllegalStep(f"没有“{step}”这一步骤，可用的步骤：{_names(Step)}") from None


def _require_complete(
    step: Step, rule: Rule, *, actor: str, note: str, deadline: date | None, now: datetime
) -> None:
    if not actor.strip():
        raise IncompleteStep(f"“{name_of(step)}”须写明经办人")
    if rule.needs_note and not note.strip():
        raise IncompleteStep(f"“{name_of(step)}”须写明理由")
    if rule.needs_deadline and deadline is None:
        raise IncompleteStep(f"“{name_of(step)}”须写明整改期限")
    if deadline is not None and not rule.needs_deadline:
        raise IncompleteStep(f"“{name_of(step)}”不设期限")
    if deadline is not None and deadline < now.date():
        raise IncompleteStep(f"整改期限{chinese_day(deadline)}已经过去")
    if deadline is not None and deadline > last_deadline(now.date()):
        raise IncompleteStep(f"整改期限{chinese_day(deadline)}在{DEADLINE_YEARS}年以后，请检查年份")


def dismissal_words(dismissal: Dismissal | None, note: str) -> str:
    """What the event says: the reason of the list, and what was said beside; nothing for ``other`` alone."""
    if dismissal is None or dismissal is Dismissal.OTHER:
        return note
    return "；".join(part for part in (name_of(dismissal), note.strip()) if part)


def _move(
    session: Session,
    case_id: int,
    step: Step,
    *,
    deadline: date | None,
    now: datetime,
    dismissal: Dismissal | None,
) -> None:
    rule = RULES[step]
    values: dict[str, object] = {"state": rule.after, "updated_at": now}
    if step is not Step.OVERDUE:
        values["extension"] = None  # that the deadline passes leaves open whether it is moved
    if deadline is not None:
        values["deadline"] = deadline
    if step is Step.DISMISS:
        values["dismissal"] = dismissal.value if dismissal else ""
    if step is Step.REOPEN:
        values |= {"deadline": None, "dismissal": ""}
    session.flush()
    moved = session.execute(
        update(Case)
        .where(col(Case.id) == case_id, col(Case.state).in_(rule.before))
        .values(**values)
        .execution_options(synchronize_session="fetch")
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise _refusal(session, case_id, step)


def _refusal(session: Session, case_id: int, step: Step) -> StepRefused:
    state = session.exec(select(Case.state).where(Case.id == case_id)).one_or_none()
    if state is None:
        return UnknownCase(f"没有案件{case_id}")
    before, possible = _names(RULES[step].before), _names(possible_steps(CaseState(state)))
    return IllegalStep(
        f"案件{case_id}目前为“{name_of(CaseState(state))}”，不能“{name_of(step)}”：该步骤适用于{before}的案件；"
        f"现在可以：{possible or '无'}"
    )


def _names(codes: Iterable[CaseState | Step]) -> str:
    return "、".join(name_of(code) for code in codes)


def _events(session: Session, case_id: int) -> int:
    """Events so far; the case's row is locked by now, so that no other step counts the same."""
    return session.exec(select(func.count()).where(CaseEvent.case_id == case_id)).one()


def event_note(note: str, deadline: date | None) -> str:
    """What an event keeps that sets a deadline: ``deadline_in`` reads it."""
    said = note.strip()
    if deadline is None:
        return said
    return f"{_DEADLINE}{chinese_day(deadline)}" + (f"；{said}" if said else "")


def deadline_in(note: str) -> date | None:
    """The deadline that the note of an event ``rectification_asked`` or ``extended`` begins with."""
    if not note.startswith(_DEADLINE):
        return None
    return day_in(note.removeprefix(_DEADLINE))
