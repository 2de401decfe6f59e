"""What a machine may lack: space, a database, descriptors, the right time. Told truly, and over by itself?"""

from __future__ import annotations

import os
import resource
import shutil
import struct
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from eval.chaos.installation import Installation, wait_until
from eval.chaos.lying import Path as Way
from tests.volumes import fill_up

_AWAY_SECONDS = 25.0
_BACK_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one fault."""

    name: str
    told: bool
    """Whether /healthz said that something is wrong while it lasted."""
    recovered: bool
    """Whether it went on by itself, and all that was published meanwhile was found."""
    seconds_to_recover: float
    log_lines: int
    """Lines of the log from the beginning of the fault to its end."""
    tracebacks: int
    note: str = ""


def endure(
    installation: Installation,
    name: str,
    begin: Callable[[], object],
    end: Callable[[], object],
    *,
    note: Callable[[], str] = str,
) -> Outcome:
    """Let a fault begin, publish, look whether it is told, let it end, and wait until all was found."""
    notices = installation.notices
    lines, tracebacks = _lines(installation), installation.tracebacks()
    begin()
    notices.published = min(notices.count, notices.published + notices.lists)
    told = wait_until(lambda: _says_so(installation), _AWAY_SECONDS, 0.5)
    time.sleep(_AWAY_SECONDS / 2)
    said = note()
    lasted = _lines(installation) - lines
    end()
    began = time.monotonic()
    recovered = wait_until(lambda: _has_recovered(installation), _BACK_SECONDS, 2)
    return Outcome(
        name,
        told,
        recovered,
        round(time.monotonic() - began, 1),
        lasted,
        installation.tracebacks() - tracebacks,
        said,
    )


def fill_the_disk(installation: Installation, volume: Path) -> Outcome:
    """Not a byte left for database and evidence."""
    ballast: list[Path] = []
    return endure(
        installation,
        "disk full",
        lambda: ballast.append(fill_up(volume)),
        lambda: ballast.pop().unlink(),
        note=lambda: f"{_empty_files(installation)} empty files",
    )


def move_the_evidence(installation: Installation) -> Outcome:
    """The directory is renamed while it is written to."""
    evidence = installation.directory / "evidence"
    elsewhere = evidence.with_name("elsewhere")
    return endure(
        installation,
        "evidence moved away",
        lambda: evidence.rename(elsewhere),
        lambda: elsewhere.rename(evidence),
    )


def take_the_descriptors(installation: Installation) -> Outcome:
    """It may open no file more than it has open."""
    pid = installation.process.pid if installation.process is not None else 0
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    highest = max(int(name) for name in os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208 - links that come and go
    return endure(
        installation,
        "no descriptors",
        lambda: resource.prlimit(pid, resource.RLIMIT_NOFILE, (highest + 2, before[1])),
        lambda: resource.prlimit(pid, resource.RLIMIT_NOFILE, before),
    )


def cut_the_database(installation: Installation, way: Way) -> Outcome:
    """The database server does not answer."""
    return endure(installation, "database server away", way.cut, way.mend)


class Clock:
    """The wall clock of one daemon, moved by a library that is loaded before all others."""

    def __init__(self, folder: Path) -> None:
        """Raises ``FileNotFoundError`` where there is no C compiler."""
        compiler = shutil.which("cc")
        if compiler is None:
            raise FileNotFoundError(
                "moving the clock needs a C compiler (Debian: apt-get install gcc libc6-dev)"
            )
        self._offset = folder / "clock"
        self._library = folder / "clock.so"
        self.move(0)
        source = Path(__file__).with_name("clock.c")
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", self._library, source, "-ldl"], check=True)

    @property
    def environment(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(self._library), "CHAOS_CLOCK": str(self._offset)}

    def move(self, seconds: int) -> None:
        """Let the daemon's clock differ from the machine's by ``seconds``."""
        with self._offset.open("r+b" if self._offset.exists() else "wb") as file:
            file.write(struct.pack("q", seconds))


def step_the_clock(installation: Installation, clock: Clock, seconds: int) -> Outcome:
    """The clock jumps, and what was published at that moment is found all the same."""
    notices = installation.notices
    lines, tracebacks = _lines(installation), installation.tracebacks()
    clock.move(seconds)
    notices.published = min(notices.count, notices.published + notices.lists)
    began = time.monotonic()
    recovered = wait_until(lambda: _has_recovered(installation), _BACK_SECONDS, 2)
    return Outcome(
        f"clock {'forward' if seconds > 0 else 'back'}",
        told=installation.events()["clock_put_back"] > 0 or seconds > 0,
        recovered=recovered,
        seconds_to_recover=round(time.monotonic() - began, 1),
        log_lines=_lines(installation) - lines,
        tracebacks=installation.tracebacks() - tracebacks,
    )


def _says_so(installation: Installation) -> bool:
    health = installation.health()
    return health is not None and bool(health["problems"])


def _has_recovered(installation: Installation) -> bool:
    health = installation.health()
    if health is None or health["problems"]:
        return False
    return len(installation.look().cases) >= installation.notices.published


def _lines(installation: Installation) -> int:
    return installation.log.read_bytes().count(b"\n")


def _empty_files(installation: Installation) -> int:
    return sum(not path.stat().st_size for path in (installation.directory / "evidence").rglob("*.warc.gz"))
