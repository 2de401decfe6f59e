"""A real installation of its own folder: started, killed, starved, and looked into afterwards."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from eval.chaos.notices import Notices
from storage.database import open_database
from storage.errors import EvidenceError
from storage.evidence import EvidenceRef, EvidenceStore
from storage.tables import Case, Document, DocumentVersion, OutboxMessage, Visit
from tests.alerts.mailserver import free_port
from vocabulary.codes import OutboxState

ROOT = Path(__file__).parents[2]
_EVENT = re.compile(r"^\S+ \S+ \[\w+ *\] (\w+)", re.MULTILINE)
DAEMON = "daemon"
_KEPT = "var"
"""Folder of a volume."""
STOP_SECONDS = 60.0


@dataclass(slots=True)
class Installation:
    """A folder with a configuration, and the programs that run there, if they do."""

    folder: Path
    """Of its configuration and its log."""
    volume: Path
    """What it keeps lies here, which may be a file system of its own."""
    database: str
    """Its address; empty: SQLite in the folder."""
    notices: Notices
    mail_port: int
    workers: int = 0
    """Programs that do the work; 0: the daemon does it itself."""
    visits_at_once: int = 4
    console: bool = False
    allowed: Sequence[str] = ()
    """Hosts beside that of the notices that it may ask."""
    more: str = ""
    """Sources and whatever else its configuration has at its end."""
    metrics_port: int = field(default_factory=free_port)
    console_port: int = field(default_factory=free_port)
    environment: Mapping[str, str] = field(default_factory=dict)
    before: Sequence[str] = ()
    """Words of the command before the program's own."""
    elsewhere: Mapping[str, Path] = field(default_factory=dict)
    """Where a program sees the volume, if not there: as another machine that shares it does."""
    programs: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def configure(self) -> None:
        """Write its configuration; what runs looks at it every few seconds."""
        for config, volume in ((self.config, self.volume), *self._configured_elsewhere()):
            written = config.with_suffix(".new")
            written.write_text(self._configuration(volume), encoding="utf-8")
            written.rename(config)

    def _configured_elsewhere(self) -> Sequence[tuple[Path, Path]]:
        return [(self._config_of(name), volume) for name, volume in self.elsewhere.items()]

    def _config_of(self, name: str) -> Path:
        return self.folder / f"{name}.toml" if name in self.elsewhere else self.config

    def _configuration(self, volume: Path) -> str:
        mode = "workers = 'procrastinate'\n" if self.workers else ""
        hosts = ", ".join(map(repr, (*self.notices.hosts(), *self.allowed)))
        console = f"port = {self.console_port}" if self.console else "enabled = false"
        return (
            f"administrator = 'admin@example.com'\n{mode}"
            f"[storage]\ndirectory = '{volume / _KEPT}'\ndatabase = '{self.database}'\n"
            "least_free_megabytes = 0\n"
            f"[fetching]\nallow_private_hosts = [{hosts}]\n"
            f"delay_seconds = 0\ntimeout_seconds = 5\nvisits_at_once = {self.visits_at_once}\n"
            "[detection]\nocr_processes = 0\n"
            "[mail]\nchannel = 'smtp'\nalerts_per_hour = 1000\ndigest_at = '23:59'\n"
            f"[mail.smtp]\nhost = '127.0.0.1'\nport = {self.mail_port}\nsecurity = 'none'\n"
            "timeout_seconds = 5\n"
            f"[metrics]\nport = {self.metrics_port}\n[console]\n{console}\n"
            "[[supervisors]]\nname = '李'\nemail = 'li@example.com'\nsuperior = 'head@example.com'\n"
            "working_days = [1, 2, 3, 4, 5, 6, 7]\nworking_hours = '00:00-24:00'\n"
            f"{self.notices.sources()}{self.more}"
        )

    @property
    def config(self) -> Path:
        return self.folder / "qualwatch.toml"

    @property
    def directory(self) -> Path:
        """Where it keeps what it keeps."""
        return self.volume / _KEPT

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def names(self) -> Sequence[str]:
        """The programs that belong to it."""
        return (DAEMON, *(f"worker {number + 1}" for number in range(self.workers)))

    def start(self) -> None:
        """Begin what does not run, without waiting until it is ready."""
        for name in self.names:
            if not self.runs(name):
                self._begin(name)

    def _begin(self, name: str) -> None:
        command = "run" if name == DAEMON else "worker"
        with self.log.open("ab") as log:
            self.programs[name] = subprocess.Popen(
                [
                    *self.before,
                    sys.executable,
                    "-m",
                    "qualwatch",
                    command,
                    "--config",
                    self._config_of(name).name,
                ],
                cwd=self.folder,
                env=self.surroundings(),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def surroundings(self) -> dict[str, str]:
        """Environment of its programs."""
        kept = {name: value for name, value in os.environ.items() if "QUALWATCH" not in name}
        return kept | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **self.environment}

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one of its commands to its end."""
        return subprocess.run(
            [sys.executable, "-m", "qualwatch", *words],
            cwd=self.folder,
            env=self.surroundings(),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def kill(self, *names: str) -> None:
        """As the kernel kills what takes too much memory: at once, and nothing is told; all or ``names``."""
        for name in names or tuple(self.programs):
            self.programs[name].kill()
            self.programs[name].wait()

    def stop(self) -> int:
        """End everything as its service does; the worst exit code."""
        running = [each for each in self.programs.values() if each.poll() is None]
        for each in running:
            each.send_signal(signal.SIGTERM)
        codes = [0]
        for each in running:
            try:
                codes.append(abs(each.wait(STOP_SECONDS)))
            except subprocess.TimeoutExpired:
                each.kill()
                codes.append(each.wait() or 1)
        return max(codes)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the daemon."""
        self.programs[DAEMON].send_signal(number)

    @property
    def pid(self) -> int:
        """Of the daemon."""
        return self.programs[DAEMON].pid

    def runs(self, name: str = DAEMON) -> bool:
        program = self.programs.get(name)
        return program is not None and program.poll() is None

    def health(self) -> dict[str, Any] | None:
        """What ``/healthz`` says; None where nobody answers."""
        try:
            with urllib.request.urlopen(f"{self._address}/healthz", timeout=5) as answer:  # noqa: S310 - ours
                body = answer.read()
        except urllib.error.HTTPError as error:
            body = error.read()
        except OSError:
            return None
        return dict(json.loads(body))

    def sample(self, name: str) -> float:
        """The largest value of a series of ``/metrics``; see :func:`series_value`."""
        try:
            with urllib.request.urlopen(f"{self._address}/metrics", timeout=10) as answer:  # noqa: S310 - ours
                text = answer.read().decode()
        except OSError:
            return 0.0
        return series_value(text, name)

    @property
    def address(self) -> str:
        """Of its database."""
        return self.database or f"sqlite:///{self.directory / 'qualwatch.sqlite3'}"

    @property
    def _address(self) -> str:
        return f"http://127.0.0.1:{self.metrics_port}"

    def events(self) -> Counter[str]:
        """How often each event stands in the log."""
        return Counter(_EVENT.findall(self.log.read_text(encoding="utf-8", errors="replace")))

    def tracebacks(self) -> int:
        return self.log.read_text(encoding="utf-8", errors="replace").count(
            "Traceback (most recent call last)"
        )

    def look(self) -> Kept:
        """What it keeps."""
        engine = open_database(self.address)
        try:
            with Session(engine) as session:
                by_url = Counter(session.exec(select(Case.url)).all())
                waiting = session.exec(
                    select(func.count())
                    .select_from(OutboxMessage)
                    .where(col(OutboxMessage.state).in_((OutboxState.WAITING, OutboxState.LEASED)))
                ).one()
                dead = session.exec(
                    select(func.count())
                    .select_from(OutboxMessage)
                    .where(OutboxMessage.state == OutboxState.DEAD)
                ).one()
                unfinished = session.exec(
                    select(func.count()).select_from(Visit).where(col(Visit.finished_at).is_(None))
                ).one()
                urls = Counter(session.exec(select(Document.url)).all())
                versions = session.exec(select(DocumentVersion)).all()
                unproven = _unproven(versions, self.directory)
        finally:
            engine.dispose()
        return Kept(by_url, urls, waiting, dead, unfinished, len(versions), unproven)

    def seen_from(self, volume: Path) -> int:
        """Versions that prove nothing to who sees what is kept in this place."""
        engine = open_database(self.address)
        try:
            with Session(engine) as session:
                return _unproven(session.exec(select(DocumentVersion)).all(), volume / _KEPT)
        finally:
            engine.dispose()


def _unproven(versions: Sequence[DocumentVersion], directory: Path) -> int:
    """Versions whose evidence cannot be read, or is of something else."""
    bad = 0
    with EvidenceStore(directory / "evidence") as evidence:
        for version in versions:
            ref = EvidenceRef(
                version.evidence_file, version.evidence_record, version.body_sha256, version.evidence_offset
            )
            try:
                evidence.read(ref)
            except EvidenceError:
                bad += 1
    return bad


@dataclass(frozen=True, slots=True)
class Kept:
    """What a database and its evidence hold."""

    cases: Counter[str]
    """By the address of their page."""
    documents: Counter[str]
    waiting: int
    dead: int
    unfinished: int
    versions: int
    unproven: int


def series_value(metrics: str, name: str) -> float:
    """The largest value of a series, named with some of its labels or with none; 0 where there is none."""
    series, _, labels = name.rstrip("}").partition("{")
    some = rf"\{{[^}}]*{re.escape(labels)}[^}}]*\}}"
    wanted = rf"^{re.escape(series)}{some if labels else f'(?:{some})?'} (\S+)$"
    return max((float(value) for value in re.findall(wanted, metrics, re.MULTILINE)), default=0.0)


def wait_until(what: Callable[[], object], seconds: float, every: float = 0.25) -> bool:
    """Whether ``what`` came true in time."""
    until = time.monotonic() + seconds
    while not what():
        if time.monotonic() > until:
            return False
        time.sleep(every)
    return True
