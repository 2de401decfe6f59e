from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assessment.workers import Workers
from settings.model import Fetching, Settings
from settings.retention import Storage
from tests.jobs.house import Clock, House, furnished
from tests.jobs.loopback import Site
from tests.jobs.operators import Operator


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
