"""Which sources are due and who visits them: claimed once, planned anew where the configuration changes."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, update
from sqlmodel import Session, col, select

import storage.leases
from storage.sources import (
    Claim,
    claim_due,
    free_claims,
    keeping,
    next_due,
    postpone,
    shift_plans,
    watch_sources,
)
from storage.tables import SourceState
from storage.visits import VisitCounts, finish_visit, start_visit
from vocabulary.codes import Outcome

NOW = datetime(2026, 11, 2, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def watch(engine: Engine, **minutes: int) -> None:
    with Session(engine) as session, session.begin():
        watch_sources(session, minutes)


def visit(engine: Engine, source: str, at: datetime, due_at: datetime) -> None:
    with Session(engine) as session, session.begin():
        finish_visit(
            session, start_visit(session, source, at), Outcome.OK, VisitCounts(), at, next_due_at=due_at
        )


def claimed(engine: Engine, now: datetime = NOW) -> list[str]:
    """Everything that is due, in the order in which it is claimed."""
    names = []
    while (claim := claim_due(engine, now)) is not None:
        names.append(claim.source)
    return names


def state(engine: Engine, name: str) -> SourceState:
    with Session(engine, expire_on_commit=False) as session:
        return session.exec(select(SourceState).where(SourceState.name == name)).one()


def test_what_was_never_visited_comes_first_and_then_what_waits_longest(engine: Engine) -> None:
    watch(engine, late=60, later=60, never=60, coming=60)
    visit(engine, "late", NOW - 3 * HOUR, NOW - HOUR)
    visit(engine, "later", NOW - 3 * HOUR, NOW - 2 * HOUR)
    visit(engine, "coming", NOW - HOUR, NOW + HOUR)
    assert claimed(engine) == ["never", "later", "late"]
    assert claimed(engine) == [], "each is claimed once"


def test_many_who_look_for_work_never_get_the_same(engine: Engine) -> None:
    watch(engine, **{f"s{number}": 60 for number in range(40)})
    shares: list[list[str]] = [[] for _ in range(4)]
    begin = threading.Barrier(4)

    def work(share: list[str]) -> None:
        begin.wait()
        share.extend(claimed(engine))

    threads = [threading.Thread(target=work, args=(share,)) for share in shares]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(name for share in shares for name in share) == sorted(f"s{number}" for number in range(40))


def test_a_claim_is_given_back_with_what_the_visit_planned(engine: Engine) -> None:
    watch(engine, one=60)
    claim = claim_due(engine, NOW)
    assert claim is not None
    with keeping(engine, claim):
        assert claimed(engine) == []
        visit(engine, "one", NOW, NOW + HOUR)
    assert claimed(engine) == []
    assert claimed(engine, NOW + HOUR) == ["one"]


def test_a_visit_that_never_ended_is_due_when_its_claim_was_not_renewed(engine: Engine) -> None:
    watch(engine, one=60)
    assert claimed(engine) == ["one"]
    with Session(engine) as session, session.begin():
        session.execute(update(SourceState).values(leased_until=datetime.now(UTC) - HOUR))
    assert claimed(engine) == ["one"]


def test_a_claim_is_renewed_and_one_that_was_lost_changes_nothing(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage.leases, "RENEWED_EVERY_SECONDS", 0.05)
    watch(engine, one=60)
    claim = claim_due(engine, NOW)
    assert claim is not None
    with keeping(engine, claim) as renewal:
        with Session(engine) as session, session.begin():
            session.execute(update(SourceState).values(lease_holder="elsewhere/1/1/1"))
        assert renewal.lost.wait(10)
        postpone(engine, claim, NOW + HOUR)
    assert state(engine, "one").lease_holder == "elsewhere/1/1/1"
    assert state(engine, "one").next_due_at is None


def test_at_the_start_all_claims_are_free(engine: Engine) -> None:
    watch(engine, one=60, two=60)
    assert len(claimed(engine)) == 2
    with Session(engine) as session, session.begin():
        free_claims(session)
    assert claimed(engine) == ["one", "two"]


def test_what_is_no_longer_watched_is_not_visited_and_not_forgotten(engine: Engine) -> None:
    watch(engine, one=60, two=60)
    visit(engine, "one", NOW - 2 * HOUR, NOW - HOUR)
    watch(engine, two=60)
    assert claimed(engine) == ["two"]
    with Session(engine) as session:
        assert [name for name, _ in next_due(session)] == ["two"]
    watch(engine, one=60, two=60)
    assert state(engine, "one").last_visit_at == NOW - 2 * HOUR
    assert claimed(engine) == ["one"]


@pytest.mark.parametrize(("minutes", "due"), [(30, NOW - timedelta(minutes=30)), (600, NOW + 9 * HOUR)])
def test_a_changed_interval_counts_from_the_last_visit(engine: Engine, minutes: int, due: datetime) -> None:
    watch(engine, one=360)
    visit(engine, "one", NOW - HOUR, NOW + 5 * HOUR)
    watch(engine, one=minutes)
    assert state(engine, "one").next_due_at == due


def test_the_same_interval_changes_no_plan(engine: Engine) -> None:
    watch(engine, one=360)
    visit(engine, "one", NOW - HOUR, NOW + 20 * HOUR)
    watch(engine, one=360)
    assert state(engine, "one").next_due_at == NOW + 20 * HOUR


def test_plans_follow_a_clock_that_was_put_back(engine: Engine) -> None:
    watch(engine, one=60, never=60)
    visit(engine, "one", NOW, NOW + HOUR)
    with Session(engine) as session, session.begin():
        shift_plans(session, 3600)
    assert state(engine, "one").next_due_at == NOW
    assert state(engine, "never").next_due_at is None


def test_a_claim_of_another_is_left_alone(engine: Engine) -> None:
    watch(engine, one=60)
    assert claimed(engine) == ["one"]
    with keeping(engine, Claim("one", "somebody else")):
        pass
    with Session(engine) as session:
        assert session.exec(select(col(SourceState.leased_until))).one() is not None
