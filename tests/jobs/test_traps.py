"""Every trap of the hostile site ends in its outcome, within its limits, and harms nothing else."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlmodel import Session, select

from assessment.workers import Workers
from crawling.fetching.addresses import resolve
from crawling.fetching.fetcher import Fetcher
from jobs.context import Context, VisitSummary
from jobs.visits.watch import visit_source
from settings.model import Detection, Fetching, Settings
from settings.retention import Storage as StorageSettings
from settings.sources import Source
from storage.evidence import EvidenceStore
from storage.tables import FetchRecord
from tests.jobs.trap_files import file_traps, make_files
from tests.jobs.traps import (
    NAMES,
    ROBOTS,
    Trap,
    address_traps,
    page_traps,
    robots_traps,
    set_up,
    status_traps,
    transport_traps,
)
from tests.parts.databases import open_migrated
from tests.parts.loopback import Site
from tests.parts.operators import Operator
from vocabulary.codes import Outcome

KINDS: dict[str, Callable[[int], Iterable[Trap]]] = {
    "addresses": lambda _: address_traps(),
    "transport": lambda _: transport_traps(),
    "robots": robots_traps,
    "statuses": lambda port: status_traps(f"http://localhost:{port}"),
    "pages": lambda _: page_traps(),
    "files": lambda _: file_traps(),
}
"""The traps of a site at a port; it has other names too."""


def all_traps(port: int = 0) -> list[Trap]:
    return [trap for traps in KINDS.values() for trap in traps(port)]


def resolver(host: str, port: int) -> list[str]:
    return ["127.0.0.1"] if host in ROBOTS else NAMES.get(host) or resolve(host, port)


@dataclass
class Visited:
    """What the one visit to all traps left behind."""

    summary: VisitSummary
    records: dict[str, FetchRecord]
    site: Site


@pytest.fixture
def visited(tmp_path: Path) -> Iterator[Visited]:
    site = Site()
    set_up(site, all_traps(site.port))
    make_files()
    settings = Settings(
        fetching=Fetching(
            allow_private_hosts=(site.host, f"localhost:{site.port}", *ROBOTS),
            delay_seconds=0,
            timeout_seconds=4,
            total_seconds=10,
            max_bytes=8 << 20,
            threads=8,
            unanswered_requests=100,  # as many traps never answer
        ),
        # What a worker read before leaves memory taken: with the shipped 192 MB chance would decide
        # whether a million tags within each other still fit.
        detection=Detection(memory_megabytes=256),
        storage=StorageSettings(directory=tmp_path / "house"),
    )
    engine = open_migrated(settings.storage.database_url)
    fetcher = Fetcher(settings.fetching, resolver=resolver, sleep=lambda _: None)
    workers = Workers.configured(settings.detection)
    with EvidenceStore(settings.storage.evidence_directory) as evidence, workers:
        context = Context(settings, engine, evidence, fetcher, workers)
        source = Source.model_validate(
            {"name": "traps", "url": f"{site.address}/list/", "page_limit": 4, "item_limit": 1000}
        )
        summary = visit_source(replace(context, sources=(source,)), source.name)
    with Session(engine, expire_on_commit=False) as session:
        records = {row.url.removeprefix(site.address): row for row in session.exec(select(FetchRecord))}
    yield Visited(summary, records, site)
    fetcher.close()
    engine.dispose()
    site.close()


def test_there_are_traps_enough() -> None:
    paths = [trap.path for trap in all_traps()]
    assert len(paths) >= 60
    assert len(set(paths)) == len(paths)


@pytest.mark.long
def test_one_visit_to_every_trap_ends_as_it_must(visited: Visited, subtests: pytest.Subtests) -> None:
    """One test, since it is one visit of a minute: processes that share tests would each make their own."""
    for kind, traps in KINDS.items():
        with subtests.test("each trap ends in its outcome", kind=kind):
            _each_ends_in_its_outcome(visited, traps(visited.site.port))
    for look in (
        _ends_with_every_trap_on_its_list,
        _ends_an_endless_calendar,
        _asks_nothing_that_robots_forbids,
        _names_members_of_an_archive_without_folders_and_controls,
    ):
        with subtests.test(look.__name__):
            look(visited)


def _each_ends_in_its_outcome(visited: Visited, traps: Iterable[Trap]) -> None:
    ended = {trap.path: (trap, visited.records[trap.path]) for trap in traps}
    wrong = {
        path: (record.outcome.value, record.detail)
        for path, (trap, record) in ended.items()
        if record.outcome is not trap.outcome
    }
    assert wrong == {}
    failed = [record for _, record in ended.values() if record.outcome not in {Outcome.OK, Outcome.UNCHANGED}]
    assert all(record.detail for record in failed), "whoever reads the list must learn why"


def _ends_with_every_trap_on_its_list(visited: Visited) -> None:
    listed = {trap.path for trap in all_traps()}
    assert listed <= visited.records.keys()
    others = {path.partition("#")[0] for path in visited.records.keys() - listed}
    assert others - listed <= {"/list/", "/x.html"} | {
        path for path in others if path.startswith(("/calendar/", "/event/"))
    }
    assert visited.summary.outcome is not None
    assert visited.summary.errors == sum(
        record.outcome not in {Outcome.OK, Outcome.UNCHANGED} for record in visited.records.values()
    )


def _ends_an_endless_calendar(visited: Visited) -> None:
    months = {path for path, _ in visited.site.asked if path.startswith("/calendar/")}
    assert months == {f"/calendar/?month={month}" for month in (1, 2, 3)}
    assert visited.summary.list_pages == 4


def _asks_nothing_that_robots_forbids(visited: Visited) -> None:
    assert not [path for path, _ in visited.site.asked if path.startswith("/forbidden/")]


def _names_members_of_an_archive_without_folders_and_controls(visited: Visited) -> None:
    members = [path for path in visited.records if path.startswith("/names/members.zip#")]
    assert sorted(members) == [
        "/names/members.zip#member=abs%5B2Jtxt.exe.txt",
        "/names/members.zip#member=passwd.txt",
    ]
    deep = [row for path, row in visited.records.items() if path.startswith("/names/nested-deep.zip#")]
    assert [row.outcome for row in deep] == [Outcome.UNREADABLE_ATTACHMENT]


DAEMON_MEGABYTES = 300


def _tree(root: int) -> list[int]:
    """Process ids of ``root`` and of all below it."""
    found = [root]
    for parent in found:
        for tasks in Path(f"/proc/{parent}/task").glob("*/children"):
            found += [int(child) for child in tasks.read_text().split()]
    return found


def _resident_megabytes(root: int) -> float:
    """Memory of a process and all below it; pages that they share are counted once (PSS)."""
    total = 0
    for process in _tree(root):
        with contextlib.suppress(OSError, ValueError):
            rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
            total += int(rollup.partition("\nPss:")[2].split()[0])
    return total / 1024


def _mapped_megabytes(root: int) -> float:
    """The same with shared pages counted for each process that has them, which costs next to nothing."""
    total = 0
    for process in _tree(root):
        with contextlib.suppress(OSError, ValueError, IndexError):
            total += int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return total * os.sysconf("SC_PAGE_SIZE") / 2**20


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="only Linux tells memory by process")
def test_the_daemon_stays_small_whatever_it_meets(site: Site, operator: Operator) -> None:
    """The real daemon, as an operator starts it, over every trap that needs no minutes of real waiting."""
    traps = [trap for trap in all_traps() if not (trap.needs_resolver or trap.asks_to_wait)]
    set_up(site, traps)
    make_files()
    (operator.folder / "qualwatch.toml").write_text(
        f"[fetching]\nallow_private_hosts = ['{site.host}']\ndelay_seconds = 0\n"
        "timeout_seconds = 2\ntotal_seconds = 4\n[metrics]\nport = 0\n"
        f"[[sources]]\nname = 'traps'\nurl = '{site.address}/list/'\npage_limit = 3\nitem_limit = 1000\n"
    )
    daemon = operator.start_alone("run", "--once")
    samples, looked_at = [], 0.0
    while daemon.poll() is None:
        # To tell pages that are shared takes the kernel long: only where there are more of them, or fewer.
        mapped = _mapped_megabytes(daemon.pid)
        if abs(mapped - looked_at) > 1:
            samples.append(_resident_megabytes(daemon.pid))
            looked_at = mapped
        time.sleep(0.05)
    recorded = {
        str(url).removeprefix(site.address) for (url,) in operator.rows("select url from fetch_record")
    }
    assert {trap.path for trap in traps} <= recorded
    assert max(samples) < DAEMON_MEGABYTES, f"peak {max(samples):.0f} MB"
