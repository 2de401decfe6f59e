"""Databases of each kind for the storage tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from storage.database import open_database
from tests.parts.databases import PostgresqlServer, copy_migrated


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind; a migrated one for a test that asks for ``engine`` too."""
    migrated = "engine" in request.fixturenames
    if request.param == "sqlite":
        file = tmp_path / "qualwatch.sqlite3"
        return f"sqlite:///{copy_migrated(file) if migrated else file}"
    server: PostgresqlServer = request.getfixturevalue("postgresql_server")
    return server.migrated() if migrated else server.empty()


@pytest.fixture
def bare_engine(database_url: str) -> Iterator[Engine]:
    """A database without tables."""
    engine = open_database(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A database with the tables of this version."""
    engine = open_database(database_url)
    yield engine
    engine.dispose()
