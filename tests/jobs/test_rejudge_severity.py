"""A verdict that becomes more or less severe, on what a real visit has stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from sqlmodel import Session, col, select

from cases.reconciliation import Change, ChangeKind, Judgement
from detection import scan
from detection.model import Mention, ScanResult
from storage.tables import Case, CaseEvent, Document, DocumentVersion, Finding
from tests.parts.house import POSTING, House, listing, posting
from tests.parts.loopback import Site
from vocabulary.codes import CaseState, Severity

Judge = Callable[[Severity | None], list[Change]]


@pytest.fixture
def judge(house: House, site: Site) -> Judge:
    """Judges the one stored posting as if the catalogue gave its certificate this severity; None: none."""
    site["/list/"] = listing("/a/20261101_101.html")
    site["/a/20261101_101.html"] = posting(POSTING)
    house.visit()
    [document], [version] = house.rows(Document), house.rows(DocumentVersion)
    real = scan(version.text, as_of=date(2026, 11, 1), title=document.title, publisher=document.publisher)

    def changed(mention: Mention, severity: Severity | None) -> Mention:
        if severity is None:
            return replace(mention, violation=None, severity=Severity.NONE)
        return replace(mention, severity=severity)

    def judge_as(severity: Severity | None) -> list[Change]:
        result: ScanResult = replace(
            real, mentions=tuple(changed(each, severity) for each in real.mentions if each.violation)
        )
        now = house.context.now()
        with house.context.transaction() as session:
            own = session.get_one(Document, document.id), session.get_one(DocumentVersion, version.id)
            return Judgement(session, now, *own, result).apply()

    return judge_as


def events(house: House, kind: str) -> list[str]:
    with Session(house.engine) as session:
        kinds = select(CaseEvent.note).where(CaseEvent.kind == kind).order_by(col(CaseEvent.id))
        return list(session.exec(kinds).all())


def state(house: House) -> tuple[CaseState, str]:
    [case] = house.rows(Case)
    return case.state, case.severity


def test_a_verdict_that_becomes_less_severe_changes_its_case_with_an_event(
    house: House, judge: Judge
) -> None:
    [change] = judge(Severity.MEDIUM)
    assert (change.kind, change.before[-3:], change.after[-3:]) == (ChangeKind.CHANGED, "（高）", "（中）")
    assert state(house) == (CaseState.FOUND, "medium")
    [note] = events(house, "rejudged")
    assert note.startswith("目录更新后重新判定：高→中")
    assert judge(Severity.MEDIUM) == []
    assert len(events(house, "rejudged")) == 1


def test_one_that_falls_below_an_alert_dismisses_its_case_until_it_rises_again(
    house: House, judge: Judge
) -> None:
    judge(Severity.LOW)
    assert state(house)[0] is CaseState.DISMISSED
    [finding] = house.rows(Finding)
    assert finding.severity == "low"
    assert judge(Severity.LOW) == []
    judge(Severity.HIGH)
    assert state(house) == (CaseState.FOUND, "high")
    assert len(events(house, "dismissed")) == len(events(house, "reopened")) == 1


def test_it_goes_back_and_forth_as_often_as_the_catalogue_does(house: House, judge: Judge) -> None:
    for number in (1, 2, 3):
        assert [change.kind for change in judge(None)] == [ChangeKind.WITHDRAWN]
        assert judge(None) == []
        assert [change.kind for change in judge(Severity.HIGH)] == [ChangeKind.REOPENED]
        assert judge(Severity.HIGH) == []
        assert len(events(house, "reopened")) == number
    assert len(house.rows(Finding)) == 1
    assert len(house.rows(Case)) == 1
