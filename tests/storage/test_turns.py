"""What strangers may have within a minute is counted once for all processes of a desk."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import Session

from storage.tables import TakenTurns
from storage.turns import Limit, take_turn

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
LIMIT = Limit("codes", each=3, together=5)
TAKER = """
import sys
from datetime import UTC, datetime
from sqlmodel import Session
from storage.database import open_database
from storage.turns import Limit, take_turn
engine = open_database(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for number in range(12):
    with Session(engine) as session, session.begin():
        now = datetime(2026, 11, 2, 9, tzinfo=UTC)
        print(take_turn(session, Limit("codes", each=100, together=20), sys.argv[2], now))
"""


def _take(engine: Engine, origin: str, seconds: float = 0.0, limit: Limit = LIMIT) -> bool:
    with Session(engine) as session, session.begin():
        return take_turn(session, limit, origin, NOW + timedelta(seconds=seconds))


def test_each_machine_has_its_turns_and_all_together_have_theirs(engine: Engine) -> None:
    assert [_take(engine, "192.0.2.1") for _ in range(4)] == [True, True, True, False]
    assert [_take(engine, "192.0.2.2") for _ in range(3)] == [True, True, False]
    assert not _take(engine, "192.0.2.3")
    assert _take(engine, "192.0.2.3", limit=Limit("reports", 3, 5))  # of something else


def test_a_turn_counts_for_a_minute_from_when_it_was_taken(engine: Engine) -> None:
    assert [_take(engine, "192.0.2.1", at) for at in (0, 20, 40, 59)] == [True, True, True, False]
    assert [_take(engine, "192.0.2.1", at) for at in (60.5, 61)] == [True, False]
    with Session(engine) as session:
        assert len(session.get_one(TakenTurns, "codes").turns) == 3  # those of before are gone


def test_a_clock_that_was_set_back_keeps_nobody_out(engine: Engine) -> None:
    assert all(_take(engine, "192.0.2.1", 3600) for _ in range(3))
    assert _take(engine, "192.0.2.1")


def test_processes_that_ask_at_the_same_time_have_no_more_than_one_would(
    engine: Engine, database_url: str
) -> None:
    words = [sys.executable, "-c", TAKER, database_url]
    takers = [
        subprocess.Popen(
            [*words, f"192.0.2.{number}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for number in range(2)
    ]
    for taker in takers:
        assert taker.stdout is not None
        assert taker.stdout.readline() == "ready\n"
    said = "".join(taker.communicate("go\n", timeout=60)[0] for taker in takers)
    assert (said.count("True"), said.count("False")) == (20, 4)
    assert not _take(engine, "192.0.2.9", limit=Limit("codes", each=100, together=20))
