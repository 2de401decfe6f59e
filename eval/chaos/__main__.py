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


def main(words: list[str] | None = None) -> int:
    """Run what was asked for and print a table of each part."""
    asked, bad = _arguments(words), 0
    if "starts" in asked.parts:
        bad += _print_findings(_started(asked))
    for database in asked.databases:
        if "kills" in asked.parts:
            for workers in asked.workers if database == "postgresql" else [0]:
                bad += _print_losses(f"{database}, {workers} workers", _killed(asked, database, workers))
        if "faults" in asked.parts:
            bad += _print_outcomes(database, _starved(asked, database))
    if "soak" in asked.parts:
        bad += _print_soaked(_soaked(asked))
    print("nothing was lost, doubled or told wrongly" if not bad else f"{bad} figures are wrong")
    return int(bad > 0)


def _arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=DATABASES)
    parser.add_argument("--kills", type=int, default=100, help="times that a program is killed")
    parser.add_argument("--violations", type=int, default=500, help="postings published meanwhile")
    parser.add_argument(
        "--minutes", type=float, default=20, help="longest time for the kills on one installation"
    )
    parser.add_argument(
        "--workers", type=int, nargs="+", default=[0, 2], help="installations of so many, on PostgreSQL"
    )
    parser.add_argument("--faults", nargs="+", choices=faults.FAULTS, default=list(faults.FAULTS))
    parser.add_argument("--away", type=float, default=60, help="seconds for which servers are away")
    parser.add_argument("--rounds", type=int, default=60, help="rounds of the soak; all of it are 2000")
    parser.add_argument("--soak-minutes", type=float, default=12, help="longest time for the soak")
    parser.add_argument("--sources", type=int, default=200, help="sources of the soak")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a folder that keeps configuration, database and log")
    return parser.parse_args(words)


def _killed(asked: argparse.Namespace, database: str, workers: int) -> Losses:
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
        return kill_often(installation, mail, kills=asked.kills, seed=asked.seed, minutes=asked.minutes)


def _starved(asked: argparse.Namespace, database: str) -> Iterator[faults.Outcome | str]:
    """Every fault in turn, in one life of the daemon, and what it kept and told in the end."""
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
        for name in asked.faults:
            yield from faults.FAULTS[name](ground)
        settled = faults.has_recovered(ground)
        installation.stop()  # what is under way is no visit without an end
        losses = count(installation, ground.mail, 0, 0.0, settled=settled)
        note = ", ".join(f"{name} {value}" for name, value in asdict(losses).items() if name != "kills")
        yield faults.Outcome("all of them", None, not losses.bad, 0.0, 0, 0, note)


def _started(asked: argparse.Namespace) -> Iterator[Finding | str]:
    with _home(asked) as home, ExitStack() as stack:
        yield from try_starts(stack, home, asked.seed)


def _soaked(asked: argparse.Namespace) -> Soaked:
    with _home(asked) as home, ExitStack() as stack:
        much = Asked(asked.rounds, asked.soak_minutes, asked.sources)
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


def _print_soaked(soaked: Soaked) -> int:
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
