"""The gzip members of an evidence file, as they lie there: copied, they stay byte for byte what they were."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_CHUNK = 1 << 16
_HEADING = 1 << 14
"""Bytes of a record in which its own heading stands."""


@dataclass(frozen=True, slots=True)
class Member:
    """One record of a file."""

    begin: int
    """Byte of the file."""
    end: int
    record_id: str
    belongs_to: str
    """The record that it was written with: the response of a request, the drawing of a response."""


def read_members(path: Path) -> Iterator[Member]:
    """The records of ``path`` in their order; a torn one at the end, as a crash leaves it, is left out.

    Raises ``OSError`` where the file cannot be read.
    """
    drawn_from: dict[str, str] = {}
    with path.open("rb") as file:
        begin, left = 0, b""
        while True:
            unpacked, end, left = _read_member(file, begin, left)
            if end is None:
                return
            heading = _heading(unpacked)
            record_id = heading.get("warc-record-id", "")
            if response := heading.get("warc-refers-to"):
                drawn_from[response] = record_id
            first = heading.get("warc-concurrent-to", "") or drawn_from.get(record_id, "")
            yield Member(begin, end, record_id, drawn_from.get(first, first))
            begin = end


def exchanges(members: Sequence[Member]) -> dict[str, list[Member]]:
    """Records by the one that they are asked for by, each with what was written with it."""
    by_first: dict[str, list[Member]] = {}
    for member in members:
        by_first.setdefault(member.belongs_to or member.record_id, []).append(member)
    return by_first


def _read_member(file: IO[bytes], begin: int, left: bytes) -> tuple[bytes, int | None, bytes]:
    """The beginning of the next record, where it ends in the file, and what was read beyond it.

    The end is None where there is no whole record any more.
    """
    unpacking, unpacked, taken = zlib.decompressobj(zlib.MAX_WBITS | 16), bytearray(), 0
    while not unpacking.eof:
        chunk = left or file.read(_CHUNK)
        left = b""
        if not chunk:
            return b"", None, b""
        taken += len(chunk)
        try:
            piece = unpacking.decompress(chunk)
        except zlib.error:
            return b"", None, b""
        if len(unpacked) < _HEADING:
            unpacked += piece[: _HEADING - len(unpacked)]
    left = unpacking.unused_data
    return bytes(unpacked), begin + taken - len(left), left


def _heading(unpacked: bytes) -> dict[str, str]:
    """The fields of a record's own heading, by their names in small letters."""
    lines = unpacked.partition(b"\r\n\r\n")[0].decode("utf-8", "replace").split("\r\n")
    fields = (line.partition(":") for line in lines[1:])
    return {name.strip().lower(): value.strip() for name, _, value in fields}
