from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from settings.model import Fetching
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
