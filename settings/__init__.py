"""What an operator configures: the model of ``qualwatch.toml``, its defaults, presets and error messages."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from settings.errors import SettingsError, StartError
    from settings.load import load_settings
    from settings.model import Settings
    from settings.template import write_default

__all__ = ["Settings", "SettingsError", "StartError", "load_settings", "write_default"]

_HOMES = {
    "Settings": "settings.model",
    "SettingsError": "settings.errors",
    "StartError": "settings.errors",
    "load_settings": "settings.load",
    "write_default": "settings.template",
}


def __getattr__(name: str) -> Any:
    """Import on first use: ``qualwatch check`` needs no settings and should not wait for pydantic."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
