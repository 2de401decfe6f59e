"""RAR, 7z and TAR, unpacked by libarchive: a library of the system that has no non-free part."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from ctypes import c_int, c_void_p
from types import ModuleType
from typing import TYPE_CHECKING, Any

from extraction.mime import readings_of
from extraction.model import PROTECTED, UnreadableError, UnsupportedFormatError
from extraction.sniffing import GZIP, SEVEN_ZIP, TAR, XZ

if TYPE_CHECKING:
    from extraction.limits import ArchiveLimits

_RAR_5 = b"Rar!\x1a\x07\x01\x00"
_RAR_5_FILE, _RAR_5_END = 2, 5
_RAR_5_CRYPT = 1
"""Kind of the record that says how a file is encrypted."""
_FORMATS = {SEVEN_ZIP: ("7zip", "none"), TAR: ("tar", "none"), GZIP: ("tar", "gzip"), XZ: ("tar", "xz")}
"""Media type → libarchive's names of format and filter. Only these are asked: it knows forty others."""
_BLOCK = 1 << 18
_ABOUT_PASSWORDS = ("encrypt", "passphrase", "password")
_WHAT_TO_DO = "fetch it again, or ask its publisher for one ZIP"


def expand_packed(body: bytes, media_type: str, limits: ArchiveLimits) -> Iterator[tuple[str, bytes]]:
    """Path and bytes of each file that holds something; links and devices are left out.

    Raises UnsupportedFormatError where the system lacks libarchive, and UnreadableError.
    """
    libarchive = _library()
    form, packing = _FORMATS.get(media_type, ("rar5" if body.startswith(_RAR_5) else "rar", "none"))
    is_whole = form != "rar5" or _check_rar5(body)
    at = "its beginning"
    try:
        with libarchive.memory_reader(body, form, packing) as members:
            for at, data in _members(members, limits):
                yield at, data
    except libarchive.ArchiveError as error:
        reason = str(error.msg or "its structure is wrong")
        if any(word in reason.lower() for word in _ABOUT_PASSWORDS):
            raise UnreadableError(PROTECTED) from error
        raise UnreadableError(
            f"the archive cannot be unpacked beyond {at} ({reason}): it is damaged, one part of several, "
            f"or of a rare make; {_WHAT_TO_DO}"
        ) from error
    if not is_whole:
        raise UnreadableError(f"the archive is cut short after {at}; {_WHAT_TO_DO}")


def _members(members: Any, limits: ArchiveLimits) -> Iterator[tuple[str, bytes]]:
    count = size = 0
    for member in members:
        if not member.isreg or member.islnk:
            continue
        if _is_encrypted(member):
            raise UnreadableError(PROTECTED)
        count += 1
        if count > limits.members:
            raise _too_much(f"more than {limits.members} files")
        data = _unpack(member, min(limits.member_bytes, limits.total_bytes - size))
        size += len(data)
        if data:
            name = member.pathname
            yield readings_of(name)[0] if isinstance(name, bytes) else name or "", data


def _library() -> ModuleType:
    try:
        import libarchive  # noqa: PLC0415  (it loads a library of the system)
    except (ImportError, OSError, AttributeError, TypeError) as error:
        raise UnsupportedFormatError(
            "RAR, 7z and TAR need libarchive: install it (Debian: apt-get install libarchive-tools), "
            "or ask for a ZIP"
        ) from error
    logging.getLogger("libarchive").disabled = True  # it says on standard error what it made of odd names
    module: ModuleType = libarchive
    return module


def _is_encrypted(member: Any) -> bool:
    """Asked of the library itself: it hands out what is encrypted as if it were the file."""
    from libarchive.ffi import ffi  # noqa: PLC0415

    ask: Callable[[Any], int] = ffi("entry_is_encrypted", [c_void_p], c_int)
    return bool(ask(member._entry_p))  # noqa: SLF001  (the binding has no name for it)


def _unpack(member: Any, most: int) -> bytes:
    """The file's bytes; what it says of its size counts only against it."""
    blocks: list[bytes] = []
    size = 0
    if (member.size or 0) > most:
        raise _too_much(f"more than {most // 2**20} MB")
    for block in member.get_blocks(_BLOCK):
        size += len(block)
        if size > most:
            raise _too_much(f"more than {most // 2**20} MB")
        blocks.append(block)
    return b"".join(blocks)


def _too_much(what: str) -> UnreadableError:
    return UnreadableError(
        f"the archive holds {what}, more than is read here; it may be a decompression bomb: unpack it by hand"
    )


def _rar5_blocks(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Kind of each block of a RAR 5 and its extra area, as far as the file goes."""
    position = len(_RAR_5)
    while position + 7 < len(body):
        size, start = _read_vint(body, position + 4)
        kind, at = _read_vint(body, start)
        flags, at = _read_vint(body, at)
        extra, at = _read_vint(body, at) if flags & 1 else (0, at)
        data = _read_vint(body, at)[0] if flags & 2 else 0
        yield kind, body[max(start, start + size - extra) : start + size]
        position = start + size + data


def _check_rar5(body: bytes) -> bool:
    """Whether a RAR 5 has its end; libarchive takes one that was cut short between two files for whole.

    Raises UnreadableError where a file's contents are encrypted, which libarchive takes for damage.
    """
    kind = 0
    for kind, extra in _rar5_blocks(body):
        at = 0
        while at < len(extra):
            size, start = _read_vint(extra, at)
            if kind == _RAR_5_FILE and _read_vint(extra, start)[0] == _RAR_5_CRYPT:
                raise UnreadableError(PROTECTED)
            at = start + size
    return kind == _RAR_5_END


def _read_vint(body: bytes, position: int) -> tuple[int, int]:
    """A number of seven bits a byte and the position behind it."""
    number = 0
    for shift in range(0, 64, 7):
        byte = body[position] if position < len(body) else 0
        position += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
    return number, position
