"""Writes the commented ``qualwatch.toml`` that an operator starts from."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def default_text() -> str:
    """The commented file: every key with its default, all commented out, so that the defaults hold."""
    return (files("settings") / "default.toml").read_text(encoding="utf-8")


def write_default(path: Path) -> bool:
    """Write the commented file to ``path``; False where something is there already, which stays as it is.

    Raises ``OSError`` where the folder is missing or not writable.
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(default_text())
    except FileExistsError:
        return False
    return True
