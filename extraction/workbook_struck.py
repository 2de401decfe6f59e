"""Words with a line through them in an XLS, blanked before it is read ([MS-XLS] 2.4.122, 2.4.265, 2.4.353).

Cells whose font is struck become blank cells; of a cell in which some words alone are struck, these become
spaces. Both are done in place, so that the file around them stays as it is.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import takewhile

_FONT, _FORMAT, _STRINGS, _CONTINUE = 0x0031, 0x00E0, 0x00FC, 0x003C
_BLANK = 0x0201
_SHARED = 0x00FD
_CELLS = frozenset({_SHARED, 0x0204, 0x00D6, 0x0203, 0x027E, 0x0006})
"""LABELSST, LABEL, RSTRING, NUMBER, RK and FORMULA: row, column and format of the cell come first."""
_STRUCK = 0x0008
_WIDE, _PHONETIC, _RICH = 0x01, 0x04, 0x08
_STREAM = "Workbook"
_SPACE = b" \x00"


@dataclass(frozen=True, slots=True)
class _Record:
    kind: int
    start: int
    """Where its content begins in the stream."""
    size: int


def without_struck(body: bytes) -> bytes:
    """The workbook without words that are struck through; the same bytes where there are none."""
    import olefile  # noqa: PLC0415

    try:
        with olefile.OleFileIO(BytesIO(body)) as ole:
            if not ole.exists(_STREAM):
                return body
            stream = bytearray(ole.openstream(_STREAM).read())
        if not _blank(stream):
            return body
        file = BytesIO(body)
        with olefile.OleFileIO(file, write_mode=True) as ole:
            ole.write_stream(_STREAM, bytes(stream))
            return file.getvalue()
    except (OSError, ValueError, IndexError, TypeError, struct.error):
        return body  # its reader says what is wrong with it


def _blank(stream: bytearray) -> bool:
    """Whether anything was blanked in the stream of a workbook."""
    records = list(_records(stream))
    # Fonts are counted from 0 with 4 left out.
    flags = [_word(stream, each.start + 2) for each in records if each.kind == _FONT]
    struck = {number + (number >= 4) for number, flag in enumerate(flags) if flag & _STRUCK}
    if not struck:
        return False
    formats = [each for each in records if each.kind == _FORMAT]
    crossed = {number for number, each in enumerate(formats) if _word(stream, each.start) in struck}
    strings = _strings(stream, records, struck)
    is_changed = strings is not None and strings.is_changed
    for each in records:
        if each.kind not in _CELLS or each.size < 6 or _word(stream, each.start + 4) not in crossed:
            continue
        own = strings.own.get(_string_number(stream, each)) if strings is not None else None
        for at, width in own or ():
            stream[at : at + width] = _SPACE[:width]
        if own is None:
            struct.pack_into("<H", stream, each.start - 4, _BLANK)
        is_changed = True
    return is_changed


def _strings(stream: bytearray, records: list[_Record], struck: set[int]) -> _Strings | None:
    """The table of strings with its struck words blanked; None where the workbook has none."""
    place = next((number for number, each in enumerate(records) if each.kind == _STRINGS), None)
    if place is None:
        return None
    following = takewhile(lambda each: each.kind == _CONTINUE, records[place + 1 :])
    strings = _Strings(stream, [records[place], *following], struck)
    strings.blank()
    return strings


def _string_number(stream: bytearray, cell: _Record) -> int:
    """Which string of the table a cell shows; -1 for cells that show something else."""
    if cell.kind != _SHARED or cell.size < 10:
        return -1
    return int(struct.unpack_from("<I", stream, cell.start + 6)[0])


def _records(stream: bytearray) -> Iterator[_Record]:
    at = 0
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        yield _Record(kind, at + 4, min(size, len(stream) - at - 4))
        at += 4 + size


def _word(stream: bytearray, at: int) -> int:
    return int(struct.unpack_from("<H", stream, at)[0])


class _Strings:
    """The table of strings, which goes on over several records; letters may go on in another width."""

    def __init__(self, stream: bytearray, parts: list[_Record], struck: set[int]) -> None:
        self._stream = stream
        self._parts = parts
        self._struck = struck
        self._part = 0
        self._at = parts[0].start
        self.is_changed = False
        self.own: dict[int, list[tuple[int, int]]] = {}
        """Of strings with formats inside: the letters before the first, which look as their cell says."""

    def blank(self) -> None:
        """Blank the words whose own format is struck."""
        self._at += 4
        count = self._take(4)
        for number in range(count):
            if self._is_over():
                break
            self._blank_string(number)

    def _blank_string(self, number: int) -> None:
        length, flags = self._take(2), self._take(1)
        runs = self._take(2) if flags & _RICH else 0
        extra = self._take(4) if flags & _PHONETIC else 0
        letters = self._letters(length, is_wide=bool(flags & _WIDE))
        marks = [(self._take(2), self._take(2)) for _ in range(runs)]
        if marks:
            self.own[number] = letters[: marks[0][0]]
        for place, (first, font) in enumerate(marks):
            last = marks[place + 1][0] if place + 1 < len(marks) else length
            if font in self._struck:
                for at, width in letters[first:last]:
                    self._stream[at : at + width] = _SPACE[:width]
                    self.is_changed = True
        self._skip(extra)

    def _letters(self, count: int, *, is_wide: bool) -> list[tuple[int, int]]:
        """Where each character stands, and its width in bytes."""
        places: list[tuple[int, int]] = []
        width = 2 if is_wide else 1
        while len(places) < count:
            if self._left() < width:
                self._next()
                width = 2 if self._stream[self._at] & _WIDE else 1
                self._at += 1
            fitting = min(count - len(places), self._left() // width)
            if not fitting:
                raise ValueError("letters lack")
            places += [(self._at + width * number, width) for number in range(fitting)]
            self._at += width * fitting
        return places

    def _take(self, size: int) -> int:
        if not self._left():
            self._next()
        value = int.from_bytes(self._stream[self._at : self._at + size], "little")
        self._at += size
        return value

    def _skip(self, size: int) -> None:
        while size > self._left():
            size -= self._left()
            self._next()
        self._at += size

    def _left(self) -> int:
        part = self._parts[self._part]
        return max(part.start + part.size - self._at, 0)

    def _is_over(self) -> bool:
        return self._part == len(self._parts) - 1 and not self._left()

    def _next(self) -> None:
        self._part += 1
        if self._part == len(self._parts):
            raise ValueError("strings lack")
        self._at = self._parts[self._part].start
