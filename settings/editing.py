"""Changing ``qualwatch.toml`` as its owner would: comments, order and spacing stay as they are."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from settings.errors import SettingsError
from settings.load import load_settings
from settings.model import Source

if TYPE_CHECKING:
    from tomlkit.items import Table


def add_source(path: Path, source: Source) -> None:
    """Write ``source`` to the end of the file's sources; only keys that differ from their defaults.

    The file is replaced in one step, and only by one that can be read: a taken name or a broken file
    raises :class:`SettingsError` and leaves it as it was. Raises ``OSError`` where it cannot be written.
    """
    import tomlkit  # noqa: PLC0415 - only editing needs it
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415
    from tomlkit.items import AoT, Array  # noqa: PLC0415

    try:
        document = tomlkit.parse(path.read_text(encoding="utf-8"))
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise SettingsError((f"the file cannot be read as TOML: {error}",), str(path)) from error
    values = source.model_dump(mode="json", exclude_defaults=True)
    sources = document.get("sources")
    if sources is None:
        document.append("sources", tomlkit.aot())
        sources = document["sources"]
    if isinstance(sources, AoT):
        sources.append(_table(values))
    elif isinstance(sources, Array):  # written as sources = [{…}]
        sources.append(values)
    else:
        raise SettingsError(("sources is no list of tables: write each as [[sources]]",), str(path))
    _replace(path, tomlkit.dumps(document))


def _table(values: dict[str, Any]) -> Table:
    import tomlkit  # noqa: PLC0415

    table = tomlkit.table()
    for key, value in values.items():
        table.append(key, _table(value) if isinstance(value, dict) else value)
    return table


def _replace(path: Path, text: str) -> None:
    """Put ``text`` in place of the file, after it was read as a configuration."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent, text=True)
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        load_settings(draft)
        draft.chmod(path.stat().st_mode & 0o770)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
