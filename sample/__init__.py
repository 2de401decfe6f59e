"""The sample site: what the program watches where nothing is configured. Invented texts, real sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sample.server import SampleSite

__all__ = ["SampleSite"]


def __getattr__(name: str) -> Any:
    """Import on first use: only a daemon without sources needs the site."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from sample.server import SampleSite  # noqa: PLC0415

    return SampleSite
