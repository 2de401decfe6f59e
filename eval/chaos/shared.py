"""Evidence in a directory that machines share: each program sees it where its machine has mounted it.

    python -m eval.chaos.shared DIRECTORY DIRECTORY [--away COMMAND --back COMMAND]

Two mounts of one export of NFS, each made by a client of its own, are two machines as far as files go;
``eval.chaos.nfs`` makes a kernel that has them. First what one writes is read by the other at once, and again
once its file was renamed over; then a daemon and two workers on PostgreSQL do their work there, while the
file server goes away (``--away``) and comes back, and a worker is killed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from eval.chaos.ground import private_postgresql
from eval.chaos.installation import Installation, wait_until
from eval.chaos.kills import count, is_settled
from eval.chaos.lying import LyingMailServer
from eval.chaos.notices import Notices
from storage.errors import EvidenceError
from storage.evidence import EvidenceRef, EvidenceStore, Exchange
from tests.alerts.mailserver import serving

EXCHANGES = 300
PLACE = "evidence"
POSTINGS, LISTS = 60, 10
AWAY_SECONDS = 100.0
"""At most; a write that hangs has failed after 60."""


def main(words: list[str] | None = None) -> int:
    """Both proofs; 0 where all that was written was read."""
    parser = argparse.ArgumentParser(prog="python -m eval.chaos.shared", description=__doc__)
    parser.add_argument("here", type=Path, help="the directory as one machine has it")
    parser.add_argument("there", type=Path, help="the same as another one has it")
    parser.add_argument("--away", help="command that takes the file server away")
    parser.add_argument("--back", help="command that brings it back")
    parser.add_argument("--parts", nargs="+", choices=("files", "programs"), default=("files", "programs"))
    asked, bad = parser.parse_args(words), 0
    if "files" in asked.parts:
        _say("files", read := dict(_read_across(asked.here, asked.there)))
        bad += bool(read["unread"])
    if "programs" in asked.parts:
        _say("daemon on one machine, workers on both", figures := _installed(asked))
        bad += bool(figures["bad"])
    return bad


def _say(title: str, figures: dict[str, object]) -> None:
    print(f"\n## shared directory: {title}\n\n| figure | |\n|---|---|")
    for name, value in figures.items():
        print(f"| {name.replace('_', ' ')} | {value} |")
    sys.stdout.flush()


def _read_across(here: Path, there: Path) -> Iterator[tuple[str, object]]:
    """What one machine writes, read by the other as soon as it hears of it."""
    unread = list[str]()
    for title, writes, reads in (("there", here, there), ("here", there, here)):
        ours, theirs = multiprocessing.Pipe()
        reader = multiprocessing.get_context("spawn").Process(target=_read_all, args=(reads / PLACE, theirs))
        reader.start()
        ours.recv()  # it has looked at the directory, and remembers that nothing is in it
        written = list(_send_all(writes / PLACE, ours))
        _rename_over(writes / PLACE, written)
        for ref in written:
            ours.send(ref)
        ours.send(None)
        not_read, slowest = ours.recv()
        reader.join()
        unread += not_read
        yield f"read_{title}", 2 * EXCHANGES - len(not_read)
        yield f"slowest_read_{title}_s", round(slowest, 2)
    yield "unread", len(unread)
    yield "why", " · ".join(unread[:3])


def _send_all(evidence: Path, pipe: Connection) -> Iterator[EvidenceRef]:
    """Keep exchanges, and say so of each at once."""
    with EvidenceStore(evidence) as store:
        for number in range(EXCHANGES):
            if number % 50 == 0:
                store.close()  # another file, of which the reader has never heard
            kept = store.write(_exchange(number))
            pipe.send(kept)
            yield kept


def _rename_over(evidence: Path, written: Sequence[EvidenceRef]) -> None:
    """Put copies in the place of all files, whose handles are stale then."""
    for name in {ref.file for ref in written}:
        copied = shutil.copy(evidence / name, evidence / f"{name}.new")
        Path(copied).rename(evidence / name)


def _exchange(number: int) -> Exchange:
    return Exchange(
        url=f"http://notices.example/{number}",
        method="GET",
        request_headers=(),
        status=200,
        reason="OK",
        response_headers=(("Content-Type", "text/html"),),
        body=f"招聘公告第{number}号".encode() * 50,
        started_at=datetime.now(UTC) - timedelta(seconds=1),
    )


def _read_all(evidence: Path, pipe: Connection) -> None:
    """Read every record that comes through ``pipe``, and say what could not be read and how long it took."""
    evidence.mkdir(parents=True, exist_ok=True)
    list(evidence.rglob("*"))
    unread, slowest = list[str](), 0.0
    pipe.send("ready")
    with EvidenceStore(evidence) as store:
        while isinstance(ref := pipe.recv(), EvidenceRef):
            began = time.monotonic()
            try:
                store.read(ref)
            except EvidenceError as error:
                unread.append(str(error))
            slowest = max(slowest, time.monotonic() - began)
    pipe.send((unread, slowest))


def _installed(asked: argparse.Namespace) -> dict[str, object]:
    """A daemon and two workers, of which one sees the directory as another machine does."""
    mail = LyingMailServer(1)
    mail.lies = False
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="qw-chaos-")))
        server = stack.enter_context(private_postgresql())
        notices = Notices(POSTINGS, LISTS, 1)
        stack.callback(notices.close)
        port = stack.enter_context(serving(mail))
        installation = Installation(home, asked.here, server.empty(), notices, port, workers=2)
        installation.elsewhere = {"worker 2": asked.there}
        installation.configure()
        stack.callback(installation.kill)
        notices.published = POSTINGS // 2
        installation.start()
        began = time.monotonic()
        half = wait_until(lambda: is_settled(installation, mail), 600, 3)
        told = _take_away(asked, installation) if asked.away else ""
        installation.kill("worker 1")
        notices.published = POSTINGS
        installation.start()
        settled = half and wait_until(lambda: is_settled(installation, mail), 600, 3)
        wait_until(lambda: not installation.look().unfinished, 120, 0.5)
        installation.stop()
        losses = count(installation, mail, 1, 0.0, settled=settled)
        seen = installation.seen_from(asked.there)
        figures = {**asdict(losses), "unproven_seen_from_there": seen, "told_while_it_was_away": told}
        figures["seconds"] = round(time.monotonic() - began)
        return {**figures, "bad": losses.bad + seen}


def _take_away(asked: argparse.Namespace, installation: Installation) -> str:
    """What was told while the file server was away, with news meanwhile."""
    subprocess.run(shlex.split(asked.away), check=True)
    began, installation.notices.published = time.monotonic(), POSTINGS // 2 + LISTS
    told = "nothing"
    while time.monotonic() < began + AWAY_SECONDS and told == "nothing":
        health = installation.health()
        if health is None or health["status"] != "ok":
            said = "; ".join(health["problems"]) if health else "no answer"
            told = f"{said}, after {time.monotonic() - began:.0f} s"
        time.sleep(1)
    subprocess.run(shlex.split(asked.back), check=True)
    return told


if __name__ == "__main__":
    sys.exit(main())
