"""Real databases for the storage tests: SQLite files, and a PostgreSQL cluster started for the run."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine

from storage.database import open_database
from storage.migrate import upgrade


def _postgresql_programs() -> Path | None:
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


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Address of a private cluster, without the database name."""
    programs = _postgresql_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    # Not below pytest's own directory, which only its owner may enter.
    home = Path(tempfile.mkdtemp(prefix="qw-pg-"))
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


def _run_cluster(programs: Path, home: Path) -> Iterator[str]:
    data, port = str(home / "data"), _free_port()
    make = [str(programs / "initdb"), "-D", data, "-U", "qualwatch", "-E", "UTF8", "--locale=C.UTF-8"]
    subprocess.run(
        _as_server_user([*make, "-A", "trust", "--no-sync"]), check=True, capture_output=True, cwd=home
    )
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
    control = [str(programs / "pg_ctl"), "-D", data, "-w", "-l", str(home / "log")]
    subprocess.run(
        _as_server_user([*control, "-o", options, "start"]), check=True, stdout=subprocess.DEVNULL, cwd=home
    )
    try:
        yield f"postgresql://qualwatch@127.0.0.1:{port}"
    finally:
        subprocess.run(
            _as_server_user([*control, "-m", "immediate", "stop"]), check=True, capture_output=True, cwd=home
        )


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'qualwatch.sqlite3'}"
    server = request.getfixturevalue("postgresql_server")
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return f"{server}/{name}"


@pytest.fixture
def bare_engine(database_url: str) -> Iterator[Engine]:
    """A database without tables."""
    engine = open_database(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(bare_engine: Engine) -> Engine:
    """A database with the tables of this version."""
    upgrade(bare_engine)
    return bare_engine
