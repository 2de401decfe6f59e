"""The imported lists beside which this process runs, and how complete they make the catalogue."""

from __future__ import annotations

from pathlib import Path

from catalogue.completeness import Completeness, completeness
from catalogue.loading import load_catalogue
from catalogue.overlay import read_imports


def current_completeness(directory: Path) -> tuple[Completeness, ...]:
    """Every official list with the lists imported into ``directory``; ValueError where one is damaged."""
    return completeness(load_catalogue(directory), read_imports(directory))
