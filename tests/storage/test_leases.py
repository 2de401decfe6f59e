"""Leases between programs: seen by all, held by one or shared, and gone with whoever dies."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, update
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, select
from structlog.testing import capture_logs

import storage.leases
from storage.leases import LEASE, Leases, LockedError, has_died_here, new_holder, renewed
from storage.tables import Lease

HOLDER = """
import sys, time
from storage.database import open_database
from storage.leases import Leases
with Leases(open_database(sys.argv[1])).hold("work"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_lease_is_held_by_one(engine: Engine) -> None:
    leases = Leases(engine)
    with leases.hold("work"):
        assert leases.is_held("work")
        assert not leases.is_held("other work")
        with pytest.raises(LockedError), Leases(engine).hold("work"):
            pass
    assert not leases.is_held("work")
    with Session(engine) as session:
        assert session.exec(select(Lease)).all() == []


def test_a_shared_lease_is_held_by_many(engine: Engine) -> None:
    leases = Leases(engine)
    with leases.hold("work", shared=True):
        with leases.hold("work", shared=True):
            assert leases.is_held("work")
        assert leases.is_held("work")
        assert not leases.is_held("wor")
    assert not leases.is_held("work")


def test_a_lease_ends_with_its_block_whatever_happens_there(engine: Engine) -> None:
    leases = Leases(engine)
    with pytest.raises(RuntimeError), leases.hold("work"):
        raise RuntimeError
    assert not leases.is_held("work")


def test_a_program_that_is_killed_holds_nothing_any_more(engine: Engine, database_url: str) -> None:
    leases = Leases(engine)
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, database_url], stdout=subprocess.PIPE, text=True)
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert leases.is_held("work")
        with pytest.raises(LockedError), leases.hold("work"):
            pass
        holder.kill()
        holder.wait()
    assert not leases.is_held("work")
    with leases.hold("work"):
        pass


def test_a_lease_of_another_machine_ends_when_it_is_not_renewed(engine: Engine) -> None:
    leases, now = Leases(engine), datetime.now(UTC)
    _add(engine, Lease(name="work", holder="elsewhere/1/1/1", until=now + timedelta(seconds=30)))
    with pytest.raises(LockedError), leases.hold("work"):
        pass
    with Session(engine) as session, session.begin():
        session.execute(update(Lease).values(until=now - timedelta(seconds=1)))
    assert not leases.is_held("work")
    with leases.hold("work"):
        assert leases.is_held("work")


def test_it_is_renewed_while_it_is_held(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage.leases, "RENEWED_EVERY_SECONDS", 0.05)
    with Leases(engine).hold("work"):
        with Session(engine) as session, session.begin():
            session.execute(update(Lease).values(until=datetime.now(UTC)))
        _wait_until(lambda: _until(engine) > datetime.now(UTC) + LEASE / 2)


def test_whoever_lost_a_lease_is_told(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage.leases, "RENEWED_EVERY_SECONDS", 0.05)
    with Leases(engine).hold("work") as renewal:
        with Session(engine) as session, session.begin():
            session.execute(update(Lease).values(holder="elsewhere/1/1/1"))
        assert renewal.lost.wait(10)
    with Session(engine) as session:
        assert session.exec(select(Lease.holder)).all() == ["elsewhere/1/1/1"], "it is theirs now"


def test_a_lease_that_cannot_be_renewed_for_a_while_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage.leases, "RENEWED_EVERY_SECONDS", 0.001)
    tries, renewed_again = 0, threading.Event()

    def renew() -> bool:
        nonlocal tries
        tries += 1
        if tries <= 3:
            raise OperationalError("UPDATE", {}, Exception("server closed\nunexpectedly"))
        if tries > 4:
            renewed_again.set()
        return True

    with capture_logs() as logs, renewed(renew, "work"):
        assert renewed_again.wait(30)
    assert [(line["event"], line.get("why")) for line in logs] == [
        ("lease_not_renewed", "server closed"),
        ("lease_renewed_again", None),
    ]


def test_of_many_who_want_it_at_once_one_gets_it(engine: Engine) -> None:
    begin, over = threading.Barrier(8), threading.Event()
    got: list[bool] = []

    def want() -> None:
        begin.wait()
        try:
            with Leases(engine).hold("work"):
                got.append(True)
                over.wait(10)
        except LockedError:
            got.append(False)
        if len(got) == 8:
            over.set()

    threads = [threading.Thread(target=want) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [False] * 7 + [True]


@pytest.mark.parametrize("holder", ["", "x", "elsewhere/999999999/1/a", "a/b/c/d/e"])
def test_of_a_stranger_nobody_knows_whether_they_died(holder: str) -> None:
    assert not has_died_here(holder)


def test_a_number_that_another_process_has_now_is_no_life() -> None:
    holder = new_holder()
    assert not has_died_here(holder)
    machine, process, started, name = holder.split("/")
    assert has_died_here(f"{machine}/{process}/{int(started) - 1}/{name}")


def _until(engine: Engine) -> datetime:
    with Session(engine) as session:
        return session.exec(select(col(Lease.until))).one()


def _add(engine: Engine, row: Lease) -> None:
    with Session(engine) as session, session.begin():
        session.add(row)


def _wait_until(what: object) -> None:
    until = time.monotonic() + 10
    while not what():  # type: ignore[operator]
        assert time.monotonic() < until
        time.sleep(0.02)
