"""Sources that come with the program: files in ``presets/``, switched on by ``presets = [...]``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import Field

from settings.errors import SettingsError, near
from settings.model import Section, Source


class Preset(Section):
    """A shipped file: one publisher and the places to watch there."""

    title: str
    """What people call it, in Chinese."""
    note: str = ""
    """What an operator should know before switching it on."""
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]


@cache
def shipped_presets() -> dict[str, Preset]:
    """All presets by name (the file's name), in alphabetical order."""
    folder = files("settings") / "presets"
    found = sorted(
        (item for item in folder.iterdir() if item.name.endswith(".toml")), key=lambda item: item.name
    )
    return {
        item.name.removesuffix(".toml"): Preset.model_validate(
            tomllib.loads(item.read_text(encoding="utf-8"))
        )
        for item in found
    }


def preset_sources(names: Iterable[str]) -> tuple[Source, ...]:
    """Sources of the presets called ``names``, each once; raises :class:`SettingsError` for unknown names."""
    shipped = shipped_presets()
    wanted = tuple(dict.fromkeys(names))
    unknown = [name for name in wanted if name not in shipped]
    if unknown:
        raise SettingsError(
            f"presets names {name!r}, which is not shipped: {near(name, shipped)}"
            f"write one of {', '.join(shipped)}"
            for name in unknown
        )
    return tuple(source for name in wanted for source in shipped[name].sources)
