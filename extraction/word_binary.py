"""The parts of MS-DOC that say where the text of a Word 97 file stands, and which paragraphs are table cells.

Structures are named as in Microsoft's [MS-DOC]; all numbers are little-endian. Damage raises struct.error,
IndexError or ValueError.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from extraction.word_characters import UnseenCharacters

_FC_CLX = 0x01A2
_FC_PLCF_BTE_PAPX = 0x0102
_CCP = 0x4C
_CLX_PRC, _CLX_PCDT = 1, 2
_FKP_SIZE = 512
_SPRM_IN_TABLE, _SPRM_ROW_END, _SPRM_TABLE_DEPTH = 0x2416, 0x2417, 0x6649
_SPRM_HUGE_PAPX = (0x6645, 0x6646)
_SPRM_TABLE_DEFINITION, _SPRM_TAB_STOPS = 0xD608, 0xC615
_OPERAND_SIZES = (1, 1, 2, 4, 2, 2, 0, 3)
_MOST_PIECES = 1_000_000


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of characters that stand together in the file."""

    start: int
    """Character position in the document."""
    length: int
    """Characters, as Word counts them: UTF-16 units."""
    offset: int
    """Byte position in the WordDocument stream."""
    width: int
    """Bytes a character: 1 (Windows-1252) or 2 (UTF-16)."""

    def text(self, word: bytes, unseen: UnseenCharacters) -> str:
        """Its characters, NUL for those that are not seen."""
        data = word[self.offset : self.offset + self.length * self.width]
        data = unseen.blank(data, self.offset, self.width)
        return data.decode("utf-16-le" if self.width == 2 else "cp1252", "replace")

    def between(self, start: int, end: int) -> Piece | None:
        """The part of the piece within character positions; None where none is."""
        first, last = max(self.start, start), min(self.start + self.length, end)
        if first >= last:
            return None
        return Piece(first, last - first, self.offset + (first - self.start) * self.width, self.width)


def read_stories(word: bytes) -> list[tuple[int, int, bool]]:
    """Character positions of the stories, and whether one holds the headers and footers, which comes last."""
    main, notes, headers, macros, comments, endnotes, boxes, _ = struct.unpack_from("<8i", word, _CCP)
    stories: list[tuple[int, int, bool]] = []
    position = 0
    for length, is_read, is_margin in (
        (main, True, False),
        (notes, True, False),
        (headers, True, True),
        (macros, False, False),
        (comments + endnotes + boxes, True, False),
    ):
        if length < 0:
            raise ValueError("a negative length of text")
        if length and is_read:
            stories.append((position, position + length, is_margin))
        position += length
    return sorted(stories, key=lambda story: story[2])


def read_pieces(word: bytes, table: bytes) -> list[Piece]:
    """The piece table (Clx), in the order of the document."""
    position, size = struct.unpack_from("<II", word, _FC_CLX)
    end = position + size
    while position < end:
        kind = table[position]
        if kind == _CLX_PCDT:
            (length,) = struct.unpack_from("<I", table, position + 1)
            return _pieces(table[position + 5 : position + 5 + length])
        if kind != _CLX_PRC:
            break
        position += 3 + struct.unpack_from("<H", table, position + 1)[0]
    raise ValueError("no piece table")


def _pieces(plc: bytes) -> list[Piece]:
    count = (len(plc) - 4) // 12
    if not 0 < count <= _MOST_PIECES:
        raise ValueError("an empty piece table")
    positions = struct.unpack_from(f"<{count + 1}I", plc)
    pieces = []
    for index, (start, end) in enumerate(pairwise(positions)):
        (place,) = struct.unpack_from("<I", plc, 4 * (count + 1) + 8 * index + 2)
        is_narrow = bool(place & 0x40000000)
        place &= 0x3FFFFFFF
        if end > start:
            pieces.append(
                Piece(start, end - start, place // 2 if is_narrow else place, 1 if is_narrow else 2)
            )
    return pieces


class Paragraphs:
    """Which byte positions of the text lie in a table, and which end a row of one."""

    def __init__(self, runs: list[tuple[int, bool, bool]]) -> None:
        self._starts = [start for start, _, _ in runs]
        self._runs = runs

    @classmethod
    def read(cls, word: bytes, table: bytes, data: bytes) -> Paragraphs:
        """From the paragraph properties (PlcfBtePapx and its pages); without them nothing is a table."""
        position, size = struct.unpack_from("<II", word, _FC_PLCF_BTE_PAPX)
        count = max(0, (size - 4) // 8)
        pages = struct.unpack_from(f"<{count}I", table, position + 4 * (count + 1))
        runs = [run for page in pages for run in _page_runs(word, (page & 0x3FFFFF) * _FKP_SIZE, data)]
        runs.sort()
        return cls(runs)

    def at(self, offset: int) -> tuple[bool, bool]:
        """Whether the paragraph at a byte position lies in a table, and whether it ends a row."""
        index = bisect_right(self._starts, offset) - 1
        return self._runs[index][1:] if index >= 0 else (False, False)


def _page_runs(word: bytes, start: int, data: bytes) -> Iterator[tuple[int, bool, bool]]:
    page = word[start : start + _FKP_SIZE]
    count = page[_FKP_SIZE - 1]
    offsets = struct.unpack_from(f"<{count}I", page)
    for index, offset in enumerate(offsets):
        place = page[4 * (count + 1) + 13 * index] * 2
        in_table = row_end = False
        if place:
            size = page[place] * 2 - 1 if page[place] else page[place + 1] * 2
            first = place + (1 if page[place] else 2)
            in_table, row_end = _table_flags(page[first + 2 : first + size], data)
        yield offset, in_table, row_end


def _table_flags(properties: bytes, data: bytes, *, may_follow: bool = True) -> tuple[bool, bool]:
    in_table = row_end = False
    position = 0
    while position + 3 <= len(properties):
        (sprm,) = struct.unpack_from("<H", properties, position)
        operand = position + 2
        if sprm == _SPRM_IN_TABLE:
            in_table = properties[operand] != 0
        elif sprm == _SPRM_ROW_END:
            row_end = properties[operand] != 0
        elif sprm == _SPRM_TABLE_DEPTH:
            in_table = in_table or any(properties[operand : operand + 4])
        elif sprm in _SPRM_HUGE_PAPX and may_follow:
            (place,) = struct.unpack_from("<I", properties, operand)
            (size,) = struct.unpack_from("<H", data, place)
            return _table_flags(data[place + 2 : place + 2 + size], data, may_follow=False)
        position = operand + _operand_size(sprm, properties, operand)
    return in_table, row_end


def _operand_size(sprm: int, properties: bytes, operand: int) -> int:
    if sprm == _SPRM_TABLE_DEFINITION:
        return int.from_bytes(properties[operand : operand + 2], "little") + 1
    size = _OPERAND_SIZES[sprm >> 13]
    if size:
        return size
    if sprm == _SPRM_TAB_STOPS and properties[operand] == 255:
        return len(properties)  # its size must be counted out; no flag of a table stands behind it
    return 1 + properties[operand]
