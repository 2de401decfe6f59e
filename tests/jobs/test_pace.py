"""Politeness: one host is asked slowly, whichever threads and programs want something of it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path

import pytest

from crawling.fetching.pace import HostPace, SharedTurns

DELAY = 0.05
ASKING = """
import sys, time
from pathlib import Path
from crawling.fetching.pace import HostPace, SharedTurns
pace = HostPace(float(sys.argv[2]), time.monotonic, time.sleep, SharedTurns(Path(sys.argv[1])))
print("ready", flush=True)
sys.stdin.readline()
for _ in range(int(sys.argv[3])):
    with pace.turn("a.example.cn"):
        print(time.monotonic(), flush=True)
        if len(sys.argv) > 4:
            time.sleep(60)
"""


def begin(directory: Path, *words: object) -> subprocess.Popen[str]:
    program = subprocess.Popen(
        [sys.executable, "-c", ASKING, str(directory), *map(str, words)],
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


def pace_of(directory: Path, delay: float = DELAY) -> HostPace:
    return HostPace(delay, time.monotonic, time.sleep, SharedTurns(directory))


def test_two_programs_keep_one_pause_and_neither_is_starved(tmp_path: Path) -> None:
    programs = [begin(tmp_path, DELAY, 20) for _ in range(2)]
    for program in programs:
        go(program)
    moments = [list(map(float, program.communicate()[0].split())) for program in programs]
    assert [len(each) for each in moments] == [20, 20]
    assert all(later - earlier >= DELAY for earlier, later in pairwise(sorted(moments[0] + moments[1])))
    # Neither had all of its turns before the other one's first.
    assert max(each[0] for each in moments) < min(each[-1] for each in moments)


def test_threads_and_programs_keep_it_together(tmp_path: Path) -> None:
    moments: list[float] = []
    pace = pace_of(tmp_path)

    def ask() -> None:
        for _ in range(4):
            with pace.turn("a.example.cn"):
                moments.append(time.monotonic())

    threads = [threading.Thread(target=ask) for _ in range(3)]
    program = begin(tmp_path, DELAY, 5)
    for thread in threads:
        thread.start()
    moments += map(float, program.communicate("go\n")[0].split())
    for thread in threads:
        thread.join()
    assert len(moments) == 17
    assert all(later - earlier >= DELAY for earlier, later in pairwise(sorted(moments)))


def test_a_program_that_is_killed_in_its_turn_blocks_nobody_and_its_request_counts(tmp_path: Path) -> None:
    program = begin(tmp_path, 0.5, 1, "and hang")
    go(program)
    assert program.stdout is not None
    asked = float(program.stdout.readline())
    program.kill()
    program.communicate()
    with pace_of(tmp_path, 0.5).turn("a.example.cn"):
        assert time.monotonic() - asked >= 0.5


def test_what_a_host_asked_one_program_holds_for_the_others(tmp_path: Path) -> None:
    one, other = pace_of(tmp_path), pace_of(tmp_path)
    with one.turn("a.example.cn"):
        one.postpone("a.example.cn", 0.4)
        asked = time.monotonic()
    with other.turn("a.example.cn"):
        assert time.monotonic() - asked >= 0.39


def test_other_hosts_do_not_wait(tmp_path: Path) -> None:
    slept: list[float] = []
    pace = HostPace(30, time.monotonic, slept.append, SharedTurns(tmp_path))
    for host in ("a.example.cn", "b.example.cn", "c.example.cn"):
        with pace.turn(host):
            pass
    assert slept == []


@pytest.mark.parametrize("kept", [b"", b"\xff", b"\xff" * 8, b"\x00\x00\x00\x00\x00\x00\xf0\x7f"])
def test_what_cannot_be_a_moment_is_passed_over(tmp_path: Path, kept: bytes) -> None:
    """Half-written, not a number, and a moment of before the machine was started."""
    slept: list[float] = []
    with pace_of(tmp_path).turn("a.example.cn"):
        pass
    [file] = list(tmp_path.iterdir())
    file.write_bytes(kept)
    with HostPace(30, time.monotonic, slept.append, SharedTurns(tmp_path)).turn("a.example.cn"):
        pass
    assert slept == []


def test_nothing_is_left_open_or_waited_for_without_a_delay(tmp_path: Path) -> None:
    with pace_of(tmp_path, 0).turn("a.example.cn"), pace_of(tmp_path, 0).turn("a.example.cn"):
        pass
    assert not list(tmp_path.iterdir())
