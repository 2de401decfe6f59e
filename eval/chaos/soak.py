"""Years of work in hours: after each round of all sources the clock jumps to the next one.

What grows with the number of rounds and not with what is kept is a leak: memory of the daemon and its
processes, descriptors, the write-ahead log, and, once retention takes effect, database and evidence.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, func
from sqlmodel import Session, col, select

from eval.chaos.clock import Clock
from eval.chaos.installation import Installation, wait_until
from eval.chaos.lists import Lists
from eval.chaos.lying import LyingMailServer
from eval.chaos.notices import Notices
from eval.processes import megabytes_below, proportional_megabytes
from storage.database import open_database
from storage.tables import SourceState
from tests.alerts.mailserver import serving

ROUND_HOURS = 24
MOST_MEGABYTES = 1.0
"""Growth of memory in a hundred rounds."""
ROUNDS_TO_TELL, ROUNDS_TO_SUMMARISE = 150, 10
"""With fewer, what fills once (caches) cannot be told from what grows for ever, or nothing can be told."""
_KEPT_DAYS = 30
"""The least that may be: after as many rounds as much goes as comes, and what still grows grows for ever."""
_VISITS_AT_ONCE = 8
_LONGEST_ROUND_SECONDS = 900.0
"""Without a processor to itself."""
_LOOK_SECONDS = 0.05
_PROGRESS_EVERY, _SHOWN_EVERY = 20, 100


@dataclass(frozen=True, slots=True)
class Asked:
    """How much of it."""

    rounds: int
    minutes: float
    """After which no round is begun."""
    sources: int


@dataclass(frozen=True, slots=True)
class Sample:
    """What there is after a round."""

    round: int
    megabytes: float
    """Written by the daemon and its processes; pages of files are the system's."""
    descriptors: int
    wal: int
    """Bytes of the write-ahead log, as of those below."""
    database: int
    evidence: int
    log: int


@dataclass(frozen=True, slots=True)
class Soaked:
    """What all rounds came to."""

    rounds: int
    sources: int
    days: float
    minutes: float
    megabytes_after_a_fifth: float
    megabytes_at_the_end: float
    megabytes_every_100_rounds: str
    megabytes_per_100_rounds: float
    """After the first fifth."""
    first_half_and_second_half: str
    """The same of either; what fills once grows in the first alone."""
    growth_is_judged: bool
    """Whether there were rounds enough."""
    descriptors: str
    wal_megabytes: str
    database_megabytes: str
    evidence_megabytes: str
    log_bytes_a_round: str
    tracebacks: int
    is_whole: bool
    """Whether every round was done in time."""

    @property
    def bad(self) -> int:
        grows = self.growth_is_judged and self.megabytes_per_100_rounds > MOST_MEGABYTES
        return grows + (self.tracebacks > 0) + (not self.is_whole)


def soak(
    stack: ExitStack, home: Path, *, asked: Asked, seed: int, say: Callable[[str], object]
) -> Soaked | str:
    """Let a daemon with SQLite do the rounds; why nothing can be said of them, where they were too few.

    Raises ``FileNotFoundError`` without a C compiler.
    """
    sources = asked.sources
    lists, mail = Lists(sources, seed), LyingMailServer(seed)
    mail.lies = False
    stack.callback(lists.close)
    clock = Clock(home)
    installation = Installation(
        home, home, "", Notices(0, 0, seed), stack.enter_context(serving(mail)), allowed=lists.hosts()
    )
    stack.callback(installation.notices.close)
    installation.environment, installation.visits_at_once = clock.environment, _VISITS_AT_ONCE
    installation.more = lists.sources(ROUND_HOURS) + (
        f"[retention]\nvisits_days = {_KEPT_DAYS}\nfetch_records_days = {_KEPT_DAYS}\n"
        f"sightings_days = {_KEPT_DAYS}\ndocuments_days = {_KEPT_DAYS}\nmessages_days = {_KEPT_DAYS}\n"
        f"rejudgements_days = {_KEPT_DAYS}\n"
    )
    installation.configure()
    stack.callback(installation.kill)
    installation.start()
    if not wait_until(lambda: installation.health() is not None, 120):
        raise SystemExit(f"the daemon did not begin: see {installation.log}")
    engine = open_database(installation.address)
    stack.callback(engine.dispose)
    began, samples = time.monotonic(), list[Sample]()
    for sample in _rounds(installation, engine, clock, lists, asked):
        samples.append(sample)
        if sample.round % _PROGRESS_EVERY == 0:
            say(f"round {sample.round}: {sample}")
    installation.stop()
    minutes = (time.monotonic() - began) / 60
    if len(samples) < ROUNDS_TO_SUMMARISE:
        return f"{len(samples)} rounds in {minutes:.1f} minutes are too few"
    is_whole = minutes >= asked.minutes or len(samples) == asked.rounds
    tracebacks = installation.tracebacks()
    return summarise(samples, sources=sources, minutes=minutes, tracebacks=tracebacks, is_whole=is_whole)


def _rounds(
    installation: Installation, engine: Engine, clock: Clock, lists: Lists, asked: Asked
) -> Iterator[Sample]:
    ends = time.monotonic() + asked.minutes * 60
    for number in range(1, asked.rounds + 1):
        if time.monotonic() > ends:
            return
        if not wait_until(
            lambda: _is_done(engine, clock, asked.sources), _LONGEST_ROUND_SECONDS, _LOOK_SECONDS
        ):
            return
        yield _sample(installation, number)
        lists.go_on()
        clock.move(ROUND_HOURS * 3600)


def _is_done(engine: Engine, clock: Clock, sources: int) -> bool:
    """Whether every source is planned for later, and none is being visited."""
    now = datetime.fromtimestamp(clock.now(), UTC)
    due, taken = col(SourceState.next_due_at), col(SourceState.leased_until)
    with Session(engine) as session:
        done = select(func.count()).where(col(SourceState.is_watched), due > now, taken.is_(None))
        return session.exec(done).one() == sources


def _sample(installation: Installation, number: int) -> Sample:
    database = installation.directory / "qualwatch.sqlite3"
    evidence = (installation.directory / "evidence").rglob("*")
    return Sample(
        number,
        proportional_megabytes(installation.pid, own=True) + megabytes_below(installation.pid, own=True),
        len(list(Path(f"/proc/{installation.pid}/fd").iterdir())),
        database.with_name(f"{database.name}-wal").stat().st_size,
        database.stat().st_size,
        sum(path.stat().st_size for path in evidence if path.is_file()),
        installation.log.stat().st_size,
    )


def summarise(
    samples: Sequence[Sample], *, sources: int, minutes: float, tracebacks: int, is_whole: bool
) -> Soaked:
    """The figures of all rounds; growth is measured after the first fifth of them."""
    settled, half = samples[len(samples) // 5 :], len(samples) // 2
    descriptors = [each.descriptors for each in settled]
    log = [after.log - before.log for before, after in itertools.pairwise(settled)]

    def megabytes(of: Callable[[Sample], int]) -> str:
        parts = [samples[len(samples) * third // 3 - 1] for third in (1, 2, 3)]
        return " → ".join(f"{of(each) / 1e6:.1f}" for each in parts)

    return Soaked(
        rounds=len(samples),
        sources=sources,
        days=len(samples) * ROUND_HOURS / 24,
        minutes=round(minutes, 1),
        megabytes_after_a_fifth=round(settled[0].megabytes, 1),
        megabytes_at_the_end=round(settled[-1].megabytes, 1),
        megabytes_every_100_rounds=", ".join(
            f"{each.megabytes:.1f}" for each in samples if each.round % _SHOWN_EVERY == 0
        ),
        megabytes_per_100_rounds=_growth(settled),
        first_half_and_second_half=f"{_growth(samples[:half])} and {_growth(samples[half:])}",
        growth_is_judged=len(samples) >= ROUNDS_TO_TELL,
        descriptors=f"{min(descriptors)} to {max(descriptors)}",
        wal_megabytes=f"{max(each.wal for each in samples) / 1e6:.1f} at most",
        database_megabytes=megabytes(lambda each: each.database),
        evidence_megabytes=megabytes(lambda each: each.evidence),
        log_bytes_a_round=f"{statistics.median(log):.0f}, {max(log)} at most",
        tracebacks=tracebacks,
        is_whole=is_whole,
    )


def _growth(samples: Sequence[Sample]) -> float:
    """Megabytes in a hundred rounds, by a straight line."""
    line = statistics.linear_regression(
        [each.round for each in samples], [each.megabytes for each in samples]
    )
    return round(line.slope * 100, 2)
