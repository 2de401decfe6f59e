"""Text boxes and comments of an XLS: the records that hold drawn text (MS-XLS 2.4.329, TxO)."""

from __future__ import annotations

import struct
from io import BytesIO

from extraction.cleaning import clean_line
from extraction.margins import MARK, margin_lines, printed_words

_TXO, _CONTINUE = 0x01B6, 0x003C
_PRINTED = frozenset({0x0014, 0x0015})
"""What is printed above and below each page (MS-XLS 2.4.136, Header, and Footer)."""
_STREAMS = ("Workbook", "Book")
_MOST = 5_000


def drawn_lines(body: bytes) -> list[str]:
    """Lines of drawn text in the order of the file, each once; none where the file is not read so."""
    import olefile  # noqa: PLC0415

    try:
        with olefile.OleFileIO(BytesIO(body)) as ole:
            stream = next((ole.openstream(name).read() for name in _STREAMS if ole.exists(name)), b"")
    except (OSError, ValueError, IndexError, TypeError):
        return []
    lines: dict[str, None] = {}
    for text in _texts(stream):
        lines.update(dict.fromkeys(line for raw in text.split("\n") if (line := clean_line(raw))))
    printed = [line.removeprefix(MARK) for line in lines if line.startswith(MARK)]
    drawn = [line for line in lines if not line.startswith(MARK)]
    return [*drawn, *margin_lines(printed, drawn)]


def _texts(stream: bytes) -> list[str]:
    texts: list[str] = []
    at, left, pieces = 0, 0, list[str]()
    while at + 4 <= len(stream) and len(texts) < _MOST:
        kind, size = struct.unpack_from("<HH", stream, at)
        record = stream[at + 4 : at + 4 + size]
        at += 4 + size
        if kind == _TXO and size >= 12:
            left = int(struct.unpack_from("<H", record, 10)[0])
            pieces = []
        elif kind == _CONTINUE and left and record:
            codec, width = ("utf-16-le", 2) if record[0] & 1 else ("latin-1", 1)
            piece = record[1 : 1 + left * width].decode(codec, "replace")
            pieces.append(piece)
            left -= min(left, len(record[1:]) // width)
            if not left:
                texts.append("".join(pieces).replace("\r", "\n"))
        elif kind != _CONTINUE:
            left = 0
            if kind in _PRINTED and size > 3:
                codec = "utf-16-le" if record[2] & 1 else "latin-1"
                texts.append(MARK + printed_words(record[3:].decode(codec, "replace")))
    return texts
