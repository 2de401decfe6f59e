"""What was put right and comes back opens its case again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from cases.opening import open_cases
from cases.steps import take_step
from settings.model import Settings
from storage.documents import KeptVersion
from storage.tables import Case, CaseEvent, OutboxMessage
from tests.alerts.stored import NOW, Posting, Reported, keep, mention, report, report_scan, scanned
from vocabulary.codes import CaseState, Step

VIOLATING = Posting("二、条件：须持有会计从业资格证，年龄35周岁以下。")
CLEAN = Posting("二、条件：年龄35周岁以下。")
TO_RECTIFIED = (Step.CONFIRM, Step.ASK, Step.RECTIFIED)


def _meet(engine: Engine, settings: Settings, posting: Posting, day: int) -> Reported:
    """A visit of its own on a later day."""
    now = NOW + timedelta(days=day)
    if "会计" in posting.text:
        return report(engine, settings, posting, now=now)
    return report_scan(engine, settings, posting, scanned(), now)


def _take(engine: Engine, *steps: Step) -> None:
    with Session(engine) as session, session.begin():
        for step in steps:
            deadline = (NOW + timedelta(days=30)).date() if step is Step.ASK else None
            note = "误报" if step is Step.DISMISS else ""
            take_step(session, 1, step, actor="王", now=NOW, deadline=deadline, note=note)


def _state(engine: Engine) -> CaseState:
    with Session(engine) as session:
        return session.exec(select(Case)).one().state


def _letters(engine: Engine) -> list[OutboxMessage]:
    with Session(engine) as session:
        return list(session.exec(select(OutboxMessage).order_by(col(OutboxMessage.id))))


def test_a_text_that_returns_opens_its_case_again_with_a_mail(engine: Engine, settings: Settings) -> None:
    _meet(engine, settings, VIOLATING, 0)
    _take(engine, *TO_RECTIFIED)
    assert _meet(engine, settings, CLEAN, 1).reopened == ()
    back = _meet(engine, settings, VIOLATING, 2)
    assert (back.opened, back.reopened, back.messages) == ((), (1,), 1)
    assert _state(engine) is CaseState.FOUND
    first, second = _letters(engine)
    assert first.payload["subject"] == "【高】福建省宁德市｜会计从业资格｜福安市某某医院"
    assert second.payload["subject"] == "【高·反弹】福建省宁德市｜会计从业资格｜福安市某某医院"
    assert second.payload["cases"][0]["rebound"] is True
    with Session(engine) as session:
        event = session.exec(select(CaseEvent).where(CaseEvent.kind == "reopened")).one()
    assert event.actor == "qualwatch"
    assert event.note.startswith(f"再次出现：{VIOLATING.url}")


def test_it_rebounds_as_often_as_it_comes_back(engine: Engine, settings: Settings) -> None:
    _meet(engine, settings, VIOLATING, 0)
    for round_ in range(1, 4):
        _take(engine, *TO_RECTIFIED)
        _meet(engine, settings, CLEAN, 7 * round_ - 3)
        assert _meet(engine, settings, VIOLATING, 7 * round_).reopened == (1,)  # on a day of work
    assert len(_letters(engine)) == 4


def test_reading_the_same_visit_again_changes_nothing(engine: Engine, settings: Settings) -> None:
    _meet(engine, settings, VIOLATING, 0)
    _take(engine, *TO_RECTIFIED)
    _meet(engine, settings, CLEAN, 1)
    with Session(engine) as session, session.begin():
        kept = keep(session, VIOLATING)
        result = scanned(mention(VIOLATING.text))
        assert open_cases(session, kept, result, NOW).reopened == (1,)
        assert open_cases(session, kept, result, NOW).reopened == ()
    _take(engine, *TO_RECTIFIED)
    with Session(engine) as session, session.begin():
        assert open_cases(session, kept, result, NOW).reopened == ()
    assert _state(engine) is CaseState.RECTIFIED


def test_a_page_that_never_stopped_is_no_rebound(engine: Engine, settings: Settings) -> None:
    _meet(engine, settings, VIOLATING, 0)
    _take(engine, *TO_RECTIFIED)
    assert _meet(engine, settings, VIOLATING, 1).reopened == ()
    reworded = Posting(VIOLATING.text + "点击数：18")
    assert _meet(engine, settings, reworded, 2).reopened == ()
    assert _state(engine) is CaseState.RECTIFIED


def test_the_same_posting_at_a_new_place_opens_it_again(engine: Engine, settings: Settings) -> None:
    _meet(engine, settings, VIOLATING, 0)
    _take(engine, *TO_RECTIFIED)
    mirror = Posting(VIOLATING.text, url="https://mirror.example.org/7")
    assert _meet(engine, settings, mirror, 1).reopened == (1,)


@pytest.mark.parametrize(
    "steps",
    [
        (),
        (Step.DISMISS,),
        (Step.CONFIRM,),
        (Step.CONFIRM, Step.ASK),
    ],
)
def test_a_case_that_has_not_ended_or_is_none_stays_as_it_is(
    engine: Engine, settings: Settings, steps: tuple[Step, ...]
) -> None:
    _meet(engine, settings, VIOLATING, 0)
    _take(engine, *steps)
    before = _state(engine)
    _meet(engine, settings, CLEAN, 1)
    assert _meet(engine, settings, VIOLATING, 2).reopened == ()
    assert _state(engine) is before
    assert len(_letters(engine)) == 1


def test_a_case_made_public_rebounds_where_its_page_had_been_put_right(
    engine: Engine, settings: Settings
) -> None:
    _meet(engine, settings, VIOLATING, 0)
    _take(engine, Step.CONFIRM, Step.ASK, Step.OVERDUE, Step.PUBLISH)
    mirror = Posting(VIOLATING.text, url="https://mirror.example.org/7")
    assert _meet(engine, settings, mirror, 1).reopened == ()
    _meet(engine, settings, CLEAN, 2)
    assert _meet(engine, settings, VIOLATING, 3).reopened == (1,)


def test_a_version_without_sightings_is_no_rebound(engine: Engine, settings: Settings) -> None:
    _meet(engine, settings, VIOLATING, 0)
    unchanged = KeptVersion(1, 1, new_document=False, changed=False, returned=False)
    _take(engine, *TO_RECTIFIED)
    with Session(engine) as session, session.begin():
        result = scanned(mention(VIOLATING.text))
        assert open_cases(session, unchanged, result, NOW).reopened == ()
