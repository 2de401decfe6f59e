"""A database of each kind with the tables of this version, and a few people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from storage.database import open_database
from tests.accounts.office import Office
from tests.parts.databases import PostgresqlServer, copy_migrated


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        url = f"sqlite:///{copy_migrated(tmp_path / 'qualwatch.sqlite3')}"
    else:
        server: PostgresqlServer = request.getfixturevalue("postgresql_server")
        url = server.migrated()
    engine = open_database(url)
    yield engine
    engine.dispose()


@pytest.fixture
def office(engine: Engine) -> Office:
    return Office(engine)
