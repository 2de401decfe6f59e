"""A fetcher that waits for nothing, and what it would have waited."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crawling.fetching.fetcher import Fetcher
from settings.model import Fetching
from tests.crawling.asking import Waits


@pytest.fixture
def waits() -> Waits:
    return []


@pytest.fixture
def fetcher(fetching: Fetching, waits: Waits) -> Iterator[Fetcher]:
    running = Fetcher(fetching, sleep=waits.append)
    yield running
    running.close()
