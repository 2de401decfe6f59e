"""Compound files (MS-CFB) as small as they can be, for formats that no library here writes."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

Folder: TypeAlias = "Mapping[str, bytes | Folder]"
_SECTOR = 512
_SHORTEST = 4_096
"""Bytes of a stream that lies in sectors of its own; shorter ones are filled up."""
_NOTHING, _CHAIN_END, _OF_TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


class _Entry(NamedTuple):
    name: str
    kind: int
    """1: a folder, 2: a stream, 5: the root."""
    right: int
    child: int
    start: int
    size: int

    def packed(self) -> bytes:
        letters = self.name.encode("utf-16-le")
        length = len(letters) + 2
        return struct.pack("<64sHBBIII36xIQ", letters, length, self.kind, 1, _NOTHING, *self[2:])


def compound_file(root: Folder, filling: bytes = b"\x00") -> bytes:
    """A file with these streams and folders; streams shorter than 4 KB end in ``filling``."""
    entries: list[_Entry] = []
    sectors: list[bytes] = []
    table: list[int] = []

    def keep(data: bytes) -> int:
        pieces = [data[at : at + _SECTOR].ljust(_SECTOR, b"\x00") for at in range(0, len(data), _SECTOR)]
        first = len(sectors)
        sectors.extend(pieces)
        table.extend([*range(first + 1, first + len(pieces)), _CHAIN_END])
        return first

    def add(name: str, content: bytes | Folder, right: int) -> int:
        if isinstance(content, bytes):
            data = content + filling * (-(len(content) - _SHORTEST) // len(filling))
            entry = _Entry(name, 2, right, _NOTHING, keep(data), len(data))
        else:
            child = _NOTHING
            for inner, below in content.items():
                child = add(inner, below, child)
            entry = _Entry(name, 1, right, child, 0, 0)
        entries.append(entry)
        return len(entries)  # the root stands before them

    child = _NOTHING
    for name, content in root.items():
        child = add(name, content, child)
    entries.insert(0, _Entry("Root Entry", 5, _NOTHING, child, _CHAIN_END, 0))
    directory = b"".join(entry.packed() for entry in entries)
    start = keep(directory)
    size = -(-(len(table) + 8) * 4 // _SECTOR)
    table += [_OF_TABLE] * size
    packed = struct.pack(f"<{len(table)}I", *table).ljust(size * _SECTOR, b"\xff")
    head = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII",
        *(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6, 0, size, start, 0, _SHORTEST),
        *(_CHAIN_END, 0, _CHAIN_END, 0),
    )
    places = [len(sectors) + number for number in range(size)]
    head += struct.pack("<109I", *places, *[_NOTHING] * (109 - size))
    return head + b"".join(sectors) + packed
