"""Starts that cannot work, files that others may read, a backup that comes back, markup without end.

A start that cannot work ends with one sentence, and says by its exit code whether trying again may help.
"""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from eval.chaos.installation import Installation, wait_until
from eval.chaos.kills import is_settled
from eval.chaos.lying import LyingMailServer
from eval.chaos.notices import Notices
from extraction import extract
from tests.alerts.mailserver import serving
from tests.parts.volumes import fill_up, make_read_only, small_volume

POSTINGS, LISTS = 40, 4
MEND_IT = 2
_SHORT, _LONG = 46_000, 736_000
_MARKUP = "<b><i><u><a href=x>"
_OF_THE_MOMENT = ("lease", "host_pace")
"""Tables that say who is at work now."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing tried, and whether it came out as it should."""

    name: str
    is_right: bool
    note: str


def try_starts(stack: ExitStack, home: Path, seed: int) -> Iterator[Finding | str]:
    """Everything in turn, on SQLite; a sentence for what cannot be tried here."""
    mail = LyingMailServer(seed)
    mail.lies = False
    notices = Notices(POSTINGS, LISTS, seed)
    stack.callback(notices.close)
    port = stack.enter_context(serving(mail))
    installation = Installation(
        home, home, "", notices, port, before=("sh", "-c", 'umask 0; exec "$@"', "sh")
    )
    installation.configure()
    stack.callback(installation.kill)
    installation.start()
    notices.published = POSTINGS // 2
    # Cases that are found and not told yet change when they are, with a backup or without.
    if not wait_until(lambda: is_settled(installation, mail), 180, 1):
        raise SystemExit(f"the daemon did not begin: see {installation.log}")
    yield _modes(installation)
    copied = installation.command("backup", str(home / "backup"), "--config", installation.config.name)
    installation.stop()
    yield _restored(installation, copied)
    yield _taken_port(installation)
    yield _newer(installation)
    yield from _bad_disks(installation)
    yield _endless_markup()


def _has_found(installation: Installation) -> bool:
    health = installation.health()
    return health is not None and len(installation.look().cases) >= installation.notices.published


def _modes(installation: Installation) -> Finding:
    """Nothing that it keeps may be read by others, though the umask would let them."""
    kept = [installation.directory, *installation.directory.rglob("*")]
    open_ = [path for path in kept if path.stat().st_mode & 0o077]
    shown = ", ".join(str(path.relative_to(installation.directory)) for path in open_[:5])
    note = f"{len(kept)} files and folders, {len(open_)} with a bit for others {shown}".strip()
    return Finding("H: files are their owner's alone", not open_, note)


def _restored(installation: Installation, copied: subprocess.CompletedProcess[str]) -> Finding:
    """A backup of the running daemon, restored: the same rows, and a start that changes no case."""
    name = "M: a restored backup judges as before"
    if copied.returncode:
        return Finding(name, False, copied.stderr.strip()[-200:])
    before = _rows(_database(installation))
    installation.directory.rename(installation.directory.with_name("before"))
    restored = installation.command(
        "restore", str(installation.folder / "backup"), "--config", "qualwatch.toml"
    )
    if restored.returncode:
        return Finding(name, False, restored.stderr.strip()[-200:])
    after = _rows(_database(installation))
    cases = _states(installation)
    installation.start()
    installation.notices.published = POSTINGS
    went_on = wait_until(lambda: _has_found(installation), 180, 1)
    installation.stop()
    now = _states(installation)
    changed = [f"{state} → {now.get(url)}" for url, state in cases.items() if now.get(url) != state]
    missing = [table for table, count in after.items() if count > before[table]]
    note = f"{sum(after.values())} rows of {sum(before.values())}, {len(changed)} cases changed by the start"
    note = " ".join([note, *sorted(set(changed))])
    return Finding(name, went_on and not changed and not missing and len(cases) >= POSTINGS // 2, note)


def _database(installation: Installation) -> Path:
    return installation.directory / "qualwatch.sqlite3"


def _rows(database: Path) -> dict[str, int]:
    with closing(sqlite3.connect(database)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            table: connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]  # noqa: S608 - its own names
            for (table,) in tables
            if table not in _OF_THE_MOMENT
        }


def _states(installation: Installation) -> dict[str, str]:
    with closing(sqlite3.connect(_database(installation))) as connection:
        return dict(connection.execute('SELECT url, state FROM "case"').fetchall())


def _taken_port(installation: Installation) -> Finding:
    with closing(socket.create_server(("127.0.0.1", installation.metrics_port))):
        return _refused(installation, "N: a port that was written and is taken is refused", "metrics.port")


def _newer(installation: Installation) -> Finding:
    """A database of a later version is left as it is."""
    with closing(sqlite3.connect(_database(installation))) as connection:
        (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        connection.execute("UPDATE alembic_version SET version_num = 'from the future'")
        connection.commit()
    finding = _refused(installation, "a database of a newer version is refused", "")
    with closing(sqlite3.connect(_database(installation))) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        connection.commit()
    return finding


def _bad_disks(installation: Installation) -> Iterator[Finding | str]:
    for fault, spoil in (("full", fill_up), ("read-only", make_read_only)):
        name = f"K: a start with the disk {fault}"
        try:
            with _volume(installation.folder / fault.replace("-", "_")) as volume:
                (volume / "var").mkdir(mode=0o700)
                on_it = Installation(
                    installation.folder, volume, "", installation.notices, installation.mail_port
                )
                on_it.configure()
                spoil(volume)
                yield _refused(on_it, name, "")
        except PermissionError as error:
            yield f"{name}: {error}"


@contextmanager
def _volume(place: Path) -> Iterator[Path]:
    try:
        with small_volume(place, "4m") as volume:
            yield volume
    except pytest.skip.Exception as error:
        raise PermissionError("mounting a small file system needs root") from error


def _refused(installation: Installation, name: str, says: str) -> Finding:
    ended = installation.command("run", "--config", installation.config.name)
    said = [line for line in ended.stderr.splitlines() if line.startswith("qualwatch: ")]
    is_one = len(said) == 1 and "Traceback" not in ended.stderr + ended.stdout
    note = f"exit code {ended.returncode}: {said[0][:160] if said else ended.stderr[-160:]}"
    return Finding(name, is_one and ended.returncode == MEND_IT and says in ended.stderr, note)


def _endless_markup() -> Finding:
    """Sixteen times the bytes take about sixteen times as long."""
    short, long = (_seconds_for(_page(size)) for size in (_SHORT, _LONG))
    note = f"{short:.2f} s for {_SHORT // 1000} kB, {long:.2f} s for {_LONG // 1000} kB"
    return Finding("O: misnested markup takes time that grows with its length", long < 48 * short + 0.1, note)


def _page(size: int) -> bytes:
    return f"<html><body><p>须持证</p>{_MARKUP * (size // len(_MARKUP))}</body></html>".encode()


def _seconds_for(page: bytes) -> float:
    began = time.process_time()
    extract(page, media_type="text/html")
    return time.process_time() - began
