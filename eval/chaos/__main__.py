"""``make chaos``: kills and starves real daemons for a bounded time, and says what came of it.

Exit code 0 where nothing was lost, doubled or told wrongly.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

import pytest
from sqlalchemy import make_url

from eval.chaos import faults
from eval.chaos.installation import Installation, wait_until
from eval.chaos.kills import Losses, kill_often
from eval.chaos.lying import LyingMailServer
from eval.chaos.lying import Path as Way
from eval.chaos.notices import Notices
from tests.alerts.mailserver import serving
from tests.databases import run_postgresql
from tests.volumes import small_volume

LISTS = 20
_FAULT_POSTINGS = 200


def main(words: list[str] | None = None) -> int:
    """Run what was asked for and print a table of each part."""
    asked = _arguments(words)
    bad = 0
    for database in asked.databases:
        with _postgresql(database) as address:
            if "kills" in asked.parts:
                bad += _print_losses(database, _killed(asked, address))
            if "faults" in asked.parts:
                bad += _print_outcomes(database, _starved(asked, address))
    print("nothing was lost, doubled or told wrongly" if not bad else f"{bad} figures are wrong")
    return int(bad > 0)


def _arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="times that the daemon is killed")
    parser.add_argument("--violations", type=int, default=500, help="postings published meanwhile")
    parser.add_argument(
        "--minutes", type=float, default=20, help="longest time for the kills on one database"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--databases", nargs="+", choices=("sqlite", "postgresql"), default=["sqlite", "postgresql"]
    )
    parser.add_argument("--parts", nargs="+", choices=("kills", "faults"), default=["kills", "faults"])
    parser.add_argument("--keep", type=Path, help="a folder that keeps configuration, database and log")
    return parser.parse_args(words)


@contextmanager
def _postgresql(database: str) -> Iterator[str]:
    """Address of a server's databases; empty for SQLite."""
    if database == "sqlite":
        yield ""
        return
    for server in run_postgresql():
        yield server.empty()


def _killed(asked: argparse.Namespace, address: str) -> Losses:
    mail = LyingMailServer(asked.seed)
    with _installed(asked, address, mail, asked.violations) as installation:
        return kill_often(installation, mail, kills=asked.kills, seed=asked.seed, minutes=asked.minutes)


def _starved(asked: argparse.Namespace, address: str) -> Iterator[faults.Outcome]:
    """Every fault in turn, in one life of the daemon."""
    mail = LyingMailServer(asked.seed)
    mail.lies = False
    with ExitStack() as stack:
        way = Way(make_url(address).port or 0) if address else None
        if way is not None:
            url = make_url(address).set(port=way.port)
            address = url.render_as_string(hide_password=False)
        volume = stack.enter_context(_volume(stack))
        installation = stack.enter_context(_installed(asked, address, mail, _FAULT_POSTINGS, volume=volume))
        clock = _clock(installation)
        installation.start()
        stack.callback(installation.stop)
        installation.notices.published = LISTS
        if not wait_until(lambda: len(installation.look().cases) >= LISTS, 120, 2):
            raise SystemExit(f"the daemon did not begin: see {installation.log}")
        if volume is not None:
            yield faults.fill_the_disk(installation, volume)
        yield faults.move_the_evidence(installation)
        yield faults.take_the_descriptors(installation)
        if way is not None:
            yield faults.cut_the_database(installation, way)
        if clock is not None:
            yield faults.step_the_clock(installation, clock, -3600)
            yield faults.step_the_clock(installation, clock, 3600)


@contextmanager
def _volume(stack: ExitStack) -> Iterator[Path | None]:
    """A small file system; None where this user may mount none."""
    place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="qw-chaos-"))) / "volume"
    try:
        mounted = stack.enter_context(small_volume(place, "64m"))
    except pytest.skip.Exception as skipped:
        print(f"not measured: disk full ({skipped})")
        yield None
        return
    yield mounted


def _clock(installation: Installation) -> faults.Clock | None:
    try:
        clock = faults.Clock(installation.folder)
    except FileNotFoundError as error:
        print(f"not measured: clock stepped ({error})")
        return None
    installation.environment = clock.environment
    return clock


@contextmanager
def _installed(
    asked: argparse.Namespace,
    address: str,
    mail: LyingMailServer,
    postings: int,
    *,
    volume: Path | None = None,
) -> Iterator[Installation]:
    with ExitStack() as stack:
        folder = asked.keep or stack.enter_context(tempfile.TemporaryDirectory(prefix="qw-chaos-"))
        home = Path(tempfile.mkdtemp(dir=folder))
        notices = Notices(postings, LISTS, asked.seed)
        stack.callback(notices.close)
        port = stack.enter_context(serving(mail))
        installation = Installation(home, volume or home, address, notices, port)
        installation.configure()
        stack.callback(installation.kill)
        yield installation


def _print_losses(database: str, losses: Losses) -> int:
    print(f"\n## kill -9, {database}\n\n| figure | |\n|---|---|")
    for name, value in asdict(losses).items():
        print(f"| {name.replace('_', ' ')} | {value} |")
    sys.stdout.flush()
    return losses.bad


def _print_outcomes(database: str, outcomes: Iterator[faults.Outcome]) -> int:
    print(f"\n## faults, {database}\n\n| fault | told | recovered | after s | log lines | tracebacks | |")
    print("|---|---|---|---|---|---|---|", flush=True)
    bad = 0
    for each in outcomes:
        bad += not (each.told and each.recovered)
        print("| " + " | ".join(str(value) for value in asdict(each).values()) + " |", flush=True)
    return bad


if __name__ == "__main__":
    sys.exit(main())
