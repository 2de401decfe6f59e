"""How many cases there are and how long their steps take, counted by the database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select, update

from alerts.metrics.collected import Metrics
from settings.model import Settings
from storage.tables import Case, CaseEvent, Document
from storage.visits import VisitCounts, finish_visit, start_visit
from tests.alerts.stored import NOW, Posting, mention, report
from vocabulary.areas import province_code, province_names
from vocabulary.codes import CaseState, Outcome
from vocabulary.regions import known_regions

TEXT = "二、条件：须持有会计从业资格证，年龄35周岁以下。"
HIGH = {"severity": "high"}


def _registry(engine: Engine) -> Metrics:
    return Metrics(engine, (), lambda: NOW)


def _value(engine: Engine, name: str, labels: Mapping[str, str]) -> float | None:
    return _registry(engine).registry.get_sample_value(name, dict(labels))


def _case(engine: Engine, settings: Settings, number: int, at: datetime = NOW, **changes: str | None) -> int:
    posting = Posting(
        TEXT,
        title=f"福安市某某医院第{number}批公开招聘公告",
        url=f"https://a.example.org/{number}",
        region=changes.pop("region", "350900"),
    )
    report(engine, settings, posting, mention(TEXT), now=at)
    with Session(engine) as session:
        case = session.exec(select(Case).order_by(col(Case.id).desc())).first()
        assert case is not None
        assert case.id is not None
        return case.id


def _step(engine: Engine, case: int, kind: str, at: datetime, number: int = 1) -> None:
    with Session(engine) as session, session.begin():
        session.add(CaseEvent(case_id=case, key=f"{kind}:{number}", kind=kind, actor="王科长", at=at))
        if kind in set(CaseState):
            session.execute(update(Case).where(col(Case.id) == case).values(state=CaseState(kind)))


def _published(engine: Engine, day: date, number: int) -> None:
    with Session(engine) as session, session.begin():
        session.execute(
            update(Document)
            .where(col(Document.url) == f"https://a.example.org/{number}")
            .values(published_on=day)
        )


def test_opened_cases_are_counted_whatever_became_of_them(engine: Engine, settings: Settings) -> None:
    for number in range(3):
        _case(engine, settings, number)
    _step(engine, _case(engine, settings, 3), "dismissed", NOW + timedelta(days=1))
    labels = {"status": "cancelled", "severity": "high", "region": "350000"}
    assert _value(engine, "qualwatch_cases_opened_total", labels) == 4
    assert _value(engine, "qualwatch_cases", labels | {"state": "found"}) == 3
    assert _value(engine, "qualwatch_cases", labels | {"state": "dismissed"}) == 1


def test_steps_are_counted_by_what_they_are(engine: Engine, settings: Settings) -> None:
    one, other = _case(engine, settings, 1), _case(engine, settings, 2)
    _step(engine, one, "rectified", NOW + timedelta(days=2))
    _step(engine, other, "rectified", NOW + timedelta(days=3))
    _step(engine, other, "a word of a later version", NOW + timedelta(days=4))
    labels = {"severity": "high", "region": "350000"}
    assert _value(engine, "qualwatch_case_steps_total", labels | {"step": "rectified"}) == 2
    assert _value(engine, "qualwatch_case_steps_total", labels | {"step": "found"}) == 2
    assert _value(engine, "qualwatch_case_steps_total", labels | {"step": "other"}) == 1


def test_the_time_to_the_mail_runs_until_the_first_one(engine: Engine, settings: Settings) -> None:
    case = _case(engine, settings, 1)
    _step(engine, case, "notified", NOW + timedelta(hours=2), 1)
    _step(engine, case, "notified", NOW + timedelta(days=20), 2)
    _case(engine, settings, 2)
    name = "qualwatch_finding_to_mail_seconds"
    assert _value(engine, f"{name}_bucket", HIGH | {"le": "3600"}) == 0
    assert _value(engine, f"{name}_bucket", HIGH | {"le": "14400"}) == 1
    assert _value(engine, f"{name}_bucket", HIGH | {"le": "+Inf"}) == 1
    assert _value(engine, f"{name}_count", HIGH) == 1
    assert _value(engine, f"{name}_sum", HIGH) == pytest.approx(7200, abs=0.01)


@pytest.mark.parametrize("decision", ["confirmed", "dismissed"])
def test_the_time_to_the_decision_begins_with_the_mail(
    engine: Engine, settings: Settings, decision: str
) -> None:
    case = _case(engine, settings, 1)
    _step(engine, case, "notified", NOW + timedelta(hours=2))
    _step(engine, case, decision, NOW + timedelta(hours=5))
    assert _value(engine, "qualwatch_mail_to_decision_seconds_sum", HIGH) == pytest.approx(10_800, abs=0.01)
    assert _value(engine, "qualwatch_mail_to_decision_seconds_bucket", HIGH | {"le": "3600"}) == 0
    assert _value(engine, "qualwatch_mail_to_decision_seconds_bucket", HIGH | {"le": "14400"}) == 1


def test_a_decision_before_the_mail_waited_for_nobody(engine: Engine, settings: Settings) -> None:
    case = _case(engine, settings, 1)
    _step(engine, case, "confirmed", NOW + timedelta(minutes=5))
    _step(engine, case, "notified", NOW + timedelta(hours=2))
    assert _value(engine, "qualwatch_mail_to_decision_seconds_count", HIGH) is None


def test_the_time_to_the_finding_begins_with_the_day_of_publication_in_china(
    engine: Engine, settings: Settings
) -> None:
    with Session(engine) as session, session.begin():
        long_ago = NOW - timedelta(days=30)
        visit = start_visit(session, "sample", long_ago)
        finish_visit(session, visit, Outcome.OK, VisitCounts(), long_ago, next_due_at=NOW)
    _case(engine, settings, 1)  # found on 2 November, 01:30 UTC: 09:30 in China
    _published(engine, date(2026, 11, 2), 1)
    name = "qualwatch_publication_to_finding_seconds"
    assert _value(engine, f"{name}_sum", HIGH) == pytest.approx(9.5 * 3600, abs=0.01)
    _published(engine, date(2026, 11, 1), 1)
    assert _value(engine, f"{name}_sum", HIGH) == pytest.approx(33.5 * 3600, abs=0.01)
    assert _value(engine, f"{name}_bucket", HIGH | {"le": "86400"}) == 0
    assert _value(engine, f"{name}_bucket", HIGH | {"le": "129600"}) == 1


@pytest.mark.parametrize("day", [date(2015, 3, 1), date(2026, 11, 9), None])
def test_what_was_published_before_the_watch_or_is_dated_ahead_counts_nowhere(
    engine: Engine, settings: Settings, day: date | None
) -> None:
    with Session(engine) as session, session.begin():
        long_ago = NOW - timedelta(days=30)
        visit = start_visit(session, "sample", long_ago)
        finish_visit(session, visit, Outcome.OK, VisitCounts(), long_ago, next_due_at=NOW)
    _case(engine, settings, 1)
    if day:
        _published(engine, day, 1)
    assert _value(engine, "qualwatch_publication_to_finding_seconds_count", HIGH) is None


def test_another_place_does_not_count_as_another_finding(engine: Engine, settings: Settings) -> None:
    with Session(engine) as session, session.begin():
        long_ago = NOW - timedelta(days=30)
        visit = start_visit(session, "sample", long_ago)
        finish_visit(session, visit, Outcome.OK, VisitCounts(), long_ago, next_due_at=NOW)
    _case(engine, settings, 1)
    report(
        engine,
        settings,
        Posting(TEXT, title="福安市某某医院第1批公开招聘公告", url="https://b.example.org/"),
        mention(TEXT),
        now=NOW + timedelta(days=9),
    )
    with Session(engine) as session, session.begin():
        session.execute(update(Document).values(published_on=date(2026, 11, 2)))
    assert _value(engine, "qualwatch_publication_to_finding_seconds_count", HIGH) == 1
    assert _value(engine, "qualwatch_publication_to_finding_seconds_sum", HIGH) == pytest.approx(9.5 * 3600)


def test_labels_are_provinces_however_many_counties_there_are() -> None:
    values = {province_code(code) for code in known_regions()} | {
        province_code("999999"),
        province_code(None),
    }
    assert len(values) == 35
    assert values - {"none"} == set(province_names())


def test_every_region_has_a_name(engine: Engine, settings: Settings) -> None:
    _case(engine, settings, 1, region=None)
    _case(engine, settings, 2, region="999999")
    _case(engine, settings, 3, region="220102")
    families = {family.name: family for family in _registry(engine).registry.collect()}
    named = {
        sample.labels["region"]: sample.labels["name"] for sample in families["qualwatch_region_info"].samples
    }
    used = {sample.labels["region"] for sample in families["qualwatch_cases"].samples}
    assert used == {"none", "220000"}
    assert used <= named.keys()
    assert named["220000"] == "吉林省"
    assert len(named) < 40


def test_the_histograms_survive_a_restart(engine: Engine, settings: Settings) -> None:
    case = _case(engine, settings, 1)
    _step(engine, case, "notified", NOW + timedelta(hours=2))
    before = _value(engine, "qualwatch_finding_to_mail_seconds_sum", HIGH)
    engine.dispose()
    assert _value(engine, "qualwatch_finding_to_mail_seconds_sum", HIGH) == before != 0
