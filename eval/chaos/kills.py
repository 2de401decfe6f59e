"""kill -9 at random moments, while violations are published and the mail server lies."""

from __future__ import annotations

import random
import statistics
import time
from collections import Counter
from dataclasses import dataclass

from eval.chaos.installation import DAEMON, Installation, wait_until
from eval.chaos.lying import LyingMailServer

_LONGEST_LIFE_SECONDS = 8.0
"""After it is ready."""
_LONGEST_START_SECONDS = 90.0
_DURING_START = 0.5
"""Share of the kills that do not wait until it is ready."""


@dataclass(frozen=True, slots=True)
class Losses:
    """What all that came to; ``bad`` are figures that must be 0."""

    kills: int
    published: int
    lost_cases: int
    doubled_cases: int
    doubled_documents: int
    lost_letters: int
    """Postings that no mail tells of."""
    doubled_letters: int
    """Postings that two different mails tell one recipient of."""
    dead_letters: int
    unproven: int
    unfinished: int
    mails: int
    repeats: int
    """Mails that came again with the Message-ID that they had: the server took them and did not say so."""
    seconds_to_ready: float
    tracebacks: int
    settled: bool

    @property
    def bad(self) -> int:
        return (
            self.lost_cases
            + self.doubled_cases
            + self.doubled_documents
            + self.lost_letters
            + self.doubled_letters
            + self.dead_letters
            + self.unproven
            + self.unfinished
            + (not self.settled)
        )


def kill_often(
    installation: Installation, mail: LyingMailServer, *, kills: int, seed: int, minutes: float
) -> Losses:
    """Kill programs ``kills`` times, let them end their work afterwards, and count; at most ``minutes``."""
    chance, notices = random.Random(seed), installation.notices  # noqa: S311 - the same moments in every run
    ends, ready, done, killed = time.monotonic() + minutes * 60, list[float](), 0, DAEMON
    while done < kills and time.monotonic() < ends:
        done += 1
        notices.published = notices.count * done // kills
        began = time.monotonic()
        installation.start()
        if chance.random() < _DURING_START:
            time.sleep(chance.uniform(0.1, _LONGEST_LIFE_SECONDS))
        elif wait_until(lambda: installation.health() is not None, _LONGEST_START_SECONDS, 0.1):
            ready += [time.monotonic() - began] * (killed == DAEMON)
            time.sleep(chance.uniform(0.0, _LONGEST_LIFE_SECONDS))
        killed = chance.choice(installation.names)
        installation.kill(killed)
    notices.published = notices.count
    mail.lies = False
    installation.start()
    settled = wait_until(lambda: is_settled(installation, mail), 600, 3)
    # A visit under way when it is told to stop is taken up at the next start; those of the killed end first.
    wait_until(lambda: not installation.look().unfinished, 120, 0.5)
    installation.stop()
    return count(installation, mail, done, statistics.median(ready) if ready else 0.0, settled=settled)


def is_settled(installation: Installation, mail: LyingMailServer) -> bool:
    """Whether everything that was published is a case and was told, and no letter waits."""
    told = set[int]().union(*mail.told.values())
    if len(told) < installation.notices.published:
        return False
    kept = installation.look()
    return not kept.waiting and len(kept.cases) >= installation.notices.published


def count(
    installation: Installation, mail: LyingMailServer, kills: int, ready: float, *, settled: bool
) -> Losses:
    """Compare what was published with what is kept and was told."""
    notices, kept = installation.notices, installation.look()
    urls = notices.urls()[: notices.published]
    told: Counter[tuple[str, int]] = Counter()
    for key, numbers in mail.told.items():
        told.update((key.rpartition(" ")[2], number) for number in numbers)
    numbers_told = {number for _, number in told}
    return Losses(
        kills=kills,
        published=len(urls),
        lost_cases=sum(url not in kept.cases for url in urls),
        doubled_cases=sum(times > 1 for times in kept.cases.values()),
        doubled_documents=sum(times > 1 for times in kept.documents.values()),
        lost_letters=len(set(range(notices.published)) - numbers_told),
        doubled_letters=sum(times > 1 for times in told.values()),
        dead_letters=kept.dead,
        unproven=kept.unproven,
        unfinished=kept.unfinished,
        mails=len(mail.taken),
        repeats=mail.repeats,
        seconds_to_ready=round(ready, 1),
        tracebacks=installation.tracebacks(),
        settled=settled,
    )
