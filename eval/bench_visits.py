"""Visits against Scrapy: the same pages of the same server process, in one run, as ratios.

Scrapy fetches, extracts text and runs a regular expression; ``qualwatch run --once`` fetches politely, reads,
judges, keeps evidence and stores. CPU seconds are those of the whole tree of processes.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
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
FEW = 100
"""Pages of a visit that is mostly start-up."""
Add = Any
"""``Bench.add``."""


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
        peak[0] = max(peak[0], megabytes_below(root))


def megabytes_below(root: int) -> float:
    """Memory of the processes below ``root``, pages that they share counted once."""
    return sum(proportional_megabytes(pid) for pid in _below(root))


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


def proportional_megabytes(pid: int) -> float:
    """Memory of one process; of pages that it shares, its share."""
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
    with server:
        try:
            if server.stdout is None:
                raise RuntimeError("the server has no output")
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


@dataclass(frozen=True, slots=True)
class Marginal:
    """What a page more takes: start-up, which a daemon has once, is left out."""

    seconds: float
    cpu: float

    @classmethod
    def of(cls, few: Usage, many: Usage, pages: int) -> Marginal:
        more = pages - FEW
        return cls((many.seconds - few.seconds) / more, (many.cpu - few.cpu) / more)


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes on the disk after a visit."""

    database: int
    evidence: int

    @classmethod
    def of(cls, folder: Path) -> Kept:
        sizes = {file: file.stat().st_size for file in folder.rglob("*") if file.is_file()}
        evidence = sum(size for file, size in sizes.items() if file.name.endswith(".warc.gz"))
        return cls(sum(size for file, size in sizes.items() if "sqlite3" in file.name), evidence)


@dataclass(frozen=True, slots=True)
class Twice:
    """A visit of new pages, and one of the same pages again."""

    first: Usage
    again: Usage
    kept: Kept
    kept_again: Kept


def measure_visits(add: Add, folder: Path, pages: int) -> None:
    """Scrapy, then a first visit, then the same pages again, by their bytes and by their ETags."""
    with serving(FEW) as small, serving(pages) as large:
        spiders = [
            crawl(folder, f"{address}/plain/list/", n) for address, n in ((small, FEW), (large, pages))
        ]
        spider = Marginal.of(spiders[0], spiders[1], pages)
        add("Scrapy", 1 / spider.seconds, "pages/s")
        add("Scrapy, CPU a page", 1000 * spider.cpu, "ms")
        add("Scrapy, peak memory", spiders[1].peak_megabytes, "MB")
        plain = [
            _visit_twice(folder, f"{address}/plain/list/", n) for address, n in ((small, FEW), (large, pages))
        ]
        first = Marginal.of(plain[0].first, plain[1].first, pages)
        again = Marginal.of(plain[0].again, plain[1].again, pages)
        add("visit of new pages, against Scrapy", spider.seconds / first.seconds, "times", wanted=1.0)
        add("new page, CPU of all processes", 1000 * first.cpu, "ms", wanted=5.0, bound="most")
        add("visit, peak memory of the tree", plain[1].first.peak_megabytes, "MB")
        add(
            "visit, peak memory against a short list",
            plain[1].first.peak_megabytes / plain[0].first.peak_megabytes,
            "times",
        )
        add("same bytes again, CPU", 1000 * again.cpu, "ms", wanted=1.5, bound="most")
        _add_kept(add, plain[0], plain[1], pages)
        tagged = [
            _visit_twice(folder, f"{address}/tagged/list/", n)
            for address, n in ((small, FEW), (large, pages))
        ]
        unmodified = Marginal.of(tagged[0].again, tagged[1].again, pages)
        add("304 Not Modified, CPU", 1000 * unmodified.cpu, "ms", wanted=1.2, bound="most")


def _add_kept(add: Add, few: Twice, many: Twice, pages: int) -> None:
    """What a page more takes on the disk, when it is new and when it is met again."""
    more = pages - FEW
    add("new page, rows", (many.kept.database - few.kept.database) / more, "bytes")
    add("new page, evidence", (many.kept.evidence - few.kept.evidence) / more, "bytes")
    grown = [each.kept_again.database - each.kept.database for each in (few, many)]
    add("unchanged page, rows", (grown[1] - grown[0]) / more, "bytes")
    grown = [each.kept_again.evidence - each.kept.evidence for each in (few, many)]
    add("unchanged page, evidence", (grown[1] - grown[0]) / more, "bytes")


def crawl(folder: Path, url: str, pages: int) -> Usage:
    usage = run_tree([sys.executable, "-m", "eval.bench_spider", url], folder)
    if int(usage.said.split()[-1]) != pages:
        raise RuntimeError(f"Scrapy read {usage.said!r} of {pages} pages")
    return usage


def _visit_twice(folder: Path, url: str, pages: int) -> Twice:
    """A visit over an empty database, and the same once more."""
    kept = folder / "visits"
    shutil.rmtree(kept, ignore_errors=True)
    first = _visit(folder, url, pages)
    with contextlib.closing(sqlite3.connect(kept / "qualwatch.sqlite3")) as database, database:
        database.execute("update source_state set next_due_at = null")
    new = Kept.of(kept)
    again = _visit(folder, url, pages)
    return Twice(first, again, new, Kept.of(kept))


def _visit(folder: Path, url: str, pages: int) -> Usage:
    """``run --once`` over the list at ``url``; raises ``RuntimeError`` where it did not read every page."""
    config = folder / "visits.toml"
    config.write_text(
        f'[storage]\ndirectory = "{folder / "visits"}"\n'
        f"[fetching]\nallow_private_hosts = ['{url.split('/')[2]}']\ndelay_seconds = 0\nthreads = 16\n"
        "[detection]\nprocesses = 2\n"
        f'[[sources]]\nname = "bench"\nurl = "{url}"\nadaptive = false\nevery_minutes = 5\n'
        f"page_limit = {pages // ITEMS + 2}\nitem_limit = {min(pages + ITEMS, 5_000)}\n",
        "utf-8",
    )
    usage = run_tree([sys.executable, "-m", "qualwatch", "run", "--once", "--config", str(config)], folder)
    if f"页面 {pages} 个" not in usage.said:
        raise RuntimeError(f"not every one of {pages} pages was read: {usage.said[-2000:]}")
    return usage
