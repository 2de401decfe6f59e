"""How much of a hostile file is read. Every real attachment met so far stays far below each of these."""

from __future__ import annotations

from dataclasses import dataclass

MAX_BODY_BYTES = 64 * 2**20
MAX_LINKS = 5_000
MAX_TABLE_DEPTH = 12
"""Tables inside tables; deeper ones are read as plain blocks."""
MAX_TABLE_CELLS = 200_000
"""Cells of a page or document; further ones are read as plain blocks."""
MAX_TABLE_COLUMNS = 256
MAX_UNPACKED_BYTES = 256 * 2**20
"""What the parts of an office file or an archive may unpack to, together."""
MAX_PACKAGE_PARTS = 20_000
MAX_CELLS = 4_000_000
"""Cells of a workbook; the largest table of positions met has 120,000."""
MAX_PAGES = 5_000


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """What an archive may hold; beyond it the archive is refused, not cut.

    A ZIP tells its sizes beforehand. Others tell them as they are read: they are refused from there on.
    """

    members: int = 200
    member_bytes: int = MAX_BODY_BYTES
    total_bytes: int = MAX_UNPACKED_BYTES
