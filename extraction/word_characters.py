"""Characters of a Word 97 file that are struck through, hidden or deleted ([MS-DOC], ChpxFkp)."""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Iterator

_FC_PLCF_BTE_CHPX = 0x00FA
_FKP_SIZE = 512
_SPRM_DELETED, _SPRM_STRIKE, _SPRM_HIDDEN, _SPRM_STRUCK_TWICE = 0x0800, 0x0837, 0x083C, 0x2A53
_UNSEEN = frozenset({_SPRM_DELETED, _SPRM_STRIKE, _SPRM_HIDDEN, _SPRM_STRUCK_TWICE})
_ON = frozenset({1, 0x81})
"""Of a toggle: on, or the opposite of a style, which seldom says so itself."""
_OPERAND_SIZES = (1, 1, 2, 4, 2, 2, 0, 3)
_MARKS = frozenset(b"\x07\x0b\x0c\r\x0e\x13\x14\x15")
"""What ends paragraphs, cells and fields stays, seen or not."""


class UnseenCharacters:
    """Byte ranges of the text that no reader sees as what holds."""

    def __init__(self, runs: list[tuple[int, int]]) -> None:
        self._runs = sorted(runs)
        self._ends = [end for _, end in self._runs]

    @classmethod
    def read(cls, word: bytes, table: bytes) -> UnseenCharacters:
        """From the character properties (PlcfBteChpx and its pages)."""
        position, size = struct.unpack_from("<II", word, _FC_PLCF_BTE_CHPX)
        count = max(0, (size - 4) // 8)
        pages = struct.unpack_from(f"<{count}I", table, position + 4 * (count + 1))
        return cls([run for page in pages for run in _page_runs(word, (page & 0x3FFFFF) * _FKP_SIZE)])

    def blank(self, data: bytes, offset: int, width: int) -> bytes:
        """The bytes at ``offset`` with NUL for what is not seen, as long as before."""
        end = offset + len(data)
        first = bisect_left(self._ends, offset + 1)
        if first == len(self._runs) or self._runs[first][0] >= end:
            return data
        blanked = bytearray(data)
        for start, stop in self._runs[first:]:
            if start >= end:
                break
            for at in range(max(start, offset) - offset, min(stop, end) - offset, width):
                if blanked[at] not in _MARKS or any(blanked[at + 1 : at + width]):
                    blanked[at : at + width] = bytes(width)
        return bytes(blanked)


def _page_runs(word: bytes, start: int) -> Iterator[tuple[int, int]]:
    page = word[start : start + _FKP_SIZE]
    count = page[_FKP_SIZE - 1]
    offsets = struct.unpack_from(f"<{count + 1}I", page)
    for index in range(count):
        place = page[4 * (count + 1) + index] * 2
        if place and _is_unseen(page[place + 1 : place + 1 + page[place]]):
            yield offsets[index], offsets[index + 1]


def _is_unseen(properties: bytes) -> bool:
    position = 0
    unseen: dict[int, bool] = {}
    while position + 3 <= len(properties):
        (sprm,) = struct.unpack_from("<H", properties, position)
        operand = position + 2
        if sprm in _UNSEEN:
            unseen[sprm] = properties[operand] in _ON
        position = operand + (_OPERAND_SIZES[sprm >> 13] or 1 + properties[operand])
    return any(unseen.values())
