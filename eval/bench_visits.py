"""Visits against Scrapy: the same pages of the same server process, in one run, as ratios.

Scrapy fetches, extracts text and runs a regular expression; visits fetch politely, read, judge, keep evidence
and store. CPU seconds are those of the whole tree of processes. The pages stand in several lists of one
length, which are visited one after another: what the last one takes against the first says how time and
memory grow.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from eval.bench_site import ITEMS, list_paths
from eval.processes import Usage, environment, run_tree, watched
from tests.parts.databases import run_postgresql

FEW = 100
"""Pages of a crawl that is mostly start-up, and of the visit that warms everything up."""
LISTS = 4
MOST = 5_000
"""Items that a visit reads at most."""
Add = Callable[..., None]
"""``Bench.add``."""


@contextlib.contextmanager
def serving(pages: int, lists: int = 1) -> Iterator[str]:
    """The address of a server process with so many pages."""
    server = subprocess.Popen(
        [sys.executable, "-m", "eval.bench_site", str(pages), str(lists)],
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
class Visit:
    """One visit, in a process that has started long ago."""

    pages: int
    new: int
    seconds: float
    cpu: float
    peak_megabytes: float
    rows: int
    """Bytes of the database when it had ended."""
    evidence: int
    statements: int
    commits: int

    @property
    def pages_a_second(self) -> float:
        return self.pages / self.seconds

    @property
    def milliseconds(self) -> float:
        """CPU of a page."""
        return 1000 * self.cpu / self.pages


def measure_visits(add: Add, folder: Path, pages: int, say: Callable[[str], object] = print) -> None:
    """Scrapy, a first visit to each list, some of them again by bytes and by ETags, and PostgreSQL."""
    pages = min(-(-pages // (LISTS * ITEMS)) * ITEMS, MOST) * LISTS
    with serving(FEW) as small, serving(pages, LISTS) as large:
        lists = {"warm": (f"{small}/plain/list/", FEW)}
        for kind in ("plain", "tagged"):
            for number, path in enumerate(list_paths(pages, LISTS)):
                lists[f"{kind}{number}"] = f"{large}/{kind}/{path}", pages // LISTS
        plain = [name for name in lists if name.startswith("plain")]
        say("Scrapy")
        crawled = _Crawled.of(folder, [lists["warm"]], [lists[name] for name in plain])
        add("Scrapy", 1 / crawled.seconds, "pages/s")
        add("Scrapy, CPU a page", 1000 * crawled.cpu, "ms")
        add("Scrapy, peak memory", crawled.peak_megabytes, "MB")
        say("visits")
        again = ["plain0", "tagged0", "tagged0"]
        visits = visit(folder / "sqlite", lists, ["warm", *plain, *again])
        warm, new = visits[0], visits[1 : 1 + LISTS]
        _add_new(add, crawled, new)
        _add_again(add, warm, new, visits[1 + LISTS :])
        say("visits on PostgreSQL")
        _add_postgresql(add, folder, lists, new[0])


@dataclass(frozen=True, slots=True)
class _Crawled:
    """What a page more takes Scrapy: its start-up is left out."""

    seconds: float
    cpu: float
    peak_megabytes: float

    @classmethod
    def of(cls, folder: Path, few: Sequence[tuple[str, int]], many: Sequence[tuple[str, int]]) -> _Crawled:
        short, long = (
            crawl(folder, [url for url, _ in lists], sum(count for _, count in lists))
            for lists in (few, many)
        )
        more = sum(count for _, count in many) - FEW
        return cls((long.seconds - short.seconds) / more, (long.cpu - short.cpu) / more, long.peak_megabytes)


def _add_new(add: Add, crawled: _Crawled, new: Sequence[Visit]) -> None:
    seconds = sum(each.seconds for each in new) / sum(each.pages for each in new)
    cpu = sum(each.cpu for each in new) / sum(each.pages for each in new)
    first, last = new[0], new[-1]
    add("visit of new pages", 1 / seconds, "pages/s")
    add("visit of new pages, against Scrapy", crawled.seconds / seconds, "times", wanted=1.0)
    add("new page, CPU of all processes", 1000 * cpu, "ms", wanted=5.0, bound="most")
    add("new page, CPU against Scrapy", cpu / crawled.cpu, "times")
    add("visits, peak memory of the tree", max(each.peak_megabytes for each in new), "MB")
    pages = sum(each.pages for each in new)
    add("new page, statements", sum(each.statements for each in new) / pages, "each")
    add("new pages stored by one transaction", pages / sum(each.commits for each in new), "pages")
    name = f"after {pages:,} new pages against {first.pages:,}"
    add(f"memory {name}", last.peak_megabytes / first.peak_megabytes, "times", wanted=1.2, bound="most")
    add(f"CPU a page {name}", last.milliseconds / first.milliseconds, "times", wanted=1.2, bound="most")


def _add_again(add: Add, warm: Visit, new: Sequence[Visit], later: Sequence[Visit]) -> None:
    """Pages met again, and what all of them take on the disk."""
    same, tagged, unmodified = later
    if same.new or unmodified.new:
        raise RuntimeError(f"pages that were known are new: {same} {unmodified}")
    add("same bytes again, CPU", same.milliseconds, "ms", wanted=1.5, bound="most")
    add("304 Not Modified, CPU", unmodified.milliseconds, "ms", wanted=1.2, bound="most")
    pages = sum(each.pages for each in new)
    add("new page, rows", (new[-1].rows - warm.rows) / pages, "bytes")
    add("new page, evidence", (new[-1].evidence - warm.evidence) / pages, "bytes")
    add("unchanged page, rows", (same.rows - new[-1].rows) / same.pages, "bytes")
    add("unchanged page, evidence", (same.evidence - new[-1].evidence) / same.pages, "bytes")
    if unmodified.evidence != tagged.evidence:
        raise RuntimeError("evidence was written of pages that did not change")


def _add_postgresql(add: Add, folder: Path, lists: dict[str, tuple[str, int]], on_sqlite: Visit) -> None:
    """The same first list on a PostgreSQL that keeps nothing safe; without one, nothing is added."""
    try:
        clusters = run_postgresql()
        server = next(clusters)
    except pytest.skip.Exception as why:
        print(f"not measured on PostgreSQL: {why}", file=sys.stderr)
        return
    try:
        _, first = visit(folder / "postgresql", lists, ["warm", "plain0"], server.empty())
    finally:
        clusters.close()  # type: ignore[attr-defined]  # a generator
    add("PostgreSQL, CPU beside the server's own", first.milliseconds, "ms")
    add("PostgreSQL, statements of a new page", first.statements / first.pages, "each")
    relative = first.pages_a_second / on_sqlite.pages_a_second
    add("PostgreSQL, pages a second relative to SQLite", relative, "times", wanted=0.9)


def crawl(folder: Path, urls: Sequence[str], pages: int) -> Usage:
    """Scrapy over some lists; raises ``RuntimeError`` where it did not read every page."""
    usage = run_tree([sys.executable, "-m", "eval.bench_spider", *urls], folder)
    if int(usage.said.split()[-1]) != pages:
        raise RuntimeError(f"Scrapy read {usage.said!r} of {pages} pages")
    return usage


def visit(
    folder: Path, lists: dict[str, tuple[str, int]], names: Sequence[str], database: str = ""
) -> list[Visit]:
    """Visits to the lists of these names in turn; raises ``RuntimeError`` where a page was not read."""
    folder.mkdir()
    config = folder / "visits.toml"
    config.write_text(_configuration(folder, lists, database), "utf-8")
    arguments = [sys.executable, "-m", "eval.bench_visitor", str(config), *names]
    visitor = subprocess.Popen(
        arguments,
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=(folder / "said").open("w"),
        text=True,
    )
    with visitor, watched(visitor.pid, itself=True) as peak:
        visits = [_read(json.loads(line), peak.taken(), lists) for line in visitor.stdout or ()]
    if visitor.returncode or len(visits) != len(names):
        raise RuntimeError(f"{arguments} ended with {visitor.returncode}: {(folder / 'said').read_text()}")
    return visits


def _read(said: dict[str, Any], peak: float, lists: dict[str, tuple[str, int]]) -> Visit:
    source = said.pop("source")
    if said["pages"] != lists[source][1]:
        raise RuntimeError(f"{source} has {lists[source][1]} pages, of which {said['pages']} were read")
    return Visit(peak_megabytes=peak, **said)


def _configuration(folder: Path, lists: dict[str, tuple[str, int]], database: str) -> str:
    hosts = sorted({url.split("/")[2] for url, _ in lists.values()})
    sources = "".join(
        f'[[sources]]\nname = "{name}"\nurl = "{url}"\nadaptive = false\n'
        f"page_limit = {count // ITEMS + 2}\nitem_limit = {min(count + ITEMS, MOST)}\n"
        for name, (url, count) in lists.items()
    )
    return (
        f'[storage]\ndirectory = "{folder / "visits"}"\ndatabase = "{database}"\n'
        f"[fetching]\nallow_private_hosts = {hosts}\ndelay_seconds = 0\nthreads = 16\n"
        f"[detection]\nprocesses = 2\n{sources}"
    )
