"""A case made part of another one, and split off again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from cases.handling import ask_extension
from cases.holds import hold
from cases.merging import merge, merged_cases, split
from cases.steps import IllegalStep, IncompleteStep, StepRefused, UnknownCase, possible_steps, take_step
from settings.model import Settings
from storage.tables import Case, CaseEvent, Finding
from tests.alerts.stored import NOW, Posting, report
from vocabulary.codes import CaseState, EventKind, Step

TEXT = "二、条件：须持有会计从业资格证。"
WHO = "wang@example.com"


@pytest.fixture
def two(engine: Engine, settings: Settings) -> Engine:
    """Cases 1 and 2, of two offices; the first is asked to put it right."""
    report(engine, settings, Posting(TEXT))
    other = Posting(TEXT + "另", publisher="长春市教育局", url="https://b.example/", region="220102")
    report(engine, settings, other)
    with Session(engine) as session, session.begin():
        take_step(session, 1, Step.CONFIRM, actor=WHO, now=NOW)
        take_step(session, 1, Step.ASK, actor=WHO, now=NOW, deadline=NOW.date() + timedelta(days=20))
    return engine


def _findings(session: Session, case: int) -> int:
    return len(session.exec(select(Finding.id).where(Finding.case_id == case)).all())


def _kinds(session: Session, case: int) -> list[str]:
    return list(
        session.exec(select(CaseEvent.kind).where(CaseEvent.case_id == case).order_by(col(CaseEvent.id)))
    )


def _merge(engine: Engine, case: int = 1, into: int = 2) -> None:
    with Session(engine) as session, session.begin():
        merge(session, case, into, actor=WHO, note="同一单位", now=NOW)


def test_its_findings_go_to_the_other_case_and_both_say_so(two: Engine) -> None:
    _merge(two)
    with Session(two) as session:
        case = session.get_one(Case, 1)
        assert (case.state, case.merged_into) == (CaseState.MERGED, 2)
        assert possible_steps(case.state) == ()
        assert (_findings(session, 1), _findings(session, 2)) == (0, 2)
        assert _kinds(session, 1)[-1] == _kinds(session, 2)[-1] == EventKind.MERGED
        said = session.exec(
            select(CaseEvent.note).where(CaseEvent.case_id == 2, CaseEvent.kind == "merged")
        ).one()
        assert said.startswith("案件1并入本案（原为“责令整改中”，整改期限")
        assert merged_cases(session, [1, 2]) == {2: [1]}


def test_split_off_it_stands_as_before(two: Engine) -> None:
    _merge(two)
    with Session(two) as session, session.begin():
        assert split(session, 1, actor=WHO, now=NOW) == 2
    with Session(two) as session:
        case = session.get_one(Case, 1)
        assert (case.state, case.merged_into) == (CaseState.RECTIFICATION_ASKED, None)
        assert case.deadline == NOW.date() + timedelta(days=20)
        assert (_findings(session, 1), _findings(session, 2)) == (1, 1)
        assert _kinds(session, 1)[-2:] == [EventKind.MERGED, EventKind.SPLIT]
        assert _kinds(session, 2)[-2:] == [EventKind.MERGED, EventKind.SPLIT]


def test_met_again_it_is_the_other_case_that_is_met(two: Engine, settings: Settings) -> None:
    _merge(two)
    with Session(two) as session, session.begin():
        take_step(session, 2, Step.RECTIFIED, actor=WHO, now=NOW)
    later = NOW + timedelta(days=3)
    opened = report(two, settings, Posting(TEXT, url="https://c.example/copy"), now=later)
    assert (opened.opened, opened.reopened) == ((), (2,))


def test_what_is_waited_for_is_not_lost_from_sight(two: Engine) -> None:
    until = NOW.date() + timedelta(days=40)
    with Session(two) as session, session.begin():
        ask_extension(session, 1, until, actor=WHO, note="假期", now=NOW)
    with pytest.raises(IllegalStep, match="延期申请"):
        _merge(two)
    _merge(two, 2, 1)
    with pytest.raises(IllegalStep, match="不能并案"):
        _merge(two, 1, 2)


def test_a_hold_is_not_lost(two: Engine) -> None:
    with Session(two) as session, session.begin():
        hold(session, 1, actor=WHO, reason="复议", now=NOW)
    with pytest.raises(IllegalStep, match="正在保全"):
        _merge(two)


@pytest.mark.parametrize(
    ("case", "into", "refusal"), [(1, 1, IncompleteStep), (1, 9, UnknownCase), (9, 1, UnknownCase)]
)
def test_what_cannot_be_merged_stays_as_it_is(
    two: Engine, case: int, into: int, refusal: type[StepRefused]
) -> None:
    with pytest.raises(refusal):
        _merge(two, case, into)
    with Session(two) as session, session.begin(), pytest.raises(IllegalStep, match="没有并入"):
        split(session, 1, actor=WHO, now=NOW)
