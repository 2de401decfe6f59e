"""What tests of every room may ask for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog

from tests.databases import PostgresqlServer, run_postgresql


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    """A private cluster, started by the first test that asks."""
    yield from run_postgresql()


@pytest.fixture(autouse=True)
def fresh_log() -> Iterator[None]:
    """A command that a test runs in its own process sets up the log: no later test shall inherit that."""
    yield
    structlog.reset_defaults()
