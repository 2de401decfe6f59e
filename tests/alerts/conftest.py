"""A real database and a configuration with one supervisor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from settings.model import Settings
from tests.parts.databases import open_migrated


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_migrated(f"sqlite:///{tmp_path / 'qualwatch.sqlite3'}")
    yield engine
    engine.dispose()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.model_validate(
        {
            "administrator": "admin@example.com",
            "storage": {"directory": str(tmp_path)},
            "supervisors": [{"name": "王科长", "email": "wang@example.com"}],
            "mail": {"immediate_from": "medium"},
        }
    )
