"""Text in, findings out. Pure: no clock, no network, no database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from detection.scanning import scan

__all__ = ["scan"]


def __getattr__(name: str) -> Any:
    """``scan`` is loaded when it is first asked for: importing the room's model costs nothing else."""
    if name == "scan":
        from detection.scanning import scan  # noqa: PLC0415

        return scan
    raise AttributeError(name)
