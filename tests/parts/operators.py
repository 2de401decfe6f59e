"""Somebody with a shell who runs the real command line in a folder of their own."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from tests.parts.commands import Started, run_command
from tests.parts.loopback import Site

QUALWATCH = (sys.executable, "-m", "qualwatch")
ROOT = Path(__file__).parents[2]


class Operator:
    """Somebody with a shell in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[Started | subprocess.Popen[str]] = []
        self.environment = {name: value for name, value in os.environ.items() if "QUALWATCH" not in name}
        self.environment |= {"PYTHONPATH": str(ROOT), "COLUMNS": "200"}

    def configure(self, *sources: str, site: Site, processes: int = 0) -> None:
        """Watch these sources; pages are read by so many ``processes`` of their own, 0: by the program."""
        tables = "".join(
            f'[[sources]]\nname = "{name}"\nurl = "{site.address}/{name}/"\n' for name in sources
        )
        (self.folder / "qualwatch.toml").write_text(
            f"[fetching]\nallow_private_hosts = ['{site.host}']\ndelay_seconds = 0\ntimeout_seconds = 2\n"
            f"[metrics]\nport = 0\n[detection]\nprocesses = {processes}\n{tables}"
        )

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        done = run_command(words, self.folder, self.environment)
        return subprocess.CompletedProcess(words, done.returncode, done.stdout.decode(), done.stderr.decode())

    def start(self, *words: str) -> Started:
        """A command that goes on beside the test; ``end_all`` ends it."""
        process = Started(words, self.folder, self.environment)
        self.started.append(process)
        return process

    def start_alone(self, *words: str) -> subprocess.Popen[str]:
        """The same as a process that shares no memory with any other."""
        process = subprocess.Popen(
            [*QUALWATCH, *words],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(process)
        return process

    def count(self, table: str, where: str = "1") -> int:
        path = self.folder / "var" / "qualwatch.sqlite3"
        if not path.exists():
            return 0
        with contextlib.closing(sqlite3.connect(path)) as database:
            try:
                row = database.execute(f'select count(*) from "{table}" where {where}').fetchone()  # noqa: S608
            except sqlite3.OperationalError:  # not migrated yet
                return 0
        return int(row[0])

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with contextlib.closing(sqlite3.connect(self.folder / "var" / "qualwatch.sqlite3")) as database:
            return database.execute(query).fetchall()

    def mails(self) -> list[EmailMessage]:
        parser = BytesParser(EmailMessage, policy=policy.default)
        return [
            parser.parsebytes(file.read_bytes())
            for file in sorted((self.folder / "var" / "mail" / "new").glob("*"))
        ]

    def message_ids(self) -> list[str]:
        return [str(mail["Message-ID"]) for mail in self.mails()]

    def end_all(self) -> None:
        for process in self.started:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()
