"""``make chaos``: kills and starves real daemons for a bounded time, and says what came of it.

Exit code 0 where nothing was lost, doubled or told wrongly. What the time was too short for is said to be not
measured; ``--full`` takes the hours that everything takes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType

from eval.chaos import faults
from eval.chaos.ground import private_postgresql, take_ground
from eval.chaos.installation import Installation, wait_until
from eval.chaos.kills import Losses, count, kill_often
from eval.chaos.lying import LyingMailServer
from eval.chaos.notices import Notices
from eval.chaos.soak import Asked, Soaked, soak
from eval.chaos.starts import Finding, try_starts
from tests.alerts.mailserver import serving

LISTS = 20
FAULT_POSTINGS = 600
PARTS = ("starts", "kills", "faults", "soak")
DATABASES = ("sqlite", "postgresql")


BRIEF: Mapping[str, object] = MappingProxyType(
    {
        "minutes": 20.0,
        "kills": 20,
        "violations": 100,
        "kill_minutes": 2.0,
        "workers": [2],
        "away": 15.0,
        "rounds": 400,
        "soak_minutes": 3.0,
        "sources": 20,
    }
)
"""What is run where nothing else is asked for; what a fault is of is asked there of one database alone."""
FULL: Mapping[str, object] = MappingProxyType(
    {
        "minutes": float("inf"),
        "kills": 100,
        "violations": 500,
        "kill_minutes": 20.0,
        "workers": [0, 2],
        "away": 60.0,
        "rounds": 2000,
        "soak_minutes": 600.0,
        "sources": 200,
    }
)
"""Everything that is to be proven."""
_OF_DATABASE = {"sqlite": [name for name in faults.FAULTS if name != "database"], "postgresql": ["database"]}
"""Faults that a brief run tries with each: the server's own where there is one, the machine's with SQLite."""
_LEAST_MINUTES = 2.0
"""With less of the time left than this nothing is begun any more."""
_NO_TIME = "the time was up; --full or --minutes gives more"


class Time:
    """What is left of the time for everything."""

    def __init__(self, minutes: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ends = clock() + minutes * 60

    def left(self, at_most: float = float("inf")) -> float:
        """Minutes, ``at_most`` so many."""
        return max(0.0, min(at_most, (self._ends - self._clock()) / 60))

    @property
    def is_up(self) -> bool:
        return self.left() < _LEAST_MINUTES


def main(words: list[str] | None = None) -> int:
    """Run what was asked for and print a table of each part."""
    asked = _arguments(words)
    left, bad = Time(asked.minutes), 0
    if "starts" in asked.parts:
        bad += _print_findings(_started(asked))
    if "kills" in asked.parts:
        bad += sum(_kill_all(asked, left))
    if "soak" in asked.parts:
        bad += _print_soaked(_soaked(asked, left))
    if "faults" in asked.parts:  # last of all: they take the time that is left
        for database in reversed(asked.databases):
            bad += _print_outcomes(database, _starved(asked, database, left))
    print("nothing was lost, doubled or told wrongly" if not bad else f"{bad} figures are wrong")
    return int(bad > 0)


def _kill_all(asked: argparse.Namespace, left: Time) -> Iterator[int]:
    for database in asked.databases:
        for workers in asked.workers if database == "postgresql" else [0]:
            title = f"{database}, {workers} workers"
            if left.is_up:
                print(f"\n## kill -9, {title}\n\nnot measured: {_NO_TIME}", flush=True)
            else:
                yield _print_losses(title, _killed(asked, database, workers, left))


def _arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--full", action="store_true", help="everything, for hours")
    parser.add_argument("--minutes", type=float, help="for everything; nothing is begun after that")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=DATABASES)
    parser.add_argument("--kills", type=int, help="times that a program is killed")
    parser.add_argument("--violations", type=int, help="postings published meanwhile")
    parser.add_argument("--kill-minutes", type=float, help="longest time for the kills on one installation")
    parser.add_argument("--workers", type=int, nargs="+", help="installations of so many, on PostgreSQL")
    parser.add_argument("--faults", nargs="+", choices=faults.FAULTS, help="on every database")
    parser.add_argument("--away", type=float, help="seconds for which servers are away")
    parser.add_argument("--rounds", type=int, help="rounds of the soak")
    parser.add_argument("--soak-minutes", type=float, help="longest time for the soak")
    parser.add_argument("--sources", type=int, help="sources of the soak")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a folder that keeps configuration, database and log")
    parser.set_defaults(**(FULL if parser.parse_args(words).full else BRIEF))
    return parser.parse_args(words)


def _faults_of(asked: argparse.Namespace, database: str) -> list[str]:
    if asked.faults:
        return list(asked.faults)
    return list(faults.FAULTS) if asked.full else _OF_DATABASE[database]


def _killed(asked: argparse.Namespace, database: str, workers: int, left: Time) -> Losses:
    mail = LyingMailServer(asked.seed)
    with ExitStack() as stack:
        server = stack.enter_context(private_postgresql()) if database == "postgresql" else None
        home = stack.enter_context(_home(asked))
        notices = Notices(asked.violations, LISTS, asked.seed)
        stack.callback(notices.close)
        port = stack.enter_context(serving(mail))
        address = server.empty() if server is not None else ""
        installation = Installation(home, home, address, notices, port, workers=workers)
        installation.configure()
        stack.callback(installation.kill)
        minutes = left.left(asked.kill_minutes)
        return kill_often(installation, mail, kills=asked.kills, seed=asked.seed, minutes=minutes)


def _starved(asked: argparse.Namespace, database: str, left: Time) -> Iterator[faults.Outcome | str]:
    """Every fault in turn, in one life of the daemon, and what it kept and told in the end."""
    names = _faults_of(asked, database)
    if left.is_up:
        yield f"{', '.join(names)}: {_NO_TIME}"
        return
    with _home(asked) as home, ExitStack() as stack:
        ground = take_ground(
            stack, home, database, notices=(FAULT_POSTINGS, LISTS, asked.seed), away_seconds=asked.away
        )
        installation = ground.installation
        installation.start()
        stack.callback(installation.stop)
        installation.notices.publish_some()
        if not wait_until(lambda: faults.has_recovered(ground), 180, 2):
            raise SystemExit(f"the daemon did not begin: see {installation.log}")
        yield from _in_turn(ground, names, left)
        settled = faults.has_recovered(ground)
        installation.stop()  # what is under way is no visit without an end
        losses = count(installation, ground.mail, 0, 0.0, settled=settled)
        note = ", ".join(f"{name} {value}" for name, value in asdict(losses).items() if name != "kills")
        yield faults.Outcome("all of them", None, not losses.bad, 0.0, 0, 0, note)


def _in_turn(ground: faults.Ground, names: list[str], left: Time) -> Iterator[faults.Outcome | str]:
    for number, name in enumerate(names):
        for outcome in faults.FAULTS[name](ground):
            yield outcome
            if left.is_up:
                break
        if left.is_up:
            yield f"what is left of {', '.join(names[number:])}: {_NO_TIME}"
            return


def _started(asked: argparse.Namespace) -> Iterator[Finding | str]:
    with _home(asked) as home, ExitStack() as stack:
        yield from try_starts(stack, home, asked.seed)


def _soaked(asked: argparse.Namespace, left: Time) -> Soaked | str:
    if left.is_up:
        return _NO_TIME
    with _home(asked) as home, ExitStack() as stack:
        much = Asked(asked.rounds, left.left(asked.soak_minutes), asked.sources)
        return soak(stack, home, asked=much, seed=asked.seed, say=_say)


def _say(line: str) -> None:
    print(f"… {line}", file=sys.stderr, flush=True)


@contextmanager
def _home(asked: argparse.Namespace) -> Iterator[Path]:
    """A folder for one installation."""
    if asked.keep is not None:
        asked.keep.mkdir(parents=True, exist_ok=True)
        yield Path(tempfile.mkdtemp(dir=asked.keep))
        return
    with tempfile.TemporaryDirectory(prefix="qw-chaos-") as folder:
        yield Path(folder)


def _print_losses(title: str, losses: Losses) -> int:
    _print_figures(f"kill -9, {title}", losses)
    return losses.bad


def _print_findings(findings: Iterator[Finding | str]) -> int:
    print("\n## starts\n\n| tried | right | |\n|---|---|---|", flush=True)
    bad = 0
    for each in findings:
        if isinstance(each, str):
            print(f"| not measured: {each} |", flush=True)
            continue
        bad += not each.is_right
        print(f"| {each.name} | {'yes' if each.is_right else 'NO'} | {each.note} |", flush=True)
    return bad


def _print_soaked(soaked: Soaked | str) -> int:
    if isinstance(soaked, str):
        print(f"\n## soak\n\nnot measured: {soaked}", flush=True)
        return 0
    _print_figures("soak", soaked)
    return soaked.bad


def _print_figures(title: str, figures: Losses | Soaked) -> None:
    print(f"\n## {title}\n\n| figure | |\n|---|---|")
    for name, value in asdict(figures).items():
        print(f"| {name.replace('_', ' ')} | {value} |")
    sys.stdout.flush()


def _print_outcomes(database: str, outcomes: Iterator[faults.Outcome | str]) -> int:
    print(f"\n## faults, {database}\n\n| fault | told | recovered | after s | log lines | tracebacks | |")
    print("|---|---|---|---|---|---|---|", flush=True)
    bad = 0
    for each in outcomes:
        if isinstance(each, str):
            print(f"| not measured: {each} |", flush=True)
            continue
        bad += each.is_bad
        told = {True: "yes", False: "NO", None: "–"}[each.told]
        cells = [each.name, told, "yes" if each.recovered else "NO", each.seconds_to_recover]
        cells += [each.log_lines, each.tracebacks, each.note]
        print("| " + " | ".join(map(str, cells)) + " |", flush=True)
    return bad


if __name__ == "__main__":
    sys.exit(main())
