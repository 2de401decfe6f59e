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


@dataclass(slots=True)
class Installation:
    """A folder with a configuration, and the daemon that runs there, if one does."""

    folder: Path
    """Of its configuration and its log."""
    volume: Path
    """What it keeps lies here, which may be a file system of its own."""
    database: str
    """Its address; empty: SQLite in the folder."""
    notices: Notices
    mail_port: int
    metrics_port: int = field(default_factory=free_port)
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def configure(self) -> None:
        """Write its configuration."""
        (self.folder / "qualwatch.toml").write_text(
            "administrator = 'admin@example.com'\n"
            f"[storage]\ndirectory = '{self.directory}'\ndatabase = '{self.database}'\n"
            "least_free_megabytes = 0\n"
            f"[fetching]\nallow_private_hosts = ['{self.notices.site.host}']\ndelay_seconds = 0\n"
            "[detection]\nocr_processes = 0\n"
            "[mail]\nchannel = 'smtp'\nalerts_per_hour = 1000\ndigest_at = '23:59'\n"
            f"[mail.smtp]\nhost = '127.0.0.1'\nport = {self.mail_port}\nsecurity = 'none'\n"
            "timeout_seconds = 5\n"
            f"[metrics]\nport = {self.metrics_port}\n[console]\nenabled = false\n"
            "[[supervisors]]\nname = '李'\nemail = 'li@example.com'\nsuperior = 'head@example.com'\n"
            "working_days = [1, 2, 3, 4, 5, 6, 7]\nworking_hours = '00:00-24:00'\n"
            f"{self.notices.sources()}",
            encoding="utf-8",
        )

    @property
    def directory(self) -> Path:
        """Where it keeps what it keeps."""
        return self.volume / "var"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def start(self) -> None:
        """Begin, without waiting until it is ready."""
        environment = {name: value for name, value in os.environ.items() if "QUALWATCH" not in name}
        environment |= {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **self.environment}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "qualwatch", "run", "--config", "qualwatch.toml"],
                cwd=self.folder,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self) -> None:
        """As the kernel kills what takes too much memory: at once, and nothing is told."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> int:
        """End it as its service does; its exit code."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()
            return -9

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

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

    def sample(self, name: str) -> float | None:
        """The value of a series of ``/metrics``, by its name with labels; None where there is none."""
        try:
            with urllib.request.urlopen(f"{self._address}/metrics", timeout=10) as answer:  # noqa: S310 - ours
                text = answer.read().decode()
        except OSError:
            return None
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else None

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
        address = self.database or f"sqlite:///{self.directory / 'qualwatch.sqlite3'}"
        engine = open_database(address)
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
                unproven = self._unproven(versions)
        finally:
            engine.dispose()
        return Kept(by_url, urls, waiting, dead, unfinished, len(versions), unproven)

    def _unproven(self, versions: Sequence[DocumentVersion]) -> int:
        """Versions whose evidence cannot be read, or is of something else."""
        bad = 0
        with EvidenceStore(self.directory / "evidence") as evidence:
            for version in versions:
                ref = EvidenceRef(
                    version.evidence_file,
                    version.evidence_record,
                    version.body_sha256,
                    version.evidence_offset,
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


def wait_until(what: Callable[[], object], seconds: float, every: float = 0.25) -> bool:
    """Whether ``what`` came true in time."""
    until = time.monotonic() + seconds
    while not what():
        if time.monotonic() > until:
            return False
        time.sleep(every)
    return True
