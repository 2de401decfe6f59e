"""A publisher and a certificate that raise no alarm until a day: kept, entered, not told of."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from cases.case_filter import CaseScope
from cases.exceptions import end_exception, list_exceptions, set_exception
from cases.steps import IllegalStep, IncompleteStep, UnknownCase, take_step
from settings.model import Settings
from storage.tables import AuditEntry, Case, CaseEvent, Finding, OutboxMessage
from tests.alerts.stored import NOW, Posting, Reported, report
from vocabulary.codes import CaseState, Step

UNTIL = date(2026, 12, 31)
WHO = "wang@example.com"


def _posting(number: int, **changes: str) -> Posting:
    values = {"title": f"福安市某某医院第{number}次招聘公告", "url": f"https://hr.example.com/{number}.html"}
    return Posting(f"二、第{number}批条件：须持有会计从业资格证，年龄35周岁以下。", **(values | changes))


def _report(engine: Engine, settings: Settings, posting: Posting, days: int = 0) -> Reported:
    return report(engine, settings, posting, now=NOW + timedelta(days=days))


@pytest.fixture
def excepted(engine: Engine, settings: Settings) -> int:
    """The first case, dismissed with an exception."""
    (case,) = _report(engine, settings, _posting(1)).opened
    with Session(engine) as session, session.begin():
        take_step(session, case, Step.DISMISS, actor=WHO, note="依法需要", now=NOW)
        return set_exception(session, case, UNTIL, actor=WHO, reason="依法需要", now=NOW)


def test_a_new_posting_is_kept_and_entered_and_nobody_is_told(
    engine: Engine, settings: Settings, excepted: int
) -> None:
    with Session(engine) as session:
        before = len(session.exec(select(OutboxMessage.id)).all())
    again = _report(engine, settings, _posting(2), 1)
    assert (again.opened, again.reopened, again.messages) == ((), (), 0)
    with Session(engine) as session:
        case = session.exec(select(Case).order_by(col(Case.id).desc())).first()
        assert case is not None
        assert case.state is CaseState.DISMISSED
        wanted = select(CaseEvent).where(CaseEvent.case_id == case.id)
        events = session.exec(wanted.order_by(col(CaseEvent.id))).all()
        assert [event.kind for event in events] == ["found", "excepted"]
        assert f"例外{excepted}（{WHO}，至2026年12月31日）" in events[-1].note
        assert session.exec(select(Finding).where(Finding.case_id == case.id)).first() is not None
        assert len(session.exec(select(OutboxMessage.id)).all()) == before
        (standing,) = list_exceptions(session, now=NOW)
        assert (standing.met, standing.actor, standing.until) == (1, WHO, UNTIL)


def test_others_and_later_days_are_told_of_as_ever(engine: Engine, settings: Settings, excepted: int) -> None:
    other = _report(engine, settings, _posting(2, publisher="福安市另一医院"), 1)
    elsewhere = _report(engine, settings, _posting(3, region="220100"), 1)
    later = _report(engine, settings, _posting(4), 60)
    assert [len(each.opened) for each in (other, elsewhere, later)] == [1, 1, 1]
    with Session(engine) as session, session.begin():
        assert list_exceptions(session, now=NOW + timedelta(days=60)) == []
        assert len(list_exceptions(session, now=NOW + timedelta(days=60), ended=True)) == 1


def test_an_exception_is_ended_by_whom_it_concerns_and_that_is_written_down(
    engine: Engine, settings: Settings, excepted: int
) -> None:
    with Session(engine) as session, session.begin():
        scope = CaseScope(regions=("220000",))
        assert list_exceptions(session, now=NOW, scope=scope) == []
        with pytest.raises(UnknownCase):
            end_exception(session, excepted, actor=WHO, now=NOW, scope=scope)
        end_exception(session, excepted, actor=WHO, now=NOW)
        with pytest.raises(IllegalStep):
            end_exception(session, excepted, actor=WHO, now=NOW)
    assert len(_report(engine, settings, _posting(2), 1).opened) == 1
    with Session(engine) as session:
        trail = [entry.detail.split()[0] for entry in session.exec(select(AuditEntry))]
    assert trail == ["dismissed", "exception_set", "exception_ended"]


def test_what_ended_and_comes_back_is_noted_and_not_opened_again(engine: Engine, settings: Settings) -> None:
    (case,) = _report(engine, settings, _posting(1)).opened
    with Session(engine) as session, session.begin():
        take_step(session, case, Step.RECTIFIED, actor=WHO, now=NOW)
        set_exception(session, case, UNTIL, actor=WHO, reason="依法需要", now=NOW)
    back = _report(engine, settings, _posting(1, url="https://other.example.com/1.html"), 1)
    assert (back.opened, back.reopened, back.messages) == ((), (), 0)
    with Session(engine) as session:
        assert session.get_one(Case, case).state is CaseState.RECTIFIED
        kinds = [event.kind for event in session.exec(select(CaseEvent).order_by(col(CaseEvent.id)))]
    assert kinds[-2:] == ["seen", "excepted"]


def test_an_exception_is_made_longer_and_never_set_for_everybody(
    engine: Engine, settings: Settings, excepted: int
) -> None:
    nobody = _report(engine, settings, _posting(2, publisher="")).opened[0]
    with Session(engine) as session, session.begin():
        longer = set_exception(session, 1, date(2027, 3, 1), actor="li@example.com", reason="x", now=NOW)
        assert longer == excepted
        (standing,) = list_exceptions(session, now=NOW)
        assert (standing.until, standing.actor) == (date(2027, 3, 1), "li@example.com")
        for case, until, reason, why in (
            (nobody, UNTIL, "x", "发布单位未识别"),
            (1, date(2026, 10, 1), "x", "已经过去"),
            (1, date(2046, 10, 1), "x", "过远"),
            (1, UNTIL, " ", "须写明理由"),
        ):
            with pytest.raises(IncompleteStep, match=why):
                set_exception(session, case, until, actor=WHO, reason=reason, now=NOW)
