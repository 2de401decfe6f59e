"""The same on PostgreSQL: cases once, steps once, messages once, metrics."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import generate_latest
from sqlalchemy import Engine
from sqlmodel import Session, select, update

from alerts.delivery.outbox import deliver_due
from alerts.metrics.collected import Metrics
from alerts.notifications.due import take_due_steps
from alerts.reports.figures import Month, compile_bulletin
from cases.case_filter import CaseFilter
from cases.departments import follow_up
from cases.queries import list_cases
from cases.routing_table import import_rules
from cases.steps import IllegalStep, take_step
from settings.model import Settings
from storage.database import open_database
from storage.tables import Case, CaseEvent, Document, OutboxMessage, RoutingRule
from storage.visits import VisitCounts, finish_visit, start_visit
from tests.alerts.recording import Recording
from tests.alerts.stored import NOW, Posting, mention, report
from tests.parts.databases import PostgresqlServer
from vocabulary.codes import CaseState, OutboxState, Outcome, Severity, Step

TEXT = "二、条件：须持有会计从业资格证，年龄35周岁以下。\x00"


@pytest.fixture
def engine(postgresql_server: PostgresqlServer) -> Iterator[Engine]:
    engine = open_database(postgresql_server.migrated())
    yield engine
    engine.dispose()


def _posting(number: int) -> Posting:
    title = f"福安市某某医院第{number}批公开招聘公告"
    return Posting(TEXT, title=title, url=f"https://a.example.org/{number}")


def _at_once(work: list[threading.Thread]) -> None:
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()


def test_two_workers_that_meet_one_posting_open_one_case(engine: Engine, settings: Settings) -> None:
    places = [Posting(TEXT, url=f"https://site{number}.example.org/") for number in range(6)]
    start, opened = threading.Barrier(len(places)), []

    def meet(posting: Posting) -> None:
        start.wait()
        opened.append(report(engine, settings, posting))

    _at_once([threading.Thread(target=meet, args=(place,)) for place in places])
    assert sorted(len(each.opened) for each in opened) == [0, 0, 0, 0, 0, 1]
    assert sum(len(each.seen) for each in opened) == 5
    with Session(engine) as session:
        assert len(session.exec(select(Case)).all()) == len(session.exec(select(OutboxMessage)).all()) == 1


def test_senders_at_once_share_the_messages_and_send_each_once(engine: Engine, settings: Settings) -> None:
    for number in range(40):
        report(engine, settings, _posting(number))
    channel, start = Recording(), threading.Barrier(4)

    def send_all(owner: str) -> None:
        start.wait()
        while deliver_due(engine, {"maildir": channel}, NOW, owner=owner):
            pass

    _at_once([threading.Thread(target=send_all, args=(f"sender-{number}",)) for number in range(4)])
    assert len(channel.accepted) == len({message.message_id for message in channel.accepted}) == 40
    with Session(engine) as session:
        assert {(row.state, row.attempts) for row in session.exec(select(OutboxMessage))} == {
            (OutboxState.SENT, 1)
        }
        assert set(session.exec(select(Case.state))) == {CaseState.NOTIFIED}


def test_metrics_are_read_from_it(engine: Engine, settings: Settings) -> None:
    report(engine, settings, _posting(1))
    text = generate_latest(Metrics(engine, (), lambda: NOW).registry).decode()
    assert 'qualwatch_cases{region="350000",severity="high",state="found",status="cancelled"} 1.0' in text
    assert 'qualwatch_outbox_messages{channel="maildir",state="waiting"} 1.0' in text
    assert "qualwatch_database_up 1.0" in text


def test_durations_are_counted_as_on_sqlite(engine: Engine, settings: Settings) -> None:
    with Session(engine) as session, session.begin():
        long_ago = NOW - timedelta(days=30)
        visit = start_visit(session, "sample", long_ago)
        finish_visit(session, visit, Outcome.OK, VisitCounts(), long_ago, next_due_at=NOW)
    report(engine, settings, _posting(1))
    with Session(engine) as session, session.begin():
        session.execute(update(Document).values(published_on=date(2026, 11, 1)))
    deliver_due(engine, {"maildir": Recording()}, NOW + timedelta(minutes=10), owner="sender")
    registry = Metrics(engine, (), lambda: NOW).registry
    for name, seconds in (
        ("qualwatch_finding_to_mail_seconds_sum", 600),
        ("qualwatch_publication_to_finding_seconds_sum", 33.5 * 3600),
    ):
        value = registry.get_sample_value(name, {"severity": "high"})
        assert value == pytest.approx(seconds, abs=1), name
    delivered = registry.get_sample_value("qualwatch_delivery_seconds_sum", {"channel": "maildir"})
    assert delivered == pytest.approx(600, abs=1)


def test_the_bulletin_is_compiled_from_it(engine: Engine, settings: Settings) -> None:
    report(engine, settings, _posting(1))
    with Session(engine) as session:
        bulletin = compile_bulletin(
            session, Month(2026, 11), "350000", ZoneInfo("Asia/Shanghai"), date(2026, 12, 1)
        )
    assert (bulletin.total.opened, bulletin.by_state) == (1, (("已发现", 1),))


def test_of_two_who_decide_at_once_one_is_refused(engine: Engine, settings: Settings) -> None:
    (case,) = report(engine, settings, _posting(1)).opened
    start, told = threading.Barrier(6), list[str]()

    def decide() -> None:
        start.wait()
        try:
            with Session(engine) as session, session.begin():
                told.append(take_step(session, case, Step.CONFIRM, actor="王", now=NOW))
        except IllegalStep:
            told.append("refused")

    _at_once([threading.Thread(target=decide) for _ in range(6)])
    assert sorted(told) == ["confirmed", *["refused"] * 5]
    with Session(engine) as session:
        assert session.exec(select(CaseEvent.kind)).all() == ["found", "confirmed"]


def test_the_clocks_steps_at_once_write_everything_once(engine: Engine) -> None:
    settings = Settings.model_validate({"supervisors": [{"name": "王", "email": "wang@example.com"}]})
    for number in (1, 2):
        posting = _posting(number)
        report(engine, settings, posting, mention(TEXT, severity=Severity.MEDIUM))
    with Session(engine) as session, session.begin():
        take_step(session, 1, Step.CONFIRM, actor="王", now=NOW)
        take_step(session, 1, Step.ASK, actor="王", now=NOW, deadline=date(2026, 11, 6))
    start, monday = threading.Barrier(4), NOW + timedelta(days=7)

    def take() -> None:
        start.wait()
        take_due_steps(engine, settings, monday)

    _at_once([threading.Thread(target=take) for _ in range(4)])
    take_due_steps(engine, settings, monday)
    with Session(engine) as session:
        written = session.exec(select(OutboxMessage.template)).all()
        assert sorted(written) == ["digest", "reminder", "summary"]
        overdue = CaseFilter(region="350000", states=(CaseState.OVERDUE,), text="会计从业")
        assert [case.id for case in list_cases(session, overdue, now=monday).cases] == [1]


def test_a_routing_table_is_replaced_row_by_row(engine: Engine) -> None:
    for department in ("财政部", "省财政厅"):
        rule = RoutingRule(qualification="会计证", region="220000", department=department)
        with Session(engine) as session, session.begin():
            import_rules(session, [rule], NOW)
    with Session(engine) as session:
        assert follow_up(session, "会计从业资格", "220102").department == "省财政厅"
