"""What a command takes together with all processes below it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_TREE = """
import ctypes, json, os, subprocess, sys, time
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # orphans of the tree come here to be counted
began = time.monotonic()
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
out = child.stdout.read()
seconds, cpu, code = None, 0.0, None
while True:
    try:
        pid, status, usage = os.wait4(-1, 0)
    except ChildProcessError:
        break
    cpu += usage.ru_utime + usage.ru_stime
    if pid == child.pid:
        seconds, code = time.monotonic() - began, os.waitstatus_to_exitcode(status)
print(json.dumps([code, seconds, cpu, out.decode(errors="replace")]))
"""
_SAMPLE_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Usage:
    """What a command took, with all processes below it."""

    seconds: float
    cpu: float
    peak_megabytes: float
    """Of the whole tree at one time, pages that processes share counted once."""
    said: str


class Peak:
    """The most memory that the processes below one took since it was asked last, looked at all the time."""

    def __init__(self) -> None:
        self._megabytes = 0.0
        self._lock = threading.Lock()

    def note(self, megabytes: float) -> None:
        with self._lock:
            self._megabytes = max(self._megabytes, megabytes)

    def taken(self) -> float:
        """Megabytes since the last time; the next begin at nothing."""
        with self._lock:
            megabytes, self._megabytes = self._megabytes, 0.0
        return megabytes


@contextlib.contextmanager
def watched(root: int, *, itself: bool = False) -> Iterator[Peak]:
    """The memory of the processes below ``root``, and of ``itself``, while the block runs."""
    peak, ended = Peak(), threading.Event()

    def look() -> None:
        while not ended.wait(_SAMPLE_SECONDS):
            peak.note(megabytes_below(root) + (proportional_megabytes(root) if itself else 0.0))

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield peak
    finally:
        ended.set()
        looking.join()


def run_tree(arguments: list[str], folder: Path) -> Usage:
    """Run a command to its end; raises ``RuntimeError`` where it fails."""
    tree = subprocess.Popen(
        [sys.executable, "-c", _TREE, *arguments],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    with watched(tree.pid) as peak:
        written, _ = tree.communicate()
    code, seconds, cpu, said = json.loads(written)
    if code:
        raise RuntimeError(f"{arguments} ended with {code}: {said[-2000:]}")
    return Usage(seconds, cpu, peak.taken(), said)


def environment() -> dict[str, str]:
    """That of this process, with the project to import from anywhere."""
    return os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}


def below(root: int) -> list[int]:
    """Processes below ``root``, without it."""
    found, waiting = list[int](), [root]
    while waiting:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{waiting.pop()}/task").iterdir():
                children = [int(each) for each in (task / "children").read_text().split()]
                found += children
                waiting += children
    return found


def megabytes_below(root: int, *, own: bool = False) -> float:
    """Memory of the processes below ``root``, pages that they share counted once; see below."""
    return sum(proportional_megabytes(pid, own=own) for pid in below(root))


def proportional_megabytes(pid: int, *, own: bool = False) -> float:
    """Memory of one process; of pages that it shares, its share.

    ``own``: only what it has written itself. Pages of files come and go as the system has room for them.
    """
    name = "Pss_Anon:" if own else "Pss:"
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) / 1024
    return 0.0
