"""Word 97 to 2003, and WPS files of that make: the piece table of MS-DOC, read as its specification says.

Kreuzberg and sharepoint2text garble the Chinese of such files (they guess where the text starts instead of
following the piece table), and antiword and LibreOffice are programs rather than libraries.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from io import BytesIO

from extraction.composing import TextComposer
from extraction.documents import described
from extraction.margins import margin_lines
from extraction.model import PROTECTED, Extracted, UnreadableError
from extraction.reading import Declared
from extraction.tables import Cell
from extraction.word_binary import Paragraphs, Piece, read_pieces, read_stories
from extraction.word_characters import UnseenCharacters

_WORD_97 = 0x00C1
_ENCRYPTED, _TABLE_1 = 0x0100, 0x0200
_MAX_CHARACTERS = 20_000_000
_MARKS = re.compile("([\x07\r\x0b\x0c\x0e\x13\x14\x15])")
_CELL_END, _PARAGRAPH_END = "\x07", "\r"
_FIELD_BEGIN, _FIELD_SEPARATOR, _FIELD_END = "\x13", "\x14", "\x15"
_DRAWN = str.maketrans({"\x1e": "-", **dict.fromkeys("\x00\x01\x03\x04\x08")})
"""Characters that stand for what Word draws (a hyphen that does not break, pictures) or does not show."""


def read(body: bytes, declared: Declared) -> Extracted:
    """Main text, notes, comments, boxes, headers; no field codes, pictures, hidden or struck words."""
    import olefile  # noqa: PLC0415

    try:
        with olefile.OleFileIO(BytesIO(body)) as ole:
            word = ole.openstream("WordDocument").read()
            table = ole.openstream("1Table" if _read_flags(word) & _TABLE_1 else "0Table").read()
            data = ole.openstream("Data").read() if ole.exists("Data") else b""
        paragraphs = Paragraphs.read(word, table, data)
        text = _Text(word, read_pieces(word, table), UnseenCharacters.read(word, table))
        lines = _compose(text, paragraphs, grid=declared.grid)
    except (OSError, struct.error, IndexError, ValueError, TypeError) as error:
        raise UnreadableError(
            f"the Word file is damaged or cut short ({error}); fetch it again, or save it as DOCX"
        ) from error
    return described("\n".join(lines), declared)


def _read_flags(word: bytes) -> int:
    magic, version = struct.unpack_from("<HH", word)
    flags = int(struct.unpack_from("<H", word, 0x0A)[0])
    if magic != 0xA5EC or version < _WORD_97:
        raise UnreadableError("the file is of a Word older than Word 97; open it in WPS and save it as DOCX")
    if flags & _ENCRYPTED:
        raise UnreadableError(PROTECTED)
    return flags


@dataclass(frozen=True, slots=True)
class _Text:
    word: bytes
    pieces: list[Piece]
    unseen: UnseenCharacters


def _compose(text: _Text, paragraphs: Paragraphs, *, grid: bool) -> list[str]:
    lines: list[str] = []
    characters = 0
    for start, end, is_margin in read_stories(text.word):
        story = _Story(paragraphs, grid=grid)
        for piece in text.pieces:
            if part := piece.between(start, end):
                characters += part.length
                if characters > _MAX_CHARACTERS:
                    raise UnreadableError(
                        f"the Word file claims over {_MAX_CHARACTERS} characters; it is damaged"
                    )
                story.add(part, part.text(text.word, text.unseen))
        said = story.composer.finished()
        lines += margin_lines(said, lines) if is_margin else said
    return lines


class _Story:
    """One flow of text: field codes dropped, cells and rows told apart by the paragraphs that they end."""

    def __init__(self, paragraphs: Paragraphs, *, grid: bool) -> None:
        self.composer = TextComposer(grid=grid)
        self._paragraphs = paragraphs
        self._fields: list[bool] = []  # of each open field, whether its code is still being read
        self._codes = 0
        self._in_table = self._in_row = self._in_cell = False
        self._words: list[str] = []

    def add(self, piece: Piece, text: str) -> None:
        offset = piece.offset
        for token in _MARKS.split(text):
            if token in {_CELL_END, _PARAGRAPH_END}:
                self._end_paragraph(token, *self._paragraphs.at(offset))
            elif token in {_FIELD_BEGIN, _FIELD_SEPARATOR, _FIELD_END}:
                self._mark_field(token)
            elif not self._codes:
                self._words.append("\n" if token in {"\x0b", "\x0c", "\x0e"} else token.translate(_DRAWN))
            offset += len(token) if piece.width == 1 else len(token.encode("utf-16-le", "surrogatepass"))

    def _mark_field(self, mark: str) -> None:
        if mark == _FIELD_BEGIN:
            self._fields.append(True)
            self._codes += 1
        elif self._fields:
            self._codes -= self._fields.pop()
            if mark == _FIELD_SEPARATOR:
                self._fields.append(False)

    def _end_paragraph(self, mark: str, in_table: bool, is_row_end: bool) -> None:
        if not in_table and mark == _PARAGRAPH_END:
            if self._in_table:
                self.composer.end_table()
                self._in_table = self._in_row = self._in_cell = False
            self._flush()
            return
        self._open_cell(is_row_end)
        self._flush()
        if mark == _CELL_END:
            self.composer.end_cell()
            self._in_cell = False
            self._in_row = self._in_row and not is_row_end

    def _open_cell(self, is_row_end: bool) -> None:
        if not self._in_table:
            self.composer.start_table()
            self._in_table = True
        if not self._in_row:
            self.composer.start_row()
            self._in_row = True
        if not self._in_cell and not is_row_end:
            self.composer.start_cell(Cell())
            self._in_cell = True

    def _flush(self) -> None:
        for line in "".join(self._words).split("\n"):
            self.composer.add(line)
            self.composer.break_line()
        self._words.clear()
