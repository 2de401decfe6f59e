"""Where a list or a document binds: GB/T 2260 codes of provinces, prefectures and counties."""

from __future__ import annotations


def holds_in(area: str, region: str | None) -> bool:
    """Whether what binds in ``area`` (empty: everywhere) binds in ``region``; None: not known where."""
    return not area or (region is not None and region.startswith(stem(area)))


def stem(region: str) -> str:
    """``220000`` → ``22``: codes of the region's own districts begin with it."""
    short = region.rstrip("0")
    return short if len(short) % 2 == 0 else short + "0"
