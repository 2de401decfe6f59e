"""``winmail.dat``: the mail within a mail that Outlook packs by its own rules ([MS-OXTNEF]).

Its text is a property of the mail, mostly RTF that is packed once more ([MS-OXRTFCP]); its files are
attributes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP

from extraction.charset import decode
from extraction.cleaning import clean_line
from extraction.model import UnreadableError

SIGNATURE = b"\x78\x9f\x3e\x22"
_OF_FILE = 2
_TITLE, _DATA, _NEXT_FILE, _MAIL, _FILE = 0x8010, 0x800F, 0x9002, 0x9003, 0x9005
"""Attributes by the lower half of their number."""
_BODY, _RTF, _HTML, _LONG_NAME, _CONTENT = 0x1000, 0x1009, 0x1013, 0x3707, 0x3701
_STRINGS, _BINARIES = {0x1E, 0x1F}, {0x0D, 0x102}
_WIDTHS = {0x05: 8, 0x06: 8, 0x07: 8, 0x14: 8, 0x40: 8, 0x48: 16}
"""Bytes of a value by its type; all others have four."""
_MULTIPLE, _NAMED = 0x1000, 0x8000
_MOST_FILES, _MOST_VALUES = 200, 5_000
_DICTIONARY = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
    b"\\fscript \\fdecor MS "
    b"Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n"
    b"\\par \\pard\\plain\\f0\\fs20\\b\\i\\u"
    b"\\tab\\tx"
)
_WINDOW = 4096
_LONGEST_RTF = 20_000_000


@dataclass(slots=True)
class _File:
    name: str = ""
    data: bytes = b""


@dataclass(slots=True)
class _Opened:
    properties: dict[int, bytes] = field(default_factory=dict)
    files: list[_File] = field(default_factory=list)


def mail_of(body: bytes) -> bytes:
    """The mail as RFC 5322 writes it, its files with it. Raises :class:`UnreadableError`."""
    try:
        return _mail(_open(body)).as_bytes(policy=SMTP)
    except (struct.error, IndexError, ValueError, KeyError) as error:
        raise UnreadableError(f"winmail.dat is damaged ({error}): ask for another form of it") from error


def _mail(opened: _Opened) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = mail["X-Sender"] = ""  # by which it is known for a mail
    text = decode(opened.properties.get(_BODY, b" "))[0].rstrip("\x00")
    markup, packed = opened.properties.get(_HTML, b""), opened.properties.get(_RTF, b"")
    mail.set_content(text)
    if markup.strip():
        mail.add_attachment(markup, maintype="text", subtype="html")
    elif packed and not text.strip():
        mail.add_attachment(unpacked_rtf(packed), maintype="text", subtype="rtf", filename="正文.rtf")
    for file in opened.files[:_MOST_FILES]:
        if file.data:
            name = file.name or "附件"
            mail.add_attachment(file.data, maintype="application", subtype="octet-stream", filename=name)
    return mail


def _open(body: bytes) -> _Opened:
    opened = _Opened()
    for level, number, data in _attributes(body):
        if number == _MAIL and level != _OF_FILE:
            opened.properties |= dict(_properties(data))
        elif number == _NEXT_FILE:
            opened.files.append(_File())
        elif level == _OF_FILE and opened.files:
            _note(opened.files[-1], number, data)
    return opened


def _note(file: _File, number: int, data: bytes) -> None:
    if number == _TITLE:
        file.name = file.name or clean_line(decode(data)[0].rstrip("\x00"))
    elif number == _DATA:
        file.data = data
    elif number == _FILE:
        told = dict(_properties(data))
        if _LONG_NAME in told:
            file.name = clean_line(decode(told[_LONG_NAME])[0].rstrip("\x00"))
        file.data = file.data or told.get(_CONTENT, b"")


def _attributes(body: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Level, number and content of each; the last may be cut off."""
    at = 6
    while at + 9 <= len(body):
        level, number, length = struct.unpack_from("<BIi", body, at)
        data = body[at + 9 : at + 9 + max(length, 0)]
        yield level, number & 0xFFFF, data
        at += 9 + max(length, 0) + 2


def _properties(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and bytes of each property; strings in UTF-16 are given in UTF-8."""
    (count,) = struct.unpack_from("<I", data, 0)
    at = 4
    for _ in range(min(count, _MOST_VALUES)):
        kind, number = struct.unpack_from("<HH", data, at)
        at = _behind_name(data, at + 4) if number >= _NAMED else at + 4
        several, kind = bool(kind & _MULTIPLE), kind & ~_MULTIPLE
        is_long = kind in _STRINGS | _BINARIES
        values = 1
        if several or is_long:
            (values,) = struct.unpack_from("<I", data, at)
            at += 4
        for _ in range(min(values, _MOST_VALUES)):
            length = _WIDTHS.get(kind, 4)
            if is_long:
                (length,) = struct.unpack_from("<I", data, at)
                at += 4
            value = data[at : at + length]
            at += length + (-length % 4)
            if kind == 0x1F:
                value = value.decode("utf-16-le", "replace").encode()
            yield number, value


def _behind_name(data: bytes, at: int) -> int:
    """Where a property goes on whose number stands for a name of its own."""
    (by_name,) = struct.unpack_from("<I", data, at + 16)
    if not by_name:
        return at + 24
    (length,) = struct.unpack_from("<I", data, at + 20)
    return int(at + 24 + length + (-length % 4))


def unpacked_rtf(packed: bytes) -> bytes:
    """RTF as [MS-OXRTFCP] packs it: back references into a window of 4,096 bytes."""
    _, size, kind = struct.unpack_from("<II4s", packed, 0)
    if kind == b"MELA":
        return packed[16 : 16 + size]
    window = bytearray(_DICTIONARY.ljust(_WINDOW, b"\x00"))
    write, at, found = len(_DICTIONARY), 16, bytearray()
    while at < len(packed) and len(found) < min(size, _LONGEST_RTF):
        flags = packed[at]
        at += 1
        for bit in range(8):
            if flags >> bit & 1:
                if at + 2 > len(packed):
                    return bytes(found)
                token = packed[at] << 8 | packed[at + 1]
                at += 2
                start = token >> 4
                if start == write:
                    return bytes(found)
                pieces = [(start + step) % _WINDOW for step in range((token & 15) + 2)]
            elif at < len(packed):
                window[write] = packed[at]
                at += 1
                pieces = [write]
            else:
                return bytes(found)
            for place in pieces:
                found.append(window[place])
                window[write] = window[place]
                write = (write + 1) % _WINDOW
    return bytes(found)
