"""Real databases for tests: a SQLite file and a PostgreSQL cluster, with the tables made once for the run.

Running the migrations takes half a second; a copy of what they made takes a fiftieth of that. Each process of
``pytest -n`` has templates and a cluster of its own.
"""

from __future__ import annotations

import functools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, Dialect, Engine, event, make_url
from sqlalchemy.util import LRUCache

from storage.database import open_database
from storage.migrate import upgrade

_TEMPLATE = "migrated_template"
_COMPILED_STATEMENTS = 4000
_DISK = Path("/var/tmp")  # noqa: S108 - folders of its own names are made there
_first: dict[str, tuple[Dialect, LRUCache[Any, Any]]] = {}
"""By driver: what its first engine knows of the database, and the statements that all of them share."""


@event.listens_for(Engine, "engine_connect")
def _share_statements(connection: Connection) -> None:
    """Each statement of the program is compiled once for the run.

    An engine compiles for itself, and each test has its own: they spent two thirds of their time on that.
    """
    engine = connection.engine
    dialect, compiled = _first.setdefault(engine.driver, (engine.dialect, LRUCache(_COMPILED_STATEMENTS)))
    if engine.get_execution_options().get("compiled_cache") is not compiled:
        engine.dialect = dialect
        engine.update_execution_options(compiled_cache=compiled)


def open_migrated(url: str) -> Engine:
    """The new SQLite database ``url`` with the tables of this version."""
    copy_migrated(Path(str(make_url(url).database)))
    return open_database(url)


def copy_migrated(file: Path) -> Path:
    """``file`` with an empty database of this version; one that is there already stays as it is."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_migrated_file())
    return file


@functools.cache
def _migrated_file() -> bytes:
    with tempfile.TemporaryDirectory(prefix="qw-template-") as folder:
        file = Path(folder) / "template.sqlite3"
        engine = open_database(f"sqlite:///{file}")
        upgrade(engine)
        engine.dispose()  # the last connection takes the write-ahead log into the file
        return file.read_bytes()


class PostgresqlServer:
    """A private cluster; its databases go with it."""

    def __init__(self, address: str, control: Callable[..., object]) -> None:
        """``control`` runs the server's own program with these words."""
        self.address = address
        """Without the name of a database."""
        self._control = control
        self._has_template = False

    def stop(self) -> None:
        """End it as its service does: everybody's connections are cut."""
        self._control("-m", "fast", "stop")

    def start(self) -> None:
        """Where it has ended."""
        self._control("start")

    @property
    def runs(self) -> bool:
        """Whether it takes connections."""
        try:
            self._execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def restart(self) -> None:
        self._control("-m", "fast", "restart")

    def empty(self) -> str:
        """Address of a new database without tables."""
        return self._create("template1")

    def migrated(self) -> str:
        """Address of a new database with the tables of this version."""
        if not self._has_template:
            self._execute(f'CREATE DATABASE "{_TEMPLATE}"')
            engine = open_database(f"{self.address}/{_TEMPLATE}")
            upgrade(engine)
            engine.dispose()
            self._has_template = True
        return self._create(_TEMPLATE)

    def _create(self, template: str) -> str:
        name = f"test_{uuid.uuid4().hex}"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return f"{self.address}/{name}"

    def _execute(self, statement: str) -> None:
        with psycopg.connect(f"{self.address}/postgres", autocommit=True) as connection:
            connection.execute(statement.encode())


def run_postgresql() -> Iterator[PostgresqlServer]:
    """A cluster while the generator is held; the test that asks is skipped where there can be none."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    # Not below pytest's own directory, which only its owner may enter; and on the disk, which it never waits
    # for: its hundreds of databases are too much for memory.
    home = Path(tempfile.mkdtemp(prefix="qw-pg-", dir=_DISK if _DISK.is_dir() else None))
    try:
        if os.geteuid() == 0:
            try:
                account = pwd.getpwnam("postgres")
            except KeyError:
                pytest.skip("root cannot run PostgreSQL and there is no user 'postgres'")
            os.chown(home, account.pw_uid, account.pw_gid)
        yield from _run_cluster(programs, home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _programs() -> Path | None:
    """The newest of Debian's versioned folders, else what PATH offers."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    if folders:
        return folders[-1]
    found = shutil.which("initdb")
    return Path(found).parent if found else None


def _as_server_user(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root; Debian's package brings the user ``postgres``."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _run_cluster(programs: Path, home: Path) -> Iterator[PostgresqlServer]:
    data, port = str(home / "data"), _free_port()
    make = [str(programs / "initdb"), "-D", data, "-U", "qualwatch", "-E", "UTF8", "--locale=C.UTF-8"]
    subprocess.run(
        _as_server_user([*make, "-A", "trust", "--no-sync"]), check=True, capture_output=True, cwd=home
    )
    # Nothing of it outlives the run, so nothing is worth waiting for the disk.
    careless = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= {careless}"
    words = [str(programs / "pg_ctl"), "-D", data, "-w", "-l", str(home / "log"), "-o", options]

    def control(*more: str) -> None:
        subprocess.run(_as_server_user([*words, *more]), check=True, stdout=subprocess.DEVNULL, cwd=home)

    control("start")
    try:
        yield PostgresqlServer(f"postgresql://qualwatch@127.0.0.1:{port}", control)
    finally:
        if (home / "data" / "postmaster.pid").exists():
            control("-m", "immediate", "stop")
