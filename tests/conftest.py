"""What tests of every room may ask for."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator, Iterator
from itertools import islice
from pathlib import Path

import pytest
import structlog

from assessment.workers import Workers
from settings.model import Fetching, Settings
from settings.retention import Storage
from tests.parts.databases import PostgresqlServer, run_postgresql
from tests.parts.folders import keep_in_memory
from tests.parts.house import Clock, House, furnished
from tests.parts.loopback import Site
from tests.parts.operators import Operator

keep_in_memory()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """The program and all tests stay until the end: nobody looks through them for what nobody needs."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests begin first: the last that ends should be a short one.

    Each process of ``pytest -n`` begins with an equal share of the list, as it stands.
    """
    shares = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    long = [item for item in items if item.get_closest_marker("long")]
    others = iter([item for item in items if not item.get_closest_marker("long")])
    ordered: list[pytest.Item] = []
    for share in range(shares):
        size = (len(items) - len(ordered)) // (shares - share)
        first = long[share::shares]
        ordered += [*first, *islice(others, max(0, size - len(first)))]
    items[:] = ordered


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    """A private cluster, started by the first test that asks."""
    yield from run_postgresql()


@pytest.fixture(autouse=True)
def fresh_log() -> Iterator[None]:
    """A command that a test runs in its own process sets up the log: no later test shall inherit that."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def site() -> Iterator[Site]:
    running = Site()
    yield running
    running.close()


@pytest.fixture
def fetching(site: Site) -> Fetching:
    """Settings that allow the test site and do not wait."""
    return Fetching(
        allow_private_hosts=(site.host,), delay_seconds=0, timeout_seconds=2, total_seconds=4, threads=4
    )


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    somebody = Operator(tmp_path)
    yield somebody
    somebody.end_all()


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    """A process that reads pages, shared by the tests of a module."""
    with Workers(1, timeout_seconds=20) as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(fetching: Fetching, tmp_path: Path) -> Settings:
    return Settings(fetching=fetching, storage=Storage(directory=tmp_path / "var"))


@pytest.fixture
def house(settings: Settings, site: Site) -> Iterator[House]:
    """A house that reads pages in the test's own process, by the real clock."""
    with furnished(settings, site) as open_house:
        yield open_house
