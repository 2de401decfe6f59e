"""A hundred thousand of everything: memory stays bounded, and nobody waits for the crowd."""

from __future__ import annotations

import time
import tracemalloc
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, SQLModel, func, select

from alerts.delivery.channels import Rendered
from alerts.delivery.outbox import STEP_MESSAGES, deliver_due
from alerts.notifications.digest import CASES_SHOWN, send_due_digests
from alerts.notifications.waiting import LISTED
from settings.model import Settings
from storage.tables import DigestItem, OutboxMessage
from tests.alerts.reading import rows
from tests.alerts.stored import NOW, Posting, mention, report
from vocabulary.codes import Severity

CROWD = 100_000
TEXT = "二、条件：须持有会计从业资格证，年龄35周岁以下。"


class Counting:
    """Takes every message and keeps none."""

    patience = timedelta(seconds=1)

    def __init__(self) -> None:
        self.taken = 0

    def send(self, message: Rendered) -> None:
        assert message.text
        self.taken += 1


def _multiply(engine: Engine, table: str, changed: dict[str, str], count: int = CROWD) -> None:
    """Copy the only row of ``table``, with ``changed`` columns as SQL of ``i``, the number of the copy."""
    columns = SQLModel.metadata.tables[table].columns.keys()
    into = ", ".join(f'"{name}"' for name in columns)
    values = ", ".join(changed.get(name, f'"{name}"') for name in columns)
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"  # noqa: S608
    with engine.begin() as connection:
        connection.exec_driver_sql(
            f'INSERT INTO "{table}" ({into}) {numbers} SELECT {values} FROM n, "{table}"'  # noqa: S608 - of this file
        )


def test_a_hundred_thousand_waiting_messages_cost_neither_memory_nor_time(
    engine: Engine, settings: Settings
) -> None:
    report(engine, settings, Posting(TEXT))
    _multiply(
        engine,
        "outbox_message",
        {"id": "i", "key": "'key:' || i", "message_id": "'<' || i || '@localhost>'"},
    )
    channel = Counting()
    deliver_due(engine, {"maildir": channel}, NOW, owner="sender")
    tracemalloc.start()
    begun = time.monotonic()
    assert deliver_due(engine, {"maildir": channel}, NOW, owner="sender") == STEP_MESSAGES
    elapsed = time.monotonic() - begun
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert channel.taken == 2 * STEP_MESSAGES
    assert peak < 10_000_000
    assert elapsed < 30
    with Session(engine) as session:
        assert session.exec(select(func.count()).select_from(OutboxMessage)).one() == CROWD


@pytest.mark.timeout(120)
def test_a_hundred_thousand_cases_make_letters_of_bounded_length_that_tell_each_once(engine: Engine) -> None:
    settings = Settings.model_validate({"supervisors": [{"name": "王", "email": "wang@example.com"}]})
    report(engine, settings, Posting(TEXT), mention(TEXT, severity=Severity.MEDIUM))
    _multiply(engine, "case", {"id": "i", "key": "'key:' || i"})
    _multiply(engine, "digest_item", {"id": "i", "key": "'case:' || i", "case_id": "i"})
    place = {"start": "i % 8", "end": "11 + i / 8"}
    _multiply(engine, "finding", {"id": "i", "case_id": "i", **place}, count=2 * LISTED)
    told: set[int] = set()
    for letter in (1, 2):
        tracemalloc.start()
        assert send_due_digests(engine, settings, NOW + timedelta(days=1)) == 1
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 150_000_000
        payload = rows(engine)[-1].payload
        assert (payload["count"], len(payload["cases"])) == (LISTED, CASES_SHOWN)
        told.update(payload["all_cases"])
        assert len(told) == letter * LISTED
        with Session(engine) as session:
            left = select(func.count()).where(DigestItem.told_at == None)  # noqa: E711 - SQL's own comparison
            assert session.exec(left).one() == CROWD - len(told)
