"""Visits against Scrapy: the same pages of the same server process, in one run, as ratios.

Scrapy fetches, extracts text and runs a regular expression; ``qualwatch run --once`` fetches politely, reads,
judges, keeps evidence and stores. CPU seconds are those of the whole tree of processes.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.bench_site import ITEMS

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
Add = Any


@dataclass(frozen=True, slots=True)
class Usage:
    """What a command took, with all processes below it."""

    seconds: float
    cpu: float
    peak_megabytes: float
    """Of the whole tree at one time, pages that processes share counted once."""
    said: str


def run_tree(arguments: list[str], folder: Path) -> Usage:
    """Run a command to its end; raises ``RuntimeError`` where it fails."""
    peak = [0.0]
    tree = subprocess.Popen(
        [sys.executable, "-c", _TREE, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
        stdout=subprocess.PIPE,
        text=True,
    )
    ended = threading.Event()
    sampling = threading.Thread(target=_sample, args=(tree.pid, ended, peak), daemon=True)
    sampling.start()
    written, _ = tree.communicate()
    ended.set()
    sampling.join()
    code, seconds, cpu, said = json.loads(written)
    if code:
        raise RuntimeError(f"{arguments} ended with {code}: {said[-2000:]}")
    return Usage(seconds, cpu, peak[0], said)


def _sample(root: int, ended: threading.Event, peak: list[float]) -> None:
    while not ended.wait(_SAMPLE_SECONDS):
        peak[0] = max(peak[0], sum(_proportional_megabytes(pid) for pid in _below(root)))


def _below(root: int) -> list[int]:
    """Processes below ``root``, without it."""
    found, waiting = list[int](), [root]
    while waiting:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{waiting.pop()}/task").iterdir():
                children = [int(each) for each in (task / "children").read_text().split()]
                found += children
                waiting += children
    return found


def _proportional_megabytes(pid: int) -> float:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


@contextlib.contextmanager
def serving(pages: int) -> Iterator[str]:
    """The address of a server process with so many pages."""
    server = subprocess.Popen(
        [sys.executable, "-m", "eval.bench_site", str(pages)],
        cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        if server.stdout is None:
            raise RuntimeError("the server has no output")
        yield server.stdout.readline().strip()
    finally:
        server.terminate()
        server.wait()


def measure_visits(add: Add, folder: Path, pages: int, database: str = "") -> None:
    """Scrapy, then a first visit, then the same pages again, by their bytes and by their ETags."""
    with serving(pages) as address:
        spider = run_tree([sys.executable, "-m", "eval.bench_spider", f"{address}/plain/list/"], folder)
        read = int(spider.said.split()[-1])
        add("Scrapy", pages / spider.seconds, "pages/s")
        add("Scrapy, CPU a page", 1000 * spider.cpu / read, "ms")
        add("Scrapy, peak memory", spider.peak_megabytes, "MB")
        first = _visit(folder, f"{address}/plain/list/", pages, database)
        add("a new page, against Scrapy", spider.seconds / first.seconds, "times", wanted=1.0)
        add("a new page, CPU of all processes", 1000 * first.cpu / pages, "ms", wanted=5.0, bound="most")
        add("peak memory of the tree", first.peak_megabytes, "MB")
        again = _visit(folder, f"{address}/plain/list/", pages, database, anew=False)
        add("the same bytes again, CPU", 1000 * again.cpu / pages, "ms", wanted=1.5, bound="most")
        _visit(folder, f"{address}/tagged/list/", pages, database)
        tagged = _visit(folder, f"{address}/tagged/list/", pages, database, anew=False)
        add("304 Not Modified, CPU", 1000 * tagged.cpu / pages, "ms", wanted=1.2, bound="most")


def _visit(folder: Path, url: str, pages: int, database: str, *, anew: bool = True) -> Usage:
    """``run --once`` over the list at ``url``; raises ``RuntimeError`` where it did not read every page."""
    kept = folder / "visits"
    if anew and not database:
        shutil.rmtree(kept, ignore_errors=True)
    if not anew:
        time.sleep(0.1)
    config = folder / "visits.toml"
    config.write_text(
        f'[storage]\ndirectory = "{kept}"\n{database}'
        f"[fetching]\nallow_private_hosts = ['{url.split('/')[2]}']\ndelay_seconds = 0\nthreads = 16\n"
        "[detection]\nprocesses = 2\n"
        f'[[sources]]\nname = "bench"\nurl = "{url}"\nadaptive = false\nevery_minutes = 5\n'
        f"page_limit = {pages // ITEMS + 2}\nitem_limit = {pages + ITEMS}\n",
        "utf-8",
    )
    if not anew:
        _make_due(kept)
    usage = run_tree([sys.executable, "-m", "qualwatch", "run", "--once", "--config", str(config)], folder)
    if f" {pages} pages, " not in usage.said or " 0 errors" not in usage.said:
        raise RuntimeError(f"not every one of {pages} pages was read: {usage.said[-2000:]}")
    return usage


def _make_due(kept: Path) -> None:
    import sqlite3  # noqa: PLC0415 - only a second visit needs it

    with contextlib.closing(sqlite3.connect(kept / "qualwatch.sqlite3")) as database, database:
        database.execute("update source_state set next_due_at = null")
