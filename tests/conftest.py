"""What tests of every room may ask for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.databases import PostgresqlServer, run_postgresql


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    """A private cluster, started by the first test that asks."""
    yield from run_postgresql()
