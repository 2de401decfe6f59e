"""One step of many cases, with one reason: each on its own, so that one that is refused stops no other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from cases.steps import IncompleteStep, StepRefused
from console.context import Context
from console.decisions import Form, Refusal, check_form, take_form
from console.viewer import Viewer
from storage.database import for_reading
from storage.tables import Case, CaseEvent
from vocabulary.codes import Step

AT_ONCE = 200


@dataclass(slots=True)
class Decided:
    """What became of the cases of a form."""

    done: list[int] = field(default_factory=list)
    """Also those whose step the same form had taken before: sent twice, it is no error."""
    refused: dict[int, str] = field(default_factory=dict)
    """Why, in a sentence for whoever sent it."""


def chosen_cases(typed: Sequence[str]) -> list[int]:
    """The numbers in a form; whatever is none is left out."""
    numbers = (int(each) for each in typed if each.isascii() and each.isdecimal() and len(each) <= 15)
    return list(dict.fromkeys(numbers))[:AT_ONCE]


def decide_many(
    context: Context, viewer: Viewer, cases: Sequence[int], form: Form, once: str
) -> Decided | Refusal:
    """Take the step of ``form`` of each of ``cases`` that ``viewer`` may see.

    ``once`` tells this form from every other: a step that it took is not taken again.
    """
    speech = viewer.speech
    now = context.now().astimezone(ZoneInfo(context.settings.time_zone))
    if not cases:
        return Refusal(422, speech.say("请先选择要处理的案件。"))
    refusal = check_form(form, now.date(), speech)
    if refusal is not None:
        return refusal
    step, key = Step(form.step), f"bulk:{once[:60]}"
    theirs, decided = _theirs(context, viewer, cases), Decided()
    for case_id in cases:
        if case_id not in theirs:
            decided.refused[case_id] = speech.say("没有这一案件。")
            continue
        try:
            with context.transaction() as session:
                take_form(session, case_id, form, actor=viewer.email, now=now, key=key)
        except IncompleteStep as error:
            decided.refused[case_id] = str(error)
        except StepRefused:
            decided.refused[case_id] = _why(context, viewer, case_id, step, key)
        else:
            decided.done.append(case_id)
    again = [case_id for case_id, why in decided.refused.items() if not why]
    decided.done += again
    for case_id in again:
        del decided.refused[case_id]
    return decided


def _theirs(context: Context, viewer: Viewer, cases: Sequence[int]) -> set[int | None]:
    with Session(for_reading(context.engine)) as session, session.begin():
        wanted = select(Case.id).where(col(Case.id).in_(cases), viewer.scope.holds(session))
        return set(session.exec(wanted))


def _why(context: Context, viewer: Viewer, case_id: int, step: Step, key: str) -> str:
    """Why a step was refused; empty where the same form had taken it."""
    with Session(for_reading(context.engine)) as session, session.begin():
        same = select(CaseEvent.actor).where(CaseEvent.case_id == case_id, CaseEvent.key == key)
        if session.exec(same).first() == viewer.email:
            return ""
        state = session.get_one(Case, case_id).state
    speech = viewer.speech
    return speech.say("目前为“{state}”，不能“{step}”。", state=speech.name(state), step=speech.name(step))
