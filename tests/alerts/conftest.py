"""A real database and a configuration with one supervisor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from settings.model import Settings
from storage.database import open_database
from storage.migrate import upgrade


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{tmp_path / 'qualwatch.sqlite3'}")
    upgrade(engine)
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
