"""From a form to a step of the case: what is refused, and with which sentence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, select

from alerts.languages import Language
from cases.exceptions import set_exception
from cases.steps import (
    DEADLINE_YEARS,
    RULES,
    IllegalStep,
    StepRefused,
    UnknownCase,
    dismissal_words,
    last_deadline,
    take_step,
)
from console.context import Context
from storage.database import for_reading
from storage.tables import Case, CaseEvent
from vocabulary.codes import Dismissal, Step

NOTE_LIMIT = 1000
"""Characters of a reason or remark."""
FORM_FIELDS = ("step", "note", "deadline", "after", "dismissal", "except_until")
"""Names of the fields of a form, in the order of ``Form``."""


@dataclass(frozen=True, slots=True)
class Form:
    """What somebody filled in."""

    step: str
    note: str
    deadline: str
    """As browsers write days: ``2026-12-01``."""
    after: str
    """Number of the last event on the page: the same form sent twice names the same one."""
    dismissal: str = ""
    """Why a case is none, of the list of reasons."""
    except_until: str = ""
    """Until when its publisher and certificate raise no alarm, where it is dismissed; empty: they do."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the step was not taken, in a sentence for its reader, and as a status of HTTP."""

    status: int
    sentence: str


def decide(context: Context, case_id: int, actor: str, form: Form, speech: Language) -> Refusal | None:
    """Take the step of ``form`` as ``actor``; None where it is taken, now or before.

    Of a form that is sent twice, the second one changes nothing and is no error.
    """
    now = context.now().astimezone(ZoneInfo(context.settings.time_zone))
    refusal = check_form(form, now.date(), speech)
    if refusal is not None:
        return refusal
    step = Step(form.step)
    key = f"form:{step}:{_event_number(form.after)}"
    try:
        context.write(lambda session: take_form(session, case_id, form, actor=actor, now=now, key=key))
    except UnknownCase:
        return Refusal(404, speech.say("没有这一案件。"))
    except IllegalStep:
        return _taken_before_or_refused(context, case_id, actor, step, key, speech)
    except StepRefused as error:
        return Refusal(422, str(error))
    return None


def take_form(session: Session, case_id: int, form: Form, *, actor: str, now: datetime, key: str) -> None:
    """Take the step of a checked form, and set its exception, in the caller's transaction.

    Raises ``StepRefused``.
    """
    step = Step(form.step)
    take_step(
        session,
        case_id,
        step,
        actor=actor,
        note=form.note,
        now=now,
        deadline=day_of(form.deadline) if RULES[step].needs_deadline else None,
        key=key,
        dismissal=chosen_dismissal(form),
    )
    until = day_of(form.except_until) if step is Step.DISMISS else None
    if until is not None:
        reason = dismissal_words(chosen_dismissal(form), form.note)
        set_exception(session, case_id, until, actor=actor, reason=reason, now=now)


def check_form(form: Form, today: date, speech: Language) -> Refusal | None:
    """What is missing of ``form``, whatever case it is for."""
    step = _known_step(form.step)
    if step is None:
        return Refusal(400, speech.say("没有这样的处理步骤，请从本页重新选择。"))
    deadline = day_of(form.deadline) if RULES[step].needs_deadline else None
    return _incomplete(step, form, deadline, today, speech) or _wrong_exception(step, form, today, speech)


def chosen_dismissal(form: Form) -> Dismissal | None:
    """The reason of the list that a dismissal gives; None for none and for other steps."""
    is_said = form.step == Step.DISMISS and form.dismissal in {*Dismissal}
    return Dismissal(form.dismissal) if is_said else None


def _known_step(typed: str) -> Step | None:
    """A step that a person may take; the clock alone says that a deadline has passed."""
    return Step(typed) if typed in {*Step} - {Step.OVERDUE} else None


def _incomplete(
    step: Step, form: Form, deadline: date | None, today: date, speech: Language
) -> Refusal | None:
    rule, name = RULES[step], speech.name(step)
    is_said = chosen_dismissal(form) not in {None, Dismissal.OTHER}
    if rule.needs_note and not is_said and not form.note.strip():
        return Refusal(422, speech.say("“{step}”须写明理由。", step=name))
    if len(form.note) > NOTE_LIMIT:
        return Refusal(
            422,
            speech.say("文字过长：至多{limit}字，现有{length}字。", limit=NOTE_LIMIT, length=len(form.note)),
        )
    if rule.needs_deadline and deadline is None:
        return Refusal(422, speech.say("“{step}”须写明整改期限，例如 {today}。", step=name, today=today))
    if deadline is not None and deadline < today:
        return Refusal(
            422, speech.say("整改期限 {deadline} 已过，请选择今天或以后的日期。", deadline=deadline)
        )
    if deadline is not None and deadline > last_deadline(today):
        return Refusal(
            422,
            speech.say(
                "整改期限 {deadline} 过远（至多{years}年），请核对年份。",
                deadline=deadline,
                years=DEADLINE_YEARS,
            ),
        )
    return None


def _wrong_exception(step: Step, form: Form, today: date, speech: Language) -> Refusal | None:
    typed = form.except_until.strip()
    if step is not Step.DISMISS or not typed:
        return None
    until = day_of(typed)
    if until is None or not today <= until <= last_deadline(today):
        return Refusal(
            422,
            speech.say(
                "例外的截止日期须在今天以后、{years}年以内，例如 {today}。", years=DEADLINE_YEARS, today=today
            ),
        )
    return None


def _taken_before_or_refused(  # noqa: PLR0917 - what was tried, by whom and of what
    context: Context, case_id: int, actor: str, step: Step, key: str, speech: Language
) -> Refusal | None:
    with Session(for_reading(context.engine)) as session:
        same = select(CaseEvent.actor).where(CaseEvent.case_id == case_id, CaseEvent.key == key)
        if session.exec(same).first() == actor:
            return None
        state = session.get_one(Case, case_id).state
    words = speech.say(
        "案件目前为“{state}”，不能再“{step}”。请看下方的最新记录。",
        state=speech.name(state),
        step=speech.name(step),
    )
    return Refusal(409, words)


def _event_number(typed: str) -> str:
    """As our pages write it; anything else names the time before the first event."""
    return typed if len(typed) < 20 and typed.isascii() and typed.isdecimal() else "0"


def day_of(typed: str) -> date | None:
    """The day of a field; None where it is none."""
    try:
        return date.fromisoformat(typed.strip())
    except ValueError:
        return None
