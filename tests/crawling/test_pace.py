"""Politeness: one host is asked slowly, whichever threads and programs want something of it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import Engine, update
from sqlmodel import Session, select

from crawling.fetching.pace import HostPace
from storage.database import open_database
from storage.host_pace import HostTurns, Turn
from storage.tables import HostPace as HostRow
from tests.parts.databases import PostgresqlServer, copy_migrated

DELAY = 0.05
ASKING = """
import sys, time
from crawling.fetching.pace import HostPace
from storage.database import open_database
from storage.host_pace import HostTurns
pace = HostPace(float(sys.argv[2]), time.monotonic, time.sleep, HostTurns(open_database(sys.argv[1])))
with pace.turn("b.example.cn"):
    print("ready", flush=True)  # connected: how long that takes is no matter of turns
sys.stdin.readline()
for _ in range(int(sys.argv[3])):
    with pace.turn("a.example.cn"):
        print(time.monotonic(), flush=True)
        if len(sys.argv) > 4:
            time.sleep(60)
"""


def begin(database: str, *words: object) -> subprocess.Popen[str]:
    program = subprocess.Popen(
        [sys.executable, "-c", ASKING, database, *map(str, words)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "ready\n"
    return program


def go(program: subprocess.Popen[str]) -> None:
    assert program.stdin is not None
    program.stdin.write("go\n")
    program.stdin.flush()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{copy_migrated(tmp_path / 'q.sqlite3')}"
    server: PostgresqlServer = request.getfixturevalue("postgresql_server")
    return server.migrated()


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    opened = open_database(database)
    yield opened
    opened.dispose()


@pytest.fixture
def turns(engine: Engine) -> HostTurns:
    return HostTurns(engine)


def pace_of(turns: HostTurns, delay: float = DELAY) -> HostPace:
    return HostPace(delay, time.monotonic, time.sleep, turns)


def test_two_programs_keep_one_pause_and_neither_is_starved(database: str) -> None:
    programs = [begin(database, DELAY, 30) for _ in range(2)]
    for program in programs:
        go(program)
    moments = [list(map(float, program.communicate()[0].split())) for program in programs]
    assert [len(each) for each in moments] == [30, 30]
    assert all(later - earlier >= DELAY for earlier, later in pairwise(sorted(moments[0] + moments[1])))
    # Neither had all of its turns before the other one's first.
    assert max(each[0] for each in moments) < min(each[-1] for each in moments)


def test_threads_and_programs_keep_it_together(database: str, turns: HostTurns) -> None:
    moments: list[float] = []
    pace = pace_of(turns)

    def ask() -> None:
        for _ in range(4):
            with pace.turn("a.example.cn"):
                moments.append(time.monotonic())

    threads = [threading.Thread(target=ask) for _ in range(3)]
    program = begin(database, DELAY, 5)
    for thread in threads:
        thread.start()
    moments += map(float, program.communicate("go\n")[0].split())
    for thread in threads:
        thread.join()
    assert len(moments) == 17
    assert all(later - earlier >= DELAY for earlier, later in pairwise(sorted(moments)))


def test_a_program_that_is_killed_in_its_turn_blocks_nobody_and_its_request_counts(
    database: str, turns: HostTurns
) -> None:
    program = begin(database, 0.5, 1, "and hang")
    go(program)
    assert program.stdout is not None
    asked = float(program.stdout.readline())
    program.kill()
    program.communicate()
    with pace_of(turns, 0.5).turn("a.example.cn"):
        assert time.monotonic() - asked >= 0.5


def test_what_a_host_asked_one_program_holds_for_the_others(turns: HostTurns) -> None:
    one, other = pace_of(turns), pace_of(turns)
    with one.turn("a.example.cn"):
        one.postpone("a.example.cn", 0.4)
        asked = time.monotonic()
    with other.turn("a.example.cn"):
        assert time.monotonic() - asked >= 0.39


def test_other_hosts_do_not_wait(turns: HostTurns) -> None:
    slept: list[float] = []
    pace = HostPace(30, time.monotonic, slept.append, turns)
    for host in ("a.example.cn", "b.example.cn", "c.example.cn"):
        with pace.turn(host):
            pass
    assert slept == []


def test_a_turn_of_another_machine_ends_by_its_time(engine: Engine, turns: HostTurns) -> None:
    taken = turns.take("a.example.cn", pause=0, at_most=0.3)
    assert isinstance(taken, Turn)
    _write(engine, holder="elsewhere/1/1/1")
    assert turns.take("a.example.cn", pause=0, at_most=1) == 0.0
    time.sleep(0.35)
    assert isinstance(turns.take("a.example.cn", pause=0, at_most=1), Turn)


def test_a_clock_that_was_put_back_holds_up_no_host(engine: Engine, turns: HostTurns) -> None:
    with pace_of(turns, 1).turn("a.example.cn"):
        pass
    _write(engine, free_at=datetime.now(UTC) + timedelta(hours=1))
    assert isinstance(turns.take("a.example.cn", pause=1, at_most=1), Turn)


def test_hosts_that_nobody_asks_any_more_are_forgotten(
    engine: Engine, turns: HostTurns, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pace_of(turns, 1).turn("old.example.cn"):
        pass
    _write(engine, free_at=datetime.now(UTC) - timedelta(days=2))
    monkeypatch.setattr("storage.host_pace._SWEPT_EVERY", 1)
    with pace_of(turns, 1).turn("new.example.cn"):
        pass
    with Session(engine) as session:
        assert session.exec(select(HostRow.host)).all() == ["new.example.cn"]


def test_without_a_delay_nothing_is_written_or_waited_for(engine: Engine, turns: HostTurns) -> None:
    with pace_of(turns, 0).turn("a.example.cn"), pace_of(turns, 0).turn("a.example.cn"):
        pass
    with Session(engine) as session:
        assert session.exec(select(HostRow)).all() == []


def _write(engine: Engine, **values: object) -> None:
    with Session(engine) as session, session.begin():
        session.execute(update(HostRow).values(**values))
