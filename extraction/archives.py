"""The members of an archive, with the names that Chinese programs wrote, one after another, within limits."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from extraction.cleaning import clean_line
from extraction.limits import ArchiveLimits
from extraction.mime import readings_of
from extraction.model import UnreadableError, UnsupportedFormatError
from extraction.sniffing import GZIP, RAR, SEVEN_ZIP, TAR, XZ, ZIP, sniff

if TYPE_CHECKING:
    from zipfile import ZipInfo

ARCHIVES = frozenset({ZIP, RAR, SEVEN_ZIP, TAR, GZIP, XZ})
_MAGIC = (b"PK", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"\xfd7zXZ")
_TAR_MAGIC = slice(257, 262)
_UTF8_NAME, _UNICODE_PATH = 0x800, 0x7075
_LONGEST_NAME = 255


_DEFAULT_LIMITS = ArchiveLimits()


def is_archive(body: bytes, media_type: str = "", name: str = "") -> bool:
    """Whether the bytes are files packed together rather than one document; office files are no archives."""
    is_likely = body.startswith(_MAGIC) or body[_TAR_MAGIC] == b"ustar"
    return is_likely and sniff(body, media_type, name) in ARCHIVES


def expand_archive(body: bytes, limits: ArchiveLimits = _DEFAULT_LIMITS) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each file in a ZIP, RAR, 7z or TAR, in its order, unpacked as they are asked for.

    A name is the file's own, without its folders: it can be shown and sniffed but leads nowhere. Archives
    inside archives come as they are. Raises UnsupportedFormatError or UnreadableError, also while members are
    being read.
    """
    found = sniff(body)
    if found == ZIP:
        return _expand_zip(body, limits)
    if found in ARCHIVES:
        from extraction.packed import expand_packed  # noqa: PLC0415  (a ZIP needs no library of the system)

        return ((own_name(name), data) for name, data in expand_packed(body, found, limits))
    raise UnsupportedFormatError(f"no reader for {found}: unpack it by hand, or ask its publisher for a ZIP")


def own_name(path: str) -> str:
    """The name at the end of a path, safe to show; ``unnamed`` where there is none."""
    name = clean_line(path.replace("\\", "/")).rstrip("/").rpartition("/")[2]
    return name[-_LONGEST_NAME:] or "unnamed"


def _expand_zip(body: bytes, limits: ArchiveLimits) -> Iterator[tuple[str, bytes]]:
    from extraction.packages import PACKAGE_ERRORS, open_package  # noqa: PLC0415

    with open_package(body) as package:
        members = [part for part in package.infolist() if not part.is_dir() and part.file_size]
        size = sum(part.file_size for part in members)
        if len(members) > limits.members or size > limits.total_bytes:
            raise UnreadableError(
                f"the archive holds {len(members)} files of {size // 2**20} MB, more than is read here; "
                "it may be a decompression bomb: unpack it by hand"
            )
        for part in members:
            name = member_name(part)
            if part.file_size > limits.member_bytes:
                raise UnreadableError(
                    f"{name} in the archive has {part.file_size // 2**20} MB; unpack it by hand"
                )
            try:
                # As much as it declares: a liar's checksum is wrong then, and nothing more was unpacked.
                with package.open(part) as stream:
                    data = stream.read(part.file_size)
                    if stream.read(1):
                        raise UnreadableError(
                            f"{name} in the archive is larger than it says; unpack it by hand"
                        )
                yield name, data
            except PACKAGE_ERRORS as error:
                raise UnreadableError(
                    f"the archive is damaged at {name} ({error}); fetch it again"
                ) from error


def member_name(part: ZipInfo) -> str:
    """The file's name as its maker wrote it: UTF-8 where the archive says so, else what its bytes are."""
    name = part.filename
    if not part.flag_bits & _UTF8_NAME:
        raw = name.encode("cp437", "replace")
        name = _unicode_path(part.extra, raw) or readings_of(raw)[0]
    return own_name(name)


def _unicode_path(extra: bytes, raw: bytes) -> str:
    """Info-ZIP's Unicode path, where it still belongs to the name; empty where there is none."""
    while len(extra) >= 4:
        kind, size = (int.from_bytes(extra[start : start + 2], "little") for start in (0, 2))
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        checksum = int.from_bytes(field[1:5], "little")
        if kind == _UNICODE_PATH and field[:1] == b"\x01" and checksum == zlib.crc32(raw):
            return field[5:].decode("utf-8", "replace")
    return ""
