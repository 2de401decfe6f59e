"""What a machine may lack while the daemon runs: told truly meanwhile, and over by itself?"""

from __future__ import annotations

import itertools
import os
import resource
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from alerts.delivery.ways import LONGEST_PAUSE
from eval.chaos.clock import Clock
from eval.chaos.installation import Installation, wait_until
from eval.chaos.kills import is_settled
from eval.chaos.lying import LyingMailServer
from eval.chaos.lying import Path as Way
from eval.chaos.names import NameServer
from eval.chaos.notices import Silence
from tests.parts.databases import PostgresqlServer
from tests.parts.volumes import fill_up

TOLD_SECONDS = 90.0
"""Within which a fault has to be told: health looks every ten, a source is visited every sixty."""
LASTS_SECONDS = 12.0
"""After that."""
BACK_SECONDS = 240.0
IDLE_CONNECTIONS = 400
HOURS_AWAY = 48


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one fault."""

    name: str
    told: bool | None
    """Whether /healthz and the metrics said what is wrong while it lasted; None: nothing is."""
    recovered: bool
    """Whether it went on by itself, and all that was published meanwhile was found and told."""
    seconds_to_recover: float
    log_lines: int
    """Lines of the log from the beginning of the fault to its end."""
    tracebacks: int
    note: str = ""

    @property
    def is_bad(self) -> bool:
        return self.told is False or not self.recovered or self.tracebacks > 0


@dataclass(slots=True)
class Ground:
    """An installation, and whatever of its surroundings can be taken away; None where that cannot be here."""

    installation: Installation
    mail: LyingMailServer
    to_mail: Way
    silence: Silence
    away_seconds: float
    """How long servers are away."""
    volume: Path | None = None
    evidence: Path | None = None
    temporary: Path | None = None
    clock: Clock | None = None
    names: NameServer | None = None
    to_database: Way | None = None
    server: PostgresqlServer | None = None
    server_volume: Path | None = None


def endure(
    ground: Ground,
    name: str,
    begin: Callable[[], object],
    end: Callable[[], object],
    *,
    series: str = "",
    lasts: float = LASTS_SECONDS,
    note: Callable[[], str] = str,
) -> Outcome:
    """Let a fault begin, publish, look whether it is told, let it end, and wait until all was found.

    ``series`` of the metrics have to say it too; empty: there is nothing to tell.
    """
    installation = ground.installation
    notices = installation.notices
    lines, tracebacks = _lines(installation), installation.tracebacks()
    begin()
    notices.publish_some()
    told = wait_until(lambda: _says_so(installation, series), TOLD_SECONDS, 0.5) if series else None
    time.sleep(lasts)
    said = note()
    lasted = _lines(installation) - lines
    end()
    began = time.monotonic()
    recovered = wait_until(lambda: has_recovered(ground), BACK_SECONDS, 2)
    seconds = time.monotonic() - began
    said = said if recovered else f"{said} {_what_lacks(ground)}".strip()
    return Outcome(
        name,
        told,
        recovered,
        round(seconds, 1),
        lasted,
        installation.tracebacks() - tracebacks,
        said,
    )


def fill_disks(ground: Ground) -> Iterator[Outcome | str]:
    """Not a byte left where something is kept, one volume after the other."""
    volumes = {
        "disk full: database and evidence" if not ground.server else "disk full: storage directory": (
            ground.volume
        ),
        "disk full: evidence alone": ground.evidence,
        "disk full: temporary files": ground.temporary,
    }
    if ground.server is not None:
        volumes["disk full: PostgreSQL"] = ground.server_volume
    for name, volume in volumes.items():
        if volume is None:
            yield f"{name}: mounting a small file system needs root"
            continue
        ballast: list[Path] = []
        is_temporary = volume == ground.temporary
        yield endure(
            ground,
            name,
            lambda volume=volume, ballast=ballast: ballast.append(fill_up(volume)),  # type: ignore[misc]
            lambda ballast=ballast: _give_room(ground, ballast.pop()),  # type: ignore[misc]
            series="" if is_temporary else "qualwatch_lacking",
            note=lambda: f"{_empty_files(ground.installation)} empty files",
        )


def _give_room(ground: Ground, ballast: Path) -> None:
    """A server that ended because it could not write its log is started by whoever gives it room."""
    ballast.unlink()
    if ground.server is not None and not ground.server.runs:
        ground.server.start()


def move_the_evidence(ground: Ground) -> Iterator[Outcome | str]:
    """The directory is renamed while it is written to."""
    evidence = (ground.installation.directory / "evidence").resolve()
    elsewhere = evidence.with_name("elsewhere")
    yield endure(
        ground,
        "evidence moved away",
        lambda: evidence.rename(elsewhere),
        lambda: elsewhere.rename(evidence),
        series='qualwatch_lacking{what="evidence"}',
    )


def take_the_descriptors(ground: Ground) -> Iterator[Outcome | str]:
    """It may open no file more than it has open."""
    pid = ground.installation.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    opened = {int(name) for name in os.listdir(f"/proc/{pid}/fd")}  # noqa: PTH208 - links that come and go
    lowest = next(number for number in itertools.count() if number not in opened)
    yield endure(
        ground,
        "no descriptors",
        lambda: resource.prlimit(pid, resource.RLIMIT_NOFILE, (lowest, before[1])),
        lambda: resource.prlimit(pid, resource.RLIMIT_NOFILE, before),
        series='qualwatch_lacking{what="descriptors"}',
    )


def cut_the_database(ground: Ground) -> Iterator[Outcome | str]:
    """The database server is not reached for minutes, is restarted, and is away for minutes."""
    way, server, series = ground.to_database, ground.server, 'qualwatch_lacking{what="database"}'
    if way is None or server is None:
        return
    yield endure(
        ground, "network to PostgreSQL cut", way.cut, way.mend, series=series, lasts=ground.away_seconds
    )
    yield endure(ground, "PostgreSQL restarted", server.restart, lambda: None, lasts=0)
    yield endure(
        ground, "PostgreSQL away", server.stop, server.start, series=series, lasts=ground.away_seconds
    )


def take_the_names(ground: Ground) -> Iterator[Outcome | str]:
    """No name server answers."""
    names = ground.names
    if names is None:
        yield "DNS away: a name server of our own needs root"
        return

    def away(*, is_away: bool) -> None:
        names.is_away = is_away

    yield endure(
        ground,
        "DNS away",
        lambda: away(is_away=True),
        lambda: away(is_away=False),
        series='qualwatch_lacking{what="names"}',
        lasts=ground.away_seconds,
    )


def cut_the_mail(ground: Ground) -> Iterator[Outcome | str]:
    """The mail server does not answer, for two days where the clock can be moved."""
    clock, installation = ground.clock, ground.installation

    def pass_hours() -> str:
        if clock is None:
            return "for a minute: no C compiler moves the clock"
        for _ in range(HOURS_AWAY // 6):
            clock.move(6 * 3600)
            time.sleep(4)
        return f"for {HOURS_AWAY} h, then {installation.look().dead} letters dead"

    def mend() -> None:
        ground.to_mail.mend()
        if clock is not None:  # the pause until the channel is tried again
            clock.move(round(LONGEST_PAUSE.total_seconds()))

    series = "qualwatch_channel_down_seconds"
    yield endure(ground, "mail server away", ground.to_mail.cut, mend, series=series, note=pass_hours)


def keep_hosts_silent(ground: Ground) -> Iterator[Outcome | str]:
    """Four hosts list pages and never answer for them; what others publish is found meanwhile."""
    installation, silence = ground.installation, ground.silence
    found: list[float] = []

    def begin() -> None:
        installation.more = silence.sources()
        installation.configure()
        if not wait_until(lambda: silence.asked >= silence.hosts, 60):
            found.append(-1)

    def wait() -> str:
        began = time.monotonic()
        is_found = wait_until(lambda: has_recovered(ground), BACK_SECONDS, 2)
        found.append(round(time.monotonic() - began, 1))
        return f"others' pages found after {found[-1]} s" if is_found else "others' pages not found"

    def end() -> None:
        installation.more = ""
        installation.configure()

    yield endure(ground, "four hosts that never answer", begin, end, lasts=0, note=wait)


def crowd_the_console(ground: Ground) -> Iterator[Outcome | str]:
    """Hundreds connect to the console and the metrics and say nothing."""
    installation, held = ground.installation, list[socket.socket]()
    slowest = 0.0

    def crowd() -> None:
        for port in (installation.console_port, installation.metrics_port):
            for _ in range(IDLE_CONNECTIONS):
                held.append(socket.create_connection(("127.0.0.1", port), 5))

    def leave() -> None:
        for each in held:
            each.close()

    def ask() -> str:
        nonlocal slowest
        answers = set()
        for _ in range(5):
            began = time.monotonic()
            try:
                with urllib.request.urlopen(
                    f"http://127.0.0.1:{installation.console_port}/", timeout=20
                ) as page:
                    answers.add(page.status)
            except urllib.error.HTTPError as error:
                answers.add(error.code)
            except OSError as error:
                answers.add(type(error).__name__)
            slowest = max(slowest, time.monotonic() - began)
        return f"console answered {answers} in {slowest:.1f} s at most"

    with ExitStack() as stack:
        stack.callback(leave)
        yield endure(
            ground,
            f"{IDLE_CONNECTIONS} idle connections each to console and metrics",
            crowd,
            leave,
            lasts=0,
            note=ask,
        )


def hang_up(ground: Ground) -> Iterator[Outcome | str]:
    """SIGHUP: the same process reads its configuration again and goes on."""
    installation = ground.installation
    pid = installation.pid
    yield endure(
        ground,
        "SIGHUP",
        lambda: installation.signal(signal.SIGHUP),
        lambda: None,
        note=lambda: "the same process" if installation.runs() and installation.pid == pid else "it ended",
    )


def step_the_clock(ground: Ground) -> Iterator[Outcome | str]:
    """The clock jumps, and what was published at that moment is found all the same."""
    clock, installation = ground.clock, ground.installation
    if clock is None:
        yield "clock stepped: moving it needs a C compiler"
        return
    for seconds in (-3600, 3600, -86_400):
        before = installation.events()["clock_put_back"]
        outcome = endure(
            ground,
            f"clock {abs(seconds) // 3600} h {'forward' if seconds > 0 else 'back'}",
            lambda seconds=seconds: clock.move(seconds),  # type: ignore[misc]
            lambda: None,
            lasts=0,
        )
        if seconds > 0:
            yield outcome
        else:
            is_told = installation.events()["clock_put_back"] > before
            yield Outcome(
                outcome.name, is_told, outcome.recovered, outcome.seconds_to_recover, outcome.log_lines,
                outcome.tracebacks, "told in the log",
            )  # fmt: skip


FAULTS: Mapping[str, Callable[[Ground], Iterator[Outcome | str]]] = MappingProxyType(
    {
        "disks": fill_disks,
        "evidence": move_the_evidence,
        "descriptors": take_the_descriptors,
        "database": cut_the_database,
        "names": take_the_names,
        "mail": cut_the_mail,
        "silence": keep_hosts_silent,
        "crowd": crowd_the_console,
        "hangup": hang_up,
        "clock": step_the_clock,
    }
)
"""In the order in which one life of the daemon meets them."""


def has_recovered(ground: Ground) -> bool:
    """Whether nothing is wrong any more and all that was published was found and told."""
    health = ground.installation.health()
    return health is not None and not health["problems"] and is_settled(ground.installation, ground.mail)


def _what_lacks(ground: Ground) -> str:
    installation = ground.installation
    if not installation.runs():
        return "the daemon ended"
    health, kept = installation.health(), installation.look()
    told = set[int]().union(*ground.mail.told.values())
    return (
        f"published {installation.notices.published}, cases {len(kept.cases)}, told {len(told)}, "
        f"waiting {kept.waiting}, dead {kept.dead}, health {health and health['problems']}"
    )


def _says_so(installation: Installation, series: str) -> bool:
    health = installation.health()
    return health is not None and bool(health["problems"]) and installation.sample(series) > 0


def _lines(installation: Installation) -> int:
    return installation.log.read_bytes().count(b"\n")


def _empty_files(installation: Installation) -> int:
    return sum(not path.stat().st_size for path in (installation.directory / "evidence").rglob("*.warc.gz"))
