"""A console that is really served, over a real database with one case."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from alerts.metrics.collected import Metrics
from assessment.workers import Workers
from console.serving import serve_console
from crawling.fetching.fetcher import Fetcher
from jobs.context import Context
from settings.model import Settings
from storage.evidence import EvidenceStore
from tests.console.visitor import Clock, Room
from tests.parts.databases import open_migrated
from tests.parts.operators import Operator


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.model_validate(
        {
            "administrator": "admin@example.com",
            "storage": {"directory": str(tmp_path)},
            "supervisors": [
                {"name": "王科长", "email": "wang@example.com", "superior": "chu@example.com"},
                {"name": "李科长", "email": "li@example.com"},
            ],
            "mail": {"immediate_from": "medium"},
            "console": {"port": 0},
        }
    )


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    engine = open_migrated(settings.storage.database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def context(settings: Settings, engine: Engine) -> Iterator[Context]:
    fetcher = Fetcher(settings.fetching)
    with EvidenceStore(settings.storage.evidence_directory) as evidence:
        yield Context(settings, engine, evidence, fetcher, Workers(0, 10), now=Clock())
    fetcher.close()


@pytest.fixture
def room(context: Context) -> Iterator[Room]:
    metrics = Metrics(context.engine, (), context.now)
    with serve_console(lambda: context, metrics) as (url, _):
        yield Room(url, context, metrics)


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    somebody = Operator(tmp_path)
    yield somebody
    somebody.end_all()
