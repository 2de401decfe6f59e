"""Locks between programs: seen by all, held by one or shared, and gone with whoever dies."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from storage.locks import LockedError, Locks

HOLDER = """
import sys, time
from pathlib import Path
from storage.locks import Locks
with Locks(Path(sys.argv[1])).hold("work"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_lock_is_held_by_one(tmp_path: Path) -> None:
    locks = Locks(tmp_path / "locks")
    with locks.hold("work"):
        assert locks.is_held("work")
        assert not locks.is_held("other work")
        with pytest.raises(LockedError), Locks(tmp_path / "locks").hold("work"):
            pass
    assert not locks.is_held("work")


def test_a_shared_lock_is_held_by_many_and_keeps_out_who_wants_it_alone(tmp_path: Path) -> None:
    locks = Locks(tmp_path)
    with locks.hold("work", shared=True), locks.hold("work", shared=True):
        assert locks.is_held("work")
        with pytest.raises(LockedError), locks.hold("work"):
            pass
    with locks.hold("work"), pytest.raises(LockedError), locks.hold("work", shared=True):
        pass


def test_a_lock_ends_with_its_block_whatever_happens_there(tmp_path: Path) -> None:
    locks = Locks(tmp_path)
    with pytest.raises(RuntimeError), locks.hold("work"):
        raise RuntimeError
    assert not locks.is_held("work")


def test_a_program_that_is_killed_holds_nothing_any_more(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert Locks(tmp_path).is_held("work")
        holder.kill()
        holder.wait()
    with Locks(tmp_path).hold("work"):
        pass
