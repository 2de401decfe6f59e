"""What the daemon lacks is noticed, told once, keeps nothing without proof, and ends by itself."""

from __future__ import annotations

import errno
import os
import resource
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from alerts.delivery import ways
from alerts.delivery.channels import ChannelDown
from alerts.metrics.collected import Metrics
from jobs.context import Context
from jobs.health import HealthWatch
from jobs.lacks import Kind, Lack, Lacks, lack_behind
from jobs.repeats import TRACEBACKS, WARNINGS, WINDOW_SECONDS, Repeats
from jobs.service_manager import ServiceManager
from jobs.visits.due import plan, visit_due
from settings.model import Settings
from settings.retention import Storage
from storage.tables import Document, OutboxMessage, SourceState
from storage.under_way import DAEMON
from tests.parts.house import House, furnished, listing, posting
from tests.parts.loopback import Site
from tests.parts.volumes import fill_up, make_read_only, small_volume
from vocabulary.codes import Outcome


def _watch(context: Context, failing: Mapping[str, str] = {}) -> HealthWatch:
    return HealthWatch(lambda: context, lambda: failing, [])


def _database_up(context: Context, watch: HealthWatch) -> float | None:
    metrics = Metrics(context.engine, (), context.now, condition=watch.condition)
    return metrics.registry.get_sample_value("qualwatch_database_up")


@pytest.fixture
def cramped(settings: Settings, site: Site, tmp_path: Path) -> Iterator[tuple[House, Path]]:
    """A house whose database lies on a volume of 4 MB."""
    with small_volume(tmp_path / "volume", "4m") as volume:
        small = settings.model_copy(update={"storage": Storage(directory=volume / "var")})
        (volume / "var").mkdir()
        with furnished(small, site) as house, house.context.locks.hold(DAEMON):
            yield house, volume


@pytest.mark.parametrize("fault", ["full", "read-only"])
def test_a_database_that_takes_nothing_is_not_up_until_it_does(
    cramped: tuple[House, Path], fault: str
) -> None:
    house, volume = cramped
    watch = _watch(house.context)
    watch.look()
    assert watch.condition().problems == ()
    assert _database_up(house.context, watch) == 1
    ballast = fill_up(volume)
    assert watch.condition().problems == (), "who asks how it is asks no volume, which may hang"
    if fault == "read-only":
        ballast.unlink()
        house.context.evidence.close()
        make_read_only(volume, close=house.engine.dispose)
    with capture_logs() as logs:
        for _ in range(5):
            watch.look()
    condition = watch.condition()
    assert condition.lacking
    assert condition.problems
    if fault == "read-only":
        assert _database_up(house.context, watch) == 0
    told = [line["what"] for line in logs if line["event"] == "lacking"]
    assert sorted(told) == sorted(set(told)), "each once"
    if fault == "read-only":
        make_read_only(volume, read_only=False)
    else:
        ballast.unlink()
    watch.look()
    assert watch.condition().problems == ()
    assert _database_up(house.context, watch) == 1


def _due(context: Context) -> list[Outcome | None]:
    return [summary.outcome for summary in visit_due(context)]


def test_while_the_evidence_is_away_nothing_is_kept_and_it_goes_on_by_itself(
    house: House, site: Site
) -> None:
    paths = [f"/a/20261101_{number}.html" for number in range(101, 131)]
    site["/list/"], site["/before/"] = listing(*paths), listing(paths[0])
    for path in paths:
        site[path] = posting()
    context = house.watching(house.source())
    watch = _watch(context)
    plan(context)
    watch.look()
    evidence = context.settings.storage.evidence_directory
    context.evidence.probe()
    elsewhere = evidence.with_name("elsewhere")
    with capture_logs() as logs:
        house.visit("/before/", name="other")  # a file of evidence is open
        evidence.rename(elsewhere)
        assert _due(context) == [Outcome.ERROR]
        assert len(house.rows(Document)) == 1
        for _ in range(3):
            watch.look()
            assert _due(context) == [], "no visit begins"
        assert "moved away" in watch.condition().problems[0]
        elsewhere.rename(evidence)
        watch.look()
    assert [line["event"] for line in logs if line["event"] in {"lacking", "no_longer_lacking"}] == [
        "lacking",
        "no_longer_lacking",
    ]
    assert not [line for line in logs if line.get("exc_info")], "no traceback"
    assert watch.condition().problems == ()
    (state,) = [row for row in house.rows(SourceState) if row.name == "test"]
    assert state.failures_in_a_row == 0, "the source has done nothing"
    soon = replace(context, now=lambda: context.now() + ways.LONGEST_PAUSE)
    assert _due(soon) == [Outcome.OK]
    assert len(house.rows(Document)) == len(paths)


def test_without_descriptors_pages_are_not_failures_of_their_source(house: House, site: Site) -> None:
    site["/list/"] = listing("/a/20261101_101.html")
    site["/a/20261101_101.html"] = posting()
    context = house.watching(house.source())
    watch = _watch(context)
    plan(context)
    with context.transaction():  # opens the database
        pass
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = max(int(entry.name) for entry in Path("/proc/self/fd").iterdir())
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 4, hard))
    held: list[int] = []
    try:
        while True:
            try:
                held.append(os.open("/dev/null", os.O_RDONLY))
            except OSError:
                break
        watch.look()
        assert Kind.DESCRIPTORS.value in watch.condition().lacking
        assert _due(context) == []
    finally:
        for each in held:
            os.close(each)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    watch.look()
    assert watch.condition().problems == ()
    assert _due(context) == [Outcome.OK]


def test_jobs_that_fail_and_channels_that_are_down_are_named(house: House) -> None:
    watch = _watch(house.context, {"delivery": "disk I/O error", "visits": ""})
    with house.context.transaction() as session:
        row = OutboxMessage(
            key="a", channel="smtp", recipient="li@example.com", message_id="<1@a>", template="case"
        )
        ways.note_failure(session, row, ChannelDown("mail.example.com:25 refuses us"), house.context.now())
    watch.look()
    condition = watch.condition()
    assert condition.problems == (
        "the job delivery fails: disk I/O error",
        "the channel smtp is down: mail.example.com:25 refuses us",
    )
    assert condition.facts()["failing_jobs"] == ["delivery"]
    registry = Metrics(house.engine, (), house.context.now, condition=watch.condition).registry
    for name, labels, value in (
        ("qualwatch_task_failing", {"task": "delivery"}, 1),
        ("qualwatch_task_failing", {"task": "visits"}, 0),
        ("qualwatch_lacking", {"what": "descriptors"}, 0),
    ):
        assert registry.get_sample_value(name, labels) == value
    down = registry.get_sample_value("qualwatch_channel_down_seconds", {"channel": "smtp"})
    assert down is not None
    free = registry.get_sample_value("qualwatch_free_bytes", {"volume": "storage"})
    assert free
    written = registry.get_sample_value("qualwatch_since_write_seconds", {"what": "evidence"})
    assert written is not None
    assert written < 10


def test_a_group_of_errors_lacks_what_one_of_them_lacks() -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    lack = lack_behind(ExceptionGroup("steps failed", [ValueError("x"), ExceptionGroup("y", [full])]))
    assert lack == Lack(Kind.DISK, "this program met: No space left on device")
    assert lack_behind(ExceptionGroup("steps failed", [ValueError("x")])) is None


def test_what_nobody_looks_for_any_more_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    lacks = Lacks()
    lacks.note(Lack(Kind.DISK, "no space"))
    assert [lack.kind for lack in lacks.now()] == [Kind.DISK]
    monkeypatch.setattr("jobs.lacks.FORGOTTEN_SECONDS", -1)
    assert lacks.now() == []


def test_repeated_lines_are_counted_instead_of_written() -> None:
    at = [0.0]
    repeats = Repeats(lambda: at[0])

    def written(count: int, **values: object) -> int:
        done = 0
        for _ in range(count):
            try:
                repeats(None, "warning", {"event": "page_not_read", **values})
            except structlog.DropEvent:
                continue
            done += 1
        return done

    assert written(1000, source="a") == WARNINGS
    assert written(1000, source="b") == WARNINGS, "another source's are its own"
    assert written(1000, source="a", exc_info=True) == TRACEBACKS
    at[0] = WINDOW_SECONDS
    with capture_logs() as logs:
        assert written(1, source="a") == 1
    counts = {(line["of"], line["count"]) for line in logs if line["event"] == "lines_left_out"}
    assert counts == {("a", 1000 - WARNINGS), ("b", 1000 - WARNINGS), ("a", 1000 - TRACEBACKS)}


@pytest.mark.parametrize("shown", [str, lambda path: f"@{path.name}"])
def test_the_service_manager_hears_that_the_daemon_is_ready_and_alive(
    tmp_path: Path, shown: Callable[[Path], str]
) -> None:
    address = shown(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        manager.settimeout(5)
        told = ServiceManager(address)
        told.ready()
        told.alive()
        told.stopping()
        assert [manager.recv(100) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"]
    told.alive()  # nobody listens any more
    ServiceManager("").alive()
