"""Sources that come with the program: files in ``presets/``, switched on by ``presets = [...]``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from settings.errors import SettingsError, near
from settings.sources import Source


@cache
def shipped_presets() -> dict[str, Source]:
    """All presets by name, in alphabetical order; a preset's file is called like its source."""
    folder = files("settings") / "presets"
    texts = [item.read_text(encoding="utf-8") for item in folder.iterdir() if item.name.endswith(".toml")]
    sources = [Source.model_validate(tomllib.loads(text)) for text in texts]
    return {source.name: source for source in sorted(sources, key=lambda source: source.name)}


def catalogue_presets() -> tuple[str, ...]:
    """Names of the presets that announce changes of the catalogue."""
    return tuple(name for name, source in shipped_presets().items() if source.catalogue)


def preset_sources(names: Iterable[str]) -> tuple[Source, ...]:
    """The presets called ``names``, each once; raises :class:`SettingsError` for unknown names."""
    wanted = tuple(dict.fromkeys(names))
    if not wanted:  # Most commands start faster without reading their files.
        return ()
    shipped = shipped_presets()
    unknown = [name for name in wanted if name not in shipped]
    if unknown:
        raise SettingsError(
            f"presets names {name!r}, which is not shipped: {near(name, shipped)}"
            f"write one of {', '.join(shipped)}"
            for name in unknown
        )
    return tuple(shipped[name] for name in wanted)
