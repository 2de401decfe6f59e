"""RAR files written byte by byte, members stored: no free program writes RAR."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Literal
from zlib import crc32

_STORED, _WINDOWS, _ARCHIVED = 0x30, 2, 0x20
_CRYPT = bytes([48, 1, 0, 2, 15]) + bytes(44)
"""The record of a file's encryption: its size, its kind, AES-256, how often the password was hashed."""
_LONG_BLOCK, _UNICODE, _PASSWORD = 0x8000, 0x0200, 0x0004


def rar4(
    members: Mapping[str, bytes], *, charset: str = "", password: bool = False, unpacked: int | None = None
) -> bytes:
    """RAR 1.5 to 4: names in a charset as old programs wrote them, else in their Unicode form.

    ``password`` marks the members as encrypted, ``unpacked`` is the size that each claims to have.
    """
    body = b"Rar!\x1a\x07\x00" + _block4(0x73, 0, bytes(6))
    for name, data in members.items():
        flags = _LONG_BLOCK | (_PASSWORD if password else 0)
        if charset:
            raw = name.encode(charset)
        else:
            flags |= _UNICODE
            raw = b"x" * len(name) + b"\x00" + _unicode_name(name)
        size = len(data) if unpacked is None else unpacked
        fields = (len(data), size, _WINDOWS, crc32(data), 0x4A210000, 20, _STORED, len(raw), _ARCHIVED)
        body += _block4(0x74, flags, struct.pack("<IIBIIBBHI", *fields) + raw) + data
    return body + _block4(0x7B, 0x4000, b"")


def _block4(kind: int, flags: int, rest: bytes) -> bytes:
    head = struct.pack("<BHH", kind, flags, 7 + len(rest)) + rest
    return struct.pack("<H", crc32(head) & 0xFFFF) + head


def _unicode_name(name: str) -> bytes:
    """A high byte that nothing uses, then for four characters each a byte that says: two bytes each."""
    encoded = b"\x00"
    for start in range(0, len(name), 4):
        encoded += b"\xaa" + name[start : start + 4].encode("utf-16-le")
    return encoded


def rar5(members: Mapping[str, bytes], *, hides: Literal["", "names", "contents"] = "") -> bytes:
    """RAR 5; ``hides`` says what a password hides: nothing, what is in the members, or their names too."""
    body = b"Rar!\x1a\x07\x01\x00"
    if hides == "names":
        return body + _block5(4, b"\x00\x00\x0f" + bytes(16)) + bytes(range(256))
    body += _block5(1, b"\x00")
    for name, data in members.items():
        raw = name.encode()
        fields = _vint(0x04) + _vint(len(data)) + _vint(_ARCHIVED) + struct.pack("<I", crc32(data))
        fields += _vint(0) + _vint(0) + _vint(len(raw)) + raw
        body += _block5(2, fields, data, extra=_CRYPT if hides else b"")
    return body + _block5(5, b"\x00")


def _block5(kind: int, fields: bytes, data: bytes = b"", extra: bytes = b"") -> bytes:
    head = _vint(kind) + _vint((1 if extra else 0) | (2 if data else 0))
    head += (_vint(len(extra)) if extra else b"") + (_vint(len(data)) if data else b"") + fields + extra
    sized = _vint(len(head)) + head
    return struct.pack("<I", crc32(sized)) + sized + data


def _vint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; the high bit says that more follow."""
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*encoded, number])
