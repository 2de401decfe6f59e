"""Text in, findings out. Pure: no clock, no network, no database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from detection.detector import Detector, scan

__all__ = ["Detector", "scan"]


def __getattr__(name: str) -> Any:
    """Loaded when first asked for: importing the room's model costs nothing else."""
    if name in __all__:
        from detection import detector  # noqa: PLC0415

        return getattr(detector, name)
    raise AttributeError(name)
