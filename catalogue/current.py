"""How complete the imported lists make the catalogue."""

from __future__ import annotations

from catalogue.completeness import Completeness, completeness
from catalogue.imported import ImportedLists
from catalogue.loading import load_catalogue


def current_completeness(imported: ImportedLists) -> tuple[Completeness, ...]:
    """Every official list, as the shipped data and ``imported`` know it."""
    return completeness(load_catalogue(imported), imported.unpacked())
