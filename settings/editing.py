"""Changing ``qualwatch.toml`` as its owner would: comments, order and spacing stay as they are.

The file is replaced in one step, and only by one that can be read as a configuration: what cannot raises
:class:`SettingsError` and leaves it as it was. ``OSError`` comes where it cannot be written.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from settings.errors import SettingsError
from settings.lines import find_lines
from settings.load import load_settings
from settings.shipped import catalogue_presets, preset_sources
from settings.sources import Source

if TYPE_CHECKING:
    from tomlkit import TOMLDocument
    from tomlkit.items import Table


def add_source(path: Path, source: Source) -> None:
    """Write ``source`` to the end of the file's sources; only keys that differ from their defaults."""
    add_sources(path, (source,))


def add_sources(path: Path, sources: Iterable[Source]) -> None:
    """Write all of ``sources`` likewise, or none of them."""
    with _edited(path) as document:
        for source in sources:
            _append(document, path, source)


def remove_source(path: Path, name: str) -> None:
    """Take the source out of the file with the comment above it; a preset is switched off.

    What was kept of it stays in the database.
    """
    import tomlkit  # noqa: PLC0415
    from tomlkit.items import AoT  # noqa: PLC0415

    document = _parsed(path)
    if name in document.get("presets", []):
        document["presets"].remove(name)
    if name in catalogue_presets():  # it would be watched all the same
        _change(document, path, name, {"enabled": False})
    text, place = tomlkit.dumps(document), _place(document, name)
    if place is not None and name not in catalogue_presets():
        if isinstance(document["sources"], AoT):
            text = _cut(text, place)
        else:
            del document["sources"][place]
            text = tomlkit.dumps(document)
    _replace(path, text)


def change_source(path: Path, name: str, **values: bool | date | None) -> None:
    """Set these keys of the source; None takes one out, so that its default holds.

    A preset is written as a source of its own, which replaces it. Raises :class:`SettingsError` where no
    source has that name.
    """
    with _edited(path) as document:
        _change(document, path, name, values)


def switch_on_preset(path: Path, name: str) -> None:
    """Watch a shipped source."""
    with _edited(path) as document:
        if document.get("presets") is None:
            document["presets"] = [name]
        elif name not in document["presets"]:
            document["presets"].append(name)


@contextmanager
def _edited(path: Path) -> Iterator[TOMLDocument]:
    """The file as a document that may be changed; written at the end of the block."""
    import tomlkit  # noqa: PLC0415

    document = _parsed(path)
    yield document
    _replace(path, tomlkit.dumps(document))


def _parsed(path: Path) -> TOMLDocument:
    import tomlkit  # noqa: PLC0415 - only editing needs it
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415

    try:
        return tomlkit.parse(path.read_text(encoding="utf-8"))
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise SettingsError((f"the file cannot be read as TOML: {error}",), str(path)) from error


def _place(document: TOMLDocument, name: str) -> int | None:
    """Which of the file's own sources has that name; None where none has."""
    sources: Any = document.get("sources", [])
    return next((place for place, source in enumerate(sources) if source.get("name") == name), None)


def _change(document: TOMLDocument, path: Path, name: str, values: Mapping[str, object]) -> None:
    place = _place(document, name)
    if place is None:
        _append(document, path, preset_sources([name])[0])
        place = -1
    sources: Any = document["sources"]
    for key, value in values.items():
        if value is not None:
            sources[place][key] = value
        elif key in sources[place]:
            del sources[place][key]


def _cut(text: str, place: int) -> str:
    """``text`` without its ``place``-th ``[[sources]]``, the comment above that, and its own tables."""
    lines = text.splitlines(keepends=True)
    headings = sorted(
        (line, location)
        for location, line in find_lines(text).items()
        if lines[line - 1].lstrip().startswith("[")
    )
    own = ("sources", place)
    first = next(line for line, location in headings if location == own)
    after = [line for line, location in headings if line > first and location[:2] != own]
    end = _above(lines, after[0]) if after else len(lines) + 1
    return "".join(lines[: _above(lines, first) - 1] + lines[end - 1 :])


def _above(lines: list[str], heading: int) -> int:
    """The line, counted from 1, at which the comment right above a heading begins."""
    while heading > 1 and lines[heading - 2].lstrip().startswith("#"):
        heading -= 1
    return heading


def _append(document: TOMLDocument, path: Path, source: Source) -> None:
    import tomlkit  # noqa: PLC0415
    from tomlkit.items import AoT, Array  # noqa: PLC0415

    values = source.model_dump(mode="json", exclude_defaults=True)
    if document.get("sources") is None:
        document.append("sources", tomlkit.aot())
    sources = document["sources"]
    if isinstance(sources, AoT):
        sources.append(_table(values))
    elif isinstance(sources, Array):  # written as sources = [{…}]
        sources.append(values)
    else:
        raise SettingsError(("sources is no list of tables: write each as [[sources]]",), str(path))


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
