"""Visits: what is remembered of a source, whatever happens during a visit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlmodel import Session, select

from storage.tables import FetchRecord, SourceState, Visit
from storage.visits import (
    DIED,
    Asked,
    VisitCounts,
    abandon_visits,
    counted,
    due_sources,
    ended_in,
    finish_visit,
    first_detail,
    record_fetch,
    record_fetches,
    source_state,
    start_visit,
    unfinished_visits,
)
from vocabulary.codes import Outcome, PageKind

NOW = datetime(2026, 11, 1, 8, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _whole_visit(session: Session, source: str, outcome: Outcome, at: datetime) -> int:
    visit_id = start_visit(session, source, at)
    finish_visit(session, visit_id, outcome, VisitCounts(pages=3), at + HOUR, next_due_at=at + 6 * HOUR)
    session.commit()
    return visit_id


def _state(session: Session, source: str) -> SourceState:
    state = source_state(session, source)
    assert state is not None
    return state


def test_a_successful_visit_is_remembered_with_its_counts(engine: Engine) -> None:
    with Session(engine) as session:
        visit_id = start_visit(session, "sample", NOW)
        counts = VisitCounts(
            list_pages=2, pages=10, attachments=1, bytes_read=5_000_000_000, new_documents=9,
            changed_documents=1, findings=4, errors=0,
        )  # fmt: skip
        assert finish_visit(session, visit_id, Outcome.OK, counts, NOW + HOUR, next_due_at=NOW + 6 * HOUR)
        session.commit()
        visit = session.get_one(Visit, visit_id, populate_existing=True)
        assert (visit.outcome, visit.finished_at) == (Outcome.OK, NOW + HOUR)
        assert (visit.pages, visit.bytes_read, visit.findings) == (10, 5_000_000_000, 4)
        state = _state(session, "sample")
        assert (state.last_visit_at, state.last_success_at) == (NOW, NOW + HOUR)
        assert (state.next_due_at, state.failures_in_a_row) == (NOW + 6 * HOUR, 0)


def test_failures_are_counted_in_a_row_and_end_with_a_success(engine: Engine) -> None:
    failures = []
    with Session(engine) as session:
        for day, outcome in enumerate((Outcome.OK, Outcome.TIMEOUT, Outcome.EMPTY, Outcome.UNCHANGED)):
            _whole_visit(session, "sample", outcome, NOW + day * 24 * HOUR)
            state = _state(session, "sample")
            failures.append((state.failures_in_a_row, state.last_success_at))
    first, last = NOW + HOUR, NOW + 73 * HOUR
    assert failures == [(0, first), (1, first), (2, first), (0, last)]


def test_a_visit_ends_once(engine: Engine) -> None:
    with Session(engine) as session:
        visit_id = _whole_visit(session, "sample", Outcome.TIMEOUT, NOW)
        again = finish_visit(
            session, visit_id, Outcome.OK, VisitCounts(), NOW + 2 * HOUR, next_due_at=NOW + 9 * HOUR
        )
        session.commit()
        assert again is False
        assert _state(session, "sample").failures_in_a_row == 1
        assert session.exec(select(Visit.outcome)).one() is Outcome.TIMEOUT


def test_what_a_visit_did_is_counted_from_its_records(engine: Engine) -> None:
    page, file = PageKind.PAGE, PageKind.ATTACHMENT
    with Session(engine) as session:
        visit, other = start_visit(session, "sample", NOW), start_visit(session, "other", NOW)
        asked = [
            Asked(visit, "l", Outcome.OK, NOW, 200, 7, kind=PageKind.LIST),
            Asked(visit, "a", Outcome.OK, NOW, 200, 5_000_000_000, "", page, is_new=True, findings=2),
            Asked(visit, "b", Outcome.UNCHANGED, NOW, 304, kind=page),
            Asked(visit, "c", Outcome.OK, NOW, 200, 10, "", page, is_changed=True, findings=1),
            Asked(visit, "f", Outcome.OK, NOW, 200, 20, "", file, is_new=True),
            Asked(visit, "g", Outcome.TIMEOUT, NOW, None, 3, "no answer", file),
            Asked(visit, "h", Outcome.GONE, NOW, 404, 3, "no such page", file),
            Asked(other, "a", Outcome.OK, NOW, 200, 5, kind=page),
        ]
        record_fetches(session, asked)
        # Asked once more in the same visit: it was new all the same.
        record_fetches(session, [Asked(visit, "a", Outcome.UNCHANGED, NOW, 200, 5_000_000_000, kind=page)])
        ended = ended_in(session, visit)
        assert counted(ended, list_pages=1, items=9, other_errors=1) == VisitCounts(
            list_pages=1, items=9, pages=3, attachments=1, bytes_read=5_000_000_043, new_documents=2,
            changed_documents=1, findings=3, errors=3,
        )  # fmt: skip
        assert first_detail(session, visit, Outcome.TIMEOUT) == "no answer"
        assert first_detail(session, visit, Outcome.BLOCKED) == ""
        assert counted(ended_in(session, 99)) == VisitCounts()


def test_ending_an_unknown_visit_changes_nothing(engine: Engine) -> None:
    with Session(engine) as session:
        assert not finish_visit(session, 99, Outcome.OK, VisitCounts(), NOW, next_due_at=NOW)
        assert session.exec(select(SourceState)).all() == []


def test_every_address_is_recorded_once_with_its_last_answer(engine: Engine) -> None:
    with Session(engine) as session:
        visit_id = start_visit(session, "sample", NOW)
        url = "http://hr.example/1.html"
        record_fetch(session, visit_id, url, Outcome.TIMEOUT, NOW, detail="no answer in 20 s")
        record_fetch(session, visit_id, url, Outcome.OK, NOW + HOUR, http_status=200, bytes_read=1234)
        record_fetch(session, visit_id, "javascript:void(0)", Outcome.REFUSED_ADDRESS, NOW)
        record_fetch(
            session, visit_id, "http://hr.example/" + "公告" * 9000, Outcome.GONE, NOW, http_status=404
        )
        session.commit()
        records = session.exec(select(FetchRecord).order_by(FetchRecord.url)).all()
        assert len(records) == 3
        answer = next(record for record in records if record.url == url)
        assert (answer.outcome, answer.http_status, answer.bytes_read, answer.detail) == (
            Outcome.OK, 200, 1234, "",
        )  # fmt: skip
        assert answer.fetched_at == NOW + HOUR


@pytest.mark.parametrize("passed", [HOUR, 6 * HOUR, 7 * HOUR])
def test_a_source_is_due_when_its_time_has_come(engine: Engine, passed: timedelta) -> None:
    with Session(engine) as session:
        _whole_visit(session, "sample", Outcome.OK, NOW)
        assert due_sources(session, ["sample"], NOW + passed) == (["sample"] if passed >= 6 * HOUR else [])


def test_sources_are_due_in_order_and_only_those_configured(engine: Engine) -> None:
    with Session(engine) as session:
        _whole_visit(session, "late", Outcome.OK, NOW)
        _whole_visit(session, "later", Outcome.OK, NOW - HOUR)
        _whole_visit(session, "removed", Outcome.OK, NOW - HOUR)
        _whole_visit(session, "resting", Outcome.OK, NOW + 3 * HOUR)
        due = due_sources(session, iter(["late", "resting", "new", "later"]), NOW + 8 * HOUR)
    assert due == ["new", "later", "late"]


def test_a_visit_during_which_the_program_died_is_ended_and_repeated(engine: Engine) -> None:
    with Session(engine) as session:
        _whole_visit(session, "sample", Outcome.OK, NOW)
        died = start_visit(session, "sample", NOW + HOUR)
        session.commit()
    with Session(engine) as session:
        assert [visit.id for visit in unfinished_visits(session)] == [died]
        assert due_sources(session, ["sample"], NOW + 2 * HOUR) == []
        assert abandon_visits(session, NOW + 2 * HOUR) == ["sample"]
        session.commit()
    with Session(engine) as session:
        assert unfinished_visits(session) == []
        assert due_sources(session, ["sample"], NOW + 2 * HOUR) == ["sample"]
        visit = session.get_one(Visit, died)
        assert (visit.outcome, visit.detail) == (Outcome.ERROR, DIED)
        assert abandon_visits(session, NOW + 3 * HOUR) == []


def test_an_address_noted_twice_at_once_has_the_last_answer_and_what_was_new(engine: Engine) -> None:
    page = PageKind.PAGE
    with Session(engine) as session, session.begin():
        visit = start_visit(session, "sample", NOW)
        first = Asked(visit, "a", Outcome.OK, NOW, 200, 7, kind=page, is_new=True, findings=2)
        other = Asked(visit, "b\x00", Outcome.TIMEOUT, NOW, detail="第一次\x00")
        again = Asked(visit, "a", Outcome.UNCHANGED, NOW + HOUR, 304, 0, kind=page)
        record_fetches(session, [first, other, again])
    with Session(engine) as session:
        notes = {each.url: each for each in session.exec(select(FetchRecord))}
    a, b = notes["a"], notes["b\ufffd"]
    assert (a.outcome, a.http_status, a.bytes_read, a.fetched_at) == (Outcome.UNCHANGED, 304, 0, NOW + HOUR)
    assert (a.is_new, a.findings) == (True, 2)
    assert (b.outcome, b.http_status, b.detail) == (Outcome.TIMEOUT, None, "第一次\ufffd")


def test_thirty_addresses_are_noted_by_one_statement(engine: Engine) -> None:
    asked: list[tuple[str, bool]] = []

    def note(_conn: Any, _cursor: Any, statement: str, _values: Any, _context: Any, many: bool) -> None:
        asked.append((statement, many))

    with Session(engine) as session, session.begin():
        visit = start_visit(session, "sample", NOW)
        event.listen(engine, "before_cursor_execute", note)
        for count in (30, 20):
            record_fetches(session, [Asked(visit, f"{n}", Outcome.OK, NOW) for n in range(count)])
        event.remove(engine, "before_cursor_execute", note)
    (one, many), (other, _) = asked
    assert one == other  # whatever their number: PostgreSQL prepares it
    assert many is (engine.dialect.name == "sqlite")
